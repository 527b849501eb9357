/** What is refused in a bundle's intent, execution, authority and disclosures. */
import { disclosedFields } from './audit-fields.ts'
import { linkText, type Token, token } from './capability-tokens.ts'
import { type Bundle, refusal } from './proof-form.ts'
import { partsOfArguments, partsOfOutput } from './proof-parts.ts'
import {
  base64url,
  type Changes,
  caller,
  denied,
  entry,
  executor,
  executorInclusion,
  grant,
  grantMembers,
  type Members,
  NOW,
  noteSignature,
  revocation,
  SALT,
  scene,
  stranger,
} from './proof-scene.ts'

const HASH = '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328'
const OTHER_CID = linkText(grant({ cmd: '/other' }).link)
const OTHER_TOOL = '/mcp/files/tool/other'

type Say = (code: string, description: string, bundle: Bundle, nowS?: number) => object

function sayer(layer: string, clause: string, prefix: string): Say {
  return (code, description, bundle, nowS) =>
    refusal(`${prefix}_${code}`, { clause, layer, description, ...(nowS !== undefined && { nowS }) }, bundle)
}

function made(changes: Changes, change: (bundle: Bundle) => void = () => undefined): Bundle {
  const { bundle } = scene(changes)
  change(bundle)
  return bundle
}

export function intentCases(): readonly object[] {
  const say = sayer('intent', '12.6', 'PROOF_INTENT')
  const mismatch = (member: string, value: unknown): object =>
    say('MISMATCH', `the entry's ${member}`, made({ intentEntry: { [member]: value } }))
  const early = (NOW - 300) * 1000 - 1
  return [
    say(
      'INVOCATION',
      'an invocation that was changed',
      made({}, ({ intent }) => corrupt(intent, 'invocation')),
    ),
    say(
      'INVOCATION',
      'a delegation',
      made({}, ({ intent }) => Object.assign(intent, { invocation: base64url(grant()) })),
    ),
    say('PARTIES', 'signed by somebody else', made({ invocationBy: stranger })),
    say('PARTIES', 'addressed to somebody else', made({ invocation: { aud: stranger.did } })),
    say('TIME', 'no time of issue', made({ invocation: { iat: undefined } })),
    say('TIME', 'ended before it began', made({ invocation: { exp: NOW - 1 } })),
    say('TIME', 'from the future', made({}), NOW - 301),
    say('TIME', 'logged before it was signed', made({ intentEntry: { ts: early } })),
    say(
      'ENTRY',
      'no entry',
      made({}, ({ intent }) => Object.assign(intent.inclusion, { entry: 'AAAA' })),
    ),
    say(
      'ENTRY',
      'no bytes',
      made({}, ({ intent }) => Object.assign(intent.inclusion, { entry: 'A' })),
    ),
    ...inclusionCases(say, 'intent'),
    say('INCLUSION', 'an entry that was made for another place', made({ intentEntry: { seq: 2 } })),
    mismatch('kind', 'key.prekeys'),
    mismatch('agent', stranger.did),
    mismatch('peer', stranger.did),
    mismatch('peer', undefined),
    mismatch('tool', OTHER_TOOL),
    mismatch('ref', OTHER_CID),
    mismatch('ref', undefined),
    mismatch('cap', OTHER_CID),
    say('MISMATCH', 'a capability where none was used', made({ named: [], intentEntry: { cap: OTHER_CID } })),
  ]
}

