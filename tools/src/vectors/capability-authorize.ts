/** Vectors of authorization (8.5) and of the chain in it (7.9): each verdict, and each reason for a refusal. */
import { type Agent, agent, linkText, type Token, token, type Value } from './capability-tokens.ts'

const NOW = 1_767_225_600
const COMMAND = '/mcp/git/tool/git_log'
const DLG = 'ucan/dlg@1.0.0'
const CAP = 'talos/cap@1'

const owner = agent(1)
const alice = agent(2)
const bob = agent(3)
const mallory = agent(66)

type Payload = { readonly [name: string]: Value }

interface Setting {
  readonly clause: string
  readonly description: string
  readonly invocation: Token
  readonly proofs?: readonly Token[]
  /** Further members of the input. */
  readonly input?: object
}

let counter = 0
function nonce(): Buffer {
  counter += 1
  const bytes = Buffer.alloc(12)
  bytes.writeUInt32BE(counter, 8)
  return bytes
}

/** A delegation in UCAN's own payload; the owner's to Alice unless told otherwise. */
function link(changes: Payload = {}, issuer = owner, spoil: Parameters<typeof token>[3] = {}): Token {
  const payload = { aud: alice.did, sub: owner.did, cmd: COMMAND, pol: [], nonce: nonce(), exp: NOW + 3600, ...changes }
  return token(issuer, DLG, payload, spoil)
}

/** A `talos/cap@1`. */
function capability(changes: Payload = {}, issuer = owner): Token {
  const terms = { depth: 0, need: 'signature', rules: [] }
  const payload = {
    aud: alice.did,
    sub: owner.did,
    cmd: COMMAND,
    pol: [],
    nonce: nonce(),
    exp: NOW + 3600,
    ...terms,
    ...changes,
  }
  return token(issuer, CAP, payload)
}

/** An invocation by Alice to the owner unless told otherwise. */
function call(
  proofs: readonly Token[],
  changes: Payload = {},
  issuer: Agent = alice,
  spoil: Parameters<typeof token>[3] = {},
): Token {
  const payload = {
    aud: owner.did,
    sub: owner.did,
    cmd: COMMAND,
    args: {},
    prf: proofs.map((proof) => proof.link),
    nonce: nonce(),
    iat: NOW,
    exp: NOW + 30,
    ...changes,
  }
  return token(issuer, 'ucan/inv@1.0.0', payload, spoil)
}

/** `length` links of `ucan/dlg@1.0.0`: the owner to Bob to Bob to ... to Alice. */
function chain(length: number): readonly Token[] {
  return Array.from({ length }, (_, index) =>
    link({ aud: index === length - 1 ? alice.did : bob.did }, index === 0 ? owner : bob),
  )
}

export function authorizeCases(): readonly object[] {
  counter = 0
  return [...allowed(), ...refusedInvocations(), ...refusedChains(), ...refusedByState()]
}

function inputOf({ invocation, proofs = [], input = {} }: Setting): object {
  return {
    invocationHex: invocation.bytes.toString('hex'),
    proofsHex: proofs.map(({ bytes }) => bytes.toString('hex')),
    executor: owner.did,
    nowS: NOW,
    ...input,
  }
}

function allows(setting: Setting): object {
  return {
    clause: setting.clause,
    description: setting.description,
    valid: true,
    input: inputOf(setting),
    expected: { invocation: linkText(setting.invocation.link), links: (setting.proofs ?? []).length },
  }
}

/** `codes`: from the first cause below CAPABILITY_DENIED down; the first of them is the error. */
function refuses(codes: readonly [string, ...string[]], setting: Setting): object {
  const { clause, description } = setting
  return { clause, description, valid: false, input: inputOf(setting), error: codes[0], codes }
}

