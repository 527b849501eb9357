// Generated from contracts/errors by tools/src/generate.ts; do not edit.

export const ERROR_TABLE = {
  ENCODING_INVALID: { area: 'encoding', message: 'the text is not valid {encoding}', remedy: 'Check that the value was copied whole and uses the stated alphabet without padding or spaces.' },
  CBOR_INVALID: { area: 'encoding', message: 'the bytes are not deterministic DAG-CBOR: {reason}', remedy: 'The sender must encode with sorted keys, shortest lengths, no floats, no indefinite items and no trailing bytes.' },
  JSON_INVALID: { area: 'encoding', message: 'the text is not acceptable JSON: {reason}', remedy: 'Send RFC 8785 JSON with unique names and integers within 2^53.' },
  INPUT_TOO_LARGE: { area: 'encoding', message: 'the input has {sizeBytes} bytes, more than the limit of {limitBytes}', remedy: 'Split the input or raise the limit where it is configurable.' },
  INPUT_TOO_DEEP: { area: 'encoding', message: 'the input nests deeper than the limit of {limit}', remedy: 'Flatten the value.' },
  CID_INVALID: { area: 'encoding', message: 'the value is not a CIDv1 of DAG-CBOR with SHA-256', remedy: 'Use a CID that begins with bafyrei.' },
  SCHEMA_INVALID: { area: 'encoding', message: '{schema} is malformed at {path}: {reason}', remedy: 'Compare the value with the schema of that name in contracts/schemas.' },
} as const

/** Every error code of Talos; stable once published. */
export type ErrorCode = keyof typeof ERROR_TABLE
