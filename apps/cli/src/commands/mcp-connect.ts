/** `talos mcp connect`: a stdio MCP server that stands for one behind another agent. Stdout is MCP and nothing else. */
import { setTimeout as sleep } from 'node:timers/promises'
import { displayCommand, mcpToolOf } from '@talos/capability'
import type { ClientEvent, Grant, TalosClient } from '@talos/client'
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { systemClock } from '@talos/kernel'
import type { Command } from 'commander'
import { Context, type Shell } from '../context.ts'
import { EXIT_FAILED } from '../exit-codes.ts'
import { type Output, printable } from '../output.ts'
import { own, untilStopped } from '../owner.ts'
import { peerOf, reach } from '../peer.ts'
import { tellRelay } from '../relay-events.ts'
import { shorten } from '../values.ts'

/** The other side hands over what it granted once the session is up; MCP clients wait longer than this to begin. */
const WAIT_FOR_GRANT_MS = 3_000
const POLL_MS = 50

const HELP = `
Example, in the configuration of an MCP client:
  {"mcpServers": {"files": {"command": "talos", "args": ["mcp", "connect", "talos1:…", "files"],
                            "env": {"TALOS_AGENT": "my-agent", "TALOS_PASSPHRASE": "…"}}}}

The tools are those that the other side has granted to this agent. Without SERVER the only granted one is taken.
Everything but MCP goes to stderr. A call that somebody must approve is refused at first; approvers with whom this agent has
a link are asked at once, others by a file (talos capabilities approvals). Made again, the call brings what was approved.`

export function addConnect(mcp: Command, shell: Shell): void {
  mcp
    .command('connect')
    .argument('<peer>', 'an invitation, or the DID of a peer that is known')
    .argument('[server]', 'the name of the MCP server there')
    .option('--why <text>', 'why the calls are made, for tools that ask for it')
    .description('be a stdio MCP server that stands for one behind another agent')
    .addHelpText('after', HELP)
    .action(async (peerText: string, serverName: string | undefined, options: ConnectOptions, command: Command) => {
      const context = new Context(shell, command)
      const stopped = untilStopped()
      const asking = new Asking(shell.output)
      await using agent = await own(context, { command: 'mcp connect', onEvent: (event) => asking.take(event) })
      const { client } = agent
      asking.client = client
      const peer = peerOf(client, peerText)
      await reach(client, peer)
      const servers = await grantedServers(client, peer)
      if (servers.size === 0) adviseGrant(shell.output, { client, serverName })
      const server = serverName ?? onlyOf(servers)
      const { why } = options
      const stdio = { input: process.stdin, output: process.stdout, ...(why !== undefined && { justification: why }) }
      const relay = await client.connectMcp(peer, server, stdio, (event) => tellRelay(shell.output, event))
      const reason = await Promise.race([relay.closed, stopped.then(() => undefined)])
      // The MCP client's own end is no failure; that of the link is, and the client cannot see why.
      if (reason !== undefined && !process.stdin.readableEnded) {
        shell.output.note(
          `the link for ${printable(server)} has ended (${printable(reason)}); start again to connect anew`,
        )
        shell.exitCode = EXIT_FAILED
      }
      process.stdin.destroy()
    })
}

interface ConnectOptions {
  readonly why?: string
}

/** Asks those who may approve a call that waits for it, and tells on stderr who was reached. */
class Asking {
  readonly #output: Output
  client: TalosClient | undefined

  constructor(output: Output) {
    this.#output = output
  }

  take(event: ClientEvent): void {
    if (event.type === 'approval.needed') void this.#ask(event)
    if (event.type === 'authority.received' && event.kind === 'approval') {
      this.#output.note(`approved  ${event.cid} by ${shorten(event.peer)}; the call goes through when it is made again`)
    }
  }

  async #ask({ command, request, approvers }: Extract<ClientEvent, { type: 'approval.needed' }>): Promise<void> {
    const { client } = this
    const asked = approvers.map(async (approver) => {
      const isAsked = await client?.approvals.ask(approver, request).then(
        () => true,
        () => false,
      )
      return { isAsked, shown: `${shorten(approver)}${isAsked === true ? ' (asked)' : ' (not reached)'}` }
    })
    const all = await Promise.all(asked)
    const who = all.map(({ shown }) => shown).join(', ')
    this.#output.note(`waits for approval  ${printable(displayCommand(command))} ${request.digest}  ${who}`)
    if (all.some(({ isAsked }) => isAsked !== true)) {
      this.#output.note(`  to ask by a file: talos capabilities approvals ${request.digest} --out call.talosask`)
    }
  }
}

/** Servers for which the peer has given something that is valid now; waits a moment for what is on its way. */
async function grantedServers(client: TalosClient, peer: Did): Promise<ReadonlySet<string>> {
  const untilMs = performance.now() + WAIT_FOR_GRANT_MS
  for (;;) {
    const names = client
      .listCapabilities('received')
      .filter((grant) => isUsable(grant, { client, peer }))
      .map(({ description }) => serverOf(description.command))
    const servers = new Set(names.filter((name) => name !== undefined))
    if (servers.size > 0 || performance.now() > untilMs) return servers
    await sleep(POLL_MS)
  }
}

function isUsable(
  { description, revokedMs }: Grant,
  { client, peer }: { readonly client: TalosClient; readonly peer: Did },
): boolean {
  const { subject, audience, expiresS } = description
  const { identities } = client
  const isCurrent = revokedMs === undefined && (expiresS === null || expiresS > systemClock.nowMs() / 1000)
  return (
    isCurrent &&
    subject !== null &&
    identities.isSame(subject as Did, peer) &&
    identities.isSame(audience as Did, client.did)
  )
}

/** The server of `/mcp/<server>` and of `/mcp/<server>/tool/<tool>`. */
function serverOf(command: string): string | undefined {
  return (mcpToolOf(command) ?? mcpToolOf(`${command}/tool/any`))?.server
}

/** @throws TalosError `CLI_NO_SERVER` */
function onlyOf(servers: ReadonlySet<string>): string {
  const [only] = servers
  if (only === undefined || servers.size > 1) throw new TalosError('CLI_NO_SERVER', { count: servers.size })
  return only
}

function adviseGrant(
  output: Output,
  { client, serverName = 'SERVER' }: { readonly client: TalosClient; readonly serverName: string | undefined },
): void {
  output.note('Nothing is granted to this agent there yet, so no tool will be listed. The other side runs:')
  output.note(`  talos capabilities grant --to ${client.did} --server ${serverName} --tool TOOL --for 15m`)
}
