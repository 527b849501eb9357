/** Vectors of the signed reset (contracts/spec/06-session.md, 6.12). */
import { encodeCbor, toHex } from '@talos/bytes'
import { SESSION_RESET_TAG, type SessionReset } from '@talos/contracts'
import { type IpldMap, signEnvelope } from '@talos/identity'
import { createReset, MAX_RESET_BYTES, RESET_WINDOW_S } from '@talos/session'
import { type Actor, actor, actorInput, type CaseDraft, type CaseInput, NOW_MS, recorder } from './session-cast.ts'

const NOW_S = NOW_MS / 1000
const [alice, bob, mallory] = [actor('alice'), actor('bob'), actor('mallory')]
const session = new Uint8Array(16).fill(0x51)
const active = new Uint8Array(16).fill(0xac)

export async function resetCases(): Promise<readonly CaseDraft[]> {
  return [...(await created()), ...(await refusals())]
}

async function created(): Promise<readonly CaseDraft[]> {
  const draft = async (reason: SessionReset['reason'], other?: Uint8Array): Promise<CaseDraft> => {
    const random = recorder(`reset/${reason}`)
    const given = { signer: alice.signer, random, nowS: NOW_S, peer: bob.signer.did, instance: 'main', session, reason }
    const bytes = await createReset({ ...given, active: other })
    const activeHex = other === undefined ? {} : { activeHex: toHex(other) }
    const members = { instance: 'main', sessionHex: toHex(session), ...activeHex, reason }
    const input = { operation: 'create', issuer: actorInput(alice), peer: bob.signer.did, nowS: NOW_S, ...members }
    const description = `${reason}, ${other === undefined ? 'with no other session' : 'with another session'}`
    const expected = { resetHex: toHex(bytes) }
    return { clause: '6.12', description, input: { ...input, randomHex: random.takenHex() }, expected }
  }
  const all = [
    await draft('missing'),
    await draft('header', active),
    await draft('authentication', active),
    await draft('exhausted', active),
    await draft('rollback', active),
  ]
  return [...all, ...openings(String((all[1] as { readonly expected: CaseInput }).expected['resetHex']))]
}

/** The same reset at the ends of its time. */
function openings(resetHex: string): readonly CaseDraft[] {
  const expected = {
    instance: 'main',
    sessionHex: toHex(session),
    activeHex: toHex(active),
    reason: 'header',
    iat: NOW_S,
  }
  const input = { operation: 'open', resetHex, from: alice.signer.did, self: bob.signer.did }
  const accept = (description: string, nowS: number): CaseDraft => {
    return { clause: '6.12', description, input: { ...input, nowS }, expected }
  }
  const refuse = (description: string, change: CaseInput): CaseDraft => {
    const changed = { ...input, nowS: NOW_S, ...change }
    return { clause: '6.12', description, input: changed, error: 'SESSION_RESET_INVALID' }
  }
  const bytes = Uint8Array.from(Buffer.from(resetHex, 'hex'))
  const flippedHex = (index: number) => toHex(bytes.with(index, (bytes[index] ?? 0) ^ 1))
  return [
    accept('opened in its second', NOW_S),
    accept('opened by a clock that is ten minutes slow', NOW_S - RESET_WINDOW_S),
    accept('opened after ten minutes', NOW_S + RESET_WINDOW_S),
    refuse('by a clock that is ten minutes and a second slow', { nowS: NOW_S - RESET_WINDOW_S - 1 }),
    refuse('after ten minutes and a second', { nowS: NOW_S + RESET_WINDOW_S + 1 }),
    refuse('from another agent than the one that signed', { from: mallory.signer.did }),
    refuse('for another agent', { self: mallory.signer.did }),
    refuse('one bit of its signature', { resetHex: flippedHex(3) }),
    refuse('one bit of its payload', { resetHex: flippedHex(bytes.length - 1) }),
    refuse('a byte less', { resetHex: resetHex.slice(2) }),
    refuse('no bytes', { resetHex: '' }),
    refuse('more than 1,024 bytes', { resetHex: '00'.repeat(MAX_RESET_BYTES + 1) }),
  ]
}

async function refusals(): Promise<readonly CaseDraft[]> {
  const nonce = new Uint8Array(16).fill(0x0e)
  const [iss, aud] = [alice.signer.did, bob.signer.did]
  const members = { iss, aud, instance: 'main', session, active, reason: 'header', iat: NOW_S, nonce }
  const { nonce: _nonce, ...short } = members
  const signed = async (description: string, payload: IpldMap, by: Actor = alice, tag = SESSION_RESET_TAG) => {
    const { bytes } = await signEnvelope({ tag, payload, signer: by.signer })
    return refuse(description, bytes)
  }
  const refuse = (description: string, bytes: Uint8Array): CaseDraft => {
    const input = { operation: 'open', resetHex: toHex(bytes), from: iss, self: aud, nowS: NOW_S }
    return { clause: '6.12', description, input, error: 'SESSION_RESET_INVALID' }
  }
  return [
    await signed('signed by another agent for itself', { ...members, iss: mallory.signer.did }, mallory),
    await signed('another tag', members, alice, 'talos/revoke@1'),
    await signed('a member less', short),
    await signed('a member more', { ...members, note: 1 }),
    await signed('a reason that is none', { ...members, reason: 'whim' }),
    await signed('a session id of 15 bytes', { ...members, session: session.subarray(1) }),
    await signed('an instance name in capitals', { ...members, instance: 'Main' }),
    refuse('a payload without an envelope', encodeCbor(members)),
  ]
}
