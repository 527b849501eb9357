/**
 * Secret bytes that cross an API. Nothing prints them: not string conversion, JSON, nor Node's inspection. They are erased on
 * `dispose`. JavaScript cannot erase what the engine copied on its own (moving garbage collection, strings); secrets
 * therefore stay bytes from end to end.
 */
import { TalosError } from '@talos/errors'

const PRINTED = '[secret]'

/** The part of the `Random` port that making a secret needs. */
export interface SecretSource {
  bytes(length: number): Uint8Array
}

export class Secret {
  #bytes: Uint8Array | undefined

  private constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** Takes a copy; the caller erases the original. */
  static of(bytes: Uint8Array): Secret {
    return new Secret(new Uint8Array(bytes))
  }

  /** Draws `length` fresh bytes and erases the array in which they came. */
  static random(random: SecretSource, length: number): Secret {
    const bytes = random.bytes(length)
    const secret = Secret.of(bytes)
    bytes.fill(0)
    return secret
  }

  /** Length in bytes. @throws SECRET_DISPOSED */
  get length(): number {
    return this.#alive().length
  }

  /**
   * Lends the bytes to `fn`, which must neither keep nor change them: they are erased on `dispose`.
   *
   * @throws SECRET_DISPOSED
   */
  use<T>(fn: (bytes: Uint8Array) => T): T {
    return fn(this.#alive())
  }

  /** Erases the bytes. Idempotent. */
  dispose(): void {
    this.#bytes?.fill(0)
    this.#bytes = undefined
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  toString(): string {
    return PRINTED
  }

  toJSON(): string {
    return PRINTED
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return PRINTED
  }

  #alive(): Uint8Array {
    if (this.#bytes === undefined) throw new TalosError('SECRET_DISPOSED')
    return this.#bytes
  }
}