function allowed(): readonly object[] {
  const grant = link()
  const fromOwner = link({ aud: bob.did })
  const fromBob = link({}, bob)
  const powerline = link({ sub: null }, bob)
  const eight = chain(8)
  const capped = capability({ aud: bob.did, depth: 1 })
  const ruled = capability({
    rules: [
      ['subpath', '.path', ['/srv']],
      ['range', '.max?', 1, 50],
    ],
  })
  return [
    allows({ clause: '8.5', description: 'the owner calls', invocation: call([], {}, owner) }),
    allows({ clause: '8.5', description: 'one link', invocation: call([grant]), proofs: [grant] }),
    allows({
      clause: '8.5',
      description: 'no aud: the subject executes',
      invocation: token(alice, 'ucan/inv@1.0.0', {
        sub: owner.did,
        cmd: COMMAND,
        args: {},
        prf: [grant.link],
        nonce: nonce(),
        exp: NOW + 30,
      }),
      proofs: [grant],
    }),
    allows({
      clause: '7.9',
      description: 'two links',
      invocation: call([fromOwner, fromBob]),
      proofs: [fromOwner, fromBob],
    }),
    allows({
      clause: '8.5',
      description: 'delegations sent along in another order',
      invocation: call([fromOwner, fromBob]),
      proofs: [fromBob, fromOwner],
    }),
    allows({
      clause: '7.9',
      description: 'a powerline',
      invocation: call([fromOwner, powerline]),
      proofs: [fromOwner, powerline],
    }),
    allows({ clause: '7.10', description: 'eight links', invocation: call(eight), proofs: eight }),
    allows({
      clause: '7.9',
      description: 'as deep as allowed',
      invocation: call([capped, fromBob]),
      proofs: [capped, fromBob],
    }),
    allows({
      clause: '7.9',
      description: 'in the last second',
      invocation: call([grant]),
      proofs: [grant],
      input: { nowS: NOW + 30 },
    }),
    allows({
      clause: '7.9',
      description: 'a second after the end, with a leeway of one',
      invocation: call([grant]),
      proofs: [grant],
      input: { nowS: NOW + 31, leewayS: 1 },
    }),
    allows({
      clause: '8.5',
      description: 'rules that the arguments satisfy',
      invocation: call([ruled], { args: { path: '/srv/a', max: 5 } }),
      proofs: [ruled],
      input: { call: { command: COMMAND, argumentsJson: '{"max": 5, "path": "/srv/a"}' } },
    }),
    allows({
      clause: '9.5',
      description: 'a revocation by somebody who is not entitled',
      invocation: call([grant]),
      proofs: [grant],
      input: { revoked: [{ cid: linkText(grant.link), by: mallory.did }] },
    }),
  ]
}

function refusedInvocations(): readonly object[] {
  const grant = link()
  const say = (
    codes: readonly [string, ...string[]],
    description: string,
    invocation: Token,
    input: object = {},
  ): object => refuses(codes, { clause: '8.5', description, invocation, proofs: [grant], input })
  const unreadable = (code: string): readonly [string, string] => ['CAPABILITY_INVOCATION_INVALID', code]
  return [
    say(['CAPABILITY_SIGNATURE'], 'an invocation that was changed', call([grant], {}, alice, { corrupt: true })),
    say(
      unreadable('ENVELOPE_HEADER'),
      'another signature type',
      call([grant], {}, alice, { header: Buffer.from('3401', 'hex') }),
    ),
    say(unreadable('ENVELOPE_TAG'), 'a delegation instead of an invocation', link()),
    say(unreadable('SCHEMA_INVALID'), 'an unknown member', call([grant], { extra: 1 })),
    say(unreadable('SCHEMA_INVALID'), 'arguments that are a list', call([grant], { args: [] })),
    say(unreadable('CAPABILITY_COMMAND_INVALID'), 'a command in capitals', call([grant], { cmd: '/MCP' })),
    say(unreadable('CBOR_INVALID'), 'bytes after the end', {
      ...call([grant]),
      bytes: Buffer.concat([call([grant]).bytes, Buffer.of(0)]),
    }),
    say(['CAPABILITY_AUDIENCE'], 'addressed to another executor', call([grant], { aud: bob.did })),
    say(
      ['CAPABILITY_AUDIENCE'],
      'addressed to nobody, about another subject',
      call([grant], { aud: alice.did, sub: alice.did }),
    ),
    say(['CAPABILITY_SUBJECT'], "about the caller's own resources", call([], { sub: alice.did })),
    say(['CAPABILITY_EXPIRED'], 'one second too late', call([grant]), { nowS: NOW + 31 }),
    say(['CAPABILITY_LIFETIME'], 'no end', call([grant], { exp: null })),
    say(['CAPABILITY_LIFETIME'], 'an end 61 seconds away', call([grant], { exp: NOW + 61 })),
    say(['CAPABILITY_CALL_MISMATCH'], 'another tool is called', call([grant]), {
      call: { command: '/mcp/git/tool/git_push', argumentsJson: '{}' },
    }),
    say(['CAPABILITY_CALL_MISMATCH'], 'other arguments are sent', call([grant], { args: { n: 1 } }), {
      call: { command: COMMAND, argumentsJson: '{"n":2}' },
    }),
    say(['CAPABILITY_CALL_MISMATCH'], 'a number is written in another way', call([grant], { args: { n: 1 } }), {
      call: { command: COMMAND, argumentsJson: '{"n":1.0}' },
    }),
    say(['CAPABILITY_MISSING'], 'no chain, and not the owner', call([])),
    say(['CAPABILITY_UNKNOWN_TOOL'], 'a tool that is not there', call([grant]), {
      commands: ['/mcp/git/tool/git_show'],
    }),
  ]
}

