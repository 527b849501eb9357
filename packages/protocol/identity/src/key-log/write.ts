/**
 * Writing a key log (spec 18-key-log, 18.9): its first entry, and every change after it.
 *
 * Logs of ours always announce the next update keys by their hashes. So whoever steals the signing key, or an update key
 * that was used, cannot write an entry. Everything that is written is verified as a stranger would before it is handed out.
 */
import { encodeJcs } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { makeProof } from '../did/data-integrity.ts'
import { type JsonObject, textMember } from '../did/json.ts'
import { formatWebPlace, parseWebPlace } from '../did/place.ts'
import { formatUtc } from '../did/time.ts'
import { publicKeyFromDidKey } from '../did-key.ts'
import type { Signer } from '../signer.ts'
import { makeAcceptance } from './acceptance.ts'
import { buildDocument, checkChanges, type DocumentParts, readParts } from './document.ts'
import { computeEntryHash, computeScid, replaceScid, SCID_PLACEHOLDER } from './entry.ts'
import { DEFAULT_TTL_S, METHOD, updateKeyHash } from './parameters.ts'
import type {
  CompromisedKey,
  CreateKeyLogOptions,
  EntryAuthority,
  KeyLogChange,
  KeyLogLocation,
  VerifiedKeyLog,
} from './types.ts'
import { extendKeyLog, verifyKeyLog } from './verify.ts'

/** Update keys that an entry may announce. */
export const MAX_NEXT_UPDATE_KEYS = 8
const SECOND_MS = 1_000
const LAST_TIME_MS = Date.parse('9999-12-31T23:59:59Z')
const NOTHING: DocumentParts = { signing: undefined, agreement: undefined, services: [], alsoKnownAs: [], revoked: [] }

/**
 * A new log with its first entry.
 *
 * @throws TalosError `KEY_LOG_CHANGE`, `KEY_LOG_PARAMETERS` for a ttl out of bounds, `DID_LOCATION_INVALID`,
 *   `DID_INVALID`, `SIGNER_FAILED`
 */
export async function createKeyLog(options: CreateKeyLogOptions): Promise<VerifiedKeyLog> {
  const { signer, updateSigner, portable = false, ttlS = DEFAULT_TTL_S, nowMs } = options
  const { kernel } = updateSigner
  const did = nameAt(options.location ?? { method: 'talos' }, SCID_PLACEHOLDER)
  const parameters: JsonObject = {
    method: METHOD,
    scid: SCID_PLACEHOLDER,
    updateKeys: [multikeyOf(updateSigner)],
    nextKeyHashes: announce(options, signer.did),
    ...(portable && { portable }),
    ...(ttlS !== DEFAULT_TTL_S && { ttl: ttlS }),
  }
  const versionTime = timeText(nowMs)
  const basis = { before: undefined, versionTime, parameters, did, scid: SCID_PLACEHOLDER }
  const signing = { multikey: multikeyOf(signer), acceptance: await makeAcceptance(signer, basis) }
  const state = buildDocument(did, { ...NOTHING, ...checkChanges(options), signing })
  const preliminary: JsonObject = { versionId: SCID_PLACEHOLDER, versionTime, parameters, state }
  const scid = computeScid(kernel, { entry: preliminary, scid: SCID_PLACEHOLDER })
  const entry = replaceScid(preliminary, { from: SCID_PLACEHOLDER, to: scid })
  const line = await signEntry(entry, { number: 1, before: scid, updateSigner })
  return verifyKeyLog({ kernel, text: `${line}\n`, nowMs })
}

/**
 * The log with one more entry. The given log stays as it is.
 *
 * @throws TalosError `KEY_LOG_DEACTIVATED`, `KEY_LOG_CHANGE`, `KEY_LOG_TIME` for a clock far behind the newest entry,
 *   `KEY_LOG_LIMIT`, `DID_LOCATION_INVALID`, `DID_INVALID`, `SIGNER_FAILED`
 */
export async function appendEntry(log: VerifiedKeyLog, change: KeyLogChange): Promise<VerifiedKeyLog> {
  if (log.deactivated) throw new TalosError('KEY_LOG_DEACTIVATED', { entry: log.version })
  const { updateSigner, nowMs } = change
  const { kernel } = updateSigner
  requireOwnForm(log, updateSigner)
  const versionTime = timeText(Math.max(nowMs, log.versionTimeMs + SECOND_MS))
  const parameters: JsonObject = {
    updateKeys: [multikeyOf(updateSigner)],
    nextKeyHashes: change.kind === 'deactivate' ? [] : announce(change, signerOf(log, change)),
    ...(change.kind === 'deactivate' && { deactivated: true }),
  }
  const did = change.kind === 'update' && change.location !== undefined ? moved(log, change.location) : log.did
  const basis = { before: log.versionId, versionTime, parameters, did, scid: log.scid }
  const state = buildDocument(did, await partsAfter({ log, did }, change, (signer) => makeAcceptance(signer, basis)))
  const entry: JsonObject = { versionId: log.versionId, versionTime, parameters, state }
  const line = await signEntry(entry, { number: log.version + 1, before: log.versionId, updateSigner })
  return extendKeyLog(log, { kernel, text: `${line}\n`, nowMs })
}

