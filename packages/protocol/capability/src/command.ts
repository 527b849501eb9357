/**
 * Commands: what a delegation gives and an invocation asks for (spec 07-delegation, clause 7.3; UCAN delegation 1.0,
 * "Command").
 *
 * Compared segment by segment: `/crypto` covers `/crypto/sign`, never `/cryptocurrency`.
 */
import { fromUtf8, utf8 } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import { MAX_COMMAND_LENGTH, MAX_COMMAND_SEGMENTS } from './limits.ts'

const MCP_PREFIX = '/mcp/'
const DISPLAY_PREFIX = 'mcp:'
const PLAIN_CHARACTER = /^[a-z0-9_-]$/
const ESCAPED_NAME = /^(?:[a-z0-9_-]|~[0-9a-f]{2})+$/
/** Anything that is no letter, digit or punctuation: spaces, controls, marks that print nothing. */
const UNPRINTABLE = /[\p{C}\p{Z}]/u

/** A tool of an MCP server, by its own name. */
export interface McpTool {
  readonly server: string
  readonly tool: string
}

/**
 * The segments of a command; none for `/`, which covers everything.
 *
 * @throws TalosError `CAPABILITY_COMMAND_INVALID`
 */
export function parseCommand(command: string): readonly string[] {
  if (!command.startsWith('/')) throw invalid('it does not begin with a slash')
  if (command.length > MAX_COMMAND_LENGTH) throw invalid(`it has more than ${MAX_COMMAND_LENGTH} characters`)
  if (command !== command.toLowerCase()) throw invalid('it is not in lower case')
  if (UNPRINTABLE.test(command)) throw invalid('it has spaces or characters that do not print')
  if (command === '/') return []
  const segments = command.slice(1).split('/')
  if (segments.length > MAX_COMMAND_SEGMENTS) throw invalid(`it has more than ${MAX_COMMAND_SEGMENTS} segments`)
  if (segments.includes('')) throw invalid('it has an empty segment')
  return segments
}

/**
 * Whether a delegation of `granted` reaches `asked`: the same segments, or further ones behind them.
 *
 * @throws TalosError `CAPABILITY_COMMAND_INVALID` for either
 */
export function commandCovers(granted: string, asked: string): boolean {
  const outer = parseCommand(granted)
  const inner = parseCommand(asked)
  return outer.length <= inner.length && outer.every((segment, index) => segment === inner[index])
}

/**
 * The command of one MCP tool: `/mcp/<server>/tool/<tool>`, every byte of a name outside `[a-z0-9_-]` as `~hh`.
 *
 * @throws TalosError `CAPABILITY_COMMAND_INVALID` for an empty or overlong name
 */
export function mcpToolCommand({ server, tool }: McpTool): string {
  return checked(`${mcpServerCommand(server)}/tool/${escapeName(tool)}`)
}

/**
 * The command of all tools of one MCP server: `/mcp/<server>`.
 *
 * @throws TalosError `CAPABILITY_COMMAND_INVALID` for an empty or overlong name
 */
export function mcpServerCommand(server: string): string {
  return checked(`${MCP_PREFIX}${escapeName(server)}`)
}

/** Server and tool of an MCP tool's command; undefined for every other command, also one with a name that none has. */
export function mcpToolOf(command: string): McpTool | undefined {
  const [mcp, server = '', kind, tool = '', ...rest] = parseCommand(command)
  if (mcp !== 'mcp' || kind !== 'tool' || rest.length > 0) return undefined
  const names = { server: unescapeName(server), tool: unescapeName(tool) }
  if (names.server === undefined || names.tool === undefined) return undefined
  return { server: names.server, tool: names.tool }
}

/** The form for people: `mcp:git/tool/git_log`; a command outside `/mcp` is shown as it is. */
export function displayCommand(command: string): string {
  return command.startsWith(MCP_PREFIX) ? `${DISPLAY_PREFIX}${command.slice(MCP_PREFIX.length)}` : command
}

/**
 * The command of a form for people; a command itself is taken as it is.
 *
 * @throws TalosError `CAPABILITY_COMMAND_INVALID`
 */
export function commandFromDisplay(text: string): string {
  return checked(text.startsWith(DISPLAY_PREFIX) ? `${MCP_PREFIX}${text.slice(DISPLAY_PREFIX.length)}` : text)
}

function escapeName(name: string): string {
  if (name === '') throw invalid('a name is empty')
  let escaped = ''
  for (const byte of utf8(name)) {
    const character = String.fromCharCode(byte)
    escaped += PLAIN_CHARACTER.test(character) ? character : `~${byte.toString(16).padStart(2, '0')}`
  }
  return escaped
}

/** Strict: only what {@link escapeName} writes, so that one name has one command. */
function unescapeName(escaped: string): string | undefined {
  if (!ESCAPED_NAME.test(escaped)) return undefined
  const pieces = Array.from(escaped.matchAll(/~..|./g), String)
  const bytes = pieces.map((piece) => (piece.length > 1 ? Number.parseInt(piece.slice(1), 16) : piece.charCodeAt(0)))
  try {
    const name = fromUtf8(Uint8Array.from(bytes))
    return escapeName(name) === escaped ? name : undefined
  } catch {
    return undefined
  }
}

function checked(command: string): string {
  parseCommand(command)
  return command
}

function invalid(reason: string): TalosError {
  return new TalosError('CAPABILITY_COMMAND_INVALID', { reason })
}
