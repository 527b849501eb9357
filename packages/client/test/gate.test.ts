import { Cid, Secret, utf8 } from '@talos/bytes'
import { callMac, delegate, invoke, MAX_INVOCATION_LIFETIME_S, writeCall } from '@talos/capability'
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { ed25519Signer } from '@talos/identity'
import { type CallProof, parseMcpConfig, type ToolGate } from '@talos/mcp'
import { tempFolder } from '@talos/testkit'
import { describe, expect, it, vi } from 'vitest'
import { type Agent, closeAgent, openAgent } from '../src/agent.ts'
import { Authority } from '../src/authority.ts'
import { EvidenceKeeper } from '../src/evidence/keeper.ts'
import { CALL_MAC_LABEL, Executor, REFUSED_MAX_BYTES } from '../src/execution/executor.ts'
import { listCommand, MAX_LIST_PROOFS } from '../src/execution/listing.ts'
import { PrekeyKeeper } from '../src/prekeys.ts'
import { sessionWorld } from '../src/session-world.ts'
import { SessionKeeper } from '../src/sessions.ts'
import { ExecutorGate } from '../src/tool-gate.ts'
import { optionsFor } from './agents.ts'

const SERVER = 'files'
const TOOL = { server: SERVER, tool: 'read' }
const ARGUMENTS = utf8('{"path":"/a"}')

/** Bob's gate, and Alice as his confirmed peer, without a network between them. */
async function gateAndCaller() {
  const folder = tempFolder()
  const open = async (name: string): Promise<Agent> =>
    await openAgent({ ...optionsFor(folder.path), name, create: true })
  const [alice, bob] = [await open('alice'), await open('bob')]
  const [worldOfAlice, worldOfBob] = [sessionWorld(alice), sessionWorld(bob)]
  const bobPrekeys = new PrekeyKeeper({ world: worldOfBob })
  const atAlice = new SessionKeeper({ world: worldOfAlice, prekeys: new PrekeyKeeper({ world: worldOfAlice }) })
  const sessions = new SessionKeeper({ world: worldOfBob, prekeys: bobPrekeys })
  const messageId = '0'.repeat(32)
  const bundle = await bobPrekeys.serve()
  const { wire, sessionId } = await atAlice.begin({ peer: bob.did, bundle, messageId, deniable: false })
  sessions.accept({ peer: alice.did, wire, messageId })
  const greeting = { t: 'greeting' } as const
  const answer = sessions.seal({ peer: alice.did, frame: greeting }).wire
  atAlice.open({ peer: bob.did, sessionId, wire: answer, messageId, carriage: 'one-way' })
  const confirmation = atAlice.seal({ peer: bob.did, frame: greeting }).wire
  const confirmed = { peer: alice.did, sessionId, wire: confirmation, messageId, carriage: 'one-way' } as const
  expect(sessions.open(confirmed)).toMatchObject({ confirmed: true })
  const grant = await new Authority(bob).grant({ to: alice.did, tool: TOOL, expiresInS: 60 })
  const parts = new Executor({ agent: bob, sessions })
  const executor = new ExecutorGate({ executor: parts, emit: () => undefined })
  const gate = executor.of({ origin: { sessionId, confirmed: true } })
  return {
    alice,
    bob,
    gate,
    executor,
    parts,
    sessions,
    atAlice,
    sessionId,
    grant,
    [Symbol.asyncDispose]: async () => {
      await closeAgent(alice)
      await closeAgent(bob)
      folder[Symbol.dispose]()
    },
  }
}

type Scene = Awaited<ReturnType<typeof gateAndCaller>>

async function listing(
  { alice, bob, gate, grant }: Scene,
  more: { proofs?: number; expiresInS?: number; shown?: readonly Uint8Array[] } = {},
) {
  const { proofs = 1, expiresInS = 30 } = more
  const issuedAtS = Math.floor(Date.now() / 1000)
  const { bytes: invocation } = await invoke({
    signer: alice.signer,
    audience: bob.did,
    subject: bob.did,
    command: listCommand(SERVER),
    args: {},
    proofs: [],
    nonce: alice.random.bytes(12),
    issuedAtS,
    expiresS: issuedAtS + expiresInS,
  })
  const { shown = Array.from({ length: proofs }, () => grant.bytes) } = more
  const input: Parameters<ToolGate['authorizeList']>[0] = {
    peer: alice.did,
    server: SERVER,
    request: utf8('{}'),
    invocation,
    proofs: shown,
    saltKey: undefined,
  }
  return await gate.authorizeList(input)
}

/** Of a log that nobody has seen. */
const UNSEEN = { anchors: { anchorsFor: () => [] }, policy: () => undefined }