/** Changes to the text of an inclusion proof. */
function inclusionCases(say: Say, layer: 'intent' | 'execution'): readonly object[] {
  const other = layer === 'intent' ? 'execution' : 'intent'
  const edit = (description: string, change: (proof: string) => string): object =>
    say(
      'INCLUSION',
      description,
      made({}, (bundle) => {
        const { inclusion } = bundle[layer]
        Object.assign(inclusion, { proof: change(inclusion.proof) })
      }),
    )
  return [
    edit('no proof', () => 'index 1'),
    edit('another place', (proof) => proof.replace(/index [0-9]/, 'index 0')),
    edit('a hash less', (proof) => proof.replace(/(index [0-9]\n)[^\n]+\n/, '$1')),
    edit('a changed hash', (proof) =>
      proof.replace(/(index [0-9]\n)./, (start) => `${start.slice(0, -1)}${start.endsWith('A') ? 'B' : 'A'}`),
    ),
    edit('an extra line, which nothing signs', (proof) => proof.replace('\n', '\nextra AAAA\n')),
    edit('a larger tree', (proof) => proof.replace(/(talos\/\S+\n)[0-9]/, '$19')),
    edit('a signature more', (proof) => `${proof}${noteSignature('other.example', stranger, 'anything')}`),
    edit('no signature', (proof) => proof.slice(0, proof.indexOf('—'))),
    say(
      'INCLUSION',
      'a proof from the log of the other side',
      made({}, (bundle) => {
        Object.assign(bundle[layer].inclusion, { proof: bundle[other].inclusion.proof })
      }),
    ),
  ]
}

export function executionCases(): readonly object[] {
  const say = sayer('execution', '12.7', 'PROOF_EXECUTION')
  const mismatch = (member: string, value: unknown): object =>
    say('MISMATCH', `the entry's ${member}`, made({ outcomeEntry: { [member]: value } }))
  const early = NOW * 1000 + 250 - 300_000 - 1
  return [
    say(
      'RECEIPT',
      'a receipt that was changed',
      made({}, ({ execution }) => corrupt(execution, 'receipt')),
    ),
    say('RECEIPT', 'a denial without codes', made({ receipt: { outcome: 'deny' } })),
    say('PARTIES', 'signed by somebody else', made({ receiptBy: caller })),
    say('PARTIES', 'about another invocation', made({ receipt: { ran: grant().link } })),
    say(
      'ENTRY',
      'no entry',
      made({}, ({ execution }) => Object.assign(execution.inclusion, { entry: 'AAAA' })),
    ),
    ...inclusionCases(say, 'execution'),
    say('INCLUSION', 'an entry that was made for another place', made({ outcomeEntry: { seq: 4 } })),
    mismatch('kind', 'tool.lost'),
    say(
      'MISMATCH',
      'a refusal recorded as a result',
      made({ receipt: { outcome: 'deny', denial: ['CAPABILITY_DENIED'] } }),
    ),
    say(
      'MISMATCH',
      'a call that was referred, recorded as a result',
      made({ receipt: { outcome: 'refer', denial: ['CAPABILITY_DENIED'] } }),
    ),
    mismatch('agent', stranger.did),
    mismatch('peer', stranger.did),
    mismatch('tool', OTHER_TOOL),
    mismatch('ref', OTHER_CID),
    mismatch('cap', OTHER_CID),
    say(
      'MISMATCH',
      'a reason that the receipt does not give',
      denied(['CAPABILITY_REPLAY'], { outcomeEntry: { reason: 'CAPABILITY_SCOPE' } }).bundle,
    ),
    say('TIME', 'a receipt older than the invocation', made({ receipt: { atMs: (NOW - 300) * 1000 - 1 } })),
    say('TIME', 'logged before it was signed', made({ outcomeEntry: { ts: early } })),
    ...begunCases(say),
    say('PARTIES', 'in a batch of somebody else', made({ receiptBy: caller, isBatched: true })),
    say(
      'RECEIPT',
      'a batch that was changed',
      made({ isBatched: true }, ({ execution }) => corrupt(execution, 'receipt')),
    ),
  ]
}

