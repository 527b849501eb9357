/**
 * The README's example, whole: two agents in one process, a message, its proof, and a tool call that is granted, refused,
 * proven and revoked. The README shows the region; the lines before it make a folder to work in. Exits non-zero on a mismatch.
 */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { TalosClient } from '@talos/client'
import { parseMcpConfig } from '@talos/mcp'
import { verifyProofBundle } from '@talos/proof'

await using work = await workFolder()
const { home, docs } = work
const filesystemServer = fileURLToPath(import.meta.resolve('@modelcontextprotocol/server-filesystem/dist/index.js'))

// #region readme
// The owner of a tool, and an agent: identities, keys and logs of their own, below one TALOS_HOME.
await using owner = await TalosClient.create('tool-box', { home, passphrase: 'owner: correct horse battery staple' })
await using agent = await TalosClient.create('my-agent', { home, passphrase: 'agent: a different long sentence' })

// The invitation says who the owner is, where, and which transport key to expect. On it: a hybrid post-quantum session.
const listening = await owner.listen()
const peer = agent.addPeer(await listening.createInvitation())
const session = await agent.establishSession(peer)
assert.ok(session.confirmed)

// A message, sealed with a key of its own, and proof that it stands in the sender's log: offline, for anyone.
const received = new Promise<string>((resolve) => {
  owner.onMessage(({ bytes }) => resolve(new TextDecoder().decode(bytes)))
})
const sent = await agent.send(peer, new TextEncoder().encode('Hello!'))
assert.equal(await received, 'Hello!')
const proven = owner.verifyProof(await agent.getMerkleProof(sent.messageHash))
assert.equal(proven.agent, agent.did)
assert.equal(proven.entry.kind, 'message.send')

// The owner serves a real MCP server and grants one of its tools, below one folder, for fifteen minutes.
const config = { mcpServers: { files: { command: process.execPath, args: [filesystemServer, docs] } } }
owner.serveMcp(parseMcpConfig(JSON.stringify(config)))
const grant = await owner.grantCapability({
  to: agent.did,
  tool: { server: 'files', tool: 'read_text_file' },
  rules: [['subpath', '.path', [docs]]],
  expiresInS: 15 * 60,
})
await owner.sendCapability(agent.did, grant.cid)

// Allowed below the folder, refused outside of it; the decision reads the signed intent and the chain, not the model's words.
const read = async (path: string) =>
  await agent.invokeTool(peer, { server: 'files', tool: 'read_text_file', arguments: { path } })
const allowed = await read(`${docs}/note.txt`)
assert.equal(allowed.outcome, 'allow')
assert.match(JSON.stringify(allowed.content), /The meeting is on Monday/)
assert.equal((await read(`${docs}/../salaries.txt`)).outcome, 'deny')

// Who did what, under what authority, with what evidence: one text that anybody verifies offline, now or later.
const bundle = await agent.exportProof(allowed.invocation)
const { valid, facts } = verifyProofBundle(bundle, { kernel: agent.kernel })
assert.ok(valid)
assert.equal(facts?.agent, agent.did)
assert.equal(facts?.executor, owner.did)
assert.equal(facts?.display, 'mcp:files/tool/read_text_file')

// Taken back: the next call is refused.
await owner.revokeCapability(grant.cid)
assert.equal((await read(`${docs}/note.txt`)).outcome, 'deny')
// #endregion readme

process.stdout.write('the example holds\n')

async function workFolder() {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'talos-readme-')))
  const folder = join(path, 'docs')
  await mkdir(folder)
  await writeFile(join(folder, 'note.txt'), 'The meeting is on Monday.')
  await writeFile(join(path, 'salaries.txt'), 'Nobody is to read this.')
  return {
    home: join(path, 'home'),
    docs: folder,
    [Symbol.asyncDispose]: async () => await rm(path, { recursive: true }),
  }
}
