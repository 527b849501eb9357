/**
 * Vectors of 14-mcp: configurations, the reading of messages, frames, and the one message that is rewritten. The expected
 * values are written down here, none is taken from the code that they test.
 */
import { encodeCbor, type IpldValue, utf8 } from '@talos/bytes'
import { configCases, settingsCases } from './mcp-config.ts'
import type { VectorFile } from './vector-file.ts'

export interface Case {
  readonly clause: string
  readonly description: string
  readonly input: object
  readonly expected?: object
  readonly error?: string
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const textHex = (text: string) => hex(utf8(text))
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)

export function mcpVectors(): VectorFile[] {
  return [
    file('config', 'reading of a configuration', [...configCases(), ...settingsCases()]),
    file('message', 'reading of a message', [...messageCases(), ...brokenMessageCases()]),
    file('frame', 'decoding of a frame', frameCases()),
    file('list', 'a tools/list response without the tools that are not permitted', listCases()),
  ]
}

function file(name: string, subject: string, cases: readonly Case[]): VectorFile {
  const numbered = cases.map(({ clause, description, input, expected, error }, index) => ({
    id: `${name}-${String(index + 1).padStart(3, '0')}`,
    clause,
    description,
    valid: error === undefined,
    input,
    ...(error === undefined ? { expected } : { error }),
  }))
  return { path: `mcp/${name}.json`, file: { format: 'talos-vectors/1', subject, spec: '14-mcp', cases: numbered } }
}

function messageCases(): Case[] {
  const read = (description: string, { text, author = 'agent', ...expected }: Read): Case => ({
    clause: '14.2',
    description,
    input: { author, text },
    expected,
  })
  const callText = (params: string) => `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`
  const call = { kind: 'request', idJson: '1', method: 'tools/call' }
  const odd = '{ "n":9007199254740993,"e":1e400 , "s":"\\ud800"\t}'
  return [
    read('a request', {
      text: '{"jsonrpc":"2.0","id":"a\\u0062","method":"ping"}',
      kind: 'request',
      idJson: '"a\\u0062"',
      method: 'ping',
    }),
    read('a notification', {
      text: ' {"method":"notifications/x","jsonrpc":"2.0"}\r',
      kind: 'notification',
      method: 'notifications/x',
    }),
    read('a call without arguments', {
      text: callText('{"name":"t"}'),
      ...call,
      tool: 't',
      argumentsHex: textHex('{}'),
    }),
    read('the exact bytes of arguments', {
      text: callText(`{"x":[],"arguments": ${odd} ,"name":"\\u0074ool"}`),
      ...call,
      tool: 'tool',
      argumentsHex: textHex(odd),
    }),
    read('arguments nested to the limit', {
      text: callText(`{"name":"t","arguments":{"a":${nested(125)}}}`),
      ...call,
      tool: 't',
      argumentsHex: textHex(`{"a":${nested(125)}}`),
    }),
    read('the cancellation of a numbered request', {
      text: '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1.0}}',
      kind: 'notification',
      method: 'notifications/cancelled',
    }),
    read('a result', {
      author: 'server',
      text: '{"jsonrpc":"2.0","id":1e0,"result":null}',
      kind: 'response',
      idJson: '1e0',
      isError: false,
    }),
    read('a result of a tool that failed', {
      author: 'server',
      text: '{"jsonrpc":"2.0","id":-1,"result":{"content":[],"isError":true}}',
      kind: 'response',
      idJson: '-1',
      isError: true,
    }),
    read('an error for the id null', {
      author: 'server',
      text: '{"jsonrpc":"2.0","id":null,"error":{}}',
      kind: 'response',
      isError: true,
    }),
    read('a name repeated deep within a result', {
      author: 'server',
      text: '{"jsonrpc":"2.0","id":1,"result":{"x":{"a":1,"a":2}}}',
      kind: 'response',
      idJson: '1',
      isError: false,
    }),
  ]
}

interface Read {
  readonly author?: 'agent' | 'server'
  readonly text: string
  readonly kind: string
  readonly idJson?: string
  readonly method?: string
  readonly tool?: string
  readonly argumentsHex?: string
  readonly isError?: boolean
}

