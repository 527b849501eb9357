/** Much text to standard output or into a new file, in pieces: memory stays flat, and a file is there whole or not at all. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { setImmediate as immediate } from 'node:timers/promises'
import { TalosError } from '@talos/errors'
import { requireAbsent, systemCode } from '../../files.ts'
import type { Output } from '../../output.ts'

/** Text that is gathered before it is written. */
const PIECE_CHARS = 65_536

const STOPPING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export interface TextTarget {
  /** @returns whether more is wanted */
  write(text: string): Promise<boolean>
  /** All was written. */
  finish(): void
  /** Something failed; nothing is left behind. */
  abandon(): void
}

export class TextWriter {
  readonly #target: TextTarget
  #waiting = ''
  #sizeBytes = 0

  constructor(target: TextTarget) {
    this.#target = target
  }

  /** Bytes that were taken so far. */
  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** @returns whether more is wanted */
  async write(text: string): Promise<boolean> {
    this.#waiting += text
    return this.#waiting.length < PIECE_CHARS || (await this.#flush())
  }

  /** @returns whether all of it was wanted */
  async finish(): Promise<boolean> {
    const isRead = await this.#flush()
    this.#target.finish()
    return isRead
  }

  abandon(): void {
    this.#target.abandon()
  }

  async #flush(): Promise<boolean> {
    const text = this.#waiting
    this.#waiting = ''
    this.#sizeBytes += Buffer.byteLength(text)
    return await this.#target.write(text)
  }
}

/** Standard output. Whoever reads it may have had enough, as `head` has: then there is nobody to write for. */
export function outputTarget(output: Output): TextTarget {
  return {
    write: async (text) => {
      await output.stream(text)
      return !output.isUnread
    },
    finish: () => undefined,
    abandon: () => undefined,
  }
}

/**
 * A new file, private; until it is whole it has another name. Ctrl-C leaves nothing behind.
 *
 * @throws TalosError (all of it) `CLI_FILE_UNWRITABLE`
 */
export function fileTarget(path: string): TextTarget {
  requireAbsent(path)
  const partial = `${path}.${process.pid}.part`
  const attempt = <T>(work: () => T): T => {
    try {
      return work()
    } catch (cause) {
      throw new TalosError('CLI_FILE_UNWRITABLE', { path, reason: systemCode(cause) }, { cause })
    }
  }
  const file = attempt(() => openSync(partial, 'wx', 0o600))
  let isOpen = true
  const close = () => {
    if (isOpen) closeSync(file)
    isOpen = false
  }
  const abandon = () => {
    close()
    rmSync(partial, { force: true })
  }
  const stop = onStop(abandon)
  return {
    write: async (text) => {
      const bytes = Buffer.from(text)
      for (let start = 0; start < bytes.length; ) start += attempt(() => writeSync(file, bytes, start))
      // A signal is heard between two pieces only.
      await immediate()
      return true
    },
    finish: () =>
      attempt(() => {
        fsyncSync(file)
        close()
        renameSync(partial, path)
        stop.ignore()
      }),
    abandon: () => {
      abandon()
      stop.ignore()
    },
  }
}

/** Cleans up before a signal ends the process as it would have without. */
function onStop(clean: () => void): { readonly ignore: () => void } {
  const handlers = STOPPING.map((signal) => {
    const handler = () => {
      clean()
      process.kill(process.pid, signal)
    }
    process.once(signal, handler)
    return { signal, handler }
  })
  return {
    ignore: () => {
      for (const { signal, handler } of handlers) process.removeListener(signal, handler)
    },
  }
}