function begunCases(say: Say): readonly object[] {
  const begun = (description: string, begunEntry: Members): object =>
    say('INVOKED', `the beginning: ${description}`, made({ begunEntry }))
  const replaced = (description: string, invoked: Members): object =>
    say(
      'INVOKED',
      `the beginning: ${description}`,
      made({}, (bundle) => Object.assign(bundle.execution, { invoked })),
    )
  const own = made({}).execution.invoked
  const alone = executorInclusion(
    [entry(executor, 0, { kind: 'key.prekeys' }), entry(executor, 1, { kind: 'key.prekeys' })],
    1,
  )
  return [
    replaced('no entry', { ...own, entry: 'AAAA' }),
    replaced('no proof', { ...own, proof: 'index 1' }),
    replaced('from another checkpoint', alone),
    say('INVOKED', 'the beginning: not the cause of the outcome', made({ outcomeEntry: { cause: HASH } })),
    begun('another kind', { kind: 'tool.lost', cause: HASH }),
    begun('another agent', { agent: stranger.did }),
    begun('another peer', { peer: stranger.did }),
    begun('another tool', { tool: OTHER_TOOL }),
    begun('another invocation', { ref: OTHER_CID }),
    begun('another capability', { cap: OTHER_CID }),
    begun('before the invocation', { ts: (NOW - 300) * 1000 - 1 }),
    begun('after the end of the invocation', { ts: (NOW + 30 + 300 + 1) * 1000 + 1 }),
  ]
}

export function authorityCases(): readonly object[] {
  const say = sayer('authority', '12.8', 'PROOF_AUTHORITY')
  const own = grant()
  const other = grant({ cmd: '/mcp' })
  const narrow = grant({ cmd: OTHER_TOOL })
  const first = grant({ aud: stranger.did })
  const second = grant({}, stranger)
  const revoked = (description: string, ...revocations: readonly Token[]): object =>
    say('REVOCATIONS', description, made({ named: [own], revocations }))
  const later = revocation(executor, own.link, NOW + 9)
  return [
    say('PROOFS', 'a delegation less', made({ carried: [] })),
    say('PROOFS', 'a delegation more', made({ carried: [own, other] })),
    say('PROOFS', 'another delegation', made({ carried: [other] })),
    say('PROOFS', 'another order', made({ named: [first, second], carried: [second, first] })),
    say(
      'PROOFS',
      'no bytes',
      made({}, ({ authority }) => Object.assign(authority, { proofs: ['A'] })),
    ),
    revoked('a revocation of another delegation', revocation(executor, other.link, NOW + 9)),
    revoked('a revocation by somebody else', revocation(stranger, own.link, NOW + 9)),
    revoked('a revocation twice', later, later),
    revoked('no revocation', own),
    say('DENIED', 'a call that no capability covers', made({ named: [narrow] })),
    say('DENIED', 'no capability', made({ named: [] })),
    say('DENIED', 'a capability that had ended', made({ named: [grant({ exp: NOW - 301 })] })),
    say(
      'DENIED',
      'a capability that was revoked',
      made({ named: [own], revocations: [revocation(executor, own.link, NOW - 1)] }),
    ),
    say('DISAGREES', 'refused by a reason that the delegations do not give', denied(['CAPABILITY_SCOPE']).bundle),
    say('DISAGREES', 'refused by another reason', denied(['CAPABILITY_SUBJECT'], { named: [narrow] }).bundle),
    say(
      'DISAGREES',
      'refused as a repetition, which nobody would have asked',
      denied(['CAPABILITY_REPLAY'], { named: [narrow] }).bundle,
    ),
    say('DISAGREES', 'refused by arguments without a rule for paths', denied(['CAPABILITY_ARGUMENTS']).bundle),
  ]
}

