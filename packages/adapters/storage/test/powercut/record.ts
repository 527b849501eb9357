/** Runs writers under the shim and reads what they did to their files. Without the shim there is nothing to run. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Ledger } from '../audit-kill/ledger.ts'
import type { WriterOrder } from '../audit-kill/order.ts'
import { WriterProcess } from '../audit-kill/writer-process.ts'
import type { Files } from './disk.ts'
import { type JournalRecord, readJournal } from './journal.ts'

const SHIM = fileURLToPath(new URL('../../native/libtalos_powercut.so', import.meta.url))

/** Why nothing can be recorded here; undefined where it can. */
export const whyNotRecorded = existsSync(SHIM)
  ? undefined
  : 'needs the shim: npm run native:powercut, on Linux with cargo'

/** One life of a writer. */
export interface Life extends Omit<WriterOrder, 'folder' | 'life'> {
  /** Killed after so long; it runs to its end where this is left out. */
  readonly killAfterMs?: number
}

/** Variables with which a process is watched. */
function watched(options: { readonly folder: string; readonly journal: string }): Record<string, string> {
  return { LD_PRELOAD: SHIM, TALOS_POWERCUT_FOLDER: options.folder, TALOS_POWERCUT_JOURNAL: options.journal }
}

/**
 * Lets writers live in a folder, one after the other, and returns the journal of all of them.
 *
 * @param options.home an existing folder for the files, the journal and what is compiled
 * @param options.files what is there before; its writers' lives are numbered from `firstLife` on
 */
export async function record(options: {
  readonly home: string
  readonly lives: readonly Life[]
  readonly files?: Files
  readonly firstLife?: number
}): Promise<{ readonly records: readonly JournalRecord[]; readonly said: Ledger }> {
  const { home, lives, files = new Map(), firstLife = 0 } = options
  const folder = join(home, 'watched')
  const journal = join(home, 'journal')
  rmSync(folder, { recursive: true, force: true })
  rmSync(journal, { force: true })
  fill(folder, files)
  const said = new Ledger()
  for (const [index, { killAfterMs, ...life }] of lives.entries()) {
    const order = { ...life, folder, life: firstLife + index, waits: true }
    const compiled = { NODE_COMPILE_CACHE: join(home, 'compiled') }
    const writer = new WriterProcess(order, { ...compiled, ...watched({ folder, journal }) })
    await writer.said('w')
    writer.begin(said)
    if (killAfterMs === undefined) await writer.end()
    else {
      await sleep(killAfterMs)
      await writer.kill()
    }
  }
  return { records: readJournal(journal), said }
}

/** Makes a folder that holds these files. */
export function fill(folder: string, files: Files): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  for (const [name, content] of files) writeFileSync(join(folder, name), content, { mode: 0o600 })
}
