/**
 * A second implementation of 06-session and of the transcript of 05-prekeys-handshake, written from the page on `node:crypto` and as plain as that allows: hexadecimal
 * texts, a list of chains that is never shortened, no limits. It knows honest messages alone. The generator holds every
 * message of a play against it, so that no vector rests on the package that is to be tested with it.
 */
import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync } from 'node:crypto'
import type { SessionRecord } from '@talos/contracts'
import { agreement, decapsulated, encapsulationKeyOf, publicKeyOf } from './kernel-keys.ts'
import { kernel } from './session-cast.ts'

/** Transcript hash and session id as 05-prekeys-handshake 5.6 lists them. */
export function referenceTranscript(items: {
  readonly mode: number
  /** DID, instance, Ed25519 key and identity key of the initiator, then of the responder. */
  readonly parties: readonly (string | Uint8Array)[]
  readonly bundleHash: Uint8Array
  readonly ids: readonly number[]
  readonly ephemeralKey: Uint8Array
  readonly kemCiphertext: Uint8Array
  readonly context: Uint8Array
}): { readonly transcriptHash: string; readonly sessionId: string } {
  const { mode, parties, bundleHash, ids, ephemeralKey, kemCiphertext, context } = items
  const texts = ['talos/ts1/transcript', 'ts1-x25519-mlkem768-sha256-chacha20poly1305']
  const head = [...texts, Uint8Array.of(mode), ...parties, bundleHash, ...ids.map((id) => bytes(u32(id)))]
  const hash = createHash('sha256')
  for (const item of [...head, ephemeralKey, kemCiphertext, context]) {
    const data = Buffer.from(item)
    hash.update(bytes(u32(data.length))).update(data)
  }
  const transcript = hash.digest()
  const named = createHash('sha256').update('talos/ts1/session-id\0').update(transcript).digest('hex')
  return { transcriptHash: hex(transcript), sessionId: named.slice(0, 32) }
}

interface Sending {
  readonly secret: string
  readonly key: string
  readonly headerKey: string
  chainKey: string
  count: number
  begun: number
  lease: number
}

interface Receiving {
  readonly headerKey: string
  chainKey: string
  count: number
  /** As the record writes them, by number: u64(when it was stored), message key. */
  readonly skipped: Record<number, string>
}

interface Step {
  seed?: string
  agreed?: string
  answer?: { readonly ciphertext: string; readonly secret: string }
}

interface State {
  readonly role: 'initiator' | 'responder'
  readonly sessionId: string
  /** Transcript hash and context. */
  readonly bound: string
  rootKey: string
  peerKey: string
  previousCount: number
  epoch: number
  nextSend: string
  nextReceive: string
  sending: Sending | undefined
  receiving: Receiving[]
  step: Step
}

export interface ReferenceSeal {
  readonly randomHex: string
  readonly contentType: number
  readonly content: Uint8Array
  readonly padding: 'padme' | 'none'
  readonly leaseMessages?: number | undefined
}

export interface ReferenceOpen {
  readonly nowMs: number
  readonly kemRandomness?: Uint8Array | undefined
}

export class ReferenceEnd {
  #state: State
  #stored: State

  constructor(record: SessionRecord) {
    this.#state = stateOf(record)
    this.#stored = structuredClone(this.#state)
  }

