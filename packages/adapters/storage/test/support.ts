/** What the storage tests share: an agent with an open database, values to store, and codes of failures. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Cid, Secret } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { isTalosError } from '@talos/errors'
import { portableKernel } from '@talos/kernel'
import { seededRandom, tempFolder } from '@talos/testkit'
import { AgentDatabase, type AgentFolder, AgentHome, type AgentLock } from '../src/index.ts'

export const kernel = portableKernel()
export const random = seededRandom('storage')
export const ALICE = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp' as Did
export const BOB = 'did:key:z6MkmT9j6fVZqzXV8u2wVVSu49gYSRYGSQnduWXF6foAJrqz' as Did

export interface OpenAgent extends Disposable {
  readonly home: AgentHome
  readonly folder: AgentFolder
  readonly lock: AgentLock
  readonly storageKey: Secret
  readonly database: AgentDatabase
  /** Opens the database again, as after a restart. */
  reopen(): AgentDatabase
}

/** A new agent in a folder of its own; `maxPages` injects a full disk. */
export function openAgent(): OpenAgent {
  const root = tempFolder()
  const home = new AgentHome({ root: root.path })
  const folder = home.create({ name: 'agent', keyFile: '{}' })
  const lock = folder.lock()
  const storageKey = Secret.random(random, 32)
  let database = AgentDatabase.open({ folder, lock, storageKey, kernel, random })
  return {
    home,
    folder,
    lock,
    storageKey,
    get database() {
      return database
    },
    reopen() {
      database.close()
      database = AgentDatabase.open({ folder, lock, storageKey, kernel, random })
      return database
    },
    [Symbol.dispose]() {
      database.close()
      lock.release()
      root[Symbol.dispose]()
    },
  }
}

export function cidOf(label: string): Cid {
  return Cid.fromSha256(kernel.sha256(new TextEncoder().encode(label)))
}

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

export function text(value: Uint8Array | undefined): string | undefined {
  return value === undefined ? undefined : new TextDecoder().decode(value)
}

/** A message id from a number. */
export function messageId(number: number): string {
  return number.toString(16).padStart(32, '0')
}

/** The code that `run` fails with; undefined where it succeeds. */
export function codeOf(run: () => unknown): string | undefined {
  try {
    run()
  } catch (error) {
    if (isTalosError(error)) return error.code
    throw error
  }
  return undefined
}

const WORKER = fileURLToPath(new URL('./worker.ts', import.meta.url))
const NODE_ARGUMENTS = ['--conditions=talos-source', '--disable-warning=ExperimentalWarning']

/** Runs the worker to its end in another process and returns what it printed; one that does not end fails. */
export function runWorker(...words: string[]): string {
  return execFileSync(process.execPath, [...NODE_ARGUMENTS, WORKER, ...words], {
    encoding: 'utf8',
    timeout: 20_000,
  }).trim()
}

/** Starts the worker in another process and waits for its first line. */
export async function startWorker(...words: string[]) {
  return await startProcess(WORKER, ...words)
}

/** Starts a program in another process and waits for its first line. */
export async function startProcess(program: string, ...words: string[]) {
  const child = spawn(process.execPath, [...NODE_ARGUMENTS, program, ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines: string[] = []
  let rest = ''
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    const pieces = `${rest}${part}`.split('\n')
    rest = pieces.pop() ?? ''
    lines.push(...pieces)
  })
  await once(child.stdout, 'data')
  return {
    /** Whole lines that arrived so far: what the worker knows to be durable. */
    lines,
    /** kill -9, and waits until the process is gone and everything that it printed has arrived. */
    async kill(): Promise<void> {
      const closed = once(child, 'close')
      child.kill('SIGKILL')
      await closed
    },
  }
}