describe('the gate of an executor', () => {
  it('keeps the evidence of a call that runs when its invocation is presented again meanwhile', async () => {
    await using scene = await gateAndCaller()
    const { alice, bob, gate, grant } = scene
    const signed = await invoke({
      signer: alice.signer,
      audience: bob.did,
      subject: bob.did,
      command: '/mcp/files/tool/read',
      args: { path: '/a' },
      proofs: [Cid.parse(grant.cid)],
      nonce: alice.random.bytes(12),
      issuedAtS: Math.floor(Date.now() / 1000),
    })
    const call = {
      ...TOOL,
      peer: alice.did,
      argumentsJson: ARGUMENTS,
      request: utf8('{"id":1}'),
      proof: { level: 'signature', invocation: signed.bytes } as const,
      proofs: [grant.bytes],
      approvals: [],
      known: true,
      saltKey: undefined,
    }
    const first = await gate.authorizeCall(call)
    const second = await gate.authorizeCall(call)
    expect(second).toMatchObject({ allowed: false, code: 'CAPABILITY_REPLAY' })
    if (!first.allowed) throw new Error('the first presentation is allowed')
    await first.finish({ response: utf8('{"result":1}'), isError: false })
    const posted: unknown[] = []
    const post = async (_peer: unknown, frame: unknown) => void posted.push(frame)
    const evidence = new EvidenceKeeper({ agent: bob, wire: undefined as never, post, ...UNSEEN })
    evidence.answerSoon(alice.did, { t: 'ask', request: 1, invocation: signed.cid }, () => undefined)
    await expect.poll(() => posted.length).toBe(1)
    const [entry] = bob.log.reader.entries({ kinds: ['tool.result'] })
    expect(posted[0]).toMatchObject({ found: true })
    const [{ entry: told } = { entry: undefined }] = (posted[0] as { inclusions: { entry: Uint8Array }[] }).inclusions
    expect(told).toEqual(bob.log.reader.entry(entry?.index ?? -1).body)
  })

  it('refuses what came in a session that is not confirmed, whichever session sends', async () => {
    await using scene = await gateAndCaller()
    const unconfirmed = scene.executor.of({ origin: { sessionId: new Uint8Array(16), confirmed: false } })
    const refused = await listing({ ...scene, gate: unconfirmed })
    expect(refused).toMatchObject({ allowed: false, code: 'SESSION_UNCONFIRMED' })
    expect((await listing(scene)).allowed).toBe(true)
  })

  it('bounds what a list shows and how long its invocation must be remembered', async () => {
    await using scene = await gateAndCaller()
    const allowed = await listing(scene, { proofs: MAX_LIST_PROOFS, expiresInS: MAX_INVOCATION_LIFETIME_S })
    expect(allowed.allowed).toBe(true)
    for (const more of [{ proofs: MAX_LIST_PROOFS + 1 }, { expiresInS: MAX_INVOCATION_LIFETIME_S + 60 }]) {
      expect((await listing(scene, more)).allowed).toBe(false)
    }
  })

  it('takes no weaker proof than it asks for, and none that another made', async () => {
    await using scene = await gateAndCaller()
    const { alice, bob, executor, sessions, atAlice, sessionId } = scene
    const settings = parseMcpConfig(
      '{"mcpServers":{"files":{"command":"x"}},"talos":{"servers":{"files":{"proof":"mac"}}}}',
    ).settings
    const origin = { sessionId, confirmed: true }
    const lenient = new ExecutorGate({ executor: scene.parts, emit: () => undefined, settings }).of({ origin })
    const strict = executor.of({ origin })
    const granted = await new Authority(bob).grant({ to: alice.did, tool: TOOL, expiresInS: 60, need: 'channel' })
    const proofs = [granted.bytes]
    const written = (issuer: Did = alice.did) =>
      writeCall({
        issuer,
        audience: bob.did,
        subject: bob.did,
        command: '/mcp/files/tool/read',
        args: { path: '/a' },
        proofs: [Cid.parse(granted.cid)],
        nonce: alice.random.bytes(28),
        issuedAtS: Math.floor(Date.now() / 1000),
        kernel: alice.kernel,
      }).bytes
    const macOf = (call: Uint8Array, label = CALL_MAC_LABEL) =>
      callMac(call, { key: atAlice.exporter({ peer: bob.did, sessionId, label }), kernel: alice.kernel })
    const common = { ...TOOL, peer: alice.did, argumentsJson: ARGUMENTS, request: utf8('{"id":1}'), approvals: [] }
    const ask = async (gate: ToolGate, proof: CallProof) =>
      await gate.authorizeCall({ ...common, proof, proofs, known: true, saltKey: undefined })
    const codeOf = async (gate: ToolGate, proof: CallProof) => {
      const decision = await ask(gate, proof)
      return decision.allowed ? 'allowed' : decision.code
    }
    const call = written()
    const proven = { level: 'mac', call, mac: macOf(call) } as const
    expect(await codeOf(strict, proven)).toBe('CAPABILITY_PROOF_LEVEL')
    expect(await codeOf(lenient, { level: 'channel', call })).toBe('CAPABILITY_PROOF_LEVEL')
    expect(await codeOf(lenient, { ...proven, mac: macOf(call, 'talos/other@1') })).toBe('CAPABILITY_PROOF_INVALID')
    const other = written(bob.did)
    expect(await codeOf(lenient, { level: 'mac', call: other, mac: macOf(other) })).toBe('CAPABILITY_PROOF_INVALID')
    expect(await codeOf(lenient, proven)).toBe('allowed')
    expect(await codeOf(lenient, proven)).toBe('CAPABILITY_REPLAY')
    const elsewhere = new ExecutorGate({ executor: scene.parts, emit: () => undefined, settings }).of({
      origin: { sessionId: new Uint8Array(16), confirmed: true },
    })
    expect(await codeOf(elsewhere, proven)).toBe('SESSION_MISSING')
    expect(sessions.active(alice.did)).toBeDefined()
  })

  it('lists nothing for a key that its agent gave up', async () => {
    await using scene = await gateAndCaller()
    expect((await listing(scene)).allowed).toBe(true)
    for (const standing of ['rotated', 'compromised', 'deactivated'] as const) {
      vi.spyOn(scene.bob.identities, 'standingOf').mockReturnValue(standing)
      expect(await listing(scene)).toMatchObject({ allowed: false, code: 'CAPABILITY_KEY' })
    }
    vi.restoreAllMocks()
  })

  it('lists by every chain that begins at a key which the executor had before', async () => {
    await using scene = await gateAndCaller()
    const { alice, bob } = scene
    const former = ed25519Signer({ kernel: bob.kernel, seed: Secret.of(new Uint8Array(32).fill(3)) })
    const { identities } = bob
    const currentOf = identities.currentOf.bind(identities)
    vi.spyOn(identities, 'currentOf').mockImplementation((did) => (did === former.did ? bob.did : currentOf(did)))
    const given = async (tool: string) =>
      await delegate({
        signer: former,
        audience: alice.did,
        subject: former.did,
        command: `/mcp/files/tool/${tool}`,
        expiresS: null,
        nonce: alice.random.bytes(12),
      })
    const chains = [await given('read'), await given('write')]
    const decision = await listing(scene, { shown: chains.map(({ bytes }) => bytes) })
    expect(decision.allowed && ['read', 'write', 'delete'].map((tool) => decision.permits(tool))).toEqual([
      true,
      true,
      false,
    ])
    vi.restoreAllMocks()
  })

  it('keeps of the calls that it refuses one peer no more than so many bytes', async () => {
    await using scene = await gateAndCaller()
    const { alice, bob, gate } = scene
    const refuse = async (words: string) => {
      const signed = await invoke({
        signer: alice.signer,
        audience: bob.did,
        subject: bob.did,
        command: '/mcp/files/tool/read',
        args: { path: words },
        proofs: [],
        nonce: alice.random.bytes(12),
        issuedAtS: Math.floor(Date.now() / 1000),
      })
      const decision = await gate.authorizeCall({
        ...TOOL,
        peer: alice.did,
        argumentsJson: utf8(JSON.stringify({ path: words })),
        request: utf8('{"id":1}'),
        proof: { level: 'signature', invocation: signed.bytes },
        proofs: [],
        approvals: [],
        known: true,
        saltKey: undefined,
      })
      expect(decision).toMatchObject({ allowed: false, code: 'CAPABILITY_MISSING' })
      expect('receipt' in decision && decision.receipt).toBeDefined()
      const kept = bob.database.evidence.of(signed.cid)
      return kept.reduce((sum, { bytes }) => sum + bytes.length, 0)
    }
    const large = 'x'.repeat(1_000_000)
    let sizeBytes = 0
    for (let count = 0; count < 20; count += 1) sizeBytes += await refuse(large)
    expect(sizeBytes).toBeGreaterThan(REFUSED_MAX_BYTES - 1_100_000)
    expect(sizeBytes).toBeLessThanOrEqual(REFUSED_MAX_BYTES)
    // What is small still finds room, until there is none.
    expect(await refuse('x')).toBeGreaterThan(0)
  })

  it('tells of the issuers in a stale chain, and of nobody else whose delegations lie beside it', async () => {
    await using scene = await gateAndCaller()
    const { alice, bob, sessionId } = scene
    const [middle, beside] = [1, 2].map((byte) =>
      ed25519Signer({ kernel: bob.kernel, seed: Secret.of(new Uint8Array(32).fill(byte)) }),
    )
    if (middle === undefined || beside === undefined) throw new Error('there are two')
    const root = await new Authority(bob).grant({ to: middle.did, tool: TOOL, expiresInS: 60, depth: 1 })
    const terms = { subject: bob.did, command: '/mcp/files/tool/read', expiresS: null } as const
    const give = async (signer: typeof middle, audience: Did) =>
      await delegate({ signer, audience, nonce: alice.random.bytes(12), ...terms })
    const leaf = await give(middle, alice.did)
    const other = await give(beside, alice.did)
    const signed = await invoke({
      signer: alice.signer,
      audience: bob.did,
      subject: bob.did,
      command: '/mcp/files/tool/read',
      args: { path: '/a' },
      proofs: [Cid.parse(root.cid), leaf.cid],
      nonce: alice.random.bytes(12),
      issuedAtS: Math.floor(Date.now() / 1000),
    })
    const { settings } = parseMcpConfig(
      '{"mcpServers":{"files":{"command":"x"}},"talos":{"servers":{"files":{"maxStaleS":60}}}}',
    )
    const told: Did[] = []
    const gate = new ExecutorGate({
      executor: scene.parts,
      emit: () => undefined,
      settings,
      onChain: (links) => told.push(...links.map(({ issuer }) => issuer)),
    }).of({ origin: { sessionId, confirmed: true } })
    const decision = await gate.authorizeCall({
      ...TOOL,
      peer: alice.did,
      argumentsJson: ARGUMENTS,
      request: utf8('{"id":1}'),
      approvals: [],
      proof: { level: 'signature', invocation: signed.bytes },
      proofs: [new Uint8Array(3), other.bytes, leaf.bytes, root.bytes],
      known: true,
      saltKey: undefined,
    })
    expect(decision).toMatchObject({ allowed: false, code: 'CAPABILITY_STALE' })
    expect(told.toSorted()).toEqual([bob.did, middle.did].toSorted())
  })

  it('gives a place among those that run back when a call cannot be recorded', async () => {
    await using scene = await gateAndCaller()
    const { alice, bob, gate } = scene
    const granted = await new Authority(bob).grant({
      to: alice.did,
      tool: TOOL,
      expiresInS: 60,
      limits: [['concurrency', 1]],
    })
    const ask = async () => {
      const signed = await invoke({
        signer: alice.signer,
        audience: bob.did,
        subject: bob.did,
        command: '/mcp/files/tool/read',
        args: { path: '/a' },
        proofs: [Cid.parse(granted.cid)],
        nonce: alice.random.bytes(12),
        issuedAtS: Math.floor(Date.now() / 1000),
      })
      return await gate.authorizeCall({
        ...TOOL,
        peer: alice.did,
        argumentsJson: ARGUMENTS,
        request: utf8('{"id":1}'),
        proof: { level: 'signature', invocation: signed.bytes },
        proofs: [granted.bytes],
        approvals: [],
        known: true,
        saltKey: undefined,
      })
    }
    const full = new TalosError('STORE_WRITE_FAILED', { store: 'audit', reason: 'full' })
    vi.spyOn(bob.log, 'append').mockRejectedValueOnce(full)
    await expect(ask()).rejects.toMatchObject({ code: 'STORE_WRITE_FAILED' })
    const first = await ask()
    expect(first.allowed).toBe(true)
    expect(await ask()).toMatchObject({ allowed: false, code: 'CAPABILITY_CONCURRENCY' })
    if (first.allowed) await first.finish({ lost: 'MCP_SERVER_SILENT' })
    expect((await ask()).allowed).toBe(true)
  })

  it('answers so many questions of one peer at a time and no more', async () => {
    await using scene = await gateAndCaller()
    const { alice, bob } = scene
    const held = Promise.withResolvers<void>()
    const post = async () => await held.promise
    const evidence = new EvidenceKeeper({ agent: bob, wire: undefined as never, post, ...UNSEEN })
    const ask = { t: 'ask', request: 1, invocation: Cid.parse(scene.grant.cid) } as const
    for (let count = 0; count < 4; count += 1) evidence.answerSoon(alice.did, ask, () => undefined)
    expect(() => evidence.answerSoon(alice.did, ask, () => undefined)).toThrow(
      expect.objectContaining({ code: 'PEER_QUOTA' }),
    )
    held.resolve()
    await expect
      .poll(() => {
        try {
          evidence.answerSoon(alice.did, ask, () => undefined)
          return true
        } catch {
          return false
        }
      })
      .toBe(true)
  })
})
