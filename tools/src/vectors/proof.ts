/** Vectors of proof bundles (contracts/spec 12): proofs of calls and of refusals, and what each check refuses. */
import { disclosedFields } from './audit-fields.ts'
import { linkText, linkTo, type Token, token } from './capability-tokens.ts'
import { formCases, identityCases } from './proof-form.ts'
import { type FullCase, fullCases, refusedFullCases } from './proof-full.ts'
import { hiddenCases } from './proof-hidden.ts'
import { historyCases } from './proof-history.ts'
import {
  authorityCases,
  disclosureCases,
  executionCases,
  falsePartCases,
  furtherCases,
  intentCases,
  timeCases,
} from './proof-layers.ts'
import { partsOfArguments, partsOfOutput } from './proof-parts.ts'
import {
  type Changes,
  COMMAND,
  caller,
  canonical,
  commitBytes,
  denied,
  executor,
  grant,
  NOW,
  originOf,
  REQUEST,
  RESULT,
  revocation,
  SALT,
  type Scene,
  scene,
  stranger,
} from './proof-scene.ts'
import type { VectorFile } from './vector-file.ts'

export async function proofVectors(): Promise<readonly VectorFile[]> {
  const { valid, refused } = await historyCases()
  const rotations = valid.map(({ description, made, agent = caller.did }) => proves(description, made, { agent }))
  return [
    file('valid', [...executions(), ...refusals(), ...skewed()]),
    file('history', rotations),
    file('history-refused', refused),
    file('full', fullCases().map(completes)),
    file('full-refused', refusedFullCases()),
    file('hidden', hiddenCases()),
    file('form', [...formCases(), ...identityCases()]),
    file('layers', [
      ...intentCases(),
      ...executionCases(),
      ...authorityCases(),
      ...disclosureCases(),
      ...furtherCases(),
      ...timeCases(),
      ...falsePartCases(),
    ]),
  ]
}

function file(name: string, cases: readonly object[]): VectorFile {
  const numbered = cases.map((entry, index) => ({ id: `${name}-${String(index + 1).padStart(3, '0')}`, ...entry }))
  const subject = 'proof bundles; `refusal` is absent unless the outcome is deny, `layer` is where the code stands'
  return {
    path: `proof/${name}.json`,
    file: { format: 'talos-vectors/1', subject, spec: '12-proof-bundle', cases: numbered },
  }
}

/** A bundle with what it is verified with, and what a verifier says of it. */
function completes({ description, made, given, expected }: FullCase): object {
  const input = { bundle: canonical(made.bundle), nowS: NOW + 3600, ...given }
  return { clause: '12.12', description, valid: true, input, expected }
}

function proves(description: string, made: Scene, expected: object): object {
  const { bundle, invocation, receipt } = made
  return {
    clause: '12.3',
    description,
    valid: true,
    input: { bundle: canonical(bundle), nowS: NOW + 3600 },
    expected: {
      proves: 'execution',
      agent: caller.did,
      executor: executor.did,
      command: COMMAND,
      outcome: 'allow',
      denial: [],
      invocation: linkText(invocation.link),
      receipt: linkText(receipt.link),
      issuedAtS: NOW,
      intentLog: { origin: originOf(caller), index: 1, size: 3 },
      executionLog: { origin: originOf(executor), index: 3, size: 5 },
      gaps: [],
      ...expected,
    },
  }
}

/** Two clocks that differ, and what came later; at the end, so that the others keep their ids. */
function skewed(): readonly object[] {
  const ended = grant({ nonce: Buffer.alloc(12, 9) })
  return [
    proves(
      'a delegation revoked just after the call, while the clock of the caller is ahead',
      scene({ named: [ended], invocation: { iat: NOW + 5 }, revocations: [revocation(executor, ended.link, NOW + 2)] }),
      { issuedAtS: NOW + 5 },
    ),
    proves('a receipt that shares its signature with others', scene({ isBatched: true }), {}),
    proves(
      'a call that waits for approvals',
      denied(['CAPABILITY_APPROVAL', 'APPROVAL_MISSING'], { receipt: { outcome: 'refer' } }),
      {
        proves: 'refusal',
        outcome: 'refer',
        denial: ['CAPABILITY_DENIED', 'CAPABILITY_APPROVAL', 'APPROVAL_MISSING'],
      },
    ),
    proves('parts of the arguments and of the result disclosed', scene(disclosingParts()), {}),
    proves(
      'a delegation that says nothing',
      denied(['CAPABILITY_DELEGATION_INVALID', 'SCHEMA_INVALID'], {
        named: [token(executor, 'ucan/dlg@1.0.0', { aud: caller.did })],
      }),
      {
        proves: 'refusal',
        outcome: 'deny',
        denial: ['CAPABILITY_DENIED', 'CAPABILITY_DELEGATION_INVALID', 'SCHEMA_INVALID'],
        refusal: 'confirmed',
      },
    ),
    proves('parts within lists of the arguments disclosed', scene(disclosingItems()), {}),
  ]
}

function disclosingItems(): Changes {
  const asked = disclosedFields({ name: 'arguments', parts: [['/list/1/name', '"b"']] }, 'intent')
  const args = { path: '/srv/a.txt', list: ['a', { name: 'b' }] }
  const { disclosure } = asked.open('/list/1/name')
  return {
    invocation: { args },
    intentEntry: { commit: { arguments: asked.root } },
    disclosures: [{ ...disclosure, value: 'b' }],
  }
}

