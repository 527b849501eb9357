/**
 * Delegations and invocations of another implementation of UCAN 1.0, the npm package `iso-ucan`: theirs verify here, ours
 * there.
 */
import { Secret } from '@talos/bytes'
import { authorize, delegate, invoke, openDelegation, openInvocation } from '@talos/capability'
import type { Did } from '@talos/contracts'
import { ed25519Signer, parseDidKey, type Signer } from '@talos/identity'
import { seededRandom } from '@talos/testkit'
import { EdDSASigner } from 'iso-signatures/signers/eddsa.js'
import { verifier } from 'iso-signatures/verifiers/eddsa.js'
import { Resolver } from 'iso-signatures/verifiers/resolver.js'
import { Delegation } from 'iso-ucan/delegation'
import { Invocation } from 'iso-ucan/invocation'
import { describe, expect, test } from 'vitest'
import { kernel, leafCode, memoryReplay, memoryRevocations } from './actors.ts'

const random = seededRandom(42)
const COMMAND = '/mcp/files/tool/read_text_file'
const POLICY: readonly (readonly [string, string, string])[] = [['like', '.path', '/srv/*']]
const NOW_S = Math.floor(Date.now() / 1000)
const checks = { verifierResolver: new Resolver(verifier), isRevoked: async () => false }

/** A key that both sides sign with. */
interface Party {
  readonly did: Did
  readonly ours: Signer
  readonly theirs: TheirSigner
}

/** Their classes leave out what their options may leave undefined: under exact optional types the two do not meet. */
type TheirSigner = Parameters<typeof Delegation.create>[0]['iss']

async function makeParty(): Promise<Party> {
  const seed = random.bytes(32)
  const theirs = (await EdDSASigner.generate(seed)) as TheirSigner
  const ours = ed25519Signer({ kernel, seed: Secret.of(seed) })
  return { did: parseDidKey(theirs.did), ours, theirs }
}

const [owner, team, agent] = await Promise.all([makeParty(), makeParty(), makeParty()])

async function ourDelegation(from: Party, to: Party) {
  return await delegate({
    signer: from.ours,
    audience: to.did,
    subject: owner.did,
    command: COMMAND,
    policy: POLICY,
    expiresS: NOW_S + 3600,
    nonce: random.bytes(12),
  })
}

async function theirDelegation(from: Party, to: Party): Promise<Delegation> {
  const pol = POLICY.map(([operator, selector, pattern]) => [operator, selector, pattern] as ['like', string, string])
  const grant = { iss: from.theirs, aud: theirDid(to), sub: theirDid(owner), cmd: COMMAND, exp: NOW_S + 3600 }
  return await Delegation.create({ ...grant, pol })
}

function theirDid({ theirs }: Party) {
  return theirs.did
}

function decide(invocation: Uint8Array, proofs: readonly Uint8Array[]) {
  const views = { revocations: memoryRevocations(), replay: memoryReplay() }
  return authorize({ invocation, proofs, executor: owner.did, nowS: NOW_S, kernel, ...views })
}

