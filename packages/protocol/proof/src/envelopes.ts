/** All signed objects of a bundle, read one by one and verified together (spec 04-envelope, clause 4.4). */
import { fromBase64url } from '@talos/bytes'
import {
  type EnvelopeToOpen,
  type OpenedEnvelope,
  openRead,
  type ReadEnvelope,
  readEnvelope,
  type VerifiedEnvelope,
} from '@talos/identity'
import { type Kernel, VERIFY_MAX_ENVELOPES } from '@talos/kernel'

/** What an envelope is opened with. */
export type EnvelopeKind = Omit<EnvelopeToOpen, 'bytes'>

export class Envelopes {
  readonly #read: ReadEnvelope[] = []
  readonly #opened = new Map<ReadEnvelope, OpenedEnvelope | undefined>()

  /** Reads an envelope. @throws TalosError of its form, `ENCODING_INVALID` */
  read(text: string, kind: EnvelopeKind): ReadEnvelope {
    return this.take(readEnvelope({ ...kind, bytes: fromBase64url(text) }))
  }

  /** Takes an envelope that was read. @throws TalosError of its form */
  take(read: ReadEnvelope): ReadEnvelope {
    if (read.unverified === undefined) throw read.error
    return this.keep(read)
  }

  /** Takes bytes, whether they are an envelope or not. */
  keep(read: ReadEnvelope): ReadEnvelope {
    this.#read.push(read)
    return read
  }

  /** Checks all signatures, with one call of the kernel for as many as it takes. */
  verify(kernel: Kernel): void {
    for (let start = 0; start < this.#read.length; start += VERIFY_MAX_ENVELOPES) {
      const some = this.#read.slice(start, start + VERIFY_MAX_ENVELOPES)
      const opened = openRead(some, kernel)
      for (const [index, read] of some.entries()) this.#opened.set(read, opened[index])
    }
  }

  /** What became of an envelope that was taken. @throws TypeError for another one, or before all were verified */
  opened(read: ReadEnvelope): OpenedEnvelope {
    const opened = this.#opened.get(read)
    if (opened === undefined) throw new TypeError('the envelope was not verified')
    return opened
  }

  /** @throws TalosError `ENVELOPE_SIGNATURE` */
  verified(read: ReadEnvelope): VerifiedEnvelope {
    const { verified, error } = this.opened(read)
    if (verified === undefined) throw error
    return verified
  }
}