function brokenMessageCases(): Case[] {
  const refused = (description: string, input: object, error = 'MCP_MESSAGE_INVALID'): Case => ({
    clause: '14.2',
    description,
    input: { author: 'agent', ...input },
    error,
  })
  const text = (rest: string) => ({ text: `{"jsonrpc":"2.0",${rest}}` })
  const call = (params: string) => text(`"id":1,"method":"tools/call","params":${params}`)
  return [
    refused('a batch', { text: '[{"jsonrpc":"2.0","id":1,"method":"ping"}]' }, 'MCP_BATCH_UNSUPPORTED'),
    refused('a string', { text: '"ping"' }),
    refused('nothing', { text: '' }),
    refused('two values', { text: '{"jsonrpc":"2.0","method":"x"} {}' }),
    refused('bytes that are not UTF-8', { textHex: '7b22ff223a317d' }),
    refused('another version', { text: '{"jsonrpc":"1.0","method":"x"}' }),
    refused('no version', { text: '{"method":"x"}' }),
    refused('neither method nor id', text('"result":{}')),
    refused('a request and a response', text('"id":1,"method":"x","result":{}')),
    refused('a result and an error', text('"id":1,"result":{},"error":{}')),
    refused('neither result nor error', text('"id":1')),
    refused('a request for the id null', text('"id":null,"method":"x"')),
    refused('an id that is an object', text('"id":{},"method":"x"')),
    refused('an id that is no double', text('"id":1e400,"method":"x"')),
    refused('an id of 257 characters', text(`"id":"${'i'.repeat(255)}","method":"x"`)),
    refused('a method of 257 characters', text(`"method":"${'m'.repeat(257)}"`)),
    refused('a name repeated in another spelling', call('{"name":"t","arguments":{"a":1,"\\u0061":2}}')),
    refused('a name repeated in another case', call('{"name":"t","arguments":{"a":[{"b":1,"B":2}]}}')),
    refused('arguments in another case', call('{"name":"t","Arguments":{"a":1}}')),
    refused('a method beside another in another case', text('"id":1,"method":"ping","Method":"tools/call"')),
    refused('a method in another case beside a result', text('"id":1,"result":{},"METHOD":"tools/call"')),
    refused('params with a long s', text('"id":1,"method":"ping","param\\u017f":{"name":"t"}')),
    refused('a repeated method', text('"id":1,"method":"ping","method":"tools/call"')),
    refused('a repeated name from a server', { author: 'server', ...text('"id":1,"result":{"a":1,"a":2}') }),
    refused('a call without name', call('{"arguments":{}}')),
    refused('a call of no name', call('{"name":""}')),
    refused('a call by a name with a lone surrogate', call('{"name":"\\ud800"}')),
    refused('a call by a name of 257 characters', call(`{"name":"${'t'.repeat(257)}"}`)),
    refused('arguments that are null', call('{"name":"t","arguments":null}')),
    refused('nesting past the limit', call(`{"name":"t","arguments":{"a":${nested(126)}}}`)),
    refused('a leading zero', text('"id":01,"method":"x"')),
    refused('a trailing comma', text('"id":1,"method":"x",')),
    refused('a control character within a string', text('"method":"a\u0001"')),
    refused('an unknown escape', text('"method":"\\x41"')),
    refused('a comment', text('"method":"x"/**/')),
    refused('a byte order mark', { text: '\uFEFF{"jsonrpc":"2.0","method":"x"}' }),
  ]
}

function frameCases(): Case[] {
  const body = utf8('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}}')
  const [inv, proof, rcpt, appr] = [Uint8Array.of(1, 2), Uint8Array.of(3), Uint8Array.of(4), Uint8Array.of(6)]
  const cbor = (value: IpldValue) => ({ frameHex: hex(encodeCbor(value)) })
  const valid = (description: string, value: IpldValue, expected: object): Case => ({
    clause: '14.3',
    description,
    input: cbor(value),
    expected: { bodyHex: hex(body), ...expected },
  })
  const refused = (description: string, input: object): Case => ({
    clause: '14.3',
    description,
    input,
    error: 'MCP_FRAME_INVALID',
  })
  const [salt, mac] = [new Uint8Array(32).fill(5), new Uint8Array(32).fill(7)]
  const saltHex = hex(salt)
  const many = (count: number, item = proof) => Array.from({ length: count }, () => item)
  const bare = { k: 'bare', body, call: inv, prf: [proof], salt }
  const bareHex = { kind: 'bare', callHex: '0102', prfHex: ['03'], saltHex }
  return [
    valid('data', { k: 'data', body }, { kind: 'data' }),
    valid(
      'a call',
      { k: 'call', body, inv, prf: [proof], salt },
      { kind: 'call', invHex: '0102', prfHex: ['03'], saltHex },
    ),
    valid(
      'a call of 16 proofs and 32 approvals',
      { k: 'call', body, inv, prf: many(16), appr: many(32, appr), salt },
      { kind: 'call', invHex: '0102', prfHex: Array(16).fill('03'), apprHex: Array(32).fill('06'), saltHex },
    ),
    valid('a call that the channel proves', bare, bareHex),
    valid('a call with its authentication', { ...bare, mac }, { ...bareHex, macHex: hex(mac) }),
    valid('a result', { k: 'result', body, rcpt }, { kind: 'result', rcptHex: '04' }),
    refused('nothing', { frameHex: '' }),
    refused('an unknown kind', cbor({ k: 'open', body })),
    refused('data with a receipt', cbor({ k: 'data', body, rcpt })),
    refused('a call without invocation', cbor({ k: 'call', body, prf: [], salt })),
    refused('a call without salt', cbor({ k: 'call', body, inv, prf: [] })),
    refused('a salt of 31 bytes', cbor({ k: 'call', body, inv, prf: [], salt: salt.slice(1) })),
    refused('a call of 17 proofs', cbor({ k: 'call', body, inv, prf: many(17), salt })),
    refused('a call of 33 approvals', cbor({ k: 'call', body, inv, prf: [], appr: many(33, appr), salt })),
    refused('an empty list of approvals', cbor({ ...bare, appr: [] })),
    refused('a signed call with an authentication', cbor({ k: 'call', body, inv, prf: [], salt, mac })),
    refused('a bare call with an invocation', cbor({ ...bare, inv })),
    refused('an authentication of 16 bytes', cbor({ ...bare, mac: mac.slice(16) })),
    refused('a result without receipt', cbor({ k: 'result', body })),
    refused('an empty body', cbor({ k: 'data', body: new Uint8Array() })),
    refused('a body that is text', cbor({ k: 'data', body: '{}' })),
    refused('a trailing byte', { frameHex: `${hex(encodeCbor({ k: 'data', body }))}00` }),
    refused('a length that is not the shortest', { frameHex: 'a2616b646461746164626f6479590002' + '7b7d' }),
    ...readyCases(),
  ]
}