function refusedChains(): readonly object[] {
  const grant = link()
  const fromOwner = link({ aud: bob.did })
  const fromBob = link({}, bob)
  const foreign = link({ sub: mallory.did }, mallory)
  const say = (
    codes: readonly [string, ...string[]],
    description: string,
    proofs: readonly Token[],
    changes: Payload = {},
  ): object => refuses(codes, { clause: '7.9', description, invocation: call(proofs, changes), proofs })
  const single = (
    codes: readonly [string, ...string[]],
    description: string,
    proof: Token,
    changes: Payload = {},
  ): object => say(codes, description, [proof], changes)
  const unreadable = (code: string): readonly [string, string] => ['CAPABILITY_DELEGATION_INVALID', code]
  const nine = chain(9)
  return [
    refuses(['CAPABILITY_LIMIT'], { clause: '7.10', description: 'nine links', invocation: call(nine), proofs: nine }),
    refuses(['CAPABILITY_LIMIT'], {
      clause: '8.5',
      description: 'nine links named, one sent',
      invocation: call(nine),
      proofs: [grant],
    }),
    refuses(['CAPABILITY_PROOF_MISSING'], {
      clause: '8.5',
      description: 'a link that was not sent',
      invocation: call([grant]),
    }),
    refuses(['CAPABILITY_PROOF_MISSING'], {
      clause: '8.5',
      description: 'another link was sent instead',
      invocation: call([grant]),
      proofs: [fromOwner],
    }),
    refuses(['CAPABILITY_PROOF_DUPLICATE'], {
      clause: '8.5',
      description: 'a link twice',
      invocation: call([grant, grant]),
      proofs: [grant],
    }),
    single(['CAPABILITY_SIGNATURE'], 'a link that was changed', link({}, owner, { corrupt: true })),
    single(unreadable('ENVELOPE_TAG'), 'a payload of a later version', token(owner, 'talos/cap@2', { aud: alice.did })),
    single(unreadable('SCHEMA_INVALID'), 'an unknown member', link({ limits: { calls: 5 } })),
    single(unreadable('SCHEMA_INVALID'), 'an unknown member in talos/cap@1', capability({ limits: { calls: 5 } })),
    single(unreadable('SCHEMA_INVALID'), 'a depth of 16', capability({ depth: 16 })),
    single(unreadable('CAPABILITY_POLICY_INVALID'), 'an unknown kind of rule', capability({ rules: [['moon', '.a']] })),
    single(unreadable('CAPABILITY_POLICY_INVALID'), 'an unknown operator', link({ pol: [['~', '.a', 1]] })),
    single(unreadable('CAPABILITY_COMMAND_INVALID'), 'a command with an upper-case letter', link({ cmd: '/Mcp' })),
    single(['CAPABILITY_EXPIRED'], 'a link that ended a second ago', link({ exp: NOW - 1 })),
    single(['CAPABILITY_NOT_YET_VALID'], 'a link that begins in a second', link({ nbf: NOW + 1 })),
    single(['CAPABILITY_DELEGATION'], 'a root without a subject', link({ sub: null })),
    single(['CAPABILITY_SUBJECT'], "a link about another's resources", foreign),
    single(['CAPABILITY_DELEGATION'], 'a root that the subject did not issue', link({}, mallory)),
    single(['CAPABILITY_DELEGATION'], 'a link to somebody else', fromOwner),
    say(['CAPABILITY_DELEGATION'], 'links in the wrong order', [fromBob, fromOwner]),
    say(['CAPABILITY_DELEGATION'], 'a link in between is missing', [fromOwner, link({}, mallory)]),
    say(['CAPABILITY_SUBJECT'], 'a chain that changes the subject', [fromOwner, link({ sub: bob.did }, bob)]),
    say(['CAPABILITY_DEPTH'], 'a link too many', [capability({ aud: bob.did, depth: 0 }), fromBob]),
    single(['CAPABILITY_SCOPE'], 'another tool', link({ cmd: '/mcp/git/tool/git_show' })),
    single(['CAPABILITY_SCOPE'], '/crypto does not cover /cryptocurrency', link({ cmd: '/crypto' }), {
      cmd: '/cryptocurrency',
    }),
    say(
      ['CAPABILITY_SCOPE'],
      'a link that would widen the command',
      [link({ aud: bob.did }), link({ cmd: '/mcp' }, bob)],
      {
        cmd: '/mcp/git/tool/git_show',
      },
    ),
    single(['CAPABILITY_ARGUMENTS', 'CAPABILITY_ARGUMENT'], 'a policy', link({ pol: [['==', '.a', 1]] }), {
      args: { a: 2 },
    }),
    say(
      ['CAPABILITY_ARGUMENTS', 'CAPABILITY_ARGUMENT'],
      'a policy further up, which the last link does not repeat',
      [link({ aud: bob.did, pol: [['==', '.a', 1]] }), link({}, bob)],
      { args: { a: 2 } },
    ),
    single(['CAPABILITY_ARGUMENTS', 'CAPABILITY_ARGUMENT'], 'a rule', capability({ rules: [['enum', '.a', [1]]] }), {
      args: { a: 2 },
    }),
    single(
      ['CAPABILITY_ARGUMENTS', 'CAPABILITY_ARGUMENT_UNKNOWN'],
      'an unknown argument',
      capability({ rules: [['known', '.a?']] }),
      {
        args: { b: 1 },
      },
    ),
    single(
      ['CAPABILITY_ARGUMENTS', 'CAPABILITY_ARGUMENT_ABSENT'],
      'an absent argument',
      capability({ rules: [['known', '.a']] }),
    ),
  ]
}