  /** The message, and whether it waits for the store (6.4, 6.6, 6.10). */
  seal({ randomHex, contentType, content, padding, leaseMessages }: ReferenceSeal): {
    readonly messageHex: string
    readonly needsStore: boolean
  } {
    const state = this.#state
    const draw = drawing(randomHex)
    const sending = state.sending ?? beginSending(state, draw(32))
    const needsStore = sending.count >= sending.lease
    if (needsStore)
      sending.lease =
        sending.count + (leaseMessages ?? Math.min(Math.max(4 * (sending.count - sending.begun), 1), 1024))
    const nonce = draw(12)
    const { count } = sending
    const header = `01${sending.key}${u32(state.previousCount)}${u32(count)}${u32(state.epoch)}`
    const bound = `${state.bound}0102${state.role === 'initiator' ? '01' : '02'}${u8(contentType)}`
    const { key, commitment } = messageKeys(hmac(sending.chainKey, '01'))
    const sealedHeader = aead(sending.headerKey, { nonce, bound, plain: header })
    const plain = padded(hex(content), padding)
    const ciphertext = aead(key, { nonce, bound: `${bound}${sealedHeader}${commitment}`, plain })
    sending.chainKey = hmac(sending.chainKey, '02')
    sending.count = count + 1
    const messageHex = `0102${u8(contentType)}${state.sessionId}${nonce}${sealedHeader}${commitment}${ciphertext}`
    return { messageHex, needsStore }
  }

  /** The content of the control frame that is due, and what is left of the draws for sealing it (6.11). */
  control(randomHex: string): {
    readonly contentType: number
    readonly content: Uint8Array
    readonly randomHex: string
  } {
    const { step, epoch } = this.#state
    if (step.answer !== undefined) {
      return { contentType: 0xf1, content: bytes(`${u32(epoch + 1)}${step.answer.ciphertext}`), randomHex }
    }
    const isNew = step.seed === undefined
    const seed = step.seed ?? randomHex.slice(0, 128)
    step.seed = seed
    const content = bytes(`${u32(epoch + 1)}${encapsulationKeyOf(seed)}`)
    return { contentType: 0xf0, content, randomHex: isNew ? randomHex.slice(128) : randomHex }
  }

  /** Content of an honest message (6.7). */
  open(messageHex: string, { nowMs, kemRandomness }: ReferenceOpen): string {
    const state = this.#state
    forgetOld(state, nowMs)
    const contentType = Number.parseInt(messageHex.slice(4, 6), 16)
    const at = (from: number, to?: number) => messageHex.slice(2 * from, to === undefined ? undefined : 2 * to)
    const [nonce, sealedHeader, commitment, ciphertext] = [at(19, 31), at(31, 92), at(92, 124), at(124)]
    const bound = `${state.bound}0102${state.role === 'initiator' ? '02' : '01'}${u8(contentType)}`
    const { chain, header } = this.#chainOf({ nonce, bound, sealedHeader, nowMs })
    const count = Number.parseInt(header.slice(74, 82), 16)
    const { key, commitment: expected } = messageKeys(takeKey(chain, { count, nowMs }))
    if (expected !== commitment) throw new Error('the reference finds another commitment')
    const plain = unsealed(key, { nonce, bound: `${bound}${sealedHeader}${commitment}`, sealed: ciphertext })
    const content = plain?.replace(/80(?:00)*$/, '')
    if (content === undefined) throw new Error('the reference does not open the message')
    if (contentType >= 0xf0) this.#takeIn(contentType, { content, kemRandomness })
    return content
  }

  /** `skipped` of the current chain in the record (6.9). */
  skippedHex(): string {
    const [current] = this.#state.receiving
    const keys = Object.entries(current === undefined ? {} : current.skipped)
    return keys.map(([number, rest]) => u32(Number(number)) + rest).join('')
  }

  store(): void {
    this.#stored = structuredClone(this.#state)
    const { sending } = this.#stored
    while (sending !== undefined && sending.count < sending.lease) {
      sending.chainKey = hmac(sending.chainKey, '02')
      sending.count += 1
    }
  }

  crash(): void {
    this.#state = structuredClone(this.#stored)
    const { sending } = this.#state
    if (sending !== undefined) sending.begun = sending.count
  }

