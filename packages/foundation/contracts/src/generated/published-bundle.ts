// Generated from contracts/schemas/published-bundle.schema.json by tools/src/generate.ts; do not edit.
import { array, bytes, type Check, integer, object, optional, ref, run } from '../check.ts'

/**
 * A prekey bundle as it is served: the signed envelope, and at most one one-time pair with its path.
 * Specified in 05-prekeys-handshake 5.4.
 */
export type PublishedBundle = {
  /** The signed envelope with tag talos/prekeys@1, exact bytes. */
  readonly envelope: Uint8Array
  /** Absent when no one-time pair is left. */
  readonly oneTime?: PublishedBundlePublishedOneTime
}

const checkPublishedBundle: Check = object({
  envelope: bytes(1, 4_096),
  oneTime: optional(ref(() => checkPublishedBundlePublishedOneTime)),
})

/** Returns `value` typed as PublishedBundle. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parsePublishedBundle(value: unknown): PublishedBundle {
  run('published-bundle', checkPublishedBundle, value)
  return value as PublishedBundle
}

/** The public half of a one-time pair with its inclusion path. */
export type PublishedBundlePublishedOneTime = {
  /** Leaf index under the bundle's root. */
  readonly index: number
  /** X25519 public key. */
  readonly x25519: Uint8Array
  /** ML-KEM-768 encapsulation key. */
  readonly mlkem: Uint8Array
  /** RFC 6962 inclusion path, leaf to root. */
  readonly path: readonly Uint8Array[]
}

const checkPublishedBundlePublishedOneTime: Check = object({
  index: integer(0, 1_023),
  x25519: bytes(32, 32),
  mlkem: bytes(1_184, 1_184),
  path: array(bytes(32, 32), { minItems: 0, maxItems: 10 }),
})

/** Returns `value` typed as PublishedBundlePublishedOneTime. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parsePublishedBundlePublishedOneTime(value: unknown): PublishedBundlePublishedOneTime {
  run('published-bundle#publishedOneTime', checkPublishedBundlePublishedOneTime, value)
  return value as PublishedBundlePublishedOneTime
}
