/**
 * A signer whose key stays in a PKCS #11 token: a security key, an HSM, a TPM behind a module (spec 03-identity, 3.4).
 *
 * Signatures are asked for one after the other and each is verified before it is given out, so that a broken token is found
 * out here and not by a peer.
 */
import { equalBytes, fromHex, type Secret, toHex, utf8 } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { type ErrorCode, isTalosError, TalosError } from '@talos/errors'
import { didKeyFromPublicKey, type Signer } from '@talos/identity'
import { ED25519_PUBLIC_KEY_BYTES, ED25519_SIGNATURE_BYTES, type Kernel } from '@talos/kernel'
import { PROGRAM, Program, type StartOptions } from './program.ts'

/** Milliseconds that a token may take for one answer, unless the caller says otherwise: smart cards take hundreds. */
export const DEFAULT_SIGNER_TIMEOUT_MS = 10_000
/** Bytes of one message, at most: the largest envelope. */
export const MAX_SIGNED_BYTES = 1_048_576
/** Requests that may wait for the token. */
export const MAX_WAITING_SIGNATURES = 1_024
/** Bytes of the path, a label or the PIN, at most. */
const MAX_OPTION_BYTES = 4_096
/** What is signed to see that the key signs at all; nothing else of Talos begins so. */
const TRIAL = utf8('talos/signer/trial\0')

export interface Pkcs11SignerOptions {
  readonly kernel: Kernel
  /** Path of the PKCS #11 module, such as `/usr/lib/softhsm/libsofthsm2.so`. */
  readonly module: string
  /** Label of the token; of one token alone. */
  readonly tokenLabel: string
  /** Label of both halves of an Ed25519 key. */
  readonly keyLabel: string
  /**
   * The user's PIN, UTF-8. Used again when the program that speaks to the token has to be started anew: the caller disposes of
   * it when the signer is closed.
   */
  readonly pin: Secret
  /** {@link DEFAULT_SIGNER_TIMEOUT_MS} unless given. */
  readonly timeoutMs?: number
  /** Path of the program that speaks to the token, where it is not in its place. */
  readonly program?: string
  /** Environment of that program; this process's own without what begins with `TALOS_` unless given. */
  readonly environment?: NodeJS.ProcessEnv
}

/** To be closed: the program that speaks to the token runs until then, and the token's user stays logged in. */
export interface Pkcs11Signer extends Signer, Disposable {
  /** Ends the program. Requests that wait fail with `SIGNER_CLOSED`. */
  close(): void
}

/**
 * Opens a token and finds its key.
 *
 * @throws TalosError `SIGNER_OPTION_INVALID`, `SIGNER_PROGRAM_MISSING`, `SIGNER_MODULE`, `SIGNER_TOKEN`, `SIGNER_PIN`,
 *   `SIGNER_KEY`, `SIGNER_DEVICE`, `SIGNER_SIGNATURE`, `SIGNER_TIMEOUT`, `SIGNER_ENDED`, `SIGNER_ANSWER`
 */
export async function pkcs11Signer(options: Pkcs11SignerOptions): Promise<Pkcs11Signer> {
  for (const option of ['module', 'tokenLabel', 'keyLabel'] as const) checkText(option, options[option])
  options.pin.use((pin) => checkSize('pin', pin.length))
  const line = new TokenLine(options)
  try {
    const publicKey = await line.open()
    const signer = new TokenSigner({ kernel: options.kernel, publicKey, line })
    await signer.sign(TRIAL)
    return signer
  } catch (error) {
    line.close()
    throw error
  }
}

class TokenSigner implements Pkcs11Signer {
  readonly did: Did
  readonly publicKey: Uint8Array
  readonly kernel: Kernel
  readonly #line: TokenLine

  constructor({ kernel, publicKey, line }: { kernel: Kernel; publicKey: Uint8Array; line: TokenLine }) {
    this.did = didKeyFromPublicKey(publicKey)
    this.publicKey = publicKey
    this.kernel = kernel
    this.#line = line
  }

  async sign(message: Uint8Array): Promise<Uint8Array> {
    const signature = await this.#line.sign(message)
    if (!this.kernel.ed25519Verify(this.publicKey, message, signature)) throw new TalosError('SIGNER_SIGNATURE')
    return signature
  }

