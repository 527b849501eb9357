export {
  DEFAULT_SIGNER_TIMEOUT_MS,
  MAX_SIGNED_BYTES,
  MAX_WAITING_SIGNATURES,
  type Pkcs11Signer,
  type Pkcs11SignerOptions,
  pkcs11Signer,
} from './pkcs11-signer.ts'
