/** `talos mcp serve`: lets agents that hold a capability use the MCP servers of a configuration. */

import { displayCommand } from '@talos/capability'
import type { ClientEvent } from '@talos/client'
import { parseMcpConfig } from '@talos/mcp'
import type { Command } from 'commander'
import { Context, type Shell } from '../context.ts'
import { readUserFile } from '../files.ts'
import { jsonLine, type Output, printable } from '../output.ts'
import { own, untilStopped } from '../owner.ts'
import { tellRelay } from '../relay-events.ts'
import { isSessionEvent, type SessionEvent } from '../session-events.ts'
import { shorten } from '../values.ts'
import { addListening, type ListeningOptions, startListening } from './listening.ts'
import { policyOf } from './mcp-policy.ts'

const CONFIG_MAX_BYTES = 1_048_576

const HELP = `
Examples:
  $ talos mcp serve mcp.json
  $ talos mcp serve mcp.json --endpoint tls://0.0.0.0:4433 --advertise tls://box.example.org:4433

The configuration is the file that MCP clients use: {"mcpServers": {"files": {"command": "npx", "args": ["-y",
"@modelcontextprotocol/server-filesystem", "/srv/docs"]}}}. Nobody may call anything until you grant it, in another
terminal: talos capabilities grant --to DID --server files --tool read_text_file --under path=/srv/docs --for 15m

What a tool asks of its calls stands in the same file, as "talos": {"servers": {"files": {"tools": {"write_file":
{"risk": "high"}}}}}: proof, effect, maxStaleS, risk, approvals, receipt and cost; a policy in Cedar as "policy".

Prints an invitation to stdout and each call to stderr. Ctrl-C ends it, and its servers.`

export function addServe(mcp: Command, shell: Shell): void {
  addListening(
    mcp
      .command('serve')
      .argument('<config>', 'a JSON file with mcpServers')
      .description('serve MCP servers to agents that hold a capability'),
  )
    .addHelpText('after', HELP)
    .action(async (file: string, options: ListeningOptions, command: Command) => {
      const { output } = shell
      const config = parseMcpConfig(readUserFile(file, CONFIG_MAX_BYTES))
      const policy = await policyOf(config, file)
      const context = new Context(shell, command)
      const stopped = untilStopped()
      const onEvent = (event: ClientEvent) => tell(output, event)
      await using agent = await own(context, { command: 'mcp serve', onEvent })
      const { client } = agent
      const serving = client.serveMcp(config, {
        onEvent: (event) => tellRelay(output, event),
        ...(policy !== undefined && { policy }),
      })
      try {
        await using listening = await startListening(client, options)
        const { endpoints, invitation } = listening
        const servers = [...config.servers.keys()]
        output.result({ event: 'serving', did: client.did, endpoints, servers, invitation }, () => [invitation])
        if (!output.json)
          for (const line of adviceLines({ agent: client.name, did: client.did, servers })) output.note(line)
        await stopped
      } finally {
        await serving.close()
      }
    })
}

interface Advice {
  readonly agent: string
  readonly did: string
  readonly servers: readonly string[]
}

function adviceLines({ agent, did, servers }: Advice): string[] {
  const [server = ''] = servers
  return [
    `serving ${servers.map(printable).join(', ')} as ${did}`,
    'Give the line above to the other side: talos mcp connect INVITATION',
    `Allow a tool: talos capabilities grant --agent ${agent} --to DID --server ${printable(server)} --tool TOOL --for 15m`,
  ]
}

/** The others are told by whoever runs the agent, in every command. */
type ServedEvent = Exclude<ClientEvent, SessionEvent>

function tell(output: Output, event: ClientEvent): void {
  if (isSessionEvent(event)) return
  const { type, ...facts } = event
  const line = output.json ? jsonLine({ event: type, ...facts }) : lineOf(event)
  if (line !== undefined) output.note(line)
}

function lineOf(event: ServedEvent): string | undefined {
  const who = 'peer' in event ? shorten(event.peer) : ''
  switch (event.type) {
    case 'tool.call': {
      const why = event.code === undefined ? '' : ` ${event.decision === 'refer' ? 'CAPABILITY_APPROVAL' : event.code}`
      return `${event.decision}  ${printable(displayCommand(event.command))}  ${who}${why}`
    }
    case 'link.up':
      return `connected  ${who}`
    case 'link.down':
      return `disconnected  ${who}`
    case 'message.refused':
      return `refused  ${who} ${event.code}`
    case 'authority.stale':
      return `stale  what is known of the revocations of ${shorten(event.issuer)}`
    default:
      return undefined
  }
}
