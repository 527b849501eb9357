/**
 * The example of docs/proofs.md, whole: a call between two agents that witness each other, its proof with one part of the result
 * shown, and what a verifier makes of it. The page shows the regions. Exits non-zero on a mismatch.
 */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseWitnessPolicy } from '@talos/audit'
import { TalosClient } from '@talos/client'
import { loadKernel, systemClock } from '@talos/kernel'
import { parseMcpConfig } from '@talos/mcp'
import { ProofMetrics, proofReportJson, proofReportMarkdown, verifyProofBundle } from '@talos/proof'

await using work = await workFolder()
const { home, docs } = work
const filesystemServer = fileURLToPath(import.meta.resolve('@modelcontextprotocol/server-filesystem/dist/index.js'))
await using owner = await TalosClient.create('tool-box', { home, passphrase: 'owner: correct horse battery staple' })
await using agent = await TalosClient.create('my-agent', { home, passphrase: 'agent: a different long sentence' })
const peer = agent.addPeer(await (await owner.listen()).createInvitation())
await agent.establishSession(peer)
const config = { mcpServers: { files: { command: process.execPath, args: [filesystemServer, docs] } } }
owner.serveMcp(parseMcpConfig(JSON.stringify(config)))
const tool = { server: 'files', tool: 'read_text_file' }
const rules = [['subpath', '.path', [docs]]]
const grant = await owner.grantCapability({ to: agent.did, tool, rules, expiresInS: 15 * 60 })
await owner.sendCapability(agent.did, grant.cid)
const { invocation } = await agent.invokeTool(peer, { ...tool, arguments: { path: `${docs}/note.txt` } })
const policyText = 'quorum none\n'

// #region export
// Peers that are linked cosign each other's logs once a minute where these have grown; this asks now.
await agent.witness(owner.did)
await owner.witness(agent.did)

// The call, both logs and who saw them, as one text; of the result the first part and nothing else.
const bundle = await agent.exportProof(invocation, { disclose: ['output:/content/0/text'] })
// #endregion export

// #region verify
const kernel = loadKernel()
const report = verifyProofBundle(bundle, {
  kernel,
  nowS: Math.floor(systemClock.nowMs() / 1000),
  level: 'strict',
  policy: parseWitnessPolicy(policyText, { kernel }),
})

// 'invalid': do not rely on it. 'incomplete': what is there holds, and report.completeness.missing says what is not.
assert.equal(report.verdict, 'valid')
assert.equal(report.facts?.outcome, 'allow')
assert.equal(report.witnessed.count, 2)

// For machines, for people, for counters.
const json = proofReportJson(report)
const markdown = proofReportMarkdown(report)
const metrics = new ProofMetrics()
metrics.observe(report)
// #endregion verify

assert.equal(json.proves, 'execution')
assert.match(markdown, /^# Proof: VALID/)
assert.match(metrics.text(), /talos_proof_verifications_total\{level="strict",verdict="valid"\} 1/)
const [shown] = (JSON.parse(bundle) as { readonly disclosures: readonly { readonly value: string }[] }).disclosures
assert.equal(shown?.value, 'The meeting is on Monday.')
const paranoid = verifyProofBundle(bundle, { kernel, level: 'paranoid' })
assert.deepEqual([paranoid.verdict, paranoid.code], ['incomplete', 'PROOF_UNANCHORED'])
process.stdout.write('the example holds\n')

async function workFolder() {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'talos-proof-')))
  const folder = join(path, 'docs')
  await mkdir(folder)
  await writeFile(join(folder, 'note.txt'), 'The meeting is on Monday.')
  return {
    home: join(path, 'home'),
    docs: folder,
    [Symbol.asyncDispose]: async () => await rm(path, { recursive: true }),
  }
}
