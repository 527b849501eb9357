/** A writer in a process of its own, as seen from outside. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Ledger } from './ledger.ts'
import type { WriterOrder } from './order.ts'

const WRITER = fileURLToPath(new URL('writer.ts', import.meta.url))

export class WriterProcess {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #closed: Promise<unknown>
  #heard = ''
  #complaints = ''
  #ledger: Ledger | undefined

  /** @param environment variables beside those of this process */
  constructor(order: WriterOrder, environment: Readonly<Record<string, string>> = {}) {
    this.#child = spawn(
      process.execPath,
      ['--conditions=talos-source', '--disable-warning=ExperimentalWarning', WRITER, JSON.stringify(order)],
      { env: { ...process.env, ...environment } },
    )
    this.#closed = once(this.#child, 'close')
    this.#child.stdin.on('error', () => undefined)
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => this.#hear(text))
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complaints += text
    })
  }

  /** Lets a writer that waits begin; what it says goes into the ledger. */
  begin(ledger: Ledger): void {
    this.#ledger = ledger
    const heard = this.#heard
    this.#heard = ''
    this.#hear(heard)
    this.#child.stdin.write('go\n')
  }

  /** Resolves once the writer has said a line that begins so, or is gone. */
  async said(word: string): Promise<void> {
    const isSaid = Promise.withResolvers<void>()
    let seen = this.#heard
    const look = (text: string): void => {
      seen += text
      if (seen.startsWith(word) || seen.includes(`\n${word}`)) isSaid.resolve()
    }
    look('')
    this.#child.stdout.on('data', look)
    await Promise.race([isSaid.promise, this.#closed])
    this.#child.stdout.off('data', look)
  }

  /** Kills it and waits until everything that it said has arrived. Throws when it had ended by an error of its own. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.end()
  }

  /** Waits for its end, by whatever signal. */
  async end(): Promise<void> {
    await this.#closed
    this.#ledger?.cut()
    const { exitCode } = this.#child
    if (exitCode !== null && exitCode !== 0) throw new Error(`the writer failed: ${this.#complaints}`)
  }

  #hear(text: string): void {
    if (this.#ledger === undefined) this.#heard += text
    else this.#ledger.hear(text)
  }
}
