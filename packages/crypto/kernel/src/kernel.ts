/**
 * The kernel port: every cryptographic step of Talos, behind one interface with interchangeable backends.
 *
 * Shaped by cost (see ARCHITECTURE.md, Kernel): hot steps are one call each, so that a native backend crosses its
 * boundary once. All inputs are checked before any work: a length in bytes out of range throws `KERNEL_ARGUMENT`, and so
 * does a ciphertext too short to hold its tag; a count out of range throws `KERNEL_PARAMETER`. A failed authentication
 * throws `KERNEL_AUTHENTICATION` and releases nothing. Results are plain byte arrays that nothing else reads or writes;
 * small ones may lie side by side in one buffer, as Node's Buffers do: take the array, never its `buffer`. Arguments are
 * neither changed nor kept. Specified in `contracts/spec/20-kernel.md`.
 */

/**
 * Revision of the port: raised with every change of a method or of its bytes. A native module of another revision is
 * stale and is not used.
 */
export const KERNEL_REVISION = 2

export const SHA256_BYTES = 32
export const ED25519_SEED_BYTES = 32
export const ED25519_PUBLIC_KEY_BYTES = 32
export const ED25519_SIGNATURE_BYTES = 64
export const X25519_KEY_BYTES = 32
export const MLKEM768_SEED_BYTES = 64
export const MLKEM768_ENCAPSULATION_KEY_BYTES = 1184
export const MLKEM768_CIPHERTEXT_BYTES = 1088
export const MLKEM768_SHARED_SECRET_BYTES = 32
export const MLKEM768_RANDOMNESS_BYTES = 32
export const AEAD_KEY_BYTES = 32
export const AEAD_NONCE_BYTES = 12
export const AEAD_TAG_BYTES = 16
/** Chain keys and message keys. */
export const RATCHET_KEY_BYTES = 32
export const RATCHET_COMMITMENT_BYTES = 32
/** Plaintext of a ratchet header, at most; Talos Session 1 uses 45 bytes. */
export const RATCHET_MAX_HEADER_BYTES = 1024
/** Clear bytes that a sealed message begins with, at most; the longest first flight has 1,852. */
export const RATCHET_MAX_PREFIX_BYTES = 4096
/** Content with its padding, at most: bounds what one call allocates. */
export const RATCHET_MAX_PADDED_BYTES = 2 ** 24
/** Steps of a chain in one call, at most: twice the longest gap that a session accepts. */
export const RATCHET_MAX_STEPS = 4096
/** Items of the transcript before the handshake's own, at most: DIDs and instance names are the longest of them. */
export const HANDSHAKE_MAX_HEAD_BYTES = 8192
/** Envelopes of one call, at most: more than any chain that a verifier accepts. */
export const VERIFY_MAX_ENVELOPES = 64
/** Entries or leaves of one call, at most. Longer runs are several calls. */
export const BATCH_MAX_ENTRIES = 65_536
/** Hashes of a whole tile (C2SP tlog-tiles, height 8). */
export const TILE_MAX_HASHES = 256

export interface HkdfOptions {
  readonly ikm: Uint8Array
  readonly salt: Uint8Array
  readonly info: Uint8Array
  /** 1 to 8,160 bytes (RFC 5869, 255 blocks). */
  readonly lengthBytes: number
}

export interface AeadOptions {
  /** 32 bytes. */
  readonly key: Uint8Array
  /** 12 bytes. */
  readonly nonce: Uint8Array
  readonly associatedData: Uint8Array
}

export interface Argon2idOptions {
  readonly password: Uint8Array
  /** 16 to 64 bytes. */
  readonly salt: Uint8Array
  /** 8 per lane, up to 1,048,576. */
  readonly memoryKib: number
  /** 1 to 64. */
  readonly passes: number
  /** Lanes, 1 to 16. */
  readonly parallelism: number
  /** 16 to 64. */
  readonly lengthBytes: number
}

/** One step of a sending chain, and the message that it seals (20.11). */
export interface RatchetSealInput {
  /** 32 bytes; the step derives the message key and the next chain key from it. */
  readonly chainKey: Uint8Array
  /** 32 bytes. */
  readonly headerKey: Uint8Array
  /** 12 bytes, fresh from the system; shared by header and message, whose keys differ. */
  readonly nonce: Uint8Array
  /** The encoded header, 1 to 1,024 bytes, sealed under the header key. */
  readonly header: Uint8Array
  /** Bound into both seals: transcript hash, direction, content type, capability-context hash. */
  readonly associatedData: Uint8Array
  /** Clear bytes that the message begins with, 0 to 4,096. Not bound by themselves: that is for `associatedData`. */
  readonly prefix: Uint8Array
  readonly content: Uint8Array
  /** Size of `content || 0x80 || 0x00 ...` under the tag: above `content.length`, at most 2^24. */
  readonly paddedBytes: number
}

