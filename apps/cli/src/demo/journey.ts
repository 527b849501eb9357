/**
 * The main job, step by step, between two agent processes and a third that verifies. Every step checks what it shows;
 * the first one that does not hold ends the journey.
 */
import { writeFileSync } from 'node:fs'
import { type JsonValue, parseJson } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { Actor } from './actor.ts'
import { anchorLogs } from './anchoring.ts'
import { describeBundle } from './bundle.ts'
import type { Show } from './show.ts'
import { REPORT_TEXT, SERVER_NAME, type Stage } from './stage.ts'
import { verifyElsewhere } from './verifier.ts'

const TOOL = 'read_text_file'
const GRANT_LIFETIME_S = 15 * 60

/** How the session's keys come about; the secrets themselves are shown to nobody. */
const KEY_SCHEDULE = [
  'DH1 = X25519(IK of my-agent, signed prekey)   DH2 = X25519(ephemeral, IK of tool-box)',
  'DH3 = X25519(ephemeral, signed prekey)        DH4 = X25519(ephemeral, one-time prekey)',
  'ss = ML-KEM-768.Encaps(one-time KEM key)',
  'root key, two header keys = HKDF-SHA256(DH1 || DH2 || DH3 || DH4 || ss, info: transcript hash)',
]

export interface Cast {
  readonly toolBox: Actor
  readonly agent: Actor
  readonly stage: Stage
  readonly show: Show
}

export async function playJourney(cast: Cast): Promise<void> {
  const { owner, caller, invitation } = await identities(cast)
  await session(cast, { owner, invitation })
  await messages(cast, { owner, caller })
  const cid = await grant(cast, caller)
  const invocation = await calls(cast, owner)
  await revocation(cast, { owner, cid })
  await logs(cast)
  await anchorLogs(cast)
  await proofs(cast, invocation)
}

async function identities({ toolBox, agent, stage, show }: Cast) {
  return await show.step('identities', async (facts) => {
    const open = async (actor: Actor) =>
      await actor.do('open', { name: actor.name, home: stage.home(actor.name), passphrase: stage.passphrase() })
    const [box, self] = await Promise.all([open(toolBox), open(agent)])
    const { invitation, endpoints } = await toolBox.do('invite', {})
    facts.say(`tool-box  ${box.did}  (process ${toolBox.pid})`)
    facts.say(`my-agent  ${self.did}  (process ${agent.pid})`)
    facts.say(`tool-box listens on ${endpoints.join(', ')} and writes an invitation of ${invitation.length} characters`)
    facts.more(`DID document of tool-box: ${JSON.stringify(box.document)}`)
    facts.data({ toolBox: box.did, agent: self.did, endpoints: [...endpoints], kernel: box.kernel })
    return { owner: box.did, caller: self.did, invitation }
  })
}

async function session({ agent, show }: Cast, facts: { readonly owner: Did; readonly invitation: string }) {
  const bundle = await show.step('prekey bundle', async ({ say, more, data }) => {
    const served = await agent.do('bundle', { invitation: facts.invitation })
    say(
      `my-agent dials tool-box over TLS 1.3, its key pinned by the invitation, and fetches ${served.bundle.length} bytes:`,
    )
    say(
      'identity key, signed prekey, ML-KEM-768 prekey, one one-time pair with its Merkle path; one signature over all',
    )
    for (const line of describeBundle(served.bundle)) more(line)
    data({ bundleBytes: served.bundle.length })
    return served.bundle
  })
  await show.step('session', async ({ say, more, data }) => {
    const established = await agent.do('establish', { peer: facts.owner, bundle: bundle.slice() })
    expect('session', { expected: true, actual: established.confirmed })
    say(`hybrid post-quantum X3DH, then the Double Ratchet: ${established.suite}`)
    say(`session ${established.sessionId}, confirmed by tool-box`)
    const { session: state } = await agent.do('describe', { peer: facts.owner })
    for (const line of KEY_SCHEDULE) more(line)
    more(`ratchet state of my-agent (public parts): ${JSON.stringify(state)}`)
    data({ sessionId: established.sessionId, suite: established.suite, mode: established.mode })
  })
}

async function messages(
  { agent, toolBox, show }: Cast,
  { owner, caller }: { readonly owner: Did; readonly caller: Did },
) {
  await show.step('messages', async ({ say, more, data }) => {
    const sent = await agent.do('send', { peer: owner, text: 'May I read the quarterly report?' })
    const got = await toolBox.do('receive', {})
    expect('message', { expected: caller, actual: got.peer })
    say(`my-agent → tool-box  "${got.text}"`)
    await toolBox.do('send', { peer: caller, text: 'You may; the capability is on its way.' })
    const back = await agent.do('receive', {})
    expect('answer', { expected: owner, actual: back.peer })
    say(`tool-box → my-agent  "${back.text}"`)
    const { proof } = await agent.do('prove', { messageHash: sent.messageHash })
    const verified = await toolBox.do('verify', { proof })
    say(
      `tool-box verifies my-agent's Merkle proof of the message: entry in a tree of ${verified.treeSize}, root ${short(verified.root)}`,
    )
    more(proof.proof)
    data({ messageHash: sent.messageHash, treeSize: verified.treeSize, root: verified.root })
  })
}

async function grant({ agent, toolBox, stage, show }: Cast, caller: Did): Promise<string> {
  return await show.step('capability', async ({ say, data }) => {
    await toolBox.do('serve', { config: stage.config })
    const granted = await toolBox.do('grant', {
      to: caller,
      server: SERVER_NAME,
      tool: TOOL,
      folder: stage.docs,
      expiresInS: GRANT_LIFETIME_S,
    })
    say(`tool-box serves a real MCP filesystem server and grants my-agent ${TOOL} below ${stage.docs} for 15 minutes`)
    for (const line of granted.summary) say(`  ${line}`)
    say(`  ${granted.cid}`)
    data({ cid: granted.cid, agentProcess: agent.pid ?? 0 })
    return granted.cid
  })
}

