/** Vectors of approvals (contracts/spec/19-approval.md). Digests and tokens are made with an encoder of their own. */
import { createHash } from 'node:crypto'
import { type Agent, agent, cbor, linkText, type Token, token, type Value } from './capability-tokens.ts'

type Payload = { readonly [name: string]: Value }

const EXECUTOR = agent(1)
const NOW_S = 1_767_225_600
const APPROVE = 'talos/approve@1'
const CALL = {
  issuer: agent(2).did,
  audience: EXECUTOR.did,
  subject: EXECUTOR.did,
  command: '/mcp/git/tool/git_push',
  args: { branch: 'main', force: false },
}

function digestOf({ issuer, audience, subject, command, args }: typeof CALL): Buffer {
  const call = { iss: issuer, aud: audience, sub: subject, cmd: command, args }
  return createHash('sha256')
    .update(cbor({ 'talos/call@1': call }))
    .digest()
}

export function approvalCases(): readonly object[] {
  const base = { call: digestOf(CALL), atS: NOW_S, exp: NOW_S + 600, nonce: Buffer.alloc(12, 3) }
  const approver = agent(4)
  const opens = (change: Payload, description: string): object => {
    const payload: Payload = { ...base, ...change }
    const { bytes, link } = token(approver, APPROVE, payload)
    const expected = {
      cid: linkText(link),
      issuer: approver.did,
      callHex: base.call.toString('hex'),
      atS: payload['atS'],
      expiresS: payload['exp'],
      note: payload['note'] ?? null,
    }
    const input = { operation: 'open', approvalHex: bytes.toString('hex') }
    return { clause: '19.2', description, valid: true, input, expected }
  }
  const refuseToken = (signed: Token, error: string, description: string): object => {
    const input = { operation: 'open', approvalHex: signed.bytes.toString('hex') }
    return { clause: '19.2', description, valid: false, input, error }
  }
  const refuse = (change: Payload, error: string, description: string): object =>
    refuseToken(token(approver, APPROVE, { ...base, ...change }), error, description)
  const { nonce: _nonce, ...withoutNonce } = base
  return [
    ...digestCases(),
    opens({}, 'an approval'),
    opens({ note: 'release 4' }, 'with a note'),
    opens({ note: 'é'.repeat(256) }, 'with a note of 256 characters'),
    opens({ exp: NOW_S }, 'that ends in the second in which it was signed'),
    opens({ exp: NOW_S + 3600 }, 'for an hour'),
    opens({ nonce: Buffer.alloc(64, 3) }, 'with a nonce of 64 bytes'),
    refuse({ exp: NOW_S + 3601 }, 'APPROVAL_INVALID', 'for longer than an hour'),
    refuse({ exp: NOW_S - 1 }, 'APPROVAL_INVALID', 'that ends before it was signed'),
    refuse({ call: Buffer.alloc(31) }, 'SCHEMA_INVALID', 'a digest of 31 bytes'),
    refuse({ nonce: Buffer.alloc(11) }, 'SCHEMA_INVALID', 'a nonce of 11 bytes'),
    refuse({ nonce: Buffer.alloc(65) }, 'SCHEMA_INVALID', 'a nonce of 65 bytes'),
    refuse({ note: '' }, 'SCHEMA_INVALID', 'an empty note'),
    refuse({ note: 'a'.repeat(257) }, 'SCHEMA_INVALID', 'a note of 257 characters'),
    refuse({ note: 'one\ntwo' }, 'SCHEMA_INVALID', 'a note of two lines'),
    refuse({ extra: 1 }, 'SCHEMA_INVALID', 'an unknown member'),
    refuseToken(token(approver, APPROVE, withoutNonce), 'SCHEMA_INVALID', 'no nonce'),
    refuseToken(token(approver, APPROVE, base, { corrupt: true }), 'ENVELOPE_SIGNATURE', 'a signature by another key'),
    refuseToken(token(approver, 'talos/receipt@1', base), 'ENVELOPE_TAG', 'another tag'),
  ]
}

function digestCases(): readonly object[] {
  const digest = (change: Partial<typeof CALL>, argumentsJson: string, description: string): object => {
    const call = { ...CALL, ...change }
    const { args: _args, ...named } = call
    const input = { operation: 'digest', ...named, argumentsJson }
    return { clause: '19.1', description, valid: true, input, expected: { digestHex: digestOf(call).toString('hex') } }
  }
  const same = JSON.stringify(CALL.args)
  return [
    digest({}, same, 'a call'),
    digest({}, '{ "force": false, "branch": "main" }', 'the same call with its arguments in another order'),
    digest({ issuer: agent(3).did }, same, 'another caller'),
    digest({ audience: agent(3).did }, same, 'another executor'),
    digest({ subject: agent(3).did }, same, 'another subject'),
    digest({ command: '/mcp/git/tool/git_pull' }, same, 'another command'),
    digest({ args: { branch: 'main', force: true } }, '{"branch":"main","force":true}', 'another argument'),
  ]
}

interface Given {
  readonly by: Agent
  readonly change?: Payload
  readonly corrupt?: boolean
}