describe('iso-ucan', () => {
  test('both sides name the same key by the same DID', () => {
    for (const { did, ours } of [owner, team, agent]) expect(ours.did).toBe(did)
  })

  test('a delegation of theirs opens here, with their CID', async () => {
    const theirs = await theirDelegation(owner, team)
    const link = openDelegation(theirs.bytes, { kernel })
    expect(link.cid.toString()).toBe(theirs.cid.toString())
    expect(link).toMatchObject({ issuer: owner.did, audience: team.did, subject: owner.did, command: COMMAND })
  })

  test('a delegation of ours opens there, with our CID', async () => {
    const ours = await ourDelegation(owner, team)
    const opened = await Delegation.from({ ...checks, bytes: ours.bytes })
    expect(opened.cid.toString()).toBe(ours.cid.toString())
    expect(opened).toMatchObject({ iss: owner.did, aud: team.did, sub: owner.did, cmd: COMMAND })
    await expect(opened.validate(checks)).resolves.toBe(true)
  })

  test('a chain and an invocation of theirs are authorized here', async () => {
    const chain = [await theirDelegation(owner, team), await theirDelegation(team, agent)]
    const call = { iss: agent.theirs, sub: theirDid(owner), cmd: COMMAND, args: { path: '/srv/docs' } }
    const { bytes, cid } = await Invocation.create({ ...checks, ...call, prf: chain, exp: NOW_S + 30 })
    const proofs = chain.map((delegation) => delegation.bytes)
    const verdict = decide(bytes, proofs)
    expect(verdict.outcome).toBe('allow')
    expect(openInvocation(bytes, { kernel }).cid.toString()).toBe(cid.toString())
  })

  test('a chain of both sides and an invocation of ours are accepted there', async () => {
    const theirs = await theirDelegation(owner, team)
    const ours = await ourDelegation(team, agent)
    const known = new Map([theirs, ours].map(({ cid, bytes }) => [cid.toString(), bytes]))
    const { bytes } = await invoke({
      signer: agent.ours,
      audience: owner.did,
      subject: owner.did,
      command: COMMAND,
      args: { path: '/srv/docs' },
      proofs: [openDelegation(theirs.bytes, { kernel }).cid, ours.cid],
      nonce: random.bytes(12),
      issuedAtS: NOW_S,
    })
    const resolveProof = async (cid: { toString(): string }) => {
      const found = known.get(cid.toString())
      if (found === undefined) throw new Error('a proof is missing')
      return await Delegation.from({ ...checks, bytes: found })
    }
    const opened = await Invocation.from({ ...checks, bytes, audience: owner.theirs, resolveProof })
    expect(opened.payload).toMatchObject({ iss: agent.did, cmd: COMMAND, args: { path: '/srv/docs' } })
  })

  test('an invocation of theirs is accepted once here', async () => {
    const { bytes } = await Invocation.create({
      ...checks,
      iss: owner.theirs,
      sub: theirDid(owner),
      cmd: COMMAND,
      args: {},
      prf: [],
      exp: NOW_S + 30,
    })
    const replay = memoryReplay()
    const how = { proofs: [], executor: owner.did, nowS: NOW_S, kernel, revocations: memoryRevocations(), replay }
    expect(authorize({ ...how, invocation: bytes }).outcome).toBe('allow')
    expect(leafCode(authorize({ ...how, invocation: bytes }))).toBe('CAPABILITY_REPLAY')
  })

  test('a command of theirs that only begins with the granted letters is refused here', async () => {
    const grant = { iss: owner.theirs, aud: theirDid(agent), sub: theirDid(owner), pol: [], exp: NOW_S + 3600 }
    const chain = [await Delegation.create({ ...grant, cmd: '/crypto' })]
    const call = { iss: agent.theirs, sub: theirDid(owner), cmd: '/cryptocurrency', args: {}, exp: NOW_S + 30 }
    const { bytes } = await Invocation.create({ ...checks, ...call, prf: chain })
    const verdict = decide(
      bytes,
      chain.map((delegation) => delegation.bytes),
    )
    expect(leafCode(verdict)).toBe('CAPABILITY_SCOPE')
  })

  test('a delegation of either side with a flipped byte is refused by the other', async () => {
    const theirs = (await theirDelegation(owner, team)).bytes.slice()
    const ours = (await ourDelegation(owner, team)).bytes.slice()
    theirs[10] = (theirs[10] ?? 0) ^ 1
    ours[10] = (ours[10] ?? 0) ^ 1
    expect(() => openDelegation(theirs, { kernel })).toThrow(expect.objectContaining({ code: 'ENVELOPE_SIGNATURE' }))
    await expect(Delegation.from({ ...checks, bytes: ours })).rejects.toThrow('signature')
  })
})
