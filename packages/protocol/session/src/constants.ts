/**
 * Names and limits of Talos Session 1 (spec 05-prekeys-handshake 5.1, 06-session 6.8). Every limit is enforced on both
 * ends, tested at its value and one past it.
 */

/** The one suite. There is no negotiation: whatever names another suite is refused with `SESSION_SUITE`. */
export const SESSION_SUITE = 'ts1-x25519-mlkem768-sha256-chacha20poly1305'
/** First byte of everything on the wire: Talos Session 1. */
export const SUITE_BYTE = 1
/** Second byte: a first flight, or a message of an established session. */
export const KIND_FIRST_FLIGHT = 1
export const KIND_MESSAGE = 2

/** Content types from here on belong to the protocol itself; applications stay below. */
export const RESERVED_CONTENT_TYPE = 0xf0
/** Content types of the post-quantum step. */
export const CONTENT_PQ_OFFER = 0xf0
export const CONTENT_PQ_ANSWER = 0xf1
/** Content type of the head of a stream; what lies above means nothing yet. */
export const CONTENT_STREAM = 0xf2

/** Context hash of a session that no capability context is bound to. */
export const NO_CONTEXT: Uint8Array = new Uint8Array(32)

/** Largest content of one message. Larger things are sent in parts. */
export const MAX_MESSAGE_BYTES = 1_048_576
/** The largest content in its largest padding, which a first payload may have, and the tag. */
export const MAX_SEALED_PAYLOAD_BYTES = 1_081_360
/**
 * Messages that one durable write of a sending chain covers, at most: the write is paid for by then, and after a crash
 * the receiver keeps at most so many keys of messages that never were, about half of what it may keep.
 */
export const LEASE_MAX_MESSAGES = 1_024
/** A lease covers so many times what the process has sealed in the chain: a burst of a thousand stores six times. */
export const LEASE_GROWTH = 4
/** Messages of one chain that may be missing when a later one arrives: bounds the work that one message can cause. */
export const MAX_GAP = 2_000
/** Keys of missing messages that a session keeps; beyond, the oldest are dropped. */
export const MAX_SKIPPED_KEYS = 2_000
/** Earlier receiving chains whose missing messages a session still opens; each costs one more header trial. */
export const MAX_OLD_CHAINS = 4
/** How long the key of a missing message is kept. */
export const SKIPPED_KEY_LIFETIME_MS = 7 * 24 * 3_600_000
/** Messages of one chain: random nonces under one header key stay far from collision. */
export const MAX_CHAIN_MESSAGES = 2 ** 24
/** Messages of one session, both directions together. */
export const MAX_SESSION_MESSAGES = 2 ** 32
/** How long a session seals. Afterwards the peers establish a new one. */
export const SESSION_LIFETIME_MS = 7 * 24 * 3_600_000
/** How much longer it opens what is still on its way: as long as keys of missing messages are kept. */
export const SESSION_OPEN_GRACE_MS = 7 * 24 * 3_600_000
/** Content of each chunk of a stream but the last: large enough for speed, small enough to hold. */
export const STREAM_CHUNK_BYTES = 65_536
/** Chunks of one stream: 64 GiB, far from what one key of the AEAD bears and from the end of its counter. */
export const MAX_STREAM_CHUNKS = 2 ** 20
/** A post-quantum step is due after so many messages, both directions together; whichever of the three comes first. */
export const PQ_STEP_MESSAGES = 50
/** A post-quantum step is due at this age of the last one. */
export const PQ_STEP_AGE_MS = 3_600_000
/** A post-quantum step is due after so many bytes on the wire, both directions together. */
export const PQ_STEP_BYTES = 67_108_864
/** An offer that had no answer for so long is sealed again: the outbox has given the first up, or its answer is lost. */
export const PQ_OFFER_REPEAT_MS = 3_600_000
/** A signed reset has less than 512 bytes; more is refused before it is decoded. */
export const MAX_RESET_BYTES = 1_024
/** How far the signing time of a reset may lie from the reader's clock, either way. */
export const RESET_WINDOW_S = 600
/** Smallest padded size; below it sizes tell nothing. */
export const PADDING_FLOOR_BYTES = 256

/** One-time pairs in one bundle; a tree of this size has paths of at most ten hashes. */
export const MAX_ONE_TIME_PREKEYS = 1_024
/** What an agent publishes by default: about 125 KB. */
export const DEFAULT_ONE_TIME_PREKEYS = 100
/** A signed prekey is replaced at this age. */
export const PREKEY_ROTATION_S = 7 * 24 * 3_600
/** A signed prekey is accepted until this age, so that a bundle served just before the rotation still works. */
export const PREKEY_LIFETIME_S = 14 * 24 * 3_600
/** New prekeys are valid from this long ago: clocks of honest peers differ. */
export const PREKEY_BACKDATE_S = 300
/** A new bundle is due when this share of the one-time pairs is left. */
export const PREKEY_REFILL_SHARE = 0.25
/** A served bundle stays below 3.2 KB; more is refused before it is decoded. */
export const MAX_PUBLISHED_BUNDLE_BYTES = 8_192
/** A stored session stays below 128 KiB with every skipped key that it may hold. */
export const MAX_SESSION_RECORD_BYTES = 131_072
/** Stored prekey secrets are a fixed handful of keys. */
export const MAX_PREKEY_SECRETS_BYTES = 1_024