export function disclosureCases(): readonly object[] {
  const say = sayer('disclosures', '12.9', 'PROOF_DISCLOSURE')
  const salt = SALT.toString('base64url')
  const value = { path: '/srv/a.txt' }
  const open = (code: string, description: string, disclosure: Members): object =>
    say(code, description, made({ disclosures: [{ layer: 'intent', path: 'params', salt, value, ...disclosure }] }))
  return [
    open('FORM', 'value and bytes', { bytes: '' }),
    open('FORM', 'neither value nor bytes', { value: undefined }),
    open('FORM', 'no bytes', { value: undefined, bytes: 'A' }),
    open('FORM', 'a short salt', { salt: salt.slice(1) }),
    open('FORM', 'an unknown layer', { layer: 'identity' }),
    open('MISMATCH', 'another value', { value: { path: '/srv/b.txt' } }),
    open('MISMATCH', 'the value as bytes', {
      value: undefined,
      bytes: Buffer.from('{"path":"/srv/a.txt"}').toString('base64url'),
    }),
    open('MISMATCH', 'another salt', { salt: Buffer.alloc(32).toString('base64url') }),
    open('MISMATCH', 'another path', { path: 'result' }),
    open('MISMATCH', 'the other side', { layer: 'execution' }),
    open('MISMATCH', 'a result that nobody committed to', { layer: 'execution', path: 'content' }),
    open('FORM', 'a whole with a pointer', { pointer: '' }),
    open('FORM', 'a whole with an index', { index: 0 }),
    open('FORM', 'a whole with a proof', { proof: partsOfArguments().open('/path').disclosure.proof }),
    ...partCases(say),
  ]
}

function partCases(say: ReturnType<typeof sayer>): readonly object[] {
  const [asked, got] = [partsOfArguments(), partsOfOutput()]
  const commits: Changes = {
    intentEntry: { commit: { arguments: asked.root } },
    outcomeEntry: { commit: { output: got.root } },
  }
  const { disclosure } = asked.open('/path')
  const open = (code: string, description: string, changes: Members): object =>
    say(code, description, made({ ...commits, disclosures: [{ ...disclosure, value: '/srv/a.txt', ...changes }] }))
  const other = got.open('/note').disclosure
  const text = (value: string) => ({ value: undefined, bytes: Buffer.from(value).toString('base64url') })
  return [
    open('FORM', 'a part without its pointer', { pointer: undefined }),
    open('FORM', 'a part without its index', { index: undefined }),
    open('FORM', 'a part without its proof', { proof: undefined }),
    open('FORM', 'a part with value and bytes', { bytes: 'IjciIA' }),
    open('FORM', 'a part with neither', { value: undefined }),
    open('FORM', 'a part whose pointer is none', { pointer: 'path' }),
    open('FORM', 'a part whose pointer is too long', { pointer: `/${'x'.repeat(512)}` }),
    open('FORM', 'a part whose index is past the end', { index: 8 }),
    open('FORM', 'a part with two hashes', { proof: disclosure.proof.slice(1) }),
    open('FORM', 'a part whose text has white space', text('"/srv/a.txt" ')),
    open('FORM', 'a part whose text is no JSON', text('/srv/a.txt')),
    open('MISMATCH', 'a part with another value', { value: '/srv/b.txt' }),
    open('MISMATCH', 'a part of another name', { pointer: '/other' }),
    open('MISMATCH', 'a part at another place', { index: disclosure.index ^ 1 }),
    open('MISMATCH', 'a part with the salt of another', { salt: other.salt }),
    open('MISMATCH', 'a part of arguments as one of the output', { path: 'output', layer: 'execution' }),
    open('MISMATCH', 'a part that the other side did not commit to', { layer: 'execution' }),
    open('MISMATCH', 'a number of other characters', { ...got.open('/rows/1').disclosure, ...text('1.5') }),
  ]
}

/** One bit of the signature. */
function corrupt(part: Bundle, member: string): void {
  const bytes = Buffer.from(part[member], 'base64url')
  bytes.writeUInt8(bytes.readUInt8(10) ^ 1, 10)
  part[member] = bytes.toString('base64url')
}

