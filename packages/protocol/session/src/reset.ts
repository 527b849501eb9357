/**
 * The signed reset (spec 06-session 6.12): an end that cannot open messages of a session asks the other for a new one.
 *
 * A reset only asks. It carries no key and ends nothing by itself: who gets it begins a new session and keeps the old one
 * to open what is still on its way. Left out: when one is sent, and how many are accepted; that is the client's.
 */
import { type Did, parseSessionReset, SESSION_RESET_TAG, type SessionReset } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { openEnvelope, type Signer, signEnvelope } from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import type { Random } from '@talos/ports'
import { MAX_RESET_BYTES, RESET_WINDOW_S } from './constants.ts'

export interface CreateResetInput {
  readonly signer: Signer
  readonly random: Random
  readonly nowS: number
  /** The agent whose messages do not open. */
  readonly peer: Did
  /** Name of this instance. */
  readonly instance: string
  /** 16 bytes: the session that does not open. */
  readonly session: Uint8Array
  /** 16 bytes: the newest session that this side has with the peer, where it has one. */
  readonly active?: Uint8Array | undefined
  readonly reason: SessionReset['reason']
}

const NONCE_BYTES = 16

/**
 * Signs a reset. Draws its nonce (16).
 *
 * @throws TalosError `SESSION_ARGUMENT`, `SIGNER_FAILED`
 */
export async function createReset(input: CreateResetInput): Promise<Uint8Array> {
  const { signer, random, nowS: iat, peer: aud, instance, session, active, reason } = input
  const nonce = random.bytes(NONCE_BYTES)
  const members = { iss: signer.did, aud, instance, session, reason, iat, nonce }
  const payload = checkPayload(active === undefined ? members : { ...members, active })
  const { bytes } = await signEnvelope({ tag: SESSION_RESET_TAG, payload: { ...payload }, signer })
  return bytes
}

export interface OpenResetInput {
  readonly kernel: Kernel
  readonly bytes: Uint8Array
  /** The peer that it must be of. */
  readonly from: Did
  /** This agent, which it must be for. */
  readonly self: Did
  readonly nowS: number
}

/**
 * Verifies a reset and returns its payload.
 *
 * @throws TalosError `SESSION_RESET_INVALID`
 */
export function openReset(input: OpenResetInput): SessionReset {
  const { from, self, nowS } = input
  const payload = openPayload(input)
  if (payload.iss !== from) throw invalid('it is of another agent')
  if (payload.aud !== self) throw invalid('it is for another agent')
  if (Math.abs(nowS - payload.iat) > RESET_WINDOW_S) throw invalid('it was not signed now')
  return payload
}

function openPayload({ kernel, bytes }: OpenResetInput): SessionReset {
  try {
    const { payload } = openEnvelope(bytes, { kernel, tags: [SESSION_RESET_TAG], maxBytes: MAX_RESET_BYTES })
    return parseSessionReset(payload)
  } catch (cause) {
    throw invalid('its signed envelope or its members', cause)
  }
}

function checkPayload(payload: unknown): SessionReset {
  try {
    return parseSessionReset(payload)
  } catch (cause) {
    throw new TalosError('SESSION_ARGUMENT', { name: 'the reset', reason: 'a member of it' }, { cause })
  }
}

function invalid(reason: string, cause?: unknown): TalosError {
  return new TalosError('SESSION_RESET_INVALID', { reason }, { cause })
}