  #chainOf(message: {
    readonly nonce: string
    readonly bound: string
    readonly sealedHeader: string
    readonly nowMs: number
  }): { readonly chain: Receiving; readonly header: string } {
    const { nonce, bound, sealedHeader: sealed, nowMs } = message
    for (const chain of this.#state.receiving) {
      const header = unsealed(chain.headerKey, { nonce, bound, sealed })
      if (header !== undefined) return { chain, header }
    }
    const header = unsealed(this.#state.nextReceive, { nonce, bound, sealed })
    if (header === undefined) throw new Error('the reference does not open the header')
    return { chain: turn(this.#state, { header, nowMs }), header }
  }

  #takeIn(
    contentType: number,
    { content, kemRandomness }: { readonly content: string; readonly kemRandomness: Uint8Array | undefined },
  ): void {
    const { step, epoch } = this.#state
    if (Number.parseInt(content.slice(0, 8), 16) <= epoch || step.agreed !== undefined) return
    const body = content.slice(8)
    if (contentType === 0xf1 && step.seed !== undefined) this.#state.step = { agreed: decapsulated(step.seed, body) }
    if (contentType === 0xf1 || step.answer !== undefined) return
    const { ciphertext, sharedSecret } = kernel.mlkem768Encapsulate(bytes(body), kemRandomness)
    step.answer = { ciphertext: hex(ciphertext), secret: hex(sharedSecret) }
  }
}

function stateOf(record: SessionRecord): State {
  const { role, sending, receiving, oldChains, pq } = record
  if (oldChains.length > 0 || pq.offer !== undefined || pq.answer !== undefined || pq.agreed !== undefined) {
    throw new Error('the reference begins with fresh sessions')
  }
  return {
    role,
    sessionId: hex(record.sessionId),
    bound: hex(record.transcriptHash) + hex(record.context),
    rootKey: hex(record.rootKey),
    peerKey: hex(record.remoteRatchet),
    previousCount: record.previousCount,
    epoch: record.epoch,
    nextSend: hex(record.nextSendHeaderKey),
    nextReceive: hex(record.nextReceiveHeaderKey),
    sending: sending && {
      secret: hex(sending.ratchetSecret),
      key: hex(sending.ratchetPublic),
      headerKey: hex(sending.headerKey),
      chainKey: hex(sending.chainKey),
      count: sending.count,
      begun: sending.count,
      lease: sending.count,
    },
    receiving:
      receiving === undefined ? [] : [newReceiving(hex(receiving.headerKey), hex(receiving.chainKey), receiving.count)],
    step: {},
  }
}

function newReceiving(headerKey: string, chainKey: string, count: number): Receiving {
  return { headerKey, chainKey, count, skipped: {} }
}

function beginSending(state: State, secret: string): Sending {
  const { rootKey, chainKey, nextHeaderKey } = rootStep(state, {
    secret,
    publicKey: state.peerKey,
    mixed: state.step.agreed,
  })
  if (state.step.agreed !== undefined) nextEpoch(state)
  const sending = {
    secret,
    key: publicKeyOf(secret),
    headerKey: state.nextSend,
    chainKey,
    count: 0,
    begun: 0,
    lease: 0,
  }
  Object.assign(state, { rootKey, nextSend: nextHeaderKey, sending })
  return sending
}

function turn(state: State, { header, nowMs }: { readonly header: string; readonly nowMs: number }): Receiving {
  const [publicKey, previousCount] = [header.slice(2, 66), Number.parseInt(header.slice(66, 74), 16)]
  const mixes = Number.parseInt(header.slice(82), 16) === state.epoch + 1
  const [current] = state.receiving
  if (current !== undefined) while (current.count < previousCount) skip(current, nowMs)
  const secret = state.sending?.secret ?? ''
  const mixed = mixes ? state.step.answer?.secret : undefined
  const { rootKey, chainKey, nextHeaderKey } = rootStep(state, { secret, publicKey, mixed })
  if (mixes) nextEpoch(state)
  const chain = newReceiving(state.nextReceive, chainKey, 0)
  state.previousCount = state.sending?.count ?? 0
  state.receiving = [chain, ...state.receiving]
  Object.assign(state, { rootKey, nextReceive: nextHeaderKey, peerKey: publicKey, sending: undefined })
  return chain
}

function nextEpoch(state: State): void {
  state.epoch += 1
  state.step = {}
}

/** Seven days are the age of a key that is dropped. */
function forgetOld({ receiving }: State, nowMs: number): void {
  for (const { skipped } of receiving) {
    for (const [number, rest] of Object.entries(skipped)) {
      if (nowMs - Number.parseInt(rest.slice(0, 16), 16) >= 604_800_000) delete skipped[Number(number)]
    }
  }
}

function takeKey(chain: Receiving, { count, nowMs }: { readonly count: number; readonly nowMs: number }): string {
  while (chain.count <= count) skip(chain, nowMs)
  const key = chain.skipped[count]
  if (key === undefined) throw new Error('the reference used that key before')
  delete chain.skipped[count]
  return key.slice(16)
}

function skip(chain: Receiving, nowMs: number): void {
  chain.skipped[chain.count] = u64(nowMs) + hmac(chain.chainKey, '01')
  chain.chainKey = hmac(chain.chainKey, '02')
  chain.count += 1
}

function rootStep(
  { rootKey: salt }: State,
  {
    secret,
    publicKey,
    mixed = '',
  }: { readonly secret: string; readonly publicKey: string; readonly mixed: string | undefined },
) {
  const ikm = bytes(agreement(secret, publicKey) + mixed)
  const keys = hex(new Uint8Array(hkdfSync('sha256', ikm, bytes(salt), 'talos/ts1/rk', 96)))
  return { rootKey: keys.slice(0, 64), chainKey: keys.slice(64, 128), nextHeaderKey: keys.slice(128) }
}

function messageKeys(messageKey: string): { readonly key: string; readonly commitment: string } {
  const info = hex(Buffer.from('talos/ts1/mk'))
  const key = hmac(messageKey, `${info}01`)
  return { key, commitment: hmac(messageKey, `${key}${info}02`) }
}

/** Padmé as it is defined: with E = floor(log2 L) and S = floor(log2 E) + 1, the last E - S bits of the size are zero. */
function padded(contentHex: string, policy: 'padme' | 'none'): string {
  const length = contentHex.length / 2 + 1
  const exponent = Math.floor(Math.log2(length))
  const unit = 2 ** (exponent - Math.floor(Math.log2(exponent)) - 1)
  const size = policy === 'none' ? length : length <= 256 ? 256 : Math.ceil(length / unit) * unit
  return `${contentHex}80${'00'.repeat(size - length)}`
}

function aead(key: string, given: { readonly nonce: string; readonly bound: string; readonly plain: string }): string {
  const cipher = createCipheriv('chacha20-poly1305', bytes(key), bytes(given.nonce), { authTagLength: 16 })
  const plain = bytes(given.plain)
  cipher.setAAD(bytes(given.bound), { plaintextLength: plain.length })
  return hex(Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]))
}