function readyCases(): Case[] {
  const epoch = new Uint8Array(16).fill(8)
  const frame = (more: { readonly [name: string]: IpldValue }) => {
    const value = { k: 'ready', epoch, proof: 'signature', tools: [], ...more }
    return { frameHex: hex(encodeCbor(value)) }
  }
  const valid = (description: string, more: { readonly [name: string]: IpldValue }): Case => {
    const expected = { kind: 'ready', epochHex: hex(epoch), proof: 'signature', tools: [], ...more }
    return { clause: '14.3', description, input: frame(more), expected }
  }
  const refused = (description: string, more: { readonly [name: string]: IpldValue }): Case => {
    return { clause: '14.3', description, input: frame(more), error: 'MCP_FRAME_INVALID' }
  }
  const tools = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ tool: `t${index}`, proof: 'mac', why: false }))
  return [
    valid('what a tool side asks for', { tools: [{ tool: 'write', proof: 'signature', why: true }] }),
    valid('a tool side that asks for the channel alone', { proof: 'channel' }),
    valid('1,024 tools with terms of their own', { tools: tools(1_024) }),
    refused('1,025 tools with terms of their own', { tools: tools(1_025) }),
    refused('an epoch of 15 bytes', { epoch: epoch.slice(1) }),
    refused('an unknown level', { proof: 'none' }),
    refused('a tool without a level', { tools: [{ tool: 'write', why: true }] }),
  ]
}

function listCases(): Case[] {
  const answer = (result: string) => `{"jsonrpc":"2.0","id":1,"result":${result}}`
  const rewritten = (description: string, permitted: string[], [from, to]: readonly [string, string]): Case => ({
    clause: '14.6',
    description,
    input: { responseHex: textHex(answer(from)), permitted },
    expected: { responseHex: textHex(answer(to)) },
  })
  const refused = (description: string, result: string): Case => ({
    clause: '14.6',
    description,
    input: { responseHex: textHex(answer(result)), permitted: ['a'] },
    error: 'MCP_ANSWER_INVALID',
  })
  const [a, b, c] = [
    '{"name":"a", "x":1e400}',
    '{ "title":"b","name":"\\u0062"}',
    '{"name":"c","inputSchema":{"type":"object"}}',
  ]
  const list = `{"ttlMs":9007199254740993, "tools" : [ ${a} ,${b}, ${c} ] ,"nextCursor":"2"}`
  return [
    rewritten('nothing is cut', ['a', 'b', 'c'], [list, list]),
    rewritten(
      'the middle is cut',
      ['a', 'c'],
      [list, `{"ttlMs":9007199254740993, "tools" : [${a},${c}] ,"nextCursor":"2"}`],
    ),
    rewritten(
      'a name in another spelling is kept',
      ['b'],
      [list, `{"ttlMs":9007199254740993, "tools" : [${b}] ,"nextCursor":"2"}`],
    ),
    rewritten('everything is cut', [], [list, '{"ttlMs":9007199254740993, "tools" : [] ,"nextCursor":"2"}']),
    rewritten(
      'items without a name are cut',
      ['a'],
      [`{"tools":[1,{"title":"a"},${a},{"name":1}]}`, `{"tools":[${a}]}`],
    ),
    rewritten('an empty list stays', ['a'], ['{"tools":[ ]}', '{"tools":[ ]}']),
    refused('no list', '{}'),
    refused('a list that is none', '{"tools":{}}'),
    refused('a tool with two names', '{"tools":[{"name":"a","name":"b"}]}'),
    refused('a name repeated within a schema', '{"tools":[{"name":"a","inputSchema":{"type":1,"type":2}}]}'),
  ]
}
