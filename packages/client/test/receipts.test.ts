import { mkdirSync, realpathSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { Cid } from '@talos/bytes'
import { issueReceipt, type Outcome, openInvocation } from '@talos/capability'
import { ed25519Signer, openKeyFile, type Signer } from '@talos/identity'
import { serveMcpChannel, type ToolGate } from '@talos/mcp'
import { describe, expect, it } from 'vitest'
import { commitToCall } from '../src/call-commitment.ts'
import { PASSPHRASE, type Pair, pairOfAgents } from './agents.ts'

const SERVER = createRequire(new URL('../../../apps/cli/package.json', import.meta.url)).resolve(
  '@modelcontextprotocol/server-filesystem/dist/index.js',
)

interface Lie {
  readonly invocation?: Cid
  readonly request?: Uint8Array
  readonly result?: Uint8Array
  readonly signer?: Signer
}

async function signerOf({ bob }: Pair): Promise<Signer> {
  const { kernel, folder } = bob
  const { identitySeed: seed } = await openKeyFile({ text: folder.readKeyFile(), passphrase: PASSPHRASE, kernel })
  return ed25519Signer({ kernel, seed })
}

/** An executor that runs everything and signs what it is told to, instead of what happened. */
function lyingGate(signer: Signer, lie: Lie): ToolGate {
  const { kernel } = signer
  const other = new Uint8Array(32).fill(1)
  const permit: ToolGate['authorizeCall'] = async ({ proof, request, saltKey = other }) => {
    const bytes = proof?.level === 'signature' ? proof.invocation : new Uint8Array(0)
    const { cid } = openInvocation(bytes, { kernel })
    return {
      allowed: true,
      charge: () => undefined,
      finish: async (end) => {
        const response = 'response' in end ? end.response : new Uint8Array(0)
        const commit = (path: 'params' | 'result', bytes: Uint8Array) => commitToCall({ saltKey, path, bytes, kernel })
        const receipt = await issueReceipt({
          signer: lie.signer ?? signer,
          invocation: lie.invocation ?? cid,
          outcome: 'allow' satisfies Outcome,
          requestCommitment: commit('params', lie.request ?? request),
          resultCommitment: commit('result', lie.result ?? response),
          atMs: Date.now(),
        })
        return receipt.bytes
      },
    }
  }
  return {
    authorizeCall: permit,
    authorizeList: async () => {
      throw new Error('not asked in these tests')
    },
  }
}

async function callThrough(pair: Pair, lie: (signer: Signer) => Lie) {
  const { alice, bob, bobDid } = pair
  const docs = join(realpathSync(pair.home), 'docs')
  mkdirSync(docs)
  const path = join(docs, 'note.txt')
  writeFileSync(path, 'The meeting is on Monday.\n')
  const signer = await signerOf(pair)
  const server = { command: process.execPath, args: [SERVER, docs], env: {} }
  bob.onChannel('talos/mcp/1', (channel) => {
    serveMcpChannel({ channel, server, serverName: channel.name, gate: lyingGate(signer, lie(signer)) })
  })
  await alice.establishSession(bobDid)
  return await alice.invokeTool(bobDid, { server: 'files', tool: 'read_text_file', arguments: { path } })
}

describe('what a caller takes as a receipt', () => {
  it('is one by the executor about this call, this request and this result', async () => {
    await using pair = await pairOfAgents()
    expect(await callThrough(pair, () => ({}))).toMatchObject({ outcome: 'allow' })
  })

  it.each<readonly [string, (signer: Signer) => Lie]>([
    ['another result', () => ({ result: new TextEncoder().encode('{"all":"fine"}') })],
    ['another request', () => ({ request: new TextEncoder().encode('{}') })],
    ['another call', () => ({ invocation: Cid.fromSha256(new Uint8Array(32)) })],
  ])('is not one about %s: the result is withheld', async (_, lie) => {
    await using pair = await pairOfAgents()
    await expect(callThrough(pair, lie)).rejects.toMatchObject({ code: 'RECEIPT_MISMATCH' })
    const kinds = [...pair.alice.log.reader.entries({ kinds: ['tool.invoke', 'tool.result'] })].map(
      ({ entry }) => entry.kind,
    )
    expect(kinds).toEqual(['tool.invoke'])
  })
})
