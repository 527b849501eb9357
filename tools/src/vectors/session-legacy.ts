/**
 * Vectors of what came before: four traces of a Double Ratchet without authentication, in JSON, with its header in the
 * clear (contracts/spec/05-prekeys-handshake.md, 5.1). They are genuine: they were sealed by the ratchet below. No part of
 * a session takes one byte of them, and none falls back to reading them.
 */
import { createCipheriv } from 'node:crypto'
import { toBase64url, toHex, utf8 } from '@talos/bytes'
import { seededRandom } from '@talos/testkit'
import { type CaseDraft, kernel } from './session-cast.ts'

interface OldMessage {
  readonly header: { readonly dh: string; readonly pn: number; readonly n: number }
  readonly nonce: string
  readonly ciphertext: string
}

/** One end of the older ratchet: a DH and a hash, no identity, no transcript, the header as clear associated data. */
class OldEnd {
  readonly #random = seededRandom('session/legacy')
  #secret: Uint8Array
  #rootKey: Uint8Array
  #chainKey: Uint8Array
  #count = 0
  #previous = 0

  constructor(peer: Uint8Array, rootKey = new Uint8Array(32)) {
    this.#secret = this.#random.bytes(32)
    this.#rootKey = rootKey
    this.#chainKey = this.#step(peer)
  }

  seal(text: string): OldMessage {
    const dh = toBase64url(kernel.x25519PublicKey(this.#secret))
    const header = { dh, pn: this.#previous, n: this.#count }
    const key = kernel.hmacSha256(this.#chainKey, Uint8Array.of(1))
    this.#chainKey = kernel.hmacSha256(this.#chainKey, Uint8Array.of(2))
    this.#count += 1
    const nonce = this.#random.bytes(12)
    const cipher = createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 })
    const content = utf8(text)
    cipher.setAAD(utf8(JSON.stringify(header)), { plaintextLength: content.length })
    const sealed = Buffer.concat([cipher.update(content), cipher.final(), cipher.getAuthTag()])
    return { header, nonce: toBase64url(nonce), ciphertext: toBase64url(sealed) }
  }

  turn(peer: Uint8Array): void {
    this.#secret = this.#random.bytes(32)
    this.#previous = this.#count
    this.#count = 0
    this.#chainKey = this.#step(peer)
  }

  #step(peer: Uint8Array): Uint8Array {
    const ikm = kernel.x25519(this.#secret, peer)
    const info = utf8('older-ratchet')
    const keys = kernel.hkdfSha256({ ikm, salt: this.#rootKey, info, lengthBytes: 64 })
    this.#rootKey = keys.slice(0, 32)
    return keys.slice(32)
  }
}

export function legacyCases(): readonly CaseDraft[] {
  const peers = [1, 2, 3].map((byte) => kernel.x25519PublicKey(new Uint8Array(32).fill(byte)))
  const [prekey = new Uint8Array(32), ...turns] = peers
  const first = new OldEnd(prekey).seal('the first message of a session that nobody authenticated')
  const oneWay = new OldEnd(prekey)
  const sent = [0, 1, 2, 3].map((number) => oneWay.seal(`message ${number}`))
  const turning = new OldEnd(prekey)
  const rounds = turns.map((peer, round) => {
    const message = turning.seal(`round ${round}`)
    turning.turn(peer)
    return message
  })
  const gap = new OldEnd(prekey)
  const late = Array.from({ length: 6 }, (_, number) => gap.seal(`number ${number}`))
  return [
    trace('a first message by a public prekey alone', [first]),
    trace('four messages one way, the last first', sent.toReversed()),
    trace('messages that turn the ratchet', [...rounds, turning.seal('after the turns')]),
    trace('a message after a gap, then one of those that it skipped', [late[5], late[2]]),
  ]
}

function trace(description: string, messages: readonly (OldMessage | undefined)[]): CaseDraft {
  const wires = messages.map((message) => toHex(utf8(JSON.stringify(message))))
  return { clause: '5.1', description, input: { messagesHex: wires }, error: 'SESSION_SUITE' }
}