/** Which approvals count for a call by `agent(2)` under terms that name `agent(4)` to `agent(6)`. */
export function approvalCheckCases(): readonly object[] {
  const [caller, one, two, three, stranger] = [agent(2), agent(4), agent(5), agent(6), agent(7)]
  const digest = digestOf(CALL)
  const base = { call: digest, atS: NOW_S, exp: NOW_S + 600 }
  let nonces = 0
  const made = ({ by, change, corrupt = false }: Given): string => {
    nonces += 1
    return token(by, APPROVE, { ...base, nonce: Buffer.alloc(12, nonces), ...change }, { corrupt }).bytes.toString(
      'hex',
    )
  }
  const input = (given: readonly Given[], more: object): object => ({
    approvalsHex: given.map(made),
    m: 2,
    of: [one.did, two.did, three.did],
    digestHex: digest.toString('hex'),
    caller: caller.did,
    nowS: NOW_S + 10,
    leewayS: 0,
    used: [],
    ...more,
  })
  const met = (description: string, given: readonly Given[], more: object, counted: readonly number[]): object => {
    return { clause: '19.4', description, valid: true, input: input(given, more), expected: { met: true, counted } }
  }
  const unmet = (description: string, given: readonly Given[], more: object, expected: object): object => {
    return {
      clause: '19.4',
      description,
      valid: true,
      input: input(given, more),
      expected: { met: false, ...expected },
    }
  }
  const lacks = (codes: readonly string[], missing: number, ...askable: readonly Agent[]): object => ({
    missing,
    askable: askable.map(({ did }) => did),
    codes: [...codes, ...askable.map(() => 'APPROVAL_MISSING')],
  })
  const otherKey = { current: { [stranger.did]: one.did }, standing: {} }
  return [
    met('two of three', [{ by: one }, { by: two }], {}, [0, 1]),
    met('two of three in another order', [{ by: three }, { by: one }], {}, [0, 1]),
    met('three, of whom the first two count', [{ by: one }, { by: three }, { by: two }], {}, [0, 1]),
    met('others in between', [{ by: stranger }, { by: one }, { by: one }, { by: two }], {}, [1, 3]),
    met('all of three', [{ by: one }, { by: two }, { by: three }], { m: 3 }, [0, 1, 2]),
    met('in the last second', [{ by: one }, { by: two }], { nowS: NOW_S + 600 }, [0, 1]),
    met(
      'after the last second within the leeway',
      [{ by: one }, { by: two }],
      { nowS: NOW_S + 630, leewayS: 30 },
      [0, 1],
    ),
    met(
      'before the first second within the leeway',
      [{ by: one }, { by: two }],
      { nowS: NOW_S - 30, leewayS: 30 },
      [0, 1],
    ),
    met('by another key of an approver', [{ by: stranger }, { by: two }], { identities: otherKey }, [0, 1]),
    unmet('none', [], {}, lacks([], 2, one, two, three)),
    unmet('one of two', [{ by: two }], {}, lacks([], 1, one, three)),
    unmet('one twice', [{ by: one }, { by: one }], {}, lacks(['APPROVAL_TWICE'], 1, two, three)),
    unmet(
      'by two keys of one approver',
      [{ by: stranger }, { by: one }],
      { identities: otherKey },
      lacks(['APPROVAL_TWICE'], 1, two, three),
    ),
    unmet('by a stranger', [{ by: one }, { by: stranger }], {}, lacks(['APPROVAL_APPROVER'], 1, two, three)),
    unmet(
      'by the caller, whom the terms name',
      [{ by: one }, { by: caller }],
      { of: [caller.did, one.did, two.did] },
      lacks(['APPROVAL_APPROVER'], 1, two),
    ),
    unmet(
      'by another key of the caller',
      [{ by: one }, { by: three }],
      { identities: { current: { [three.did]: caller.did }, standing: {} } },
      lacks(['APPROVAL_APPROVER'], 1, two),
    ),
    ...['rotated', 'compromised', 'deactivated'].map((standing) =>
      unmet(
        `by a key that is ${standing}`,
        [{ by: one }, { by: two }],
        { identities: { current: {}, standing: { [two.did]: standing } } },
        lacks(['APPROVAL_APPROVER'], 1, two, three),
      ),
    ),
    unmet(
      'of another call',
      [{ by: one }, { by: two, change: { call: Buffer.alloc(32) } }],
      {},
      lacks(['APPROVAL_CALL'], 1, two, three),
    ),
    unmet(
      'a second too late',
      [{ by: one }],
      { m: 1, nowS: NOW_S + 601 },
      lacks(['APPROVAL_TIME'], 1, one, two, three),
    ),
    unmet(
      'a second later than the leeway',
      [{ by: one }],
      { m: 1, nowS: NOW_S + 631, leewayS: 30 },
      lacks(['APPROVAL_TIME'], 1, one, two, three),
    ),
    unmet('a second too early', [{ by: one }], { m: 1, nowS: NOW_S - 1 }, lacks(['APPROVAL_TIME'], 1, one, two, three)),
    unmet('used before', [{ by: one }, { by: two }], { used: [1] }, lacks(['APPROVAL_USED'], 1, two, three)),
    unmet(
      'changed on the way',
      [{ by: one, corrupt: true }, { by: two }],
      {},
      lacks(['APPROVAL_UNREADABLE'], 1, one, three),
    ),
    unmet(
      'for longer than an hour',
      [{ by: one, change: { exp: NOW_S + 3601 } }, { by: two }],
      {},
      lacks(['APPROVAL_UNREADABLE'], 1, one, three),
    ),
  ]
}