function unsealed(
  key: string,
  given: { readonly nonce: string; readonly bound: string; readonly sealed: string },
): string | undefined {
  const sealed = bytes(given.sealed)
  const decipher = createDecipheriv('chacha20-poly1305', bytes(key), bytes(given.nonce), { authTagLength: 16 })
  decipher.setAAD(bytes(given.bound), { plaintextLength: sealed.length - 16 })
  decipher.setAuthTag(sealed.subarray(-16))
  const plain = decipher.update(sealed.subarray(0, -16))
  try {
    decipher.final()
    return hex(plain)
  } catch {
    return undefined
  }
}

function drawing(randomHex: string): (length: number) => string {
  let rest = randomHex
  return (length) => {
    const drawn = rest.slice(0, 2 * length)
    rest = rest.slice(2 * length)
    return drawn
  }
}

function hmac(keyHex: string, dataHex: string): string {
  return createHmac('sha256', bytes(keyHex)).update(bytes(dataHex)).digest('hex')
}

function u8(value: number): string {
  return value.toString(16).padStart(2, '0')
}

function u32(value: number): string {
  return value.toString(16).padStart(8, '0')
}

function u64(value: number): string {
  return value.toString(16).padStart(16, '0')
}

function hex(data: Uint8Array): string {
  return Buffer.from(data).toString('hex')
}

function bytes(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'hex'))
}
