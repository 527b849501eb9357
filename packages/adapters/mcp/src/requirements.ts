/**
 * What the owner of served tools asks of a call besides a capability: the member `talos` of the configuration
 * (clause 14.9 of contracts/spec/14-mcp.md). It decides what is allowed, so nothing in it is guessed: a member that is
 * unknown here, or that names what is not there, refuses the whole file.
 */
import type { JsonValue } from '@talos/bytes'
import { DEFAULT_REQUIREMENTS, MAX_APPROVERS, MAX_COST_UNITS, type ToolRequirements } from '@talos/capability'
import { type Did, parseDid } from '@talos/contracts'
import { invalid, type JsonObject, object, UNPRINTABLE, word } from './config-values.ts'
import { MAX_ENVIRONMENT, MAX_RULED_TOOLS, MAX_STALE_S, MAX_TOOL_NAME_CHARS } from './limits.ts'

/** The terms of one server's tools. */
export interface ServerTerms {
  /** Those of every tool that has none of its own. */
  readonly common: ToolRequirements
  /** Whether paths are judged with the symbolic links of this machine followed. */
  readonly followsLinks: boolean
  readonly tools: ReadonlyMap<string, ToolRequirements>
}

/** Files of the executor's own policy, as they are named in the configuration: relative ones from its folder. */
export interface PolicyFiles {
  readonly file: string
  readonly schema: string | undefined
  readonly entities: string | undefined
}

/** The member `talos`. */
export interface TalosSettings {
  /** What conditions on the environment are held against. */
  readonly environment: ReadonlyMap<string, string>
  readonly policy: PolicyFiles | undefined
  readonly servers: ReadonlyMap<string, ServerTerms>
}

/**
 * What holds for a server of which nothing is said. What a server says of its own tools, such as `readOnlyHint`, is not
 * asked: it would be the judged who judges.
 */
const DEFAULT_SERVER: ServerTerms = { common: DEFAULT_REQUIREMENTS, followsLinks: true, tools: new Map() }
/** As budgets name their units (16-metering). */
const UNIT = /^[A-Za-z][A-Za-z0-9_.-]{0,31}$/
const TERM_NAMES = ['proof', 'effect', 'maxStaleS', 'risk', 'approvals', 'receipt', 'cost'] as const

/** The terms of a server; the defaults where the configuration has none for it. */
export function termsOfServer({ servers }: TalosSettings, server: string): ServerTerms {
  return servers.get(server) ?? DEFAULT_SERVER
}

/** The terms of a tool. */
export function termsOfTool({ common, tools }: ServerTerms, tool: string): ToolRequirements {
  return tools.get(tool) ?? common
}

/**
 * Reads the member `talos`.
 *
 * @param names the servers of the configuration
 * @throws MCP_CONFIG_INVALID {path, reason}
 */
export function parseSettings(value: JsonValue | undefined, names: ReadonlySet<string>): TalosSettings {
  const path = '$.talos'
  const members = value === undefined ? {} : known(value, { path, names: ['environment', 'policy', 'servers'] })
  const servers = Object.entries(object(members['servers'] ?? {}, `${path}.servers`)).map(
    ([name, entry], index): [string, ServerTerms] => {
      if (!names.has(name)) throw invalid(`${path}.servers[${index}]`, 'mcpServers has no server of that name')
      return [name, serverTerms(entry, `${path}.servers.${name}`)]
    },
  )
  return {
    environment: environmentOf(members['environment'] ?? {}, `${path}.environment`),
    policy: members['policy'] === undefined ? undefined : policyOf(members['policy'], `${path}.policy`),
    servers: new Map(servers),
  }
}

function environmentOf(value: JsonValue, path: string): ReadonlyMap<string, string> {
  const entries = Object.entries(object(value, path))
  if (entries.length > MAX_ENVIRONMENT) throw invalid(path, `it has more than ${MAX_ENVIRONMENT} members`)
  return new Map(entries.map(([name, item], index) => [name, text(item, `${path}[${index}]`)]))
}

function policyOf(value: JsonValue, path: string): PolicyFiles {
  if (typeof value === 'string') return { file: text(value, path), schema: undefined, entities: undefined }
  const { file, schema, entities } = known(value, { path, names: ['file', 'schema', 'entities'] })
  return {
    file: text(file, `${path}.file`),
    schema: schema === undefined ? undefined : text(schema, `${path}.schema`),
    entities: entities === undefined ? undefined : text(entities, `${path}.entities`),
  }
}

