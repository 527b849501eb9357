/** Runs the built `talos` command in processes of its own, in a home of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { tempFolder } from '@talos/testkit'

/** Opens every agent of these tests; must never show up in any output. */
export const PASSPHRASE = 'correct horse battery staple'
export const LAUNCHER = join(import.meta.dirname, '..', 'bin', 'talos.js')
const ENDED_WITHIN_MS = 30_000

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** The one object that a failed command with --json writes to stderr. */
export function errorOf({ stderr }: Ran): { readonly code: string; readonly message: string; readonly remedy: string } {
  return (JSON.parse(stderr) as { readonly error: { code: string; message: string; remedy: string } }).error
}

export interface RunOptions {
  /** Instead of the passphrase; null for no variable at all. */
  readonly passphrase?: string | null
  readonly environment?: Readonly<Record<string, string>>
  readonly input?: string
  /** Nobody reads stdout: the pipe is closed before the command writes. */
  readonly isUnread?: boolean
}

/** A folder with agents, and the command that uses it. */
export class Home implements Disposable {
  readonly #folder = tempFolder()
  readonly #running = new Set<ChildProcess>()
  /** Everything that any command has printed here. */
  printed = ''

  get path(): string {
    return this.#folder.path
  }

  /** Runs a command to its end. */
  async run(words: readonly string[], options: RunOptions = {}): Promise<Ran> {
    const child = this.#spawn(words, options)
    child.stdin?.end(options.input ?? '')
    const stdout = collect(child.stdout)
    if (options.isUnread) child.stdout?.destroy()
    const stderr = collect(child.stderr)
    const [code] = (await once(child, 'close')) as [number | null]
    const ran = { code, stdout: stdout(), stderr: stderr() }
    this.printed += ran.stdout + ran.stderr
    return ran
  }

  /** Runs a command with `--json` that must end well, and reads its object. */
  async json<T>(words: readonly string[], options: RunOptions = {}): Promise<T> {
    const ran = await this.run([...words, '--json'], options)
    if (ran.code !== 0) throw new Error(`${words.join(' ')} ended with ${ran.code}: ${ran.stderr}`)
    return JSON.parse(ran.stdout) as T
  }

  /** Makes an agent and returns its DID. */
  async init(name: string): Promise<string> {
    return (await this.json<{ readonly did: string }>(['init', name])).did
  }

  /** Starts a command that runs until it is stopped. */
  start(words: readonly string[], options: RunOptions = {}): Running {
    const child = this.#spawn(words, options)
    return new Running(child, (text) => {
      this.printed += text
    })
  }

  [Symbol.dispose](): void {
    for (const child of this.#running) child.kill('SIGKILL')
    this.#folder[Symbol.dispose]()
  }

  #spawn(words: readonly string[], { passphrase = PASSPHRASE, environment = {} }: RunOptions): ChildProcess {
    const { PATH = '', HOME = '', TMPDIR = '' } = process.env
    const env = {
      PATH,
      HOME,
      ...(TMPDIR !== '' && { TMPDIR }),
      TALOS_HOME: this.path,
      ...(passphrase !== null && { TALOS_PASSPHRASE: passphrase }),
      ...environment,
    }
    const child = spawn(process.execPath, [LAUNCHER, ...words], { env, stdio: 'pipe' })
    this.#running.add(child)
    child.on('close', () => this.#running.delete(child))
    return child
  }
}

/** A command that goes on. */
export class Running implements AsyncDisposable {
  readonly child: ChildProcess
  stdout = ''
  stderr = ''
  readonly #waiting = new Set<() => void>()
  readonly #ended: Promise<number | null>

  constructor(child: ChildProcess, onText: (text: string) => void) {
    this.child = child
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
      onText(text)
      this.#wake()
    })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
      onText(text)
      this.#wake()
    })
    this.#ended = once(child, 'close').then(([code]) => {
      this.#wake()
      return code as number | null
    })
  }

  /** Waits until stdout has so many lines, and returns them. */
  async lines(count: number): Promise<readonly string[]> {
    await this.until(() => this.stdout.split('\n').length > count)
    return this.stdout.split('\n').slice(0, count)
  }

  /** Waits until something holds of the output. */
  async until(holds: () => boolean): Promise<void> {
    const lateMs = performance.now() + ENDED_WITHIN_MS
    while (!holds()) {
      if (this.child.exitCode !== null) throw new Error(`it ended with ${this.child.exitCode}: ${this.stderr}`)
      if (performance.now() > lateMs) throw new Error(`nothing came: ${this.stdout}${this.stderr}`)
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#waiting.add(resolve)
      const timer = setTimeout(() => resolve(), 100)
      await promise
      clearTimeout(timer)
    }
  }

  /** Sends a signal and waits for the exit code. */
  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<number | null> {
    this.child.kill(signal)
    return await this.#ended
  }

  /** Waits for the exit code of a command that ends by itself. */
  async ended(): Promise<number | null> {
    return await this.#ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SIGKILL')
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }
}

function collect(stream: Readable | null): () => string {
  let text = ''
  stream?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  return () => text
}
