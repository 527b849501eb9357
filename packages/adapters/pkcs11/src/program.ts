/**
 * The program `talos-pkcs11` (crates/talos-pkcs11) and its lines: one request, one answer, in turn.
 *
 * The vendor's module runs in that process, so what it breaks or reads is not this one. The PIN goes to it by its input and
 * nowhere else.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { join } from 'node:path'
import { concatBytes, utf8 } from '@talos/bytes'
import { TalosError } from '@talos/errors'

/** Characters of an answer, at most: a signature has 135 with its word and its line end. */
const MAX_ANSWER_LENGTH = 1_024
/** Milliseconds for a program to log out and end by itself. */
const GRACE_MS = 1_000

/** Where `npm run native:pkcs11` puts it. */
export const PROGRAM = join(
  import.meta.dirname,
  '..',
  'native',
  process.platform === 'win32' ? 'talos-pkcs11.exe' : 'talos-pkcs11',
)

export interface StartOptions {
  /** {@link PROGRAM} unless given. */
  readonly program: string
  readonly environment: NodeJS.ProcessEnv
}

/** What a request waits for. */
interface Waiting {
  readonly resolve: (answer: string) => void
  readonly reject: (error: TalosError) => void
}

export class Program {
  readonly #child: ChildProcessWithoutNullStreams
  #waiting: Waiting | undefined
  #received: Uint8Array = new Uint8Array(0)
  #failure: TalosError | undefined

  constructor({ program, environment }: StartOptions) {
    this.#child = start(program, environment)
    this.#child.on('error', (cause) => this.#fail(new TalosError('SIGNER_PROGRAM_MISSING', {}, { cause })))
    this.#child.on('close', () => this.#fail(new TalosError('SIGNER_ENDED')))
    // A program that ended does not read: the end itself says so.
    this.#child.stdin.on('error', () => undefined)
    this.#child.stderr.resume()
    this.#child.stdout.on('data', (bytes: Uint8Array) => this.#take(bytes))
  }

  /** Whether it can be asked nothing more. */
  get hasFailed(): boolean {
    return this.#failure !== undefined
  }

  /**
   * Sends a line and waits for the answer. One at a time: the caller waits for the one before. A program that did not answer in
   * time is ended.
   *
   * @param line without its end; erased when it was written
   * @throws TalosError `SIGNER_PROGRAM_MISSING`, `SIGNER_ENDED`, `SIGNER_TIMEOUT`, `SIGNER_ANSWER`
   */
  async ask(line: Uint8Array, timeoutMs: number): Promise<string> {
    const bytes = concatBytes(line, utf8('\n'))
    line.fill(0)
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    this.#waiting = { resolve, reject }
    this.#child.stdin.write(bytes, () => bytes.fill(0))
    const timer = setTimeout(() => this.#kill(new TalosError('SIGNER_TIMEOUT', { timeoutMs })), timeoutMs)
    try {
      return await promise
    } finally {
      clearTimeout(timer)
    }
  }

  /** Ends it: its input first, so that it can log out, then the process. */
  end(): void {
    this.#fail(new TalosError('SIGNER_CLOSED'))
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), GRACE_MS)
    this.#child.on('close', () => clearTimeout(timer))
  }

  #take(bytes: Uint8Array): void {
    this.#received = concatBytes(this.#received, bytes)
    const end = this.#received.indexOf(0x0a)
    if (this.#received.length > MAX_ANSWER_LENGTH) this.#kill(foreign('a line that is too long'))
    else if (end >= 0 && end < this.#received.length - 1) this.#kill(foreign('more than one line'))
    else if (end >= 0) this.#answer(this.#received.subarray(0, end))
  }

  /** It does not keep to its lines: nothing more of it is read, and it gets no time to go on. */
  #kill(failure: TalosError): void {
    this.#fail(failure)
    this.#received = new Uint8Array(0)
    this.#child.stdout.removeAllListeners('data').resume()
    this.#child.kill('SIGKILL')
  }

  #answer(bytes: Uint8Array): void {
    this.#received = new Uint8Array(0)
    if (this.#waiting === undefined) this.#kill(foreign('a line that nobody asked for'))
    this.#waiting?.resolve(String.fromCharCode(...bytes))
    this.#waiting = undefined
  }

  #fail(failure: TalosError): void {
    this.#failure ??= failure
    this.#waiting?.reject(failure)
    this.#waiting = undefined
    this.#child.stdin.end()
  }
}

function start(program: string, environment: NodeJS.ProcessEnv): ChildProcessWithoutNullStreams {
  try {
    return spawn(program, [], { stdio: 'pipe', env: environment, windowsHide: true })
  } catch (cause) {
    throw new TalosError('SIGNER_PROGRAM_MISSING', {}, { cause })
  }
}

function foreign(reason: string): TalosError {
  return new TalosError('SIGNER_ANSWER', { reason })
}