export interface RatchetSealed {
  /** 32 bytes. */
  readonly nextChainKey: Uint8Array
  /**
   * `prefix || nonce (12) || sealed header || commitment (32) || ciphertext with its tag`. A view: its buffer may hold other
   * messages as well, and cannot be transferred.
   */
  readonly message: Uint8Array
}

/** A message under a message key that was stepped or stored (20.12). */
export interface RatchetOpenInput {
  /** 32 bytes. */
  readonly messageKey: Uint8Array
  /** 12 bytes. */
  readonly nonce: Uint8Array
  readonly associatedData: Uint8Array
  /** The sealed header as received, 16 bytes or more: part of the associated data. */
  readonly header: Uint8Array
  /** 32 bytes. */
  readonly commitment: Uint8Array
  /** 16 bytes to 2^24 + 16. */
  readonly ciphertext: Uint8Array
}

/** A message that is probably the next one in order (20.13). */
export interface RatchetReceiveInput {
  /** 32 bytes. */
  readonly headerKey: Uint8Array
  /** 32 bytes; the chain key of the next message in order. */
  readonly chainKey: Uint8Array
  /** Plaintext header of the next message in order, 1 to 1,024 bytes. */
  readonly expectedHeader: Uint8Array
  readonly associatedData: Uint8Array
  /** As {@link RatchetSealed.message}; its sealed header has 16 bytes more than `expectedHeader`. */
  readonly message: Uint8Array
  /** Length of its prefix, 0 to 4,096: where the nonce begins. */
  readonly prefixBytes: number
}

export type RatchetReceived =
  /** The header key does not open the header; nothing else was done. */
  | { readonly kind: 'other-key' }
  /** It opens to this header, which is not the expected one; nothing else was done. */
  | { readonly kind: 'other-header'; readonly header: Uint8Array }
  /** The chain stepped, the message is authentic, its padding is removed; `content` is a view as {@link RatchetSealed} says. */
  | { readonly kind: 'opened'; readonly nextChainKey: Uint8Array; readonly content: Uint8Array }

/** One turn of the root chain (20.14). */
export interface RatchetTurnInput {
  /** 32 bytes. */
  readonly rootKey: Uint8Array
  /** 32-byte X25519 secret of this side. */
  readonly secret: Uint8Array
  /** 32-byte X25519 key of the other. */
  readonly publicKey: Uint8Array
  /** 32-byte ML-KEM-768 secret that this turn mixes in. */
  readonly mixed?: Uint8Array | undefined
}

/** 32 bytes each. */
export interface RatchetTurned {
  readonly rootKey: Uint8Array
  readonly chainKey: Uint8Array
  readonly nextHeaderKey: Uint8Array
}

/** The initiator's side of a handshake (20.15); keys and secrets of X25519 have 32 bytes. */
export interface HandshakeInitiateInput {
  readonly identitySecret: Uint8Array
  readonly ephemeralSecret: Uint8Array
  readonly ratchetSecret: Uint8Array
  readonly peerIdentityKey: Uint8Array
  readonly signedPrekey: Uint8Array
  /** X25519 key of the one-time pair. */
  readonly oneTimeKey?: Uint8Array | undefined
  /** 1,184-byte ML-KEM-768 key: that of the one-time pair, or the signed one. */
  readonly kemKey: Uint8Array
  /** 32 bytes, injected by vectors only; the system's generator where it is left out. */
  readonly kemRandomness?: Uint8Array | undefined
  /** Items 1 to 15 of the transcript with their lengths, 0 to 8,192 bytes; the kernel appends items 16 to 18. */
  readonly transcriptHead: Uint8Array
  /** 32-byte capability-context hash, item 18 of the transcript. */
  readonly context: Uint8Array
}

/** 32 bytes each but the ciphertext. */
export interface HandshakeInitiated {
  readonly ephemeralKey: Uint8Array
  readonly ratchetKey: Uint8Array
  /** 1,088 bytes. */
  readonly kemCiphertext: Uint8Array
  readonly transcriptHash: Uint8Array
  /** Root key after the first turn, which this side makes. */
  readonly rootKey: Uint8Array
  /** Chain key of this side's first chain. */
  readonly chainKey: Uint8Array
  /** Header key of this side's second chain. */
  readonly nextHeaderKey: Uint8Array
  /** Header key of this side's first chain. */
  readonly initiatorHeaderKey: Uint8Array
  readonly responderHeaderKey: Uint8Array
}

