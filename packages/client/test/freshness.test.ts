/** Calls by chains with links of others, whose revocations must be known (spec 09-receipt-revocation 9.7, 14-mcp 14.9). */
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { openAgentReader } from '@talos/client'
import { parseMcpConfig } from '@talos/mcp'
import { manualClock } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { pairOfAgents } from './agents.ts'
import { Stage } from './stage.ts'

const FILESYSTEM = createRequire(new URL('../../../apps/cli/package.json', import.meta.url)).resolve(
  '@modelcontextprotocol/server-filesystem/dist/index.js',
)
const STALE_S = 60

/** Alice passed on to Carol what Bob gave her; Bob asks for fresh knowledge of her revocations. */
async function passedOn() {
  const clock = manualClock(Date.now())
  const tools = { say: { effect: 'read' } }
  const stage = await Stage.with(['alice', 'carol'], {
    clock,
    talos: { servers: { tools: { maxStaleS: STALE_S, tools } } },
  })
  const parent = await stage.grant('alice', { depth: 1 })
  const child = await stage.passOn('alice', 'carol', { parent })
  return { stage, clock, child }
}

describe('knowledge of the revocations of others', () => {
  it('is fetched where it is missing, and its age refuses writes and not reads', async () => {
    const { stage, clock } = await passedOn()
    await using _ = stage
    await expect.poll(async () => (await stage.call('carol', 'write')).outcome, { timeout: 10_000 }).toBe('allow')
    await stage.of('alice').close()
    clock.advance(2 * STALE_S * 1000)
    expect(await stage.refusal('carol', 'write')).toBe('CAPABILITY_STALE')
    expect((await stage.call('carol', 'say')).outcome).toBe('allow')
    // What Alice has from Bob himself is not a matter of her revocations.
    const explained = stage.of('bob').explainCall({ holder: stage.did('alice'), server: 'tools', tool: 'write' })
    expect(explained.outcome).toBe('allow')
  })

  it('ends what was passed on in the middle of its use', async () => {
    const { stage, child } = await passedOn()
    await using _ = stage
    await expect.poll(async () => (await stage.call('carol', 'write')).outcome, { timeout: 10_000 }).toBe('allow')
    await stage.of('alice').revokeCapability(child)
    await expect.poll(async () => (await stage.call('carol', 'write')).denial?.code).toBe('CAPABILITY_REVOKED')
    expect(stage.notes.filter((note) => note.startsWith('wrote')).length).toBeGreaterThan(0)
  })
})

describe('a rule on paths with the real filesystem server', () => {
  it('follows symbolic links, to files that are there and to ones that are not', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid } = pair
    const shared = join(realpathSync(pair.home), 'shared')
    const docs = join(shared, 'docs')
    mkdirSync(docs, { recursive: true })
    writeFileSync(join(shared, 'secret.txt'), 'Nobody outside may read this.\n')
    writeFileSync(join(docs, 'note.txt'), 'The meeting is on Monday.\n')
    symlinkSync(join(shared, 'secret.txt'), join(docs, 'innocent.txt'))
    symlinkSync(shared, join(docs, 'up'))
    symlinkSync(docs, join(docs, 'here'))
    const mcpServers = { files: { command: process.execPath, args: [FILESYSTEM, shared] } }
    bob.serveMcp(parseMcpConfig(JSON.stringify({ mcpServers })))
    await alice.establishSession(bobDid)
    const rules = [['subpath', '.path', [docs]]]
    for (const tool of ['read_text_file', 'create_directory']) {
      const grant = await bob.grantCapability({ to: alice.did, tool: { server: 'files', tool }, rules, expiresInS: 60 })
      await alice.importCapability(grant.bytes)
    }
    const call = async (tool: string, path: string) =>
      await alice.invokeTool(bobDid, { server: 'files', tool, arguments: { path: join(docs, path) } })
    expect((await call('read_text_file', 'note.txt')).outcome).toBe('allow')
    expect((await call('read_text_file', 'here/note.txt')).outcome).toBe('allow')
    expect((await call('create_directory', 'new/one')).outcome).not.toBe('deny')
    for (const [tool, path] of [
      ['read_text_file', 'innocent.txt'],
      ['read_text_file', 'up/secret.txt'],
      ['create_directory', 'up/new'],
    ] as const) {
      expect(await call(tool, path)).toMatchObject({ outcome: 'deny', denial: { code: 'CAPABILITY_ARGUMENT' } })
    }
  })
})

describe('a look at a call', () => {
  it('tells why it would be refused, beside a running agent and without its passphrase', async () => {
    await using stage = await Stage.with(['alice', 'carol'])
    const parent = await stage.grant('alice', { depth: 1, rules: [['enum', '.words', ['yes']]] })
    const child = await stage.passOn('alice', 'carol', { parent })
    const entries = stage.of('bob').log.size
    using reader = openAgentReader('bob', { home: stage.home })
    const say = (words: string) => ({ holder: stage.did('alice'), server: 'tools', tool: 'say', arguments: { words } })
    for (const look of [reader, stage.of('bob')]) {
      expect(look.explainCall(say('yes'))).toMatchObject({
        outcome: 'allow',
        chain: [{ cid: parent }],
        cause: undefined,
      })
      const refused = look.explainCall(say('no'))
      expect(refused).toMatchObject({ outcome: 'deny', cause: { code: 'CAPABILITY_DENIED' } })
      expect(JSON.stringify(refused.cause)).toContain('CAPABILITY_ARGUMENT')
      expect(look.explainCall({ ...say('yes'), holder: stage.did('carol') }).chain).toEqual([])
      // The executor does not know what was passed on until it is shown.
      const chain = [parent, child].map((cid) => {
        const { bytes = new Uint8Array() } =
          stage
            .of('carol')
            .listCapabilities('received')
            .find((grant) => grant.cid === cid) ?? {}
        return bytes
      })
      expect(look.explainCall({ ...say('yes'), holder: stage.did('carol'), chain }).outcome).toBe('allow')
    }
    const bob = stage.did('bob')
    expect(
      stage.of('carol').explainCall({ executor: bob, server: 'tools', tool: 'say', arguments: { words: 'yes' } })
        .outcome,
    ).toBe('allow')
    expect(stage.of('carol').explainCall({ executor: bob, server: 'tools', tool: 'say' }).outcome).toBe('deny')
    expect(stage.of('bob').log.size).toBe(entries)
  })

  it('takes for granted what another executor alone knows, and says so', async () => {
    await using stage = await Stage.with(['alice', 'carol'])
    const bob = stage.did('bob')
    const say = { executor: bob, server: 'tools', tool: 'say', arguments: { words: 'yes' } }
    const parent = await stage.grant('alice', {
      depth: 1,
      when: [['env', 'stage', ['prod', 'test']]],
      limits: [['calls', 1]],
    })
    const explained = stage.of('alice').explainCall(say)
    expect([explained.outcome, explained.assumed]).toEqual([
      'allow',
      ['where stage is prod or test', 'at most 1 calls in all'],
    ])
    expect(stage.of('bob').explainCall({ ...say, holder: stage.did('alice') })).toMatchObject({
      outcome: 'deny',
      assumed: [],
    })
    for (const [value, outcome] of [
      ['test', 'allow'],
      ['other', 'deny'],
    ] as const) {
      const child = await stage.passOn('alice', 'carol', { parent, when: [['env', 'stage', [value]]] })
      const explained = stage.of('alice').explainCall({ ...say, holder: stage.did('carol') })
      expect([explained.outcome, explained.chain.at(-1)?.cid], value).toEqual([outcome, child])
      await stage.of('alice').revokeCapability(child)
    }
  })
})
