/** Derivation of a session's exporter secret (spec 06-session 6.14). */
import { concatBytes, utf8 } from '@talos/bytes'
import type { Kernel } from '@talos/kernel'

/** With the hash 50 bytes: no turn's input, which is 32 or 64 bytes, equals it. */
const EXPORTER_LABEL = utf8('talos/ts1/exporter')

/**
 * The secret that all exports of a session come from: `HMAC-SHA-256(RK1, "talos/ts1/exporter" || transcript hash)`, where RK1 is
 * the root key after the session's first turn. Both ends have it within their handshake and neither keeps it.
 */
export function exporterSecret(
  kernel: Kernel,
  { rootKey, transcriptHash }: { readonly rootKey: Uint8Array; readonly transcriptHash: Uint8Array },
): Uint8Array {
  return kernel.hmacSha256(rootKey, concatBytes(EXPORTER_LABEL, transcriptHash))
}
