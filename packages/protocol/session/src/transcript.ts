/**
 * What both ends agree on and every key and signature is bound to (spec 05-prekeys-handshake 5.6, 06-session 6.4).
 *
 *     transcript hash = SHA-256( item*, each as u32 length || bytes )
 *
 * The bundle's hash stands for everything that the bundle certifies: IK, SPK, PQSPK and, by its root, the one-time pair
 * at the named index.
 */
import { ByteWriter, concatBytes, utf8 } from '@talos/bytes'
import type { Kernel } from '@talos/kernel'
import { type KIND_FIRST_FLIGHT, type KIND_MESSAGE, SESSION_SUITE, SUITE_BYTE } from './constants.ts'

/** `accountable`: the initiator signs the transcript. `deniable`: it shows a certificate of its session key instead. */
export type SessionMode = 'accountable' | 'deniable'
export type SessionRole = 'initiator' | 'responder'

export const MODE_BYTES = { accountable: 1, deniable: 2 } as const
/** Index on the wire of a handshake without a one-time pair. */
export const NO_ONE_TIME = 0xffffffff

const TRANSCRIPT_LABEL = utf8('talos/ts1/transcript')
const SESSION_ID_LABEL = utf8('talos/ts1/session-id\0')
const SIGNATURE_LABEL = utf8('talos/ts1/handshake-signature\0')
const SESSION_ID_BYTES = 16

export interface TranscriptParty {
  readonly did: string
  readonly instance: string
  /** 32-byte Ed25519 key of the DID. */
  readonly signingKey: Uint8Array
  /** 32-byte X25519 identity key of the instance. */
  readonly identityKey: Uint8Array
}

/** What both ends know before the handshake's own keys. */
export interface TranscriptHead {
  readonly mode: SessionMode
  readonly initiator: TranscriptParty
  readonly responder: TranscriptParty
  /** SHA-256 of the responder's bundle envelope. */
  readonly bundleHash: Uint8Array
  readonly spkId: number
  readonly pqspkId: number
  /** {@link NO_ONE_TIME} for none. */
  readonly oneTimeIndex: number
}

export interface Transcript extends TranscriptHead {
  readonly ephemeralKey: Uint8Array
  readonly kemCiphertext: Uint8Array
  /** 32-byte capability-context hash. */
  readonly context: Uint8Array
}

/** Items 1 to 15 with their lengths: what is known before a key of the handshake is. */
export function transcriptHead(transcript: TranscriptHead): Uint8Array {
  return joinItems([
    TRANSCRIPT_LABEL,
    utf8(SESSION_SUITE),
    Uint8Array.of(MODE_BYTES[transcript.mode]),
    ...partyItems(transcript.initiator),
    ...partyItems(transcript.responder),
    transcript.bundleHash,
    u32(transcript.spkId),
    u32(transcript.pqspkId),
    u32(transcript.oneTimeIndex),
  ])
}

/** 32 bytes. */
export function transcriptHash(kernel: Kernel, transcript: Transcript): Uint8Array {
  const { ephemeralKey, kemCiphertext, context } = transcript
  return kernel.sha256(concatBytes(transcriptHead(transcript), joinItems([ephemeralKey, kemCiphertext, context])))
}

/** The 16 bytes that name a session on the wire: public, and fixed by the transcript. */
export function sessionIdOf(kernel: Kernel, hash: Uint8Array): Uint8Array {
  return kernel.sha256(concatBytes(SESSION_ID_LABEL, hash)).slice(0, SESSION_ID_BYTES)
}

/** The bytes that the initiator signs in accountable mode. */
export function signedTranscript(hash: Uint8Array): Uint8Array {
  return concatBytes(SIGNATURE_LABEL, hash)
}

export interface AssociatedDataParts {
  readonly transcriptHash: Uint8Array
  readonly context: Uint8Array
  /** Who seals. */
  readonly sender: SessionRole
  readonly kind: typeof KIND_FIRST_FLIGHT | typeof KIND_MESSAGE
  readonly contentType: number
}

/** `transcript hash (32) || context (32) || suite || kind || direction || content type`: bound into header and message. */
export function associatedData(parts: AssociatedDataParts): Uint8Array {
  const direction = parts.sender === 'initiator' ? 1 : 2
  const tail = Uint8Array.of(SUITE_BYTE, parts.kind, direction, parts.contentType)
  return concatBytes(parts.transcriptHash, parts.context, tail)
}

function partyItems({ did, instance, signingKey, identityKey }: TranscriptParty): readonly Uint8Array[] {
  return [utf8(did), utf8(instance), signingKey, identityKey]
}

function joinItems(items: readonly Uint8Array[]): Uint8Array {
  const writer = new ByteWriter()
  for (const item of items) writer.u32(item.length).bytes(item)
  return writer.finish()
}

function u32(value: number): Uint8Array {
  const writer = new ByteWriter()
  writer.u32(value)
  return writer.finish()
}
