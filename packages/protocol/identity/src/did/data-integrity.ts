/**
 * W3C Data Integrity proofs with the cryptosuite `eddsa-jcs-2022` (spec 18-key-log, 18.1; VC Data Integrity 1.0, 4.2 and
 * 4.3; Data Integrity EdDSA Cryptosuites 1.0, 3.3).
 *
 *     hashData = SHA-256(JCS(proof without proofValue)) || SHA-256(JCS(document without proof))
 *     proofValue = "z" || base58btc(Ed25519(key, hashData))
 *
 * The verification method is always a `did:key` with its key named again after `#`. Left out: other cryptosuites, proof
 * chains, domains and challenges, proofs that expire: a proof that says one of these is refused, not read past.
 */
import { concatBytes, encodeJcs, fromBase58btc, type JsonValue, toBase58btc, utf8 } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import { ED25519_SIGNATURE_BYTES, type Kernel } from '@talos/kernel'
import { decodeMultikey } from '../did-key.ts'
import { type Signer, signWith } from '../signer.ts'
import { isJsonArray, isJsonObject, type JsonObject, member, without } from './json.ts'
import { parseUtc } from './time.ts'

const TYPE = 'DataIntegrityProof'
const CRYPTOSUITE = 'eddsa-jcs-2022'
const DID_KEY = 'did:key:'
/** Members that say no more than who signed what, when and why. Others could change the meaning of a proof. */
const KNOWN_MEMBERS = [
  '@context',
  'created',
  'cryptosuite',
  'id',
  'nonce',
  'proofPurpose',
  'proofValue',
  'type',
  'verificationMethod',
]
/** A document with more proofs than this is refused before any is checked. */
const MAX_PROOFS = 8

export interface ProofOptions {
  readonly signer: Signer
  /** The document without its `proof`. */
  readonly document: JsonObject
  /** ISO 8601 in UTC; absent: the proof does not say when it was made. */
  readonly created?: string
  /** Such as `assertionMethod`. */
  readonly purpose: string
}

/** What a proof that verified says. */
export interface VerifiedProof {
  /** Multikey of the signer; `did:key:` before it makes the DID. */
  readonly multikey: string
  /** Undefined where the proof does not say. */
  readonly createdMs: number | undefined
}

/**
 * A proof over the document, to stand in its member `proof`.
 *
 * @throws TalosError `SIGNER_FAILED`, `JSON_INVALID` for a document that JSON cannot say
 */
export async function makeProof(options: ProofOptions): Promise<JsonObject> {
  const { signer, document, created, purpose } = options
  const multikey = signer.did.slice(DID_KEY.length)
  const context = member(document, '@context')
  const config: JsonObject = {
    type: TYPE,
    cryptosuite: CRYPTOSUITE,
    verificationMethod: `${signer.did}#${multikey}`,
    ...(created !== undefined && { created }),
    proofPurpose: purpose,
    ...(context !== undefined && { '@context': context }),
  }
  const signature = await signWith(signer, hashData(signer.kernel, { config, document }))
  return { ...config, proofValue: `z${toBase58btc(signature)}` }
}

/**
 * Checks one proof over the document.
 *
 * @param options.document without its member `proof`
 * @throws TalosError `DATA_INTEGRITY_INVALID`
 */
export function checkProof(options: {
  readonly kernel: Kernel
  readonly document: JsonObject
  readonly proof: JsonValue
  readonly purpose: string
}): VerifiedProof {
  const { kernel, proof, purpose } = options
  const { multikey, createdMs, signature } = readProof(proof, purpose)
  const config = without(proof as JsonObject, 'proofValue')
  const document = documentInContext(options.document, member(config, '@context'))
  const publicKey = decodeMultikey('ed25519', multikey)
  if (!kernel.ed25519Verify(publicKey, hashData(kernel, { config, document }), signature)) {
    throw invalid('the signature is not by its verification method over this document')
  }
  return { multikey, createdMs }
}

/**
 * The proofs of a document, at least one.
 *
 * @throws TalosError `DATA_INTEGRITY_INVALID` for none, for more than {@link MAX_PROOFS}
 */
export function proofsOf(document: JsonObject): readonly JsonValue[] {
  const proof = member(document, 'proof')
  const proofs = isJsonArray(proof) ? proof : proof === undefined ? [] : [proof]
  if (proofs.length === 0 || proofs.length > MAX_PROOFS) throw invalid(`not 1 to ${MAX_PROOFS} proofs`)
  return proofs
}

