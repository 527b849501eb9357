/** Vectors of the bare call and its code (8.3), and of the record of used calls (8.6). */
import { createHmac } from 'node:crypto'
import { agent, cbor, linkText, linkTo, token, type Value } from './capability-tokens.ts'

const NOW = 1_767_225_600
const COMMAND = '/mcp/git/tool/git_log'
const KEY = Buffer.alloc(32, 9)
const NONCE = Buffer.from('00112233445566778899aabb', 'hex')

const owner = agent(1)
const alice = agent(2)
const bob = agent(3)

type Payload = { readonly [name: string]: Value }

function payload(changes: Payload = {}): Payload {
  return {
    iss: alice.did,
    aud: owner.did,
    sub: owner.did,
    cmd: COMMAND,
    args: {},
    prf: [],
    nonce: NONCE,
    iat: NOW,
    exp: NOW + 30,
    ...changes,
  }
}

/** HMAC-SHA256 over the context, a zero byte and the call. */
export function macOf(call: Uint8Array, key: Uint8Array = KEY): Buffer {
  return createHmac('sha256', key).update('talos/call/mac/1').update(Buffer.of(0)).update(call).digest()
}

/** Arguments in maps, so many deep. */
function nested(depth: number): Value {
  let value: Value = {}
  for (let level = 1; level < depth; level += 1) value = { a: value }
  return value
}

export function callCases(): readonly object[] {
  const link = token(owner, 'ucan/dlg@1.0.0', {
    aud: alice.did,
    sub: owner.did,
    cmd: COMMAND,
    pol: [],
    nonce: NONCE,
    exp: null,
  })
  const reads = (description: string, changes: Payload, said: object = {}, mac?: Buffer): object => {
    const call = cbor(payload(changes))
    const input = {
      callHex: call.toString('hex'),
      keyHex: KEY.toString('hex'),
      macHex: (mac ?? macOf(call)).toString('hex'),
    }
    const expected = {
      cid: linkText(linkTo(call)),
      issuer: alice.did,
      audience: owner.did,
      command: COMMAND,
      proofs: [],
      expiresS: NOW + 30,
      justification: null,
      mac: mac === undefined,
      ...said,
    }
    return { clause: '8.3', description, valid: true, input, expected }
  }
  const refuses = (error: string, description: string, call: Buffer): object => ({
    clause: '8.3',
    description,
    valid: false,
    input: { callHex: call.toString('hex'), keyHex: KEY.toString('hex'), macHex: macOf(call).toString('hex') },
    error,
  })
  const plain = cbor(payload())
  const { aud: _, ...withoutAudience } = payload()
  const { nonce: __, ...withoutNonce } = payload()
  const long = 'x'.repeat(1_024)
  return [
    reads('a call without arguments', {}),
    reads('arguments of every kind', { args: { a: [1, -1, 'x', true, null, Buffer.from('1.50')], b: { c: [] } } }),
    reads('a chain and a cause', { prf: [link.link], cause: link.link }, { proofs: [linkText(link.link)] }),
    reads('no end', { exp: null }, { expiresS: null }),
    reads('arguments 29 deep', { args: nested(29) }),
    reads('a justification', { meta: { justification: 'because' } }, { justification: 'because' }),
    reads('a justification of 1,024 units', { meta: { justification: long } }, { justification: long }),
    reads('a justification of 1,025 units is none', { meta: { justification: `${long}x` } }),
    reads('an empty justification is none', { meta: { justification: '' } }),
    reads('a justification that is no text is none', { meta: { justification: 1, other: 'because' } }),
    reads('the code of another key', {}, {}, macOf(plain, Buffer.alloc(32, 10))),
    reads('the code without its context', {}, {}, createHmac('sha256', KEY).update(plain).digest()),
    reads('the code of another call', {}, {}, macOf(cbor(payload({ args: { a: 1 } })))),
    reads('a code that was cut', {}, {}, macOf(plain).subarray(0, 16)),
    {
      ...reads('no aud: the subject executes', {}),
      input: {
        callHex: cbor(withoutAudience).toString('hex'),
        keyHex: KEY.toString('hex'),
        macHex: macOf(cbor(withoutAudience)).toString('hex'),
      },
      expected: {
        cid: linkText(linkTo(cbor(withoutAudience))),
        issuer: alice.did,
        audience: owner.did,
        command: COMMAND,
        proofs: [],
        expiresS: NOW + 30,
        justification: null,
        mac: true,
      },
    },
    refuses('SCHEMA_INVALID', 'a member that nobody knows', cbor(payload({ extra: 1 }))),
    refuses('SCHEMA_INVALID', 'no nonce', cbor(withoutNonce)),
    refuses('SCHEMA_INVALID', 'an issuer that is no did:key', cbor(payload({ iss: 'did:web:example.org' }))),
    refuses('SCHEMA_INVALID', 'a list around it', cbor([payload()])),
    refuses('SCHEMA_INVALID', 'an invocation with its envelope', token(alice, 'ucan/inv@1.0.0', payload()).bytes),
    refuses('CAPABILITY_COMMAND_INVALID', 'a command in capitals', cbor(payload({ cmd: '/Git' }))),
    refuses('INPUT_TOO_DEEP', 'arguments 30 deep', cbor(payload({ args: nested(30) }))),
    refuses('CBOR_INVALID', 'a byte behind it', Buffer.concat([plain, Buffer.of(0)])),
    refuses('CBOR_INVALID', 'cut by a byte', plain.subarray(0, -1)),
    refuses(
      'CBOR_INVALID',
      'a head that is longer than it need be',
      Buffer.concat([Buffer.of(0xb8, 9), plain.subarray(1)]),
    ),
  ]
}

