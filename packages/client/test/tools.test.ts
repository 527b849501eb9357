import { mkdirSync, realpathSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { PassThrough } from 'node:stream'
import { TalosClient, verifyMerkleProof } from '@talos/client'
import { parseMcpConfig } from '@talos/mcp'
import { verifyProofBundle } from '@talos/proof'
import { describe, expect, it } from 'vitest'
import { type Pair, pairOfAgents } from './agents.ts'

const SERVER = createRequire(new URL('../../../apps/cli/package.json', import.meta.url)).resolve(
  '@modelcontextprotocol/server-filesystem/dist/index.js',
)
const TOOL = 'read_text_file'
const MINUTE_S = 60

/** Bob serves a folder; Alice has a session with him and holds what he grants. */
async function servedFolder(pair: Pair) {
  const { alice, bob, bobDid } = pair
  const shared = join(realpathSync(pair.home), 'shared')
  const docs = join(shared, 'docs')
  mkdirSync(docs, { recursive: true })
  writeFileSync(join(docs, 'note.txt'), 'The meeting is on Monday.\n')
  writeFileSync(join(shared, 'secret.txt'), 'Nobody outside may read this.\n')
  bob.serveMcp(
    parseMcpConfig(JSON.stringify({ mcpServers: { files: { command: process.execPath, args: [SERVER, shared] } } })),
  )
  await alice.establishSession(bobDid)
  const grant = await bob.grantCapability({
    to: alice.did,
    tool: { server: 'files', tool: TOOL },
    rules: [['subpath', '.path', [docs]]],
    expiresInS: MINUTE_S,
  })
  await bob.sendCapability(alice.did, grant.cid)
  const read = async (path: string) =>
    await alice.invokeTool(bobDid, { server: 'files', tool: TOOL, arguments: { path } })
  return { grant, docs, shared, read }
}

interface Answer {
  readonly id: number
  readonly result?: { readonly tools?: readonly { readonly name: string }[] }
}

/** The two ends of a stdio MCP connection within this process. */
function streams() {
  const input = new PassThrough()
  const output = new PassThrough()
  const lines = createInterface({ input: output })
  const request = async (id: number, method: string, params: object): Promise<Answer> =>
    await new Promise((resolve) => {
      lines.on('line', (line) => {
        const answer = JSON.parse(line) as Answer
        if (answer.id === id) resolve(answer)
      })
      input.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`)
    })
  return { agentEnd: { input, output }, client: { request, end: () => input.end() } }
}

describe('tools of a real MCP server between two agents', () => {
  it('runs what is granted, refuses what is not with the reason, and leaves receipts of both', async () => {
    await using pair = await pairOfAgents()
    const { docs, shared, read } = await servedFolder(pair)
    const allowed = await read(join(docs, 'note.txt'))
    expect(allowed.outcome).toBe('allow')
    expect(JSON.stringify(allowed.content)).toContain('The meeting is on Monday')
    const outside = await read(join(shared, 'secret.txt'))
    expect(outside).toMatchObject({ outcome: 'deny', content: undefined, denial: { code: 'CAPABILITY_ARGUMENT' } })
    expect(await read(`${docs}/../secret.txt`)).toMatchObject({ outcome: 'deny' })
    const kinds = (client: TalosClient) =>
      [...client.log.reader.entries()].map(({ entry }) => entry.kind).filter((kind) => kind.startsWith('tool.'))
    expect(kinds(pair.bob)).toEqual(['tool.invoke', 'tool.result', 'tool.deny', 'tool.deny'])
    expect(kinds(pair.alice)).toEqual([
      'tool.invoke',
      'tool.result',
      'tool.invoke',
      'tool.deny',
      'tool.invoke',
      'tool.deny',
    ])
  })

  it('refuses a tool that was not granted, one that does not exist, and everything without a grant', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid } = pair
    const { grant, docs, shared } = await servedFolder(pair)
    const call = async (tool: string, args: Record<string, string>) =>
      await alice.invokeTool(bobDid, { server: 'files', tool, arguments: args })
    expect(await call('write_file', { path: join(docs, 'note.txt'), content: 'x' })).toMatchObject({ outcome: 'deny' })
    const whole = await bob.grantCapability({ to: alice.did, tool: { server: 'files' }, expiresInS: MINUTE_S })
    await bob.sendCapability(alice.did, whole.cid)
    expect(await call('no_such_tool', {})).toMatchObject({
      outcome: 'deny',
      denial: { code: 'CAPABILITY_UNKNOWN_TOOL' },
    })
    await bob.revokeCapability(grant.cid)
    await bob.revokeCapability(whole.cid)
    expect(await call(TOOL, { path: join(shared, 'secret.txt') })).toMatchObject({ outcome: 'deny' })
  })

  it('uses the grant that fits, of several for one tool', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob } = pair
    const { docs, shared, read } = await servedFolder(pair)
    const other = join(shared, 'other')
    mkdirSync(other)
    writeFileSync(join(other, 'note.txt'), 'Another folder.\n')
    for (const folder of [other, join(shared, 'empty')]) {
      const { bytes } = await bob.grantCapability({
        to: alice.did,
        tool: { server: 'files', tool: TOOL },
        rules: [['subpath', '.path', [folder]]],
        expiresInS: MINUTE_S,
      })
      await alice.importCapability(bytes)
    }
    for (const folder of [docs, other]) expect((await read(join(folder, 'note.txt'))).outcome).toBe('allow')
    expect(await read(join(shared, 'secret.txt'))).toMatchObject({ denial: { code: 'CAPABILITY_ARGUMENT' } })
  })

  it('refuses the next call after a revocation, even when the holder was not told', async () => {
    await using pair = await pairOfAgents()
    const { bob, alice } = pair
    const { grant, docs, read } = await servedFolder(pair)
    expect((await read(join(docs, 'note.txt'))).outcome).toBe('allow')
    await bob.revokeCapability(grant.cid)
    expect(await read(join(docs, 'note.txt'))).toMatchObject({ outcome: 'deny' })
    expect(alice.listCapabilities('received')[0]?.revokedMs).toBeTypeOf('number')
  })

  it('exports a bundle of an allowed and of a refused call that verify with no key of either side', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob } = pair
    const { docs, shared, read } = await servedFolder(pair)
    const calls = [await read(join(docs, 'note.txt')), await read(join(shared, 'secret.txt'))]
    for (const { invocation, outcome } of calls) {
      const bundle = await alice.exportProof(invocation)
      const report = verifyProofBundle(bundle, { kernel: alice.kernel })
      expect(report, outcome).toMatchObject({ valid: true })
      expect(bundle).not.toContain('The meeting is on Monday')
    }
    await bob.close()
    // The evidence is kept: the executor need not be there any more.
    const [first] = calls
    const again = await alice.exportProof(first?.invocation ?? '')
    expect(verifyProofBundle(again, { kernel: alice.kernel }).valid).toBe(true)
  })

  it('does not answer a third agent that asks for evidence of calls it did not make', async () => {
    await using pair = await pairOfAgents()
    const { docs, read } = await servedFolder(pair)
    const { invocation } = await read(join(docs, 'note.txt'))
    const carol = await TalosClient.create('carol', {
      home: pair.home,
      passphrase: 'another passphrase of the tests',
      keyFileParameters: { memoryKib: 64, passes: 1, parallelism: 1 },
    })
    try {
      carol.addPeer(pair.invitation)
      await carol.establishSession(pair.bobDid)
      await expect(carol.exportProof(invocation)).rejects.toMatchObject({ code: 'EVIDENCE_MISSING' })
      const stolen = await carol.invokeTool(pair.bobDid, {
        server: 'files',
        tool: TOOL,
        arguments: { path: join(docs, 'note.txt') },
      })
      expect(stolen).toMatchObject({ outcome: 'deny', denial: { code: 'CAPABILITY_MISSING' } })
    } finally {
      await carol.close()
    }
  })

  it('says that a list of tools has no bundle of its own', async () => {
    await using pair = await pairOfAgents()
    const { alice, bobDid } = pair
    await servedFolder(pair)
    const { agentEnd, client } = streams()
    const connected = await alice.connectMcp(bobDid, 'files', agentEnd)
    await client.request(1, 'initialize', {
      protocolVersion: '2025-06-18',
      capabilities: {},
      clientInfo: { name: 'test', version: '1' },
    })
    const { result } = await client.request(2, 'tools/list', {})
    expect(result?.tools?.map(({ name }) => name)).toEqual([TOOL])
    const [listed] = [...alice.log.reader.entries({ kinds: ['tool.invoke'] })]
    expect(listed?.entry.tool).toBe('/mcp/files/list')
    await expect(alice.exportProof(listed?.entry.ref ?? '')).rejects.toMatchObject({ code: 'PROOF_OF_LIST' })
    client.end()
    await connected.closed
  })

  it('gives a Merkle proof that a changed byte breaks', async () => {
    await using pair = await pairOfAgents()
    const { alice, bobDid } = pair
    await alice.establishSession(bobDid)
    const sent = await alice.send(bobDid, new Uint8Array([1, 2, 3]))
    const proof = await alice.getMerkleProof(sent.messageHash)
    const swapped = { ...proof, entry: `${proof.entry.slice(0, -2)}AA` }
    expect(() => verifyMerkleProof(swapped, alice.kernel)).toThrow(
      expect.objectContaining({ code: 'MERKLE_PROOF_INVALID' }),
    )
    await expect(alice.getMerkleProof('00'.repeat(32))).rejects.toMatchObject({ code: 'MESSAGE_UNKNOWN' })
  })
})