/**
 * The document with one proof by the signer. A document that has proofs already is refused.
 *
 * @throws TalosError `DATA_INTEGRITY_INVALID`, `SIGNER_FAILED`, `JSON_INVALID`
 */
export async function signDocument(options: ProofOptions): Promise<JsonObject> {
  if (member(options.document, 'proof') !== undefined) throw invalid('the document has a proof already')
  return { ...options.document, proof: await makeProof(options) }
}

/**
 * Checks every proof of a signed document.
 *
 * @returns the proofs in the document's order, at least one
 * @throws TalosError `DATA_INTEGRITY_INVALID`
 */
export function verifyDocument(options: {
  readonly kernel: Kernel
  readonly document: JsonObject
  readonly purpose: string
}): readonly VerifiedProof[] {
  const { kernel, purpose } = options
  const document = without(options.document, 'proof')
  return proofsOf(options.document).map((proof) => checkProof({ kernel, document, proof, purpose }))
}

interface ReadProof extends VerifiedProof {
  readonly signature: Uint8Array
}

function readProof(proof: JsonValue, purpose: string): ReadProof {
  if (!isJsonObject(proof)) throw invalid('a proof is not an object')
  if (Object.keys(proof).some((name) => !KNOWN_MEMBERS.includes(name)))
    throw invalid('a proof has a member that is not known')
  if (member(proof, 'type') !== TYPE) throw invalid('a proof is of another type')
  if (member(proof, 'cryptosuite') !== CRYPTOSUITE) throw invalid('a proof is of another cryptosuite')
  if (member(proof, 'proofPurpose') !== purpose) throw invalid('a proof is for another purpose')
  return {
    multikey: keyOf(member(proof, 'verificationMethod')),
    createdMs: createdOf(member(proof, 'created')),
    signature: signatureOf(member(proof, 'proofValue')),
  }
}

/** `did:key:K#K`, K twice the same: the key that is authorized and the key that verifies are one. */
function keyOf(method: JsonValue | undefined): string {
  const [did, fragment, ...rest] = typeof method === 'string' ? method.split('#') : []
  if (did === undefined || rest.length > 0 || !did.startsWith(DID_KEY) || did.slice(DID_KEY.length) !== fragment) {
    throw invalid('a verification method is not a did:key with its key named again')
  }
  try {
    decodeMultikey('ed25519', fragment)
  } catch (cause) {
    throw invalid('a verification method is not an Ed25519 key', cause)
  }
  return fragment
}

function createdOf(created: JsonValue | undefined): number | undefined {
  if (created === undefined) return undefined
  const timeMs = typeof created === 'string' ? parseUtc(created) : undefined
  if (timeMs === undefined) throw invalid('the time of a proof is not in UTC')
  return timeMs
}

function signatureOf(value: JsonValue | undefined): Uint8Array {
  if (typeof value !== 'string' || !value.startsWith('z')) throw invalid('a proof value is not base58btc')
  try {
    const signature = fromBase58btc(value.slice(1))
    if (signature.length === ED25519_SIGNATURE_BYTES) return signature
  } catch (cause) {
    throw invalid('a proof value is not base58btc', cause)
  }
  throw invalid(`a proof value is not ${ED25519_SIGNATURE_BYTES} bytes`)
}

/** A proof with a context signs the document under that context, which must begin the document's own (suite, 3.3.2). */
function documentInContext(document: JsonObject, context: JsonValue | undefined): JsonObject {
  if (context === undefined) return document
  const signed = isJsonArray(context) ? context : [context]
  const own = member(document, '@context')
  const present = isJsonArray(own) ? own : [own]
  if (!signed.every((item, index) => isSame(item, present[index])))
    throw invalid('a proof was made under another context')
  return { ...document, '@context': context }
}

function isSame(one: JsonValue, other: JsonValue | undefined): boolean {
  return other !== undefined && encodeJcs(one) === encodeJcs(other)
}

function hashData(kernel: Kernel, parts: { readonly config: JsonObject; readonly document: JsonObject }): Uint8Array {
  const hash = (value: JsonObject) => kernel.sha256(utf8(encodeJcs(value)))
  return concatBytes(hash(parts.config), hash(parts.document))
}

function invalid(reason: string, cause?: unknown): TalosError {
  return new TalosError('DATA_INTEGRITY_INVALID', { reason }, { cause })
}
