/**
 * The configuration of MCP servers, in the form that MCP clients use themselves: one JSON object with `mcpServers`
 * (clause 14.1 of contracts/spec/14-mcp.md). What other programs keep beside it is left alone.
 */
import { fromUtf8, type JsonValue, parseJson, utf8 } from '@talos/bytes'
import { mcpServerCommand } from '@talos/capability'
import { isTalosError, TalosError } from '@talos/errors'
import { invalid, object, UNPRINTABLE, word } from './config-values.ts'
import { MAX_CONFIG_BYTES, MAX_SERVER_NAME_BYTES, MAX_SERVERS, MAX_WORDS } from './limits.ts'
import { parseSettings, type TalosSettings } from './requirements.ts'

/** A server that runs as a child process and talks over its stdin and stdout. */
export interface StdioServerConfig {
  /** The program: a path, or a name to be found on the PATH. */
  readonly command: string
  readonly args: readonly string[]
  /** Variables of its own, beside the few harmless ones that it gets from this process (PATH, HOME and the like). */
  readonly env: Readonly<Record<string, string>>
  /** The folder to start in; this process's own where absent. */
  readonly cwd?: string
}

/** Servers by name, in the order of the file. */
export type McpServers = ReadonlyMap<string, StdioServerConfig>

export interface McpConfig {
  readonly servers: McpServers
  /** What is asked of calls: the member `talos`. */
  readonly settings: TalosSettings
}

/**
 * Reads a configuration: JSON text or its UTF-8 bytes, up to MAX_CONFIG_BYTES.
 *
 * @throws MCP_CONFIG_INVALID {path, reason}, MCP_UPSTREAM_UNSUPPORTED {server} for a server that is reached by a URL
 */
export function parseMcpConfig(text: string | Uint8Array): McpConfig {
  const root = object(readJson(text), '$')
  const entries = Object.entries(object(root['mcpServers'], '$.mcpServers'))
  if (entries.length === 0) throw invalid('$.mcpServers', 'it names no server')
  if (entries.length > MAX_SERVERS) throw invalid('$.mcpServers', `it names more than ${MAX_SERVERS} servers`)
  const servers = new Map<string, StdioServerConfig>()
  entries.forEach(([name, entry], index) => {
    checkServerName(name, index)
    servers.set(name, serverEntry({ name, entry, path: `$.mcpServers.${name}` }))
  })
  return { servers, settings: parseSettings(root['talos'], new Set(servers.keys())) }
}

/**
 * Checks that a name can stand in a command, `/mcp/<server>/tool/<tool>`, and on a terminal.
 *
 * @throws MCP_CONFIG_INVALID
 */
function checkServerName(name: string, index: number): void {
  const path = `$.mcpServers[${index}]`
  try {
    mcpServerCommand(name)
  } catch (cause) {
    throw invalid(path, 'the name is empty or has no UTF-8 form', cause)
  }
  if (utf8(name).length > MAX_SERVER_NAME_BYTES) throw invalid(path, `the name has over ${MAX_SERVER_NAME_BYTES} bytes`)
  if (UNPRINTABLE.test(name)) throw invalid(path, 'the name has characters that do not print')
}

function serverEntry({ name, entry, path }: { name: string; entry: JsonValue; path: string }): StdioServerConfig {
  const members = object(entry, path)
  if (members['command'] === undefined) {
    if (members['url'] !== undefined) throw new TalosError('MCP_UPSTREAM_UNSUPPORTED', { server: name })
    throw invalid(path, 'it has no command')
  }
  const { type, cwd } = members
  if (type !== undefined && type !== 'stdio') throw new TalosError('MCP_UPSTREAM_UNSUPPORTED', { server: name })
  const command = word(members['command'], `${path}.command`)
  if (command === '') throw invalid(`${path}.command`, 'it is empty')
  return {
    command,
    args: words(members['args'] ?? [], `${path}.args`),
    env: environment(members['env'] ?? {}, `${path}.env`),
    ...(cwd !== undefined && { cwd: word(cwd, `${path}.cwd`) }),
  }
}

function words(value: JsonValue, path: string): readonly string[] {
  if (!Array.isArray(value)) throw invalid(path, 'it is not an array of strings')
  if (value.length > MAX_WORDS) throw invalid(path, `it has more than ${MAX_WORDS} items`)
  return value.map((item: JsonValue, index) => word(item, `${path}[${index}]`))
}

function environment(value: JsonValue, path: string): Readonly<Record<string, string>> {
  const entries = Object.entries(object(value, path))
  if (entries.length > MAX_WORDS) throw invalid(path, `it has more than ${MAX_WORDS} members`)
  const pairs = entries.map(([name, item], index): [string, string] => {
    if (name === '' || /[=\0]/.test(name)) throw invalid(`${path}[${index}]`, 'the name is no name of a variable')
    return [name, word(item, `${path}[${index}]`)]
  })
  return Object.fromEntries(pairs)
}

function readJson(text: string | Uint8Array): JsonValue {
  try {
    return parseJson(typeof text === 'string' ? text.replace(/^\uFEFF/, '') : fromUtf8(text).replace(/^\uFEFF/, ''), {
      maxBytes: MAX_CONFIG_BYTES,
    })
  } catch (cause) {
    throw invalid('$', isTalosError(cause) ? cause.message : 'it is not JSON', cause)
  }
}
