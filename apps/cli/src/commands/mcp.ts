/** `talos mcp`: MCP servers for agents elsewhere, and an MCP server that stands for one elsewhere. */
import type { Command } from 'commander'
import type { Shell } from '../context.ts'
import { addConnect } from './mcp-connect.ts'
import { addServe } from './mcp-serve.ts'

export function addMcp(program: Command, shell: Shell): void {
  const mcp = program.command('mcp').description('MCP servers through sealed, authorized, recorded calls')
  addServe(mcp, shell)
  addConnect(mcp, shell)
}
