/**
 * Invitations (spec 03-identity, 3.8): the one line that a person passes on so that another agent can dial this one.
 *
 *     "talos1:" || base64url(envelope talos/invite@1)
 *
 * An invitation gives no authority; it says where the issuer listens and which transport key to expect there.
 */
import { type Cid, fromBase64url, toBase64url } from '@talos/bytes'
import { type Did, INVITATION_TAG, parseInvitation as parsePayload } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { Kernel } from '@talos/kernel'
import { openEnvelope, signEnvelope } from './envelope.ts'
import type { Signer } from './signer.ts'

/** The envelope of 8 endpoints of 200 characters and a name of 64 has less than 2.3 KiB (3.8). */
export const INVITATION_MAX_BYTES = 2_560
/** An address outlives a year rarely, a forgotten invitation easily (3.8). */
export const INVITATION_MAX_LIFETIME_S = 366 * 24 * 60 * 60
const PREFIX = 'talos1:'
const MAX_CHARACTERS = PREFIX.length + Math.ceil((INVITATION_MAX_BYTES * 4) / 3)

export interface Invitation {
  readonly issuer: Did
  /** 1 to 8 URLs, best first. */
  readonly endpoints: readonly string[]
  /** 32-byte Ed25519 key that the dialled side must prove. */
  readonly transportKey: Uint8Array
  readonly issuedAtS: number
  /** The first second at which the invitation is no longer valid. */
  readonly expiresS: number
  /** What the issuer calls itself; proves nothing. */
  readonly name?: string
  /** The issuer's durable name, `did:talos:<SCID>`: no other key log speaks for it. */
  readonly id?: Did
  readonly cid: Cid
}

export interface CreateInvitationOptions {
  readonly signer: Signer
  /** 1 to 8 URLs of 200 characters at most, best first. */
  readonly endpoints: readonly string[]
  /** 32 bytes. */
  readonly transportKey: Uint8Array
  readonly issuedAtS: number
  /** Later than `issuedAtS` by {@link INVITATION_MAX_LIFETIME_S} at most. */
  readonly expiresS: number
  /** 1 to 64 characters. */
  readonly name?: string
  /** The durable name of the signer's agent, a `did:talos`. */
  readonly id?: Did
}

/**
 * The invitation as text.
 *
 * @throws TalosError `INVITATION_INVALID`, `SIGNER_FAILED`
 */
export async function createInvitation(options: CreateInvitationOptions): Promise<string> {
  const { signer, endpoints, transportKey, issuedAtS, expiresS, name, id } = options
  const payload = checkPayload({
    iss: signer.did,
    ep: endpoints,
    tk: transportKey,
    iat: issuedAtS,
    exp: expiresS,
    ...(id !== undefined && { id }),
    ...(name !== undefined && { name }),
  })
  const { bytes } = await signEnvelope({ tag: INVITATION_TAG, payload: { ...payload }, signer })
  return `${PREFIX}${toBase64url(bytes)}`
}

/**
 * Opens an invitation that somebody typed or pasted; blanks around it are ignored.
 *
 * @throws TalosError `INVITATION_INVALID` (its `cause` says more), `INVITATION_EXPIRED`
 */
export function parseInvitation(options: {
  readonly text: string
  readonly kernel: Kernel
  readonly nowS: number
}): Invitation {
  const text = options.text.trim()
  if (!text.startsWith(PREFIX)) throw invalid(`it does not begin with ${PREFIX}`)
  if (text.length > MAX_CHARACTERS) throw invalid(`it is longer than ${MAX_CHARACTERS} characters`)
  const envelope = openText(text.slice(PREFIX.length), options.kernel)
  const { ep, tk, iat, exp, id, name } = checkPayload(envelope.payload)
  if (options.nowS >= exp) throw new TalosError('INVITATION_EXPIRED', { secondsAgo: options.nowS - exp })
  return {
    issuer: envelope.issuer,
    endpoints: ep,
    transportKey: tk,
    issuedAtS: iat,
    expiresS: exp,
    ...(id !== undefined && { id }),
    ...(name !== undefined && { name }),
    cid: envelope.cid,
  }
}

function openText(text: string, kernel: Kernel) {
  try {
    return openEnvelope(fromBase64url(text), { kernel, tags: [INVITATION_TAG], maxBytes: INVITATION_MAX_BYTES })
  } catch (cause) {
    throw invalid('it is damaged or not signed by its issuer', cause)
  }
}

function checkPayload(value: unknown) {
  const payload = parseOrRefuse(value)
  const lifetimeS = payload.exp - payload.iat
  if (lifetimeS <= 0) throw invalid('it ends before it begins')
  if (payload.id?.startsWith('did:talos:') === false) throw invalid('its durable name is of another method')
  if (lifetimeS > INVITATION_MAX_LIFETIME_S) throw invalid(`it is valid for more than ${INVITATION_MAX_LIFETIME_S} s`)
  return payload
}

function parseOrRefuse(value: unknown) {
  try {
    return parsePayload(value)
  } catch (cause) {
    throw invalid('a member is missing or out of its limits', cause)
  }
}

function invalid(reason: string, cause?: unknown): TalosError {
  return new TalosError('INVITATION_INVALID', { reason }, { cause })
}