function refusedByState(): readonly object[] {
  const fromOwner = link({ aud: bob.did })
  const fromBob = link({}, bob)
  const proofs = [fromOwner, fromBob]
  const invocation = call(proofs)
  const revoked = (proof: Token, by: Agent, description: string): object =>
    refuses(['CAPABILITY_REVOKED'], {
      clause: '9.5',
      description,
      invocation,
      proofs,
      input: { revoked: [{ cid: linkText(proof.link), by: by.did }] },
    })
  return [
    revoked(fromOwner, owner, 'the root, revoked by its issuer'),
    revoked(fromOwner, bob, 'the root, revoked by its holder'),
    revoked(fromBob, owner, 'the last link, revoked by the issuer of the root'),
    revoked(fromBob, bob, 'the last link, revoked by its issuer'),
    revoked(fromBob, alice, 'the last link, revoked by its holder'),
    refuses(['CAPABILITY_REVOKED'], {
      clause: '9.5',
      description: 'a revocation by somebody else does not hide one that counts',
      invocation,
      proofs,
      input: {
        revoked: [
          { cid: linkText(fromBob.link), by: mallory.did },
          { cid: linkText(fromBob.link), by: owner.did },
        ],
      },
    }),
    refuses(['CAPABILITY_REPLAY'], {
      clause: '8.6',
      description: 'used before',
      invocation,
      proofs,
      input: { used: [linkText(invocation.link)] },
    }),
    refuses(['CAPABILITY_REPLAY_FULL'], {
      clause: '8.6',
      description: 'the record is full',
      invocation,
      proofs,
      input: { replayFull: true },
    }),
  ]
}
