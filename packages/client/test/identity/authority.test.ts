/** Authority and proofs across changes of keys, of the caller, the executor and both: real agents, real tools. */
import { mkdirSync, realpathSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { TalosClient } from '@talos/client'
import type { Did } from '@talos/contracts'
import { portableKernel } from '@talos/kernel'
import { parseMcpConfig } from '@talos/mcp'
import { verifyProofBundle } from '@talos/proof'
import { describe, expect, it } from 'vitest'
import { optionsFor, type Pair, pairOfAgents } from '../agents.ts'

const SERVER = createRequire(new URL('../../../../apps/cli/package.json', import.meta.url)).resolve(
  '@modelcontextprotocol/server-filesystem/dist/index.js',
)
const TOOL = 'read_text_file'
const kernel = portableKernel()

function served(pair: Pair) {
  const docs = join(realpathSync(pair.home), 'docs')
  mkdirSync(docs, { recursive: true })
  const note = join(docs, 'note.txt')
  writeFileSync(note, 'The meeting is on Monday.\n')
  const config = parseMcpConfig(
    JSON.stringify({ mcpServers: { files: { command: process.execPath, args: [SERVER, docs] } } }),
  )
  const read = async (caller: TalosClient, executor: Did) =>
    await caller.invokeTool(executor, { server: 'files', tool: TOOL, arguments: { path: note } })
  return { config, read }
}

async function granted(bob: TalosClient, to: Did) {
  const grant = await bob.grantCapability({ to, tool: { server: 'files', tool: TOOL }, expiresInS: 600 })
  await bob.sendCapability(to, grant.cid)
  return grant
}

/** Bob serves, and Alice has a session with him and his grant. */
async function begun(pair: Pair) {
  const { alice, bob, bobDid } = pair
  const { config, read } = served(pair)
  bob.serveMcp(config)
  await alice.establishSession(bobDid)
  const grant = await granted(bob, alice.did)
  return { config, read, grant }
}

const verify = (bundle: string) => verifyProofBundle(bundle, { kernel })

describe('a capability given before', () => {
  it('is used after the caller has another key, and every proof verifies', async () => {
    await using pair = await pairOfAgents()
    const { alice, bobDid } = pair
    const { read } = await begun(pair)
    const first = await read(alice, bobDid)
    const early = await alice.exportProof(first.invocation)
    const second = await read(alice, bobDid)
    const before = alice.did
    await alice.close()
    await TalosClient.rotateIdentity('alice', optionsFor(pair.home))
    const again = await pair.reopen('alice')
    const third = await read(again, bobDid)
    expect(third.outcome).toBe('allow')
    expect(verify(early)).toMatchObject({ valid: true, facts: { agent: before } })
    const across = verify(await again.exportProof(second.invocation))
    expect(across).toMatchObject({ valid: true, facts: { agent: before } })
    const late = verify(await again.exportProof(third.invocation))
    expect(late).toMatchObject({ valid: true, facts: { agent: again.did } })
    for (const [call, agent] of [
      [second, before],
      [third, again.did],
    ] as const) {
      const hidden = verify(await again.exportProof(call.invocation, { hideContents: true }))
      expect(hidden).toMatchObject({ integrity: { intact: true }, facts: { agent, contents: 'hidden' } })
    }
  })

  it('is used after the executor has another key, and ends by a revocation under that', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid } = pair
    const { config, read, grant } = await begun(pair)
    const first = await read(alice, bobDid)
    expect(first.outcome).toBe('allow')
    const endpoint = alice.database.peers.get(bobDid)?.endpoints[0] ?? ''
    await bob.close()
    await TalosClient.rotateIdentity('bob', optionsFor(pair.home))
    const again = await pair.reopen('bob')
    await again.listen({ endpoint })
    again.serveMcp(config)
    const second = await read(alice, bobDid)
    expect(second.outcome).toBe('allow')
    expect(verify(await alice.exportProof(second.invocation))).toMatchObject({
      valid: true,
      facts: { executor: again.did },
    })
    expect(verify(await alice.exportProof(first.invocation))).toMatchObject({
      valid: true,
      facts: { executor: bobDid },
    })
    const hideContents = true
    const hidden = verify(await alice.exportProof(second.invocation, { hideContents }))
    expect(hidden).toMatchObject({ integrity: { intact: true }, facts: { executor: again.did, contents: 'hidden' } })
    await again.revokeCapability(grant.cid)
    const refused = await read(alice, again.did)
    expect(refused).toMatchObject({ outcome: 'deny' })
    for (const options of [{}, { hideContents }]) {
      const report = verify(await alice.exportProof(refused.invocation, options))
      expect(report).toMatchObject({ valid: true, proves: 'refusal' })
    }
  })

  it('is proven after the caller changed its key, and changed it again because that was stolen', async () => {
    await using pair = await pairOfAgents()
    const { alice, bobDid } = pair
    const { read } = await begun(pair)
    const dids = [alice.did]
    const calls = [(await read(alice, bobDid)).invocation]
    await alice.close()
    await TalosClient.rotateIdentity('alice', optionsFor(pair.home))
    const second = await pair.reopen('alice')
    dids.push(second.did)
    calls.push((await read(second, bobDid)).invocation)
    await second.close()
    // A key log counts in seconds, and what was signed in the second of the loss does not count.
    await new Promise((resolve) => setTimeout(resolve, 1_100))
    await TalosClient.rotateIdentity('alice', { ...optionsFor(pair.home), reason: 'compromised' })
    const third = await pair.reopen('alice')
    await third.connect(bobDid)
    for (const [index, call] of calls.entries()) {
      const report = verify(await third.exportProof(call))
      expect(report).toMatchObject({ valid: true, proves: 'execution', facts: { agent: dids[index] } })
    }
  })

  it('by a key that is compromised is refused until it is issued anew', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid } = pair
    const { config, read, grant } = await begun(pair)
    const first = await read(alice, bobDid)
    const endpoint = alice.database.peers.get(bobDid)?.endpoints[0] ?? ''
    await bob.close()
    // A key log counts in seconds, and what was signed in the second of the loss does not count.
    await new Promise((resolve) => setTimeout(resolve, 1_100))
    const changed = await TalosClient.rotateIdentity('bob', { ...optionsFor(pair.home), reason: 'compromised' })
    expect(changed.toReissue).toEqual([grant.cid])
    const again = await pair.reopen('bob')
    await again.listen({ endpoint })
    again.serveMcp(config)
    expect(await read(alice, bobDid)).toMatchObject({ outcome: 'deny', denial: { code: 'CAPABILITY_KEY' } })
    expect(verify(await alice.exportProof(first.invocation))).toMatchObject({
      valid: true,
      facts: { executor: bobDid },
    })
    const [anew] = await again.reissueCapabilities()
    expect(anew?.description).toMatchObject({ command: grant.description.command })
    expect(await again.reissueCapabilities()).toEqual([])
    await again.sendCapability(alice.did, anew?.cid ?? '')
    const allowed = await read(alice, again.did)
    expect(allowed.outcome).toBe('allow')
    expect(verify(await alice.exportProof(allowed.invocation))).toMatchObject({ valid: true })
  })
})
