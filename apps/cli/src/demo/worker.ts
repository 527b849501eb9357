/**
 * One agent of the demo, in a process of its own. It does what the demo asks over the process's channel, by the same
 * calls that any program makes; the demo itself holds no key.
 */

import type { ReceivedMessage } from '@talos/client'
import { TalosClient } from '@talos/client'
import { isTalosError } from '@talos/errors'
import { parseMcpConfig } from '@talos/mcp'
import type { AgentReport, DemoReply, DemoRequest, DemoSteps } from './protocol.ts'
import { anchoringOfDemo, awaitAnchor, makePayer, startAnchor } from './worker-anchor.ts'

type Handlers = { readonly [M in keyof DemoSteps]: (input: DemoSteps[M]['input']) => Promise<DemoSteps[M]['output']> }

let client: TalosClient | undefined
const arrived: ReceivedMessage[] = []
const waiting: ((message: ReceivedMessage) => void)[] = []

function agent(): TalosClient {
  if (client === undefined) throw new Error('the agent is not open')
  return client
}

const handlers: Handlers = {
  open: async ({ name, home, passphrase }) => {
    client = await TalosClient.create(name, { home, passphrase, anchoring: anchoringOfDemo })
    client.onMessage((message) => {
      const next = waiting.shift()
      if (next === undefined) arrived.push(message)
      else next(message)
    })
    return { did: client.did, kernel: client.kernel.name, document: client.didDocument() }
  },
  invite: async () => {
    const listening = await agent().listen()
    return { invitation: await listening.createInvitation({ name: agent().name }), endpoints: listening.endpoints }
  },
  serve: async ({ config }) => {
    agent().serveMcp(parseMcpConfig(config))
    return {}
  },
  bundle: async ({ invitation }) => ({ bundle: await agent().fetchPrekeyBundle(agent().addPeer(invitation)) }),
  establish: async ({ peer, bundle }) => await agent().establishSession(peer, bundle),
  describe: async ({ peer }) => ({ session: agent().describeSession(peer) ?? {} }),
  send: async ({ peer, text }) => await agent().send(peer, new TextEncoder().encode(text)),
  receive: async () => {
    const message = arrived.shift() ?? (await new Promise<ReceivedMessage>((resolve) => waiting.push(resolve)))
    const { peer, bytes, messageHash } = message
    return { peer, text: new TextDecoder().decode(bytes), messageHash }
  },
  prove: async ({ messageHash }) => ({ proof: await agent().getMerkleProof(messageHash) }),
  verify: async ({ proof }) => {
    const { agent: did, treeSize, root, entry } = agent().verifyProof(proof)
    return { agent: did, treeSize, root, kind: entry.kind }
  },
  grant: async ({ to, server, tool, folder, expiresInS }) => {
    const grant = await agent().grantCapability({
      to,
      tool: { server, tool },
      rules: [['subpath', '.path', [folder]]],
      expiresInS,
      label: `read below ${folder}`,
    })
    await agent().sendCapability(to, grant.cid)
    return { cid: grant.cid, summary: grant.description.summary }
  },
  revoke: async ({ cid }) => {
    await agent().revokeCapability(cid, { reason: 'the work is done' })
    return {}
  },
  call: async ({ peer, server, tool, path }) => {
    const { outcome, content, denial, invocation } = await agent().invokeTool(peer, {
      server,
      tool,
      arguments: { path },
    })
    return {
      outcome,
      invocation,
      text: textOf(content),
      ...(denial !== undefined && { code: denial.code, why: denial.message }),
    }
  },
  export: async ({ invocation }) => ({ bundle: await agent().exportProof(invocation) }),
  audit: async () => await audit(),
  payer: makePayer,
  anchor: async (input) => await startAnchor(agent(), input),
  anchored: async () => await awaitAnchor(agent()),
  close: async () => {
    await client?.close()
    return {}
  },
}

async function audit(): Promise<AgentReport> {
  const { log } = agent()
  const kinds: Record<string, number> = {}
  for (const { entry } of log.reader.entries()) kinds[entry.kind] = (kinds[entry.kind] ?? 0) + 1
  const checkpoint = await log.checkpoint()
  const { size } = await log.verify()
  return { size, kinds, checkpoint }
}

function textOf(content: unknown): string {
  const parts = (content as { readonly content?: readonly { readonly type: string; readonly text?: string }[] })
    ?.content
  return parts?.map(({ text = '' }) => text).join('\n') ?? ''
}

process.on('message', (request: DemoRequest) => void answer(request))
process.on('disconnect', () => process.exit(0))

async function answer({ id, method, input }: DemoRequest): Promise<void> {
  process.send?.(await replyTo(id, method, input))
  if (method === 'close') process.disconnect?.()
}

async function replyTo(id: number, method: keyof DemoSteps, input: unknown): Promise<DemoReply> {
  try {
    const handler = handlers[method] as (input: unknown) => Promise<unknown>
    return { id, output: await handler(input) }
  } catch (error) {
    const code = isTalosError(error) ? error.code : 'CLI_UNEXPECTED'
    const message = error instanceof Error ? error.message : String(error)
    return { id, failure: { code, message } }
  }
}
