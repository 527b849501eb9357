/** What happens inside the MCP relay, told on stderr: servers that start and end, messages that were refused. */
import type { McpEvent } from '@talos/mcp'
import { jsonLine, type Output, printable } from './output.ts'

export function tellRelay(output: Output, event: McpEvent): void {
  for (const line of output.json ? [jsonLine(jsonOf(event))] : linesOf(event)) output.note(line)
}

function jsonOf({ kind, ...facts }: McpEvent): object {
  return { event: `mcp.${kind}`, ...facts }
}

function linesOf(event: McpEvent): string[] {
  const server = printable(event.server)
  switch (event.kind) {
    case 'server-started':
      return [`started  ${server} (process ${event.pid})`]
    case 'server-ended': {
      const words = event.stderr.split('\n').filter((line) => line.trim() !== '')
      return [`ended  ${server}: ${printable(event.reason)}`, ...words.map((line) => `  ${printable(line)}`)]
    }
    case 'refused':
      return [`refused  ${server} ${event.error.code}: ${printable(event.error.message)}`]
  }
}
