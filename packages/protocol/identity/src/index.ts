export { decodeMultikey, didKeyFromPublicKey, encodeMultikey, parseDidKey, publicKeyFromDidKey } from './did-key.ts'
export {
  ENVELOPE_MAX_BYTES,
  ENVELOPE_MAX_DEPTH,
  envelopeCid,
  type IpldMap,
  isIpldMap,
  type OpenEnvelopeOptions,
  openEnvelope,
  type SignedEnvelope,
  type SignEnvelopeOptions,
  signEnvelope,
  type VerifiedEnvelope,
} from './envelope.ts'
export { ed25519Signer, type Signer } from './signer.ts'