function executions(): readonly object[] {
  const one = grant({ aud: stranger.did })
  const two = grant({}, stranger)
  const unshown = { gaps: ["an outcome without the executor's entry of its beginning"] }
  const failed: Changes = { receipt: { outcome: 'error' } }
  const own = grant()
  return [
    proves('a call and its result', scene(), {}),
    proves('without the entry of the beginning', scene({ showsBegun: false }), unshown),
    proves('two links', scene({ named: [one, two] }), {}),
    proves('an entry that leaves the capability out', scene({ intentEntry: { cap: undefined } }), {}),
    proves('an execution that failed', scene(failed), { outcome: 'error' }),
    proves('an execution that was lost', scene({ ...failed, outcomeEntry: { kind: 'tool.lost' } }), {
      outcome: 'error',
    }),
    proves('an invocation without an end', scene({ invocation: { exp: null } }), {}),
    proves(
      'a delegation revoked in the same second or later',
      scene({ named: [own], revocations: [revocation(executor, own.link, NOW)] }),
      {},
    ),
    proves('everything disclosed', scene(disclosing()), {}),
  ]
}

function disclosing(): Changes {
  const salt = SALT.toString('base64url')
  const bytes = REQUEST.toString('base64url')
  return {
    receipt: { result: commitBytes('result', Buffer.alloc(0)) },
    begunEntry: { commit: { params: commitBytes('params', REQUEST).toString('hex') } },
    disclosures: [
      { layer: 'intent', path: 'params', salt, value: { path: '/srv/a.txt' } },
      { layer: 'execution', path: 'result', salt, value: RESULT },
      { layer: 'execution', path: 'result', salt, bytes: '' },
      { layer: 'execution', path: 'request', salt, bytes },
      { layer: 'execution', path: 'params', salt, bytes },
    ],
  }
}

function disclosingParts(): Changes {
  const [asked, got] = [partsOfArguments(), partsOfOutput()]
  const exact = got.open('/rows/1')
  return {
    intentEntry: { commit: { arguments: asked.root } },
    begunEntry: { commit: { arguments: asked.root } },
    outcomeEntry: { commit: { output: got.root } },
    disclosures: [
      { ...asked.open('/path').disclosure, value: '/srv/a.txt' },
      { ...asked.open('/path').disclosure, layer: 'execution', value: '/srv/a.txt' },
      { ...got.open('/rows/0').disclosure, value: 7 },
      { ...exact.disclosure, bytes: Buffer.from(exact.text).toString('base64url') },
    ],
  }
}

function refusals(): readonly object[] {
  const refuses = (description: string, codes: readonly string[], refusal: string, changes: Changes = {}): object =>
    proves(description, denied(codes, changes), {
      proves: 'refusal',
      outcome: 'deny',
      denial: ['CAPABILITY_DENIED', ...codes],
      refusal,
    })
  const narrow = grant({ cmd: '/mcp/files/tool/list' })
  const own = grant()
  const subpath = grant({ pol: [['==', '.path', '/other']] })
  return [
    refuses('a capability for another tool', ['CAPABILITY_SCOPE'], 'confirmed', { named: [narrow] }),
    refuses('no capability', ['CAPABILITY_MISSING'], 'confirmed', { named: [] }),
    refuses('arguments against the policy', ['CAPABILITY_ARGUMENTS', 'CAPABILITY_ARGUMENT'], 'confirmed', {
      named: [subpath],
    }),
    refuses('revoked before', ['CAPABILITY_REVOKED'], 'confirmed', {
      named: [own],
      revocations: [revocation(executor, own.link, NOW - 1)],
    }),
    refuses('revoked, and the bundle does not show by whom', ['CAPABILITY_REVOKED'], 'executor-only'),
    refuses('a call made twice', ['CAPABILITY_REPLAY'], 'executor-only'),
    refuses('a tool that was not there', ['CAPABILITY_UNKNOWN_TOOL'], 'executor-only'),
    refuses('late by the clock of the executor', ['CAPABILITY_EXPIRED'], 'executor-only', { named: [narrow] }),
    refuses('a delegation that was not sent', ['CAPABILITY_PROOF_MISSING'], 'confirmed', {
      named: [own, narrow],
      carried: [own],
    }),
    refuses('links that a file system resolves', ['CAPABILITY_ARGUMENTS', 'CAPABILITY_ARGUMENT'], 'executor-only', {
      named: [ruled()],
    }),
    refuses('a delegation that nobody can open', ['CAPABILITY_DELEGATION_INVALID', 'ENVELOPE_MALFORMED'], 'confirmed', {
      named: [unreadable()],
    }),
  ]
}

function ruled(): Token {
  const terms = { pol: [], depth: 0, need: 'signature', rules: [['subpath', '.path', ['/srv']]] }
  const shared = { aud: caller.did, sub: executor.did, cmd: COMMAND, nonce: Buffer.alloc(12, 1), exp: NOW + 3600 }
  return token(executor, 'talos/cap@1', { ...shared, ...terms })
}

/** CBOR's null, which is no envelope. */
function unreadable(): Token {
  const bytes = Buffer.of(0xf6)
  return { bytes, link: linkTo(bytes) }
}