/** What the next document says: what the newest one does, but for the change. */
async function partsAfter(
  { log, did }: { readonly log: VerifiedKeyLog; readonly did: string },
  change: KeyLogChange,
  accept: (signer: Signer) => Promise<string>,
): Promise<DocumentParts> {
  const before = readParts(log.did, log.document)
  if (change.kind === 'deactivate') return { ...NOTHING, revoked: before.revoked }
  const parts: DocumentParts = { ...before, ...checkChanges(change) }
  const names = did === log.did ? parts.alsoKnownAs : new Set([log.did, ...parts.alsoKnownAs])
  const alsoKnownAs = [...names].filter((name) => name !== did)
  if (change.kind === 'update') return { ...parts, alsoKnownAs }
  const signing = { multikey: multikeyOf(change.signer), acceptance: await accept(change.signer) }
  if (change.kind === 'rotate') return { ...parts, signing }
  const marked = markedKeys(log, change.compromised)
  const others = before.revoked.filter(({ multikey }) => marked.every((mark) => mark.multikey !== multikey))
  return { ...parts, signing, revoked: [...marked, ...others] }
}

function markedKeys(log: VerifiedKeyLog, compromised: readonly CompromisedKey[]) {
  if (compromised.length === 0) throw refusal('no compromised key is named')
  for (const { key } of compromised) {
    if (log.keys.every(({ did }) => did !== key)) throw refusal('a compromised key is not one of this log')
  }
  return compromised.map(({ key, fromMs }) => ({ multikey: tailOf(key), since: timeText(fromMs) }))
}

/** The signing key after the change, which must be a fresh one where there is another. */
function signerOf(
  log: VerifiedKeyLog,
  change: Exclude<KeyLogChange, { readonly kind: 'deactivate' }>,
): Did | undefined {
  if (change.kind === 'update') return log.signingKey
  const { did } = change.signer
  if (log.keys.some((key) => key.did === did)) throw refusal('the new signing key was a key of this log before')
  return did
}

/** Only logs that announce their keys are written, and none that needs witnesses. */
function requireOwnForm(log: VerifiedKeyLog, updateSigner: Signer): void {
  const { nextKeyHashes, witness } = log.parameters
  if (witness !== undefined) throw refusal('its entries need the approval of witnesses')
  if (!nextKeyHashes.includes(updateKeyHash(updateSigner.kernel, multikeyOf(updateSigner)))) {
    throw refusal('the newest entry does not announce this update key')
  }
}

/** The hashes of the next update keys. A key must not be announced that already shows. */
function announce({ updateSigner, nextUpdateKeys }: EntryAuthority, signer: Did | undefined): readonly string[] {
  const isCount = nextUpdateKeys.length >= 1 && nextUpdateKeys.length <= MAX_NEXT_UPDATE_KEYS
  if (!isCount || new Set(nextUpdateKeys).size !== nextUpdateKeys.length) {
    throw refusal(`the next update keys are not 1 to ${MAX_NEXT_UPDATE_KEYS} different ones`)
  }
  if (nextUpdateKeys.some((key) => key === updateSigner.did || key === signer) || updateSigner.did === signer) {
    throw refusal('update keys must differ from each other and from the signing key')
  }
  for (const key of nextUpdateKeys) publicKeyFromDidKey(key)
  return nextUpdateKeys.map((key) => updateKeyHash(updateSigner.kernel, tailOf(key)))
}

interface EntryToSign {
  readonly number: number
  /** versionId of the entry before, or the SCID. */
  readonly before: string
  readonly updateSigner: Signer
}

/** The entry as a line: its hash in the versionId, then the proof over it. */
async function signEntry(entry: JsonObject, { number, before, updateSigner }: EntryToSign): Promise<string> {
  const hash = computeEntryHash(updateSigner.kernel, { entry, before })
  const document: JsonObject = { ...entry, versionId: `${number}-${hash}` }
  const created = textMember(entry, 'versionTime')
  const proof = await makeProof({ signer: updateSigner, document, created, purpose: 'assertionMethod' })
  return encodeJcs({ ...document, proof: [proof] })
}

function moved(log: VerifiedKeyLog, location: KeyLogLocation): string {
  if (!log.parameters.portable) throw refusal('it is not portable')
  return nameAt(location, log.scid)
}

/** The name of a log at that location. */
function nameAt(location: KeyLogLocation, scid: string): string {
  if (location.method === 'talos') return `did:talos:${scid}`
  const { host, port } = parseWebPlace(location.host.replace(':', '%3A'))
  return `did:webvh:${scid}:${formatWebPlace({ host, port, path: location.path ?? [] })}`
}

function timeText(timeMs: number): string {
  if (!Number.isSafeInteger(timeMs) || timeMs < 0 || timeMs > LAST_TIME_MS)
    throw refusal('a time is not one of the years 1970 to 9999')
  return formatUtc(timeMs)
}

function multikeyOf(signer: Signer): string {
  return tailOf(signer.did)
}

function tailOf(did: Did): string {
  return did.slice('did:key:'.length)
}

function refusal(reason: string): TalosError {
  return new TalosError('KEY_LOG_CHANGE', { reason })
}