  close(): void {
    this.#line.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

/** A program that has the token open. */
interface Opened {
  readonly program: Program
  readonly publicKey: Uint8Array
}

/** The requests to one token, in turn, over programs that are started anew when one has failed. */
class TokenLine {
  readonly #options: Pkcs11SignerOptions
  readonly #start: StartOptions
  readonly #timeoutMs: number
  #program: Program | undefined
  #opened: Opened | undefined
  #last: Promise<unknown> = Promise.resolve()
  #waiting = 0
  /** Why no program is started any more: it was closed, or a PIN was refused, which is not tried again. */
  #end: TalosError | undefined

  constructor(options: Pkcs11SignerOptions) {
    this.#options = options
    const { program = PROGRAM, environment = ownEnvironment(), timeoutMs = DEFAULT_SIGNER_TIMEOUT_MS } = options
    this.#start = { program, environment }
    this.#timeoutMs = timeoutMs
  }

  /** The public key, 32 bytes. */
  async open(): Promise<Uint8Array> {
    return await this.#inTurn(async () => (await this.#connect()).publicKey)
  }

  async sign(message: Uint8Array): Promise<Uint8Array> {
    if (message.length > MAX_SIGNED_BYTES) {
      throw new TalosError('INPUT_TOO_LARGE', { sizeBytes: message.length, limitBytes: MAX_SIGNED_BYTES })
    }
    return await this.#inTurn(async () => {
      const { program } = await this.#connect()
      return await this.#ask(program, utf8(`sign ${toHex(message)}`), {
        word: 'signed',
        lengthBytes: ED25519_SIGNATURE_BYTES,
      })
    })
  }

  close(): void {
    this.#end ??= new TalosError('SIGNER_CLOSED')
    this.#program?.end()
  }

  /** One after the other, whether or not the one before succeeded. */
  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#waiting >= MAX_WAITING_SIGNATURES) throw new TalosError('SIGNER_BUSY', { limit: MAX_WAITING_SIGNATURES })
    this.#waiting += 1
    const mine = this.#last.then(work)
    this.#last = mine.catch(() => undefined)
    try {
      return await mine
    } finally {
      this.#waiting -= 1
    }
  }

  /** Starts a program and opens the token in it, unless one is there that works. */
  async #connect(): Promise<Opened> {
    if (this.#end !== undefined) throw this.#end
    const before = this.#opened
    if (before?.program.hasFailed === false) return before
    const program = new Program(this.#start)
    this.#program = program
    const due = { word: 'ready', lengthBytes: ED25519_PUBLIC_KEY_BYTES }
    const publicKey = await this.#ask(program, openLine(this.#options), due)
    if (before !== undefined && !equalBytes(before.publicKey, publicKey)) {
      program.end()
      throw new TalosError('SIGNER_KEY', { reason: 'CHANGED' })
    }
    this.#opened = { program, publicKey }
    return this.#opened
  }

  /** A program that refused, or answered nonsense, is not asked again: the next request opens the token anew. */
  async #ask(program: Program, line: Uint8Array, due: DueAnswer): Promise<Uint8Array> {
    const answer = await program.ask(line, this.#timeoutMs)
    try {
      if (answer.startsWith('refused ')) throw refusalOf(answer)
      return bytesOf(answer, due)
    } catch (error) {
      program.end()
      if (isTalosError(error, 'SIGNER_PIN')) this.#end = error
      throw error
    }
  }
}

const REFUSALS: ReadonlyMap<string, ErrorCode> = new Map<string, ErrorCode>([
  ['MODULE', 'SIGNER_MODULE'],
  ['TOKEN', 'SIGNER_TOKEN'],
  ['PIN', 'SIGNER_PIN'],
  ['KEY', 'SIGNER_KEY'],
  ['DEVICE', 'SIGNER_DEVICE'],
])

/** The reason is a word of the program's or of PKCS #11; a module's own words do not come this far. */
function refusalOf(answer: string): TalosError {
  const [, what, reason] = /^refused ([A-Z]+) (\w{1,64})$/.exec(answer) ?? []
  const code = REFUSALS.get(what ?? '')
  if (code === undefined || reason === undefined) return foreign('a refusal of another kind')
  return new TalosError(code, { reason })
}

/** What an answer is to be: a word, and so many bytes. */
interface DueAnswer {
  readonly word: string
  readonly lengthBytes: number
}

function bytesOf(answer: string, due: DueAnswer): Uint8Array {
  const [word, digits, ...more] = answer.split(' ')
  const isDue = word === due.word && more.length === 0 && digits?.length === 2 * due.lengthBytes
  if (!isDue || !/^[0-9a-f]*$/.test(digits)) throw foreign(`not ${due.lengthBytes} bytes after "${due.word}"`)
  return fromHex(digits)
}

/** `open` and its four fields. The PIN's digits stand in this array alone, which is erased when it was written. */
function openLine({ module, tokenLabel, keyLabel, pin }: Pkcs11SignerOptions): Uint8Array {
  const fields = [module, tokenLabel, keyLabel].map((field) => toHex(utf8(field)))
  const head = utf8(`open ${fields.join(' ')} `)
  return pin.use((bytes) => {
    const line = new Uint8Array(head.length + 2 * bytes.length)
    line.set(head)
    for (const [index, byte] of bytes.entries()) {
      line[head.length + 2 * index] = digitOf(byte >> 4)
      line[head.length + 2 * index + 1] = digitOf(byte & 15)
    }
    return line
  })
}

function digitOf(nibble: number): number {
  return nibble < 10 ? 0x30 + nibble : 0x57 + nibble
}

/** A vendor's module is configured by its environment; what this agent is configured by is none of its business. */
function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TALOS_')))
}

function checkText(option: string, text: string): void {
  checkSize(option, utf8(text).length)
  if (text.includes('\0')) throw new TalosError('SIGNER_OPTION_INVALID', { option, reason: 'it has a NUL' })
}

function checkSize(option: string, sizeBytes: number): void {
  if (sizeBytes > 0 && sizeBytes <= MAX_OPTION_BYTES) return
  throw new TalosError('SIGNER_OPTION_INVALID', { option, reason: `it is not 1 to ${MAX_OPTION_BYTES} bytes` })
}

function foreign(reason: string): TalosError {
  return new TalosError('SIGNER_ANSWER', { reason })
}