interface Step {
  /** Names the call; the same name, the same CID. */
  readonly call: string
  readonly nonce: 'current' | 'earlier' | 'other' | 'short'
  readonly nowS: number
  readonly expiresS: number
  readonly issuer?: string
  readonly answer: 'new' | 'seen' | 'full'
  /** Calls in memory and in the durable record after the step. */
  readonly kept: readonly [memory: number, record: number]
}

export function replayCases(): readonly object[] {
  const epochs = { current: '07'.repeat(16), earlier: '08'.repeat(16), other: '09'.repeat(16), short: '' }
  const runs = (description: string, steps: readonly Step[], options: object = {}): object => ({
    clause: '8.6',
    description,
    valid: true,
    input: {
      epochHex: epochs.current,
      earlier: [{ epochHex: epochs.earlier, endedS: NOW }],
      ...options,
      steps: steps.map(({ call, nonce, nowS, expiresS, issuer = alice.did }) => ({
        cid: linkText(linkTo(Buffer.from(call))),
        issuer,
        nonceHex: `${epochs[nonce]}${NONCE.toString('hex')}`,
        nowS,
        expiresS,
      })),
    },
    expected: { answers: steps.map(({ answer }) => answer), kept: steps.map(({ kept }) => kept) },
  })
  const at = (call: string, nonce: Step['nonce'], [nowS, expiresS]: readonly [number, number]) => ({
    call,
    nonce,
    nowS: NOW + nowS,
    expiresS: NOW + expiresS,
  })
  return [
    runs('a call of the current epoch needs no record', [
      { ...at('a', 'current', [0, 30]), answer: 'new', kept: [1, 0] },
      { ...at('a', 'current', [30, 30]), answer: 'seen', kept: [1, 0] },
      { ...at('b', 'current', [30, 60]), answer: 'new', kept: [2, 0] },
      { ...at('c', 'current', [31, 61]), answer: 'new', kept: [2, 0] },
    ]),
    runs('a call that lives for more than 600 seconds goes to the record', [
      { ...at('a', 'current', [0, 600]), answer: 'new', kept: [1, 0] },
      { ...at('b', 'current', [0, 601]), answer: 'new', kept: [1, 1] },
      { ...at('b', 'current', [0, 601]), answer: 'seen', kept: [1, 1] },
    ]),
    runs('a call that went to the record has been used when its end is near', [
      { ...at('a', 'current', [0, 700]), answer: 'new', kept: [0, 1] },
      { ...at('a', 'current', [200, 700]), answer: 'seen', kept: [0, 1] },
      { ...at('b', 'current', [200, 700]), answer: 'new', kept: [1, 1] },
      { ...at('b', 'current', [201, 700]), answer: 'seen', kept: [1, 1] },
    ]),
    runs('a call that names no epoch goes to the record', [
      { ...at('a', 'short', [0, 30]), answer: 'new', kept: [0, 1] },
      { ...at('b', 'other', [0, 30]), answer: 'new', kept: [0, 2] },
      { ...at('a', 'short', [1, 30]), answer: 'seen', kept: [0, 2] },
      { ...at('b', 'other', [1, 30]), answer: 'seen', kept: [0, 2] },
    ]),
    runs('an earlier epoch is refused for 600 seconds after its end, and nothing special then', [
      { ...at('a', 'earlier', [0, 30]), answer: 'seen', kept: [0, 0] },
      { ...at('b', 'earlier', [600, 630]), answer: 'seen', kept: [0, 0] },
      { ...at('c', 'earlier', [601, 631]), answer: 'new', kept: [0, 1] },
    ]),
    runs('a clock that steps back opens nothing', [
      { ...at('a', 'current', [0, 30]), answer: 'new', kept: [1, 0] },
      { ...at('b', 'current', [31, 60]), answer: 'new', kept: [1, 0] },
      { ...at('a', 'current', [0, 30]), answer: 'seen', kept: [1, 0] },
      { ...at('c', 'current', [0, 30]), answer: 'seen', kept: [1, 0] },
      { ...at('d', 'current', [0, 31]), answer: 'new', kept: [2, 0] },
    ]),
    runs(
      'memory is full for one issuer and not for the next',
      [
        { ...at('a', 'current', [0, 30]), answer: 'new', kept: [1, 0] },
        { ...at('b', 'current', [0, 30]), answer: 'full', kept: [1, 0] },
        { ...at('a', 'current', [0, 30]), answer: 'seen', kept: [1, 0] },
        { ...at('c', 'current', [0, 30]), issuer: bob.did, answer: 'new', kept: [2, 0] },
        { ...at('d', 'current', [0, 30]), issuer: owner.did, answer: 'full', kept: [2, 0] },
        { ...at('b', 'current', [31, 60]), answer: 'new', kept: [1, 0] },
      ],
      { maxPerIssuer: 1, maxCalls: 2 },
    ),
  ]
}