/** The responder's side of a handshake (20.16); keys and secrets of X25519 have 32 bytes. */
export interface HandshakeRespondInput {
  readonly identitySecret: Uint8Array
  readonly signedPrekeySecret: Uint8Array
  /** X25519 secret of the one-time pair. */
  readonly oneTimeSecret?: Uint8Array | undefined
  /** 64-byte ML-KEM-768 seed: that of the one-time pair, or the signed one. */
  readonly kemSeed: Uint8Array
  readonly peerIdentityKey: Uint8Array
  readonly ephemeralKey: Uint8Array
  /** 1,088 bytes. */
  readonly kemCiphertext: Uint8Array
  /** 32 bytes. */
  readonly transcriptHash: Uint8Array
}

/** 32 bytes each; the root key is that before the first turn. */
export interface HandshakeResponded {
  readonly rootKey: Uint8Array
  readonly initiatorHeaderKey: Uint8Array
  readonly responderHeaderKey: Uint8Array
}

/** An envelope of 04-envelope and the key that is to have signed it; of any length, as both come from peers. */
export interface EnvelopeToVerify {
  readonly envelope: Uint8Array
  readonly publicKey: Uint8Array
}

export interface EnvelopeVerdict {
  /** SHA-256 of the whole envelope. */
  readonly digest: Uint8Array
  /** False for another prefix, another length and a signature that does not verify. */
  readonly valid: boolean
}

/** Entries that one key signed, byte string by byte string. */
export interface EntriesToVerify {
  readonly publicKey: Uint8Array
  readonly entries: readonly Uint8Array[]
  /** As many as `entries`, in their order; one of another length than 64 bytes is not valid. */
  readonly signatures: readonly Uint8Array[]
}

/** In the order of the entries. */
export interface EntryVerdicts {
  readonly leafHashes: Uint8Array[]
  readonly valid: boolean[]
}

/** A tree by its right edge, and the leaves to append (RFC 6962, section 2.1). */
export interface LeavesToAppend {
  /** Leaves that the tree has; a safe integer, and still one with the new leaves. */
  readonly size: number
  /** Roots of its perfect subtrees, largest first: 32 bytes for each 1 bit of `size`. */
  readonly edge: Uint8Array
  readonly leaves: readonly Uint8Array[]
}

export interface AppendedLeaves {
  /** 32 bytes each, in the order of the leaves. */
  readonly leafHashes: Uint8Array[]
  /** The edge of the tree with the leaves. */
  readonly edge: Uint8Array
}

/** A tree by its right edge, and entries to append in the form of a bundle of C2SP tlog-tiles. */
export interface BundleToAppend {
  /** Leaves that the tree has; a safe integer, and still one with the new leaves. */
  readonly size: number
  /** Roots of its perfect subtrees, largest first: 32 bytes for each 1 bit of `size`. */
  readonly edge: Uint8Array
  /** For each entry its length in two bytes, big endian, then its bytes; 65,536 entries at most. */
  readonly bundle: Uint8Array
}

export interface AppendedBundle {
  /** 32 bytes for each entry, in their order. */
  readonly leafHashes: Uint8Array
  /** For each multiple of 256 that the size reached, the root of the 256 leaves before it: 32 bytes each. */
  readonly tileRoots: Uint8Array
  /** The edge of the tree with the entries. */
  readonly edge: Uint8Array
  /** Its root, 32 bytes. */
  readonly root: Uint8Array
}

export interface Kernel {
  readonly name: 'portable' | 'native'

  sha256(data: Uint8Array): Uint8Array
  hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array
  hkdfSha256(options: HkdfOptions): Uint8Array
  /** Throws `KERNEL_PARAMETER` for a cost outside its bounds, `KERNEL_RESOURCES` where the memory is not to be had. */
  argon2id(options: Argon2idOptions): Promise<Uint8Array>

  /** Ciphertext with the 16-byte tag appended (ChaCha20-Poly1305, RFC 8439). */
  aeadSeal(options: AeadOptions, plaintext: Uint8Array): Uint8Array
  aeadOpen(options: AeadOptions, ciphertext: Uint8Array): Uint8Array

