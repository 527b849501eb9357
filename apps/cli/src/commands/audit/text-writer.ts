/** Much text to standard output or into a new file, in pieces: memory stays flat, and a file is there whole or not at all. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { TalosError } from '@talos/errors'
import { requireAbsent, systemCode } from '../../files.ts'
import type { Output } from '../../output.ts'

/** Text that is gathered before it is written. */
const PIECE_CHARS = 65_536

export interface TextTarget {
  write(text: string): void | Promise<void>
  /** All was written. */
  finish(): void
  /** Something failed; nothing is left behind. */
  abandon(): void
}

export class TextWriter {
  readonly #target: TextTarget
  #waiting = ''

  constructor(target: TextTarget) {
    this.#target = target
  }

  async write(text: string): Promise<void> {
    this.#waiting += text
    if (this.#waiting.length >= PIECE_CHARS) await this.#flush()
  }

  async finish(): Promise<void> {
    await this.#flush()
    this.#target.finish()
  }

  abandon(): void {
    this.#target.abandon()
  }

  async #flush(): Promise<void> {
    const text = this.#waiting
    this.#waiting = ''
    await this.#target.write(text)
  }
}

/** Standard output. */
export function outputTarget(output: Output): TextTarget {
  return { write: async (text) => await output.stream(text), finish: () => undefined, abandon: () => undefined }
}

/** A new file, private; until it is whole it has another name. @throws TalosError (all of it) `CLI_FILE_UNWRITABLE` */
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
  return {
    write: (text) => {
      const bytes = Buffer.from(text)
      for (let start = 0; start < bytes.length; ) start += attempt(() => writeSync(file, bytes, start))
    },
    finish: () =>
      attempt(() => {
        fsyncSync(file)
        close()
        renameSync(partial, path)
      }),
    abandon: () => {
      close()
      rmSync(partial, { force: true })
    },
  }
}
