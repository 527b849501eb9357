/** The public parts of a published prekey bundle, for `--verbose`. */
import { decodeCbor, toHex } from '@talos/bytes'
import { PREKEY_BUNDLE_TAG, parsePrekeyBundle, parsePublishedBundle } from '@talos/contracts'
import { openEnvelope } from '@talos/identity'
import { loadKernel } from '@talos/kernel'

export function describeBundle(bytes: Uint8Array): string[] {
  const kernel = loadKernel()
  const { envelope, oneTime } = parsePublishedBundle(decodeCbor(bytes))
  const { payload, cid } = openEnvelope(envelope, { kernel, tags: [PREKEY_BUNDLE_TAG] })
  const { ik, spk, pqspk, otkRoot, otkCount, serial } = parsePrekeyBundle(payload)
  return [
    `bundle ${serial}: ${cid.toString()}`,
    `identity key (X25519)     ${toHex(ik)}`,
    `signed prekey ${spk.id} (X25519)  ${toHex(spk.pub)}`,
    `signed KEM prekey (ML-KEM-768), SHA-256  ${toHex(kernel.sha256(pqspk.pub))}`,
    `Merkle root over ${otkCount} one-time pairs  ${toHex(otkRoot)}`,
    oneTime === undefined
      ? 'no one-time pair is left'
      : `one-time pair ${oneTime.index}: X25519 ${toHex(oneTime.x25519)}, path of ${oneTime.path.length} hashes`,
  ]
}
