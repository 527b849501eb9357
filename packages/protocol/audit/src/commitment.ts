/**
 * Salted commitments (contracts/spec/10-audit-entry.md, clauses 10.4 and 10.5).
 *
 *     JSON value   SHA-256("talos/commit/v1\0" || salt || JCS([path, value]))
 *     raw bytes    SHA-256("talos/commit-bytes/v1\0" || salt || u32(length of path) || path || bytes)
 *     salt         HMAC-SHA-256(salt key, "talos/salt/v1\0" || u64(index) || path)
 *
 * The salt key is random and lives outside the tree: one per session, or one per entry without a session. Whoever has
 * the salt of one path can check one value and nothing else; without the key, values of low entropy stay unguessable.
 */
import { ByteWriter, concatBytes, encodeJcs, equalBytes, fromHex, type JsonValue, utf8 } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import type { Kernel } from '@talos/kernel'

/** Length of a salt and of a salt key. */
export const SALT_BYTES = 32

/** The members of an entry's `commit`, which are the paths that v1 commits to. */
export type CommitPath = 'params' | 'result' | 'content'

/** A value to commit to: JSON, or the exact bytes of something. */
export type Committable = { readonly value: JsonValue } | { readonly bytes: Uint8Array }

export type CommitOptions = Committable & {
  readonly path: string
  /** 32 bytes. */
  readonly salt: Uint8Array
  readonly kernel: Kernel
}

/** The 32-byte commitment. Throws `JSON_INVALID` for a value that JSON cannot say, `AUDIT_ENTRY_INVALID` for a salt of another length. */
export function commitTo(options: CommitOptions): Uint8Array {
  const { path, salt, kernel } = options
  if (salt.length !== SALT_BYTES) {
    throw new TalosError('AUDIT_ENTRY_INVALID', { reason: `a salt has ${salt.length} bytes instead of ${SALT_BYTES}` })
  }
  if ('value' in options) {
    return kernel.sha256(concatBytes(utf8('talos/commit/v1\0'), salt, utf8(encodeJcs([path, options.value]))))
  }
  const name = utf8(path)
  const head = new ByteWriter()
  head.bytes(utf8('talos/commit-bytes/v1\0'))
  head.bytes(salt)
  head.u32(name.length)
  head.bytes(name)
  return kernel.sha256(concatBytes(head.finish(), options.bytes))
}

/**
 * Checks a disclosed value against a commitment from an entry.
 *
 * @param options `commitment`: 64 hex digits
 * @throws TalosError `AUDIT_COMMITMENT_MISMATCH`; `ENCODING_INVALID` when the commitment is not hex
 */
export function verifyCommitment(options: CommitOptions & { readonly commitment: string }): void {
  if (!equalBytes(commitTo(options), fromHex(options.commitment))) {
    throw new TalosError('AUDIT_COMMITMENT_MISMATCH', { path: options.path })
  }
}

export interface SaltOptions {
  /** 32 bytes. */
  readonly saltKey: Uint8Array
  /** Index of the entry that carries the commitment. */
  readonly index: number
  readonly path: string
  readonly kernel: Kernel
}

/** The salt of one path of one entry, 32 bytes. */
export function deriveSalt({ saltKey, index, path, kernel }: SaltOptions): Uint8Array {
  const message = new ByteWriter()
  message.bytes(utf8('talos/salt/v1\0'))
  message.u64(index)
  message.bytes(utf8(path))
  return kernel.hmacSha256(saltKey, message.finish())
}

/** Where an entry's salt key is kept: one for all of a session, else one for the entry alone. */
export function saltScope({ session, id }: { readonly session?: string | undefined; readonly id: string }): string {
  return session === undefined ? `entry:${id}` : `session:${session}`
}