function serverTerms(value: JsonValue, path: string): ServerTerms {
  const members = known(value, { path, names: [...TERM_NAMES, 'paths', 'tools'] })
  const common = termsOf(members, { path, base: DEFAULT_REQUIREMENTS })
  const entries = Object.entries(object(members['tools'] ?? {}, `${path}.tools`))
  if (entries.length > MAX_RULED_TOOLS) throw invalid(`${path}.tools`, `it has more than ${MAX_RULED_TOOLS} members`)
  const tools = entries.map(([tool, entry], index): [string, ToolRequirements] => {
    const place = `${path}.tools[${index}]`
    if (tool === '' || tool.length > MAX_TOOL_NAME_CHARS || !tool.isWellFormed()) {
      throw invalid(place, 'the name is no name of a tool')
    }
    return [tool, termsOf(known(entry, { path: place, names: TERM_NAMES }), { path: place, base: common })]
  })
  const links = oneOf(members['paths'] ?? 'resolve', { path: `${path}.paths`, words: ['resolve', 'as-written'] })
  return { common, followsLinks: links === 'resolve', tools: new Map(tools) }
}

/** A member that is not there stays what it is in `base`. */
function termsOf(
  members: JsonObject,
  { path, base }: { readonly path: string; readonly base: ToolRequirements },
): ToolRequirements {
  const at = (name: string) => `${path}.${name}`
  const { proof, effect, maxStaleS, risk: risky, approvals, receipt, cost } = members
  const levels = ['channel', 'mac', 'signature'] as const
  const level = proof === undefined ? base.proof : oneOf(proof, { path: at('proof'), words: levels })
  const risk = risky === undefined ? base.risk : oneOf(risky, { path: at('risk'), words: ['normal', 'high'] })
  if (risk === 'high' && proof !== undefined && level !== 'signature') {
    throw invalid(at('proof'), 'a call of high risk is signed')
  }
  return {
    proof: risk === 'high' ? 'signature' : level,
    effect: effect === undefined ? base.effect : oneOf(effect, { path: at('effect'), words: ['read', 'write'] }),
    maxStaleS: maxStaleS === undefined ? base.maxStaleS : staleOf(maxStaleS, at('maxStaleS')),
    risk,
    approvals: approvals === undefined ? base.approvals : approvalsOf(approvals, at('approvals')),
    receipt: receipt === undefined ? base.receipt : oneOf(receipt, { path: at('receipt'), words: ['call', 'batch'] }),
    cost: cost === undefined ? base.cost : costOf(cost, at('cost')),
  }
}

/** null takes back what the server's own terms say. */
function staleOf(value: JsonValue, path: string): number | undefined {
  return value === null ? undefined : integer(value, { path, minimum: 1, maximum: MAX_STALE_S })
}

/** null takes back what the server's own terms say. */
function approvalsOf(value: JsonValue, path: string): ToolRequirements['approvals'] {
  if (value === null) return undefined
  const members = known(value, { path, names: ['m', 'of'] })
  const { of } = members
  if (!Array.isArray(of) || of.length === 0) throw invalid(`${path}.of`, 'it is not an array of DIDs')
  if (of.length > MAX_APPROVERS) throw invalid(`${path}.of`, `it has more than ${MAX_APPROVERS} items`)
  const approvers = of.map((item: JsonValue, index) => didOf(item, `${path}.of[${index}]`))
  if (new Set(approvers).size < approvers.length) throw invalid(`${path}.of`, 'somebody is named twice')
  const m = integer(members['m'], { path: `${path}.m`, minimum: 1, maximum: approvers.length })
  return { m, of: approvers }
}

function didOf(value: JsonValue, path: string): Did {
  try {
    return parseDid(value)
  } catch (cause) {
    throw invalid(path, 'it is no DID', cause)
  }
}

function costOf(value: JsonValue, path: string): ReadonlyMap<string, number> {
  const entries = Object.entries(object(value, path))
  if (entries.length > MAX_COST_UNITS) throw invalid(path, `it has more than ${MAX_COST_UNITS} members`)
  const costs = entries.map(([unit, amount], index): [string, number] => {
    const place = `${path}[${index}]`
    if (!UNIT.test(unit)) throw invalid(place, 'the name is no name of a unit')
    return [unit, integer(amount, { path: place, minimum: 0, maximum: Number.MAX_SAFE_INTEGER })]
  })
  return new Map(costs)
}

function known(
  value: JsonValue | undefined,
  { path, names }: { readonly path: string; readonly names: readonly string[] },
): JsonObject {
  const members = object(value, path)
  const strange = Object.keys(members).findIndex((name) => !names.includes(name))
  if (strange >= 0) throw invalid(path, `its member ${strange + 1} is none of ${names.join(', ')}`)
  return members
}

function oneOf<W extends string>(
  value: JsonValue,
  { path, words }: { readonly path: string; readonly words: readonly W[] },
): W {
  const found = words.find((candidate) => candidate === value)
  if (found === undefined) throw invalid(path, `it is none of ${words.join(', ')}`)
  return found
}

function integer(
  value: JsonValue | undefined,
  { path, minimum, maximum }: { readonly path: string; readonly minimum: number; readonly maximum: number },
): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < minimum || value > maximum) {
    throw invalid(path, `it is no whole number from ${minimum} to ${maximum}`)
  }
  return value
}

function text(value: JsonValue | undefined, path: string): string {
  const found = word(value, path)
  if (found === '' || UNPRINTABLE.test(found)) throw invalid(path, 'it is empty or has characters that do not print')
  return found
}
