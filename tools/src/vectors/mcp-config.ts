/** Vectors of 14-mcp 14.1 and 14.9: configurations, and what they ask of calls. */
import type { Case } from './mcp.ts'

const NO_SETTINGS = { environment: {}, policy: null, terms: [] }
const DEFAULTS = {
  proof: 'signature',
  effect: 'write',
  maxStaleS: null,
  risk: 'normal',
  approvals: null,
  receipt: 'call',
  cost: {},
}
const APPROVER = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'

export function configCases(): Case[] {
  const refused = (description: string, text: string, error = 'MCP_CONFIG_INVALID'): Case => ({
    clause: '14.1',
    description,
    input: { text },
    error,
  })
  const entry = (members: string) => `{"mcpServers":{"files":${members}}}`
  const full = '{"command":"server","args":["-x",""],"env":{"A":"1"},"cwd":"/srv","type":"stdio","disabled":true}'
  return [
    {
      clause: '14.1',
      description: 'every member of an entry, and members of other programs',
      input: { text: `{"theme":1,"mcpServers":{"files":${full},"b":{"command":"b"}},"talos":{}}` },
      expected: {
        servers: [
          { name: 'files', command: 'server', args: ['-x', ''], env: { A: '1' }, cwd: '/srv' },
          { name: 'b', command: 'b', args: [], env: {} },
        ],
        ...NO_SETTINGS,
      },
    },
    {
      clause: '14.1',
      description: 'a byte order mark, and a name outside of ASCII',
      input: { text: '\uFEFF{"mcpServers":{"Büro 1":{"command":"x"}}}' },
      expected: { servers: [{ name: 'Büro 1', command: 'x', args: [], env: {} }], ...NO_SETTINGS },
    },
    refused('no servers', '{"mcpServers":{}}'),
    refused('no mcpServers', '{"servers":{"a":{"command":"x"}}}'),
    refused('a name twice', '{"mcpServers":{"a":{"command":"x"},"a":{"command":"y"}}}'),
    refused('an empty name', '{"mcpServers":{"":{"command":"x"}}}'),
    refused('a name of 65 bytes', `{"mcpServers":{"${'n'.repeat(65)}":{"command":"x"}}}`),
    refused('a name with a line feed', '{"mcpServers":{"a\\nb":{"command":"x"}}}'),
    refused('a name with a direction override', '{"mcpServers":{"a\\u202eb":{"command":"x"}}}'),
    refused('no command', entry('{"args":[]}')),
    refused('an empty command', entry('{"command":""}')),
    refused('a command with NUL', entry('{"command":"a\\u0000"}')),
    refused('arguments that are no array', entry('{"command":"x","args":"-v"}')),
    refused('an argument that is a number', entry('{"command":"x","args":[1]}')),
    refused('a variable with an equals sign in its name', entry('{"command":"x","env":{"A=B":""}}')),
    refused('not JSON', '{"mcpServers":'),
    refused('a server behind a URL', entry('{"url":"https://example.com/mcp"}'), 'MCP_UPSTREAM_UNSUPPORTED'),
    refused('another transport', entry('{"type":"sse","command":"x"}'), 'MCP_UPSTREAM_UNSUPPORTED'),
  ]
}

/** A configuration of one server `a` with a member `talos`. */
function withTalos(talos: object): { readonly text: string } {
  return { text: JSON.stringify({ mcpServers: { a: { command: 'x' } }, talos }) }
}

export function settingsCases(): Case[] {
  const read = (description: string, talos: object, expected: object): Case => ({
    clause: '14.9',
    description,
    input: withTalos(talos),
    expected: { servers: [{ name: 'a', command: 'x', args: [], env: {} }], ...NO_SETTINGS, ...expected },
  })
  const terms = (own: object, tools: object[] = []) => ({
    terms: [{ server: 'a', followsLinks: true, ...DEFAULTS, ...own, tools }],
  })
  const approvals = { m: 1, of: [APPROVER] }
  const all = {
    proof: 'mac',
    effect: 'read',
    maxStaleS: 60,
    risk: 'normal',
    approvals,
    receipt: 'batch',
    cost: { eur: 5 },
  }
  return [
    read('what holds for a server of which nothing is said', { servers: { a: {} } }, terms({})),
    read('every term of a server', { servers: { a: all } }, terms(all)),
    read(
      "a tool's own terms before its server's",
      { servers: { a: { ...all, tools: { t: { proof: 'channel', maxStaleS: null, approvals: null, cost: {} } } } } },
      terms(all, [{ ...all, tool: 't', proof: 'channel', maxStaleS: null, approvals: null, cost: {} }]),
    ),
    read(
      'a high risk, which is signed whatever the server asks for',
      { servers: { a: { proof: 'channel', tools: { t: { risk: 'high' } } } } },
      terms({ proof: 'channel' }, [{ ...DEFAULTS, tool: 't', risk: 'high' }]),
    ),
    read(
      'paths as they are written',
      { servers: { a: { paths: 'as-written' } } },
      {
        terms: [{ server: 'a', ...DEFAULTS, followsLinks: false, tools: [] }],
      },
    ),
    read('an environment', { environment: { stage: 'test' } }, { environment: { stage: 'test' } }),
    read(
      'a policy by its file alone',
      { policy: 'a.cedar' },
      { policy: { file: 'a.cedar', schema: null, entities: null } },
    ),
    read(
      'a policy with schema and entities',
      { policy: { file: 'a.cedar', schema: 's.json', entities: 'e.json' } },
      { policy: { file: 'a.cedar', schema: 's.json', entities: 'e.json' } },
    ),
    ...brokenSettings(),
  ]
}

function brokenSettings(): Case[] {
  const refused = (description: string, talos: object): Case => ({
    clause: '14.9',
    description,
    input: withTalos(talos),
    error: 'MCP_CONFIG_INVALID',
  })
  const server = (description: string, terms: unknown) => refused(description, { servers: { a: terms } })
  const approvers = (m: unknown, of: unknown) => ({ approvals: { m, of } })
  return [
    refused('an unknown member', { server: {} }),
    refused('terms of a server that is not there', { servers: { b: {} } }),
    server('terms that are no object', true),
    server('an unknown term', { proofs: 'mac' }),
    server('an unknown level', { proof: 'none' }),
    server('a high risk without a signature', { risk: 'high', proof: 'mac' }),
    server('an age of no second', { maxStaleS: 0 }),
    server('an age that is a text', { maxStaleS: '60' }),
    server('a cost below nothing', { cost: { eur: -1 } }),
    server('a cost in parts of the smallest part', { cost: { eur: 0.5 } }),
    server('more approvals than approvers', approvers(2, [APPROVER])),
    server('an approver twice', approvers(1, [APPROVER, APPROVER])),
    server('an approver who is no DID', approvers(1, ['bob'])),
    server('nobody who approves', approvers(1, [])),
    server('a tool without a name', { tools: { '': {} } }),
    server('tools of a tool', { tools: { t: { tools: {} } } }),
    refused('an environment of numbers', { environment: { stage: 1 } }),
    refused('a policy without file', { policy: {} }),
  ]
}
