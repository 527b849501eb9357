// Generated from contracts/errors by tools/src/generate.ts; do not edit.

export const ERROR_TABLE = {
  ENCODING_INVALID: { area: 'encoding', message: 'the text is not valid {encoding}', remedy: 'Check that the value was copied whole and uses the stated alphabet without padding or spaces.' },
  CBOR_INVALID: { area: 'encoding', message: 'the bytes are not deterministic DAG-CBOR: {reason}', remedy: 'The sender must encode with sorted keys, shortest lengths, no floats, no indefinite items and no trailing bytes.' },
  JSON_INVALID: { area: 'encoding', message: 'the text is not acceptable JSON: {reason}', remedy: 'Send RFC 8785 JSON with unique names and integers within 2^53.' },
  INPUT_TOO_LARGE: { area: 'encoding', message: 'the input has {sizeBytes} bytes, more than the limit of {limitBytes}', remedy: 'Split the input or raise the limit where it is configurable.' },
  INPUT_TOO_DEEP: { area: 'encoding', message: 'the input nests deeper than the limit of {limit}', remedy: 'Flatten the value.' },
  CID_INVALID: { area: 'encoding', message: 'the value is not a CIDv1 of DAG-CBOR with SHA-256', remedy: 'Use a CID that begins with bafyrei.' },
  SCHEMA_INVALID: { area: 'encoding', message: '{schema} is malformed at {path}: {reason}', remedy: 'Compare the value with the schema of that name in contracts/schemas.' },
  DID_INVALID: { area: 'identity', message: 'the value is not a did:key of an Ed25519 key: {reason}', remedy: 'Use a DID that begins with did:key:z6Mk and was copied whole.' },
  DID_DOCUMENT_INVALID: { area: 'identity', message: 'the DID document is not acceptable: {reason}', remedy: 'Ask its owner for the document that their agent publishes.' },
  SIGNER_FAILED: { area: 'identity', message: 'the signer did not return a signature: {reason}', remedy: 'Check that the keychain, KMS or HSM behind the signer is reachable and holds the Ed25519 key of this agent.' },
  ENVELOPE_MALFORMED: { area: 'identity', message: 'the signed envelope has the wrong shape: {reason}', remedy: 'The sender must use the envelope of the specification page 04-envelope.' },
  ENVELOPE_HEADER: { area: 'identity', message: 'the envelope\'s signature header is not the one of Ed25519 over DAG-CBOR', remedy: 'Sign with Ed25519 and the header 3401ed01ed011371.' },
  ENVELOPE_TAG: { area: 'identity', message: 'the envelope carries another payload type than one of: {accepted}', remedy: 'Check that this is the kind of object asked for, and that both sides run the same version.' },
  ENVELOPE_ISSUER: { area: 'identity', message: 'the envelope\'s issuer is not a did:key of an Ed25519 key', remedy: 'The payload must name its signer in the member iss.' },
  ENVELOPE_SIGNATURE: { area: 'identity', message: 'the envelope\'s signature is not by its issuer', remedy: 'Do not use the object: it was changed on the way or signed by another key. Ask its issuer for it again.' },
  KEY_FILE_INVALID: { area: 'identity', message: 'the key file is damaged or was changed: {reason}', remedy: 'Restore the key file from a backup; the agent\'s keys exist nowhere else.' },
  PASSPHRASE_WRONG: { area: 'identity', message: 'the passphrase does not open the key file', remedy: 'Try again with the passphrase that was given when the agent was created.' },
  KEY_FILE_PARAMETERS: { area: 'identity', message: 'the key file\'s parameter {name} is outside {minimum} to {maximum}', remedy: 'Use the default parameters; a file with others was not written by this version.' },
  LOG_KEY_DELEGATION_INVALID: { area: 'identity', message: 'the delegation of the audit log\'s key is not acceptable: {reason}', remedy: 'Ask the log\'s owner for the delegation that is entry 0 of the log.' },
  INVITATION_INVALID: { area: 'identity', message: 'the invitation is not acceptable: {reason}', remedy: 'Copy the whole text, from talos1: to its end, or ask for a new invitation.' },
  INVITATION_EXPIRED: { area: 'identity', message: 'the invitation ended {secondsAgo} seconds ago', remedy: 'Ask for a new invitation, and check this machine\'s clock.' },
  TRANSPORT_BINDING_INVALID: { area: 'identity', message: 'the peer did not prove its identity on this connection: {reason}', remedy: 'Close the connection: the peer is not who the invitation names, or somebody sits in between.' },
} as const

/** Every error code of Talos; stable once published. */
export type ErrorCode = keyof typeof ERROR_TABLE