async function calls({ agent, stage, show }: Cast, owner: Did): Promise<string> {
  const call = async (path: string) => await agent.do('call', { peer: owner, server: SERVER_NAME, tool: TOOL, path })
  const invocation = await show.step('allowed call', async ({ say, data }) => {
    const result = await call(stage.report)
    expect('outcome', { expected: 'allow', actual: result.outcome })
    expect('file', { expected: true, actual: result.text.includes(REPORT_TEXT.trim()) })
    say(`${TOOL} ${stage.report}`)
    say(`→ "${REPORT_TEXT.trim()}"`)
    say(`intent and receipt signed: ${result.invocation}`)
    data({ outcome: result.outcome, invocation: result.invocation })
    return result.invocation
  })
  for (const [name, path] of [
    ['call outside the folder', stage.salaries],
    ['call with ..', stage.detour],
  ] as const) {
    await show.step(name, async ({ say, data }) => {
      const result = await call(path)
      expect('outcome', { expected: 'deny', actual: result.outcome })
      say(`${TOOL} ${path}`)
      say(`→ refused, ${result.code}: ${oneLine(result.why)}`)
      data({ outcome: result.outcome, code: result.code ?? '', invocation: result.invocation })
    })
  }
  return invocation
}

async function revocation(
  { agent, toolBox, stage, show }: Cast,
  { owner, cid }: { readonly owner: Did; readonly cid: string },
) {
  await show.step('revocation', async ({ say, data }) => {
    await toolBox.do('revoke', { cid })
    const result = await agent.do('call', { peer: owner, server: SERVER_NAME, tool: TOOL, path: stage.report })
    expect('outcome', { expected: 'deny', actual: result.outcome })
    say('tool-box revokes the capability; the same call again')
    say(`→ refused, ${result.code}: ${oneLine(result.why)}`)
    data({ outcome: result.outcome, code: result.code ?? '' })
  })
}

async function logs({ agent, toolBox, show }: Cast) {
  await show.step('audit logs', async ({ say, more, data }) => {
    const reports = { toolBox: await toolBox.do('audit', {}), agent: await agent.do('audit', {}) }
    for (const kind of ['message.send', 'message.receive', 'tool.invoke', 'tool.result', 'tool.deny']) {
      const [box, self] = [reports.toolBox.kinds[kind] ?? 0, reports.agent.kinds[kind] ?? 0]
      expect(kind, { expected: true, actual: box > 0 && self > 0 })
    }
    say(
      `tool-box: ${reports.toolBox.size} entries, verified from the first to the last  ${kindsOf(reports.toolBox.kinds)}`,
    )
    say(`my-agent: ${reports.agent.size} entries, verified from the first to the last  ${kindsOf(reports.agent.kinds)}`)
    more(reports.toolBox.checkpoint)
    data({ toolBox: { ...reports.toolBox.kinds }, agent: { ...reports.agent.kinds } })
  })
}

async function proofs({ agent, stage, show }: Cast, invocation: string) {
  const file = stage.path('call.talosproof')
  await show.step('proof', async ({ say, more, data }) => {
    const { bundle } = await agent.do('export', { invocation })
    writeFileSync(file, bundle)
    const { exitCode, report } = await verifyElsewhere(file, stage.home('nobody'))
    expect('exit code', { expected: 0, actual: exitCode })
    say(`a third process, with neither agent's keys, verifies the bundle of ${bundle.length} bytes offline: valid`)
    more(JSON.stringify(report, undefined, 2))
    data({ file: 'call.talosproof', bytes: bundle.length, exitCode })
  })
  await show.step('tampered proof', async ({ say, data }) => {
    const tampered = stage.path('tampered.talosproof')
    const { bundle } = await agent.do('export', { invocation })
    writeFileSync(tampered, tamper(bundle))
    const { exitCode, report } = await verifyElsewhere(tampered, stage.home('nobody'))
    expect('exit code', { expected: 1, actual: exitCode })
    const code = (report as { readonly code?: string } | null)?.code ?? 'unknown'
    say(`one character of the signed receipt changed: refused, ${code}`)
    data({ exitCode, code })
  })
}

/** Changes one character in the middle of the receipt. */
function tamper(bundle: string): string {
  const receipt = receiptOf(parseJson(bundle))
  const at = bundle.indexOf(receipt) + Math.floor(receipt.length / 2)
  return `${bundle.slice(0, at)}${bundle[at] === 'A' ? 'B' : 'A'}${bundle.slice(at + 1)}`
}

function receiptOf(bundle: JsonValue): string {
  const { execution } = bundle as { readonly execution: { readonly receipt: string } }
  return execution.receipt
}

function expect(
  step: string,
  { expected, actual }: { readonly expected: string | number | boolean; readonly actual: string | number | boolean },
): void {
  if (expected !== actual) throw new TalosError('DEMO_UNEXPECTED', { step, expected, actual })
}

function kindsOf(kinds: Readonly<Record<string, number>>): string {
  return Object.entries(kinds)
    .map(([kind, count]) => `${kind} ${count}`)
    .join(', ')
}

function oneLine(text = ''): string {
  return text.replaceAll(/\s*\n\s*/g, ' ')
}

function short(hex: string): string {
  return `${hex.slice(0, 16)}…`
}
