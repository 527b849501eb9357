/**
 * What a key event log says once it was verified (spec 18-key-log; did:webvh 1.0).
 *
 * The log is the durable name of an agent: `did:talos:<SCID>`, or `did:webvh:<SCID>:<host>` for a log on a web site. The
 * principal of a signature stays a `did:key`; the log says which of them was the agent's, and from when until when.
 */
import type { Did } from '@talos/contracts'
import type { JsonObject } from '../did/json.ts'
import type { Signer } from '../signer.ts'

/** How a key of the log stands after its last entry (18.8). */
export type KeyStanding = 'current' | 'rotated' | 'compromised' | 'deactivated'

/** One signing key of the agent: a `did:key` that agreed to be a key of this log. */
export interface LogKey {
  readonly did: Did
  /** Time of the entry that brought it, in milliseconds; it was the agent's key in `[fromMs, toMs)`. */
  readonly fromMs: number
  /** Time of the entry that took it away; undefined for a key of the last entry. */
  readonly toMs: number | undefined
  readonly standing: KeyStanding
  /** What it signed from this time on is not the agent's; undefined unless `compromised`. */
  readonly compromisedFromMs: number | undefined
}

export interface WitnessTerms {
  /** 1 to the number of witnesses. */
  readonly threshold: number
  readonly witnesses: readonly Did[]
}

/** The parameters in force at one entry (18.4). */
export interface KeyLogParameters {
  /** Multikeys that signed or may sign, by the rules of 18.6. */
  readonly updateKeys: readonly string[]
  /** Hashes of the keys that the next entry may name; empty = no pre-rotation. */
  readonly nextKeyHashes: readonly string[]
  readonly portable: boolean
  readonly deactivated: boolean
  readonly ttlS: number
  readonly witness: WitnessTerms | undefined
  readonly watchers: readonly string[]
}

/** One verified entry. */
export interface KeyLogEntry {
  /** From 1. */
  readonly number: number
  /** `number` || "-" || entry hash. */
  readonly versionId: string
  readonly versionTimeMs: number
  /** `id` of the document in this entry. */
  readonly did: Did
  /** The document of this version, as it stands in the log. */
  readonly document: JsonObject
  readonly parameters: KeyLogParameters
  /** The update keys (multikeys) by which it is signed. */
  readonly signedBy: readonly string[]
  /** The line as it stands in the log, without the line feed. */
  readonly line: string
}

/** A log whose every entry was verified. Only `verifyKeyLog`, `createKeyLog` and `appendEntry` make one. */
export interface VerifiedKeyLog {
  /** `id` of the newest document: `did:talos:<SCID>` or `did:webvh:<SCID>:...`. */
  readonly did: Did
  /** Base58btc multihash; the same for the whole life of the log. */
  readonly scid: string
  /** `did:talos:<SCID>`: names this log wherever it lies. */
  readonly name: Did
  /** The log as text (did.jsonl), every line ended by a line feed. */
  readonly text: string
  /** At least one, oldest first. */
  readonly entries: readonly KeyLogEntry[]
  /** Of the newest entry. */
  readonly versionId: string
  /** Number of entries. */
  readonly version: number
  readonly createdMs: number
  readonly versionTimeMs: number
  readonly document: JsonObject
  readonly parameters: KeyLogParameters
  readonly deactivated: boolean
  /** Every signing key that the log ever had, in order of appearance; each `did:key` once. */
  readonly keys: readonly LogKey[]
  /** The first current key; undefined when the log is deactivated or its newest document has no agreed key. */
  readonly signingKey: Did | undefined
}

export interface KeyLogService {
  /** What follows `#` in the service's id; 1 to 64 of `A-Z a-z 0-9 _ -`, unique in the document. */
  readonly fragment: string
  readonly type: string
  /** An absolute URL. */
  readonly endpoint: string
}

/** Where the log lies. For a web site: host as in `example.com` or `example.com:8443`, and path segments. */
export type KeyLogLocation =
  | { readonly method: 'talos' }
  | { readonly method: 'webvh'; readonly host: string; readonly path?: readonly string[] }

/** What every entry needs. */
export interface EntryAuthority {
  /**
   * The update key that signs this entry: for a new log any fresh key, afterwards one whose hash is in the newest
   * entry's `nextKeyHashes`. It signs this one entry and can be destroyed then.
   */
  readonly updateSigner: Signer
  /** `did:key`s of the update keys that may sign the next entry; 1 to 8, held offline; only their hashes are published. */
  readonly nextUpdateKeys: readonly Did[]
  /** Time of the entry. Written in whole seconds; one second after the newest entry where the clock is not past that. */
  readonly nowMs: number
}

/** What the document says besides keys. Absent members keep what the newest entry says (a new log: nothing). */
export interface DocumentChanges {
  /** 32-byte X25519 public key of sessions. */
  readonly keyAgreement?: Uint8Array
  readonly services?: readonly KeyLogService[]
  readonly alsoKnownAs?: readonly string[]
}

export interface CreateKeyLogOptions extends EntryAuthority, DocumentChanges {
  /** The agent's signing key; agrees to be a key of this log. */
  readonly signer: Signer
  /** `did:talos` when absent. */
  readonly location?: KeyLogLocation
  /** May the log move to another location later; false when absent. */
  readonly portable?: boolean
  /** How long others may keep what they resolved; 3600 when absent. */
  readonly ttlS?: number
}

/** A key that others may have had, and since when: what it signed from then on is not the agent's. */
export interface CompromisedKey {
  /** A key of this log. */
  readonly key: Did
  readonly fromMs: number
}

/** The entry to append. */
export type KeyLogChange =
  /** Scheduled: another signing key; what the old one signed holds. */
  | ({ readonly kind: 'rotate'; readonly signer: Signer } & EntryAuthority & DocumentChanges)
  /** Emergency: another signing key, and 1 or more old ones are compromised. */
  | ({
      readonly kind: 'recover'
      readonly signer: Signer
      readonly compromised: readonly CompromisedKey[]
    } & EntryAuthority &
      DocumentChanges)
  /** The same signing key; another document, or another location for a portable log. */
  | ({ readonly kind: 'update'; readonly location?: KeyLogLocation } & EntryAuthority & DocumentChanges)
  /** The end: no key of the log is valid any more and nothing can be appended. */
  | { readonly kind: 'deactivate'; readonly updateSigner: Signer; readonly nowMs: number }