  /** 32-byte public key of a 32-byte seed. */
  ed25519PublicKey(seed: Uint8Array): Uint8Array
  ed25519Sign(seed: Uint8Array, message: Uint8Array): Uint8Array
  /** The one rule: canonical S and points, no small-order key or R, cofactorless equation. Never throws on bad input. */
  ed25519Verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean

  x25519PublicKey(secret: Uint8Array): Uint8Array
  /** Throws `KERNEL_LOW_ORDER` when the result is all zero. */
  x25519(secret: Uint8Array, publicKey: Uint8Array): Uint8Array

  /** 1,184-byte encapsulation key of a 64-byte seed `d || z` (FIPS 203). Only seeds are ever stored. */
  mlkem768EncapsulationKey(seed: Uint8Array): Uint8Array
  /**
   * `randomness`: 32 bytes, injected by vectors only; the system's generator where it is left out. Throws
   * `KERNEL_KEY_INVALID` for a key with a coefficient that is not below q (FIPS 203, section 7.2).
   */
  mlkem768Encapsulate(
    encapsulationKey: Uint8Array,
    randomness?: Uint8Array,
  ): { readonly ciphertext: Uint8Array; readonly sharedSecret: Uint8Array }
  /** Implicit rejection: a wrong ciphertext yields another secret, not an error. */
  mlkem768Decapsulate(seed: Uint8Array, ciphertext: Uint8Array): Uint8Array

  /** `MK = HMAC(CK, 0x01)`, `CK' = HMAC(CK, 0x02)` (Double Ratchet, section 5.2). */
  ratchetStep(chainKey: Uint8Array): { readonly messageKey: Uint8Array; readonly nextChainKey: Uint8Array }
  ratchetSeal(input: RatchetSealInput): RatchetSealed
  /**
   * Checks the commitment in constant time, then the tag; throws `KERNEL_AUTHENTICATION` for either. Removes the padding;
   * throws `KERNEL_PADDING` where an authentic message has none.
   */
  ratchetOpen(input: RatchetOpenInput): Uint8Array
  /** Opens the next message in order in one call. Throws `KERNEL_AUTHENTICATION` and `KERNEL_PADDING` as `ratchetOpen`. */
  ratchetReceive(input: RatchetReceiveInput): RatchetReceived
  /** `HKDF(salt = root key, X25519(secret, public key) [|| mixed], "talos/ts1/rk", 96)`. Throws `KERNEL_LOW_ORDER`. */
  ratchetTurn(input: RatchetTurnInput): RatchetTurned
  /** The chain key after `steps` steps, 0 to 4,096; no message key is made. */
  ratchetForward(chainKey: Uint8Array, steps: number): Uint8Array
  /** The next `steps` message keys, 0 to 4,096, of 32 bytes each in their order, and the chain key after them. */
  ratchetAdvance(
    chainKey: Uint8Array,
    steps: number,
  ): { readonly messageKeys: Uint8Array; readonly nextChainKey: Uint8Array }

  /** Throws `KERNEL_KEY_INVALID` for a KEM key with a coefficient that is not below q, then `KERNEL_LOW_ORDER`. */
  handshakeInitiate(input: HandshakeInitiateInput): HandshakeInitiated
  /** Throws `KERNEL_LOW_ORDER`. Implicit rejection: a wrong KEM ciphertext yields other keys. */
  handshakeRespond(input: HandshakeRespondInput): HandshakeResponded

  /** At most 64 items; a verdict for each, in their order. */
  verifyEnvelopes(items: readonly EnvelopeToVerify[]): readonly EnvelopeVerdict[]
  /** At most 65,536 entries; each is judged as by `ed25519Verify`. */
  verifyEntries(input: EntriesToVerify): EntryVerdicts

  /** `SHA-256(0x00 || data)` of each leaf (RFC 6962, section 2.1). */
  leafHashes(leaves: readonly Uint8Array[]): Uint8Array[]
  /** `SHA-256(0x01 || left || right)`. */
  nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array
  /** At most 65,536 leaves; a node hash is made where two perfect subtrees become one. */
  appendLeaves(input: LeavesToAppend): AppendedLeaves
  /** As `appendLeaves`, of a whole bundle, with the roots that tiles and checkpoints need. */
  appendBundle(input: BundleToAppend): AppendedBundle
  /**
   * Every node above 1 to 256 hashes (32 bytes each) whose leaves are all among them: those of two hashes in order, then of
   * four, and so on, 32 bytes each. The last one of a power of two of hashes is their root.
   */
  hashUp(hashes: Uint8Array): Uint8Array
}