/** What is refused beside the above; at the end, so that the others keep their ids. */
export function furtherCases(): readonly object[] {
  const execution = sayer('execution', '12.7', 'PROOF_EXECUTION')
  const authority = sayer('authority', '12.8', 'PROOF_AUTHORITY')
  const own = grant()
  const spoiled = token(executor, 'ucan/dlg@1.0.0', grantMembers(), { corrupt: true })
  const revoked = token(executor, 'talos/revoke@1', { revoke: own.link, atS: NOW + 9 }, { corrupt: true })
  const invoked = (change: (proof: string) => string) =>
    made({}, ({ execution: part }) => Object.assign(part.invoked, { proof: change(part.invoked.proof) }))
  return [
    execution(
      'RECEIPT',
      'no receipt at all',
      made({}, ({ execution: part }) => Object.assign(part, { receipt: 'AAAA' })),
    ),
    execution(
      'INVOKED',
      'the beginning: under a checkpoint that the log did not sign',
      invoked((proof) => proof.replace(/(— \S+ \S{40})./, (start) => other(start))),
    ),
    execution(
      'INVOKED',
      'the beginning: a changed hash',
      invoked((proof) => proof.replace(/(index [0-9]\n)./, (start) => other(start))),
    ),
    authority('PROOFS', 'a delegation with a wrong signature', made({ named: [spoiled] })),
    authority('REVOCATIONS', 'a revocation with a wrong signature', made({ named: [own], revocations: [revoked] })),
  ]
}

/** Parts to which an entry commits, and which the invocation does not have. */
export function falsePartCases(): readonly object[] {
  const say = sayer('disclosures', '12.9', 'PROOF_DISCLOSURE')
  const parts = [
    ['/path', '"/etc/shadow"'],
    ['/path/0', '"/srv/a.txt"'],
    ['/list/00', '7'],
    ['/list/2', '7'],
    ['/list/1', '7'],
    ['/none', 'null'],
    ['/toString', '{}'],
    ['', '{}'],
  ] as const
  const asked = disclosedFields({ name: 'arguments', parts }, 'intent')
  const args = { path: '/srv/a.txt', list: [7, 8] }
  return parts.map(([pointer, text]) => {
    const { disclosure } = asked.open(pointer)
    const bytes = Buffer.from(text).toString('base64url')
    const changes = { invocation: { args }, intentEntry: { commit: { arguments: asked.root } } }
    const bundle = made({ ...changes, disclosures: [{ ...disclosure, bytes }] })
    return say('CONTRADICTION', `an argument that the call does not have: ${pointer} ${text}`, bundle)
  })
}

/** Times that cannot be: of the future, out of order, or when the leave had ended although it had not when it was asked for. */
export function timeCases(): readonly object[] {
  const intent = sayer('intent', '12.6', 'PROOF_INTENT')
  const execution = sayer('execution', '12.7', 'PROOF_EXECUTION')
  const authority = sayer('authority', '12.8', 'PROOF_AUTHORITY')
  const aheadMs = (NOW + 3600 + 300) * 1000 + 1
  const own = grant()
  const begunLater = (lateS: number, changes: Changes = {}): Bundle =>
    made({
      invocation: { exp: null },
      begunEntry: { ts: (NOW + lateS) * 1000 },
      receipt: { atMs: (NOW + lateS) * 1000 },
      outcomeEntry: { ts: (NOW + lateS) * 1000 },
      ...changes,
    })
  const ended = begunLater(500, { named: [grant({ exp: NOW + 199 })] })
  const revoked = begunLater(500, { named: [own], revocations: [revocation(executor, own.link, NOW + 199)] })
  return [
    intent('TIME', 'an entry from the future', made({ intentEntry: { ts: aheadMs } })),
    execution('TIME', 'a receipt from the future', made({ receipt: { atMs: aheadMs }, outcomeEntry: { ts: aheadMs } })),
    execution('TIME', 'an entry from the future', made({ outcomeEntry: { ts: aheadMs } })),
    execution(
      'INVOKED',
      'the beginning: later than the receipt',
      made({ invocation: { exp: null }, begunEntry: { ts: NOW * 1000 + 250 + 300_000 + 1 } }),
    ),
    authority('DENIED', 'a capability that ended between the call and the beginning', ended),
    authority('DENIED', 'a capability that was revoked between the call and the beginning', revoked),
  ]
}

/** The same text with another last character. */
function other(text: string): string {
  return `${text.slice(0, -1)}${text.endsWith('A') ? 'B' : 'A'}`
}
