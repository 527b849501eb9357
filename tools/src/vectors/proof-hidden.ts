/** Vectors of proof bundles that hide the contents of their call (contracts/spec 12, clause 12.17), valid and refused. */
import { disclosedFields } from './audit-fields.ts'
import { linkText, type Token, token } from './capability-tokens.ts'
import { type Bundle, refusal } from './proof-form.ts'
import { listOf } from './proof-full.ts'
import {
  type Changes,
  COMMAND,
  caller,
  canonical,
  commitBytes,
  denied,
  executor,
  grant,
  grantMembers,
  type Members,
  NOW,
  REQUEST,
  revocation,
  type Scene,
  scene,
  stranger,
} from './proof-scene.ts'

const CLAUSE = '12.17'
const OTHER_TOOL = '/mcp/files/tool/list'
const PARAMS = commitBytes('params', REQUEST).toString('hex')
const OTHER = commitBytes('params', Buffer.from('another request')).toString('hex')

type Parts = Parameters<typeof disclosedFields>[0]['parts']

/** What the ordinary call was asked with, and what it gave. */
const ARGUMENTS: Parts = [
  ['/path', '"/srv/a.txt"'],
  ['/line', '7'],
  ['/tags/0', '"a"'],
  ['/tags/1', '"b"'],
]
const OUTPUT: Parts = [
  ['/note', '"seven"'],
  ['/rows/0', '7'],
]

export interface Hiding extends Changes {
  readonly args?: Parts
  /** Pointers into the arguments, and into the output, that are disclosed. */
  readonly shows?: readonly string[]
  readonly output?: readonly string[]
  /** The side of the openings of arguments; the agent's when absent. */
  readonly layer?: 'intent' | 'execution'
  /** What the entries of intent and beginning commit to, beside what both do. */
  readonly own?: Members | undefined
  readonly other?: Members | undefined
}

/** The ordinary call between two logs that agree, without its invocation. */
function hidden({ args = ARGUMENTS, shows = [], output = [], layer = 'intent', own, other, ...changes }: Hiding = {}) {
  const made = scene(changesOf({ args, shows, output, layer, own, other, ...changes }))
  return hide(made)
}

/** The text of one call's bundle with its invocation, and without. */
export function bothForms(hiding: Hiding): { readonly whole: string; readonly hidden: string } {
  const made = scene(changesOf(hiding))
  const whole = canonical(made.bundle)
  return { whole, hidden: canonical(hide(made).bundle) }
}

function changesOf({ args = ARGUMENTS, shows = [], output = [], layer = 'intent', own, other, ...changes }: Hiding) {
  const asked = disclosedFields({ name: 'arguments', parts: args }, layer)
  const got = disclosedFields({ name: 'output', parts: OUTPUT }, 'execution')
  const commit = { params: PARAMS, arguments: asked.root }
  const opened = (parts: typeof asked, pointer: string) => {
    const { text, disclosure } = parts.open(pointer)
    return { ...disclosure, value: JSON.parse(text) }
  }
  return {
    ...changes,
    intentEntry: { commit: { ...commit, ...own }, ...changes.intentEntry },
    begunEntry: { commit: { ...commit, ...other }, ...changes.begunEntry },
    outcomeEntry: { commit: { output: got.root }, ...changes.outcomeEntry },
    disclosures: [
      ...shows.map((pointer) => opened(asked, pointer)),
      ...output.map((pointer) => opened(got, pointer)),
      ...(changes.disclosures ?? []),
    ],
  }
}

function refused(codes: readonly string[], { ...hiding }: Hiding = {}): Scene {
  const changes = changesOf(hiding)
  return hide(denied(codes, { ...changes, outcomeEntry: { commit: { params: PARAMS }, ...hiding.outcomeEntry } }))
}

function hide(made: Scene): Scene {
  const { inclusion } = made.bundle.intent
  made.bundle.intent = { contents: 'hidden', inclusion }
  return made
}

/** A capability with rules, from the executor to the caller. */
export function ruled(rules: readonly Members[] | readonly (readonly unknown[])[], changes: Members = {}): Token {
  const terms = { depth: 0, need: 'signature', rules }
  return token(executor, 'talos/cap@1', { ...grantMembers(), ...terms, ...changes } as never)
}

export function policy(...pol: readonly unknown[]): Token {
  return grant({ pol } as never)
}

interface Told {
  readonly verdict?: 'valid' | 'incomplete'
  readonly proves?: 'execution' | 'refusal'
  readonly missing?: readonly string[]
  /** Each as `link path: selectors`. */
  readonly unjudged?: readonly string[]
  readonly refusal?: string
  readonly freshness?: string
}

function tells(description: string, made: Scene, told: Told = {}): object {
  const missing = told.missing ?? (told.unjudged === undefined ? [] : ['PROOF_ARGUMENTS_HIDDEN'])
  return {
    clause: CLAUSE,
    description,
    valid: true,
    input: { bundle: canonical(made.bundle), nowS: NOW + 3600 },
    expected: {
      verdict: missing.length === 0 ? 'valid' : 'incomplete',
      proves: 'execution',
      missing,
      unjudged: [],
      invocation: linkText(made.invocation.link),
      receipt: linkText(made.receipt.link),
      agent: caller.did,
      executor: executor.did,
      command: COMMAND,
      issuedAtS: NOW,
      freshness: 'fresh',
      ...told,
    },
  }
}

export function hiddenCases(): readonly object[] {
  return [
    ...shownCases(),
    ...refusalCases(),
    ...formCases(),
    ...recordCases(),
    ...authorityCases(),
    ...openingCases(),
    ...freshnessCases(),
  ]
}

/** Calls that were executed, with what can be said of their conditions. */
function shownCases(): readonly object[] {
  const path = ['==', '.path', '/srv/a.txt']
  const twice = [grant({ aud: stranger.did }), grant({ pol: [['<', '.line', 9], path] } as never, stranger)]
  const unbegun = hidden({ showsBegun: false })
  return [
    tells('a call without conditions on its arguments', hidden()),
    tells('one part of the result disclosed', hidden({ output: ['/note'] })),
    tells('a condition on a disclosed argument', hidden({ named: [policy(path)], shows: ['/path'] })),
    tells('a condition on a hidden argument', hidden({ named: [policy(path)], shows: ['/line'] }), {
      unjudged: ['0 pol[0]: path'],
    }),
    tells('two links, of whose conditions one is hidden', hidden({ named: twice, shows: ['/path'] }), {
      unjudged: ['1 pol[0]: line'],
      freshness: 'unknown',
    }),
    tells(
      'a closed world, of which the names of all arguments would have to be known',
      hidden({
        named: [
          ruled([
            ['subpath', '.path', ['/srv']],
            ['known', '.line?'],
            ['known', '.tags'],
          ]),
        ],
        shows: ['/path'],
      }),
      { unjudged: ['0 args: '] },
    ),
    tells(
      'no arguments at all, disclosed: that is all of them',
      hidden({ args: [['', '{}']], named: [ruled([['subpath', '.path?', ['/srv']]])], shows: [''] }),
    ),
    tells(
      'items of a list, of which one would be enough',
      hidden({ named: [policy(['any', '.tags', ['==', '.', 'b']])], shows: ['/tags/1'] }),
    ),
    tells(
      'items of a list, all of which are asked about',
      hidden({
        named: [policy(['all', '.tags', ['like', '.', '*']], ['not', ['any', '.tags', ['==', '.', 'c']]])],
        shows: ['/tags/0', '/tags/1'],
      }),
      { unjudged: ['0 pol[0]: tags', '0 pol[1]: tags'] },
    ),
    tells(
      'an item by its number, which may be a member of that name',
      hidden({ named: [policy(['==', '.tags[0]', 'a'])], shows: ['/tags/0'] }),
      { unjudged: ['0 pol[0]: tags[0]'] },
    ),
    tells('an argument that must be absent', hidden({ named: [policy(['==', '.force', null])], shows: ['/path'] }), {
      unjudged: ['0 pol[0]: force'],
    }),
    tells('the executor opens the argument', hidden({ named: [policy(path)], shows: ['/path'], layer: 'execution' })),
    tells('an executor that commits to no parts', hidden({ other: { arguments: undefined } })),
    tells('an agent that commits to no parts', hidden({ own: { arguments: undefined } })),
    tells('a receipt that shares its signature with others', hidden({ isBatched: true })),
    tells('an execution that failed', hidden({ receipt: { outcome: 'error' } })),
    tells('without the entry of the beginning, which both sides are compared by', unbegun, {
      verdict: 'incomplete',
      missing: ['PROOF_GAP'],
    }),
    tells(
      'without that entry, and with a condition on a hidden argument',
      hidden({ showsBegun: false, named: [policy(path)] }),
      { missing: ['PROOF_GAP', 'PROOF_ARGUMENTS_HIDDEN'], unjudged: ['0 pol[0]: path'] },
    ),
  ]
}

function refusalCases(): readonly object[] {
  const narrow = grant({ cmd: OTHER_TOOL })
  const conditioned = policy(['==', '.path', '/srv/b.txt'])
  const proves = 'refusal' as const
  const only = (description: string, codes: readonly string[], hiding: Hiding = {}, told: Told = {}) =>
    tells(description, refused(codes, hiding), { proves, refusal: 'executor-only', missing: [], ...told })
  const disagrees = (description: string, codes: readonly string[], hiding: Hiding) =>
    say('authority', 'PROOF_AUTHORITY_DISAGREES', description, refused(codes, hiding))
  const argument = ['CAPABILITY_ARGUMENTS', 'CAPABILITY_ARGUMENT']
  const begun = { commit: { params: PARAMS, arguments: rootOf(ARGUMENTS) } }
  return [
    tells('refused for its tool', refused(['CAPABILITY_SCOPE'], { named: [narrow] }), { proves, refusal: 'confirmed' }),
    tells('refused without a capability', refused(['CAPABILITY_MISSING'], { named: [] }), {
      proves,
      refusal: 'confirmed',
    }),
    only('refused for arguments that are hidden', argument, { named: [conditioned] }, { unjudged: ['0 pol[0]: path'] }),
    tells(
      'refused for an argument that is disclosed',
      refused(argument, { named: [conditioned], shows: ['/path'], outcomeEntry: begun }),
      { proves, refusal: 'confirmed' },
    ),
    only(
      'refused for another argument than the one that is disclosed',
      [...argument.slice(0, 1), 'CAPABILITY_ARGUMENT_ABSENT'],
      {
        named: [conditioned],
        shows: ['/path'],
        outcomeEntry: begun,
      },
    ),
    only('refused for what the invocation says of its subject', ['CAPABILITY_SUBJECT']),
    only('refused for a delegation that was not sent', ['CAPABILITY_PROOF_MISSING'], { carried: [] }),
    tells(
      'a call that waits for approvals',
      refused(['CAPABILITY_APPROVAL', 'APPROVAL_MISSING'], { receipt: { outcome: 'refer' } }),
      { proves },
    ),
    disagrees('refused for arguments, on which nothing depends', argument, {}),
    disagrees('refused for arguments, before which the tool would have been refused', argument, {
      named: [grant({ cmd: OTHER_TOOL, pol: [['==', '.path', '/srv/b.txt']] } as never)],
    }),
  ]
}

function say(layer: string, code: string, description: string, { bundle }: { readonly bundle: Bundle }, nowS?: number) {
  return refusal(code, { clause: CLAUSE, layer, description, ...(nowS !== undefined && { nowS }) }, bundle)
}

function rootOf(parts: Parts): string {
  return disclosedFields({ name: 'arguments', parts }, 'intent').root
}

/** A hidden call, changed once more. */
function changed(change: (bundle: Bundle, made: Scene) => void, hiding: Hiding = {}): Scene {
  const made = hidden(hiding)
  change(made.bundle, made)
  return made
}

function formCases(): readonly object[] {
  const form = (description: string, change: (bundle: Bundle, made: Scene) => void) =>
    say('intent', 'PROOF_INTENT_FORM', description, changed(change))
  return [
    form('neither an invocation nor the word that it is hidden', ({ intent }) =>
      Reflect.deleteProperty(intent, 'contents'),
    ),
    form('an invocation, and the word that it is hidden', ({ intent }, { invocation }) => {
      intent.invocation = invocation.bytes.toString('base64url')
    }),
    form('another word', ({ intent }) => Object.assign(intent, { contents: 'none' })),
  ]
}

function recordCases(): readonly object[] {
  const unbound = (description: string, intentEntry: Members) =>
    say('intent', 'PROOF_INTENT_UNBOUND', description, hidden({ intentEntry }))
  const mismatch = (member: string, value: unknown) =>
    say('intent', 'PROOF_INTENT_MISMATCH', `the entry's ${member}`, hidden({ intentEntry: { [member]: value } }))
  const disagrees = (description: string, hiding: Hiding) =>
    say('execution', 'PROOF_EXECUTION_DISAGREES', description, hidden(hiding))
  const begun = (description: string, begunEntry: Members) =>
    say('execution', 'PROOF_EXECUTION_INVOKED', description, hidden({ begunEntry }))
  const cid = linkText(grant({ cmd: '/elsewhere' }).link)
  return [
    unbound('an entry that names no invocation', { ref: undefined }),
    unbound('an entry that commits to nothing', { commit: undefined }),
    unbound('an entry that commits to parts alone', { commit: { arguments: rootOf(ARGUMENTS) } }),
    unbound('an entry of no tool', { kind: 'key.prekeys', tool: undefined }),
    unbound('an entry of a tool whose name is no command', { tool: '/mcp//files' }),
    mismatch('agent', stranger.did),
    mismatch('peer', stranger.did),
    say(
      'intent',
      'PROOF_INTENT_MISMATCH',
      "the entry's kind",
      hidden({ intentEntry: { kind: 'tool.lost', cause: PARAMS } }),
    ),
    say('intent', 'PROOF_INTENT_TIME', 'an entry from the future', hidden(), NOW - 301),
    say(
      'execution',
      'PROOF_EXECUTION_PARTIES',
      'a receipt about another call',
      hidden({ receipt: { ran: grant().link } }),
    ),
    say(
      'execution',
      'PROOF_EXECUTION_PARTIES',
      'an agent that records another call',
      hidden({ intentEntry: { ref: cid } }),
    ),
    say(
      'execution',
      'PROOF_EXECUTION_MISMATCH',
      'an agent that records another tool',
      hidden({ intentEntry: { tool: OTHER_TOOL } }),
    ),
    say(
      'execution',
      'PROOF_EXECUTION_TIME',
      'an agent that records the call long after its receipt',
      hidden({ intentEntry: { ts: (NOW + 301) * 1000 } }),
    ),
    begun('an executor that records another call', { ref: cid }),
    begun('an executor that began before it was asked', { ts: (NOW - 300) * 1000 - 1 }),
    disagrees('another request', { other: { params: OTHER } }),
    disagrees('an executor that commits to nothing', { begunEntry: { commit: undefined } }),
    disagrees('other arguments', { other: { arguments: rootOf(OUTPUT) } }),
    disagrees('an executor that names no capability', { begunEntry: { cap: undefined } }),
    say(
      'execution',
      'PROOF_EXECUTION_DISAGREES',
      'a refusal of another request',
      refused(['CAPABILITY_REPLAY'], { outcomeEntry: { commit: { params: OTHER } } }),
    ),
  ]
}

function authorityCases(): readonly object[] {
  const own = grant()
  const other = grant({ cmd: '/mcp' })
  const authority = (code: string, description: string, hiding: Hiding) =>
    say('authority', `PROOF_AUTHORITY_${code}`, description, hidden(hiding))
  const denies = (description: string, named: Token, shows: readonly string[], hiding: Hiding = {}) =>
    authority('DENIED', description, { named: [named], shows, ...hiding })
  const soon = grant({ exp: NOW + 500 })
  const late = { receipt: { atMs: (NOW + 900) * 1000 }, outcomeEntry: { ts: (NOW + 900) * 1000 } }
  return [
    authority('PROOFS', 'no delegation, where the logs name one', { carried: [] }),
    authority('PROOFS', 'another delegation', { carried: [other] }),
    authority('PROOFS', 'a delegation behind the one that the logs name', { carried: [own, other] }),
    authority('PROOFS', 'a delegation, where the logs name none', {
      named: [],
      carried: [own],
    }),
    authority('DENIED', 'a delegation before the one that the logs name, which does not lead to it', {
      carried: [other, own],
    }),
    authority('DENIED', 'a delegation for another tool', { named: [grant({ cmd: OTHER_TOOL })] }),
    authority('DENIED', 'a delegation that was revoked', {
      named: [own],
      revocations: [revocation(executor, own.link, NOW - 1)],
    }),
    authority('DENIED', 'a delegation that had ended when the executor began', {
      named: [soon],
      begunEntry: { ts: (NOW + 900) * 1000 },
      ...late,
    }),
    denies('a disclosed argument that breaks a condition', policy(['!=', '.path', '/srv/a.txt']), ['/path']),
    denies('a disclosed item that breaks a condition on all', policy(['all', '.tags', ['==', '.', 'a']]), ['/tags/1']),
    denies(
      'a disclosed argument outside of a rule',
      ruled([
        ['subpath', '.path', ['/etc']],
        ['known', '.line'],
      ]),
      ['/path'],
    ),
    denies('a disclosed argument outside of the closed world', ruled([['known', '.path']]), ['/line']),
    denies('no arguments, where one is demanded', ruled([['known', '.path']]), [''], { args: [['', '{}']] }),
  ]
}

function openingCases(): readonly object[] {
  const opening = (code: string, description: string, hiding: Hiding) =>
    say('disclosures', `PROOF_DISCLOSURE_${code}`, description, hidden(hiding))
  const inside: Parts = [
    ['/a', '{"b":1}'],
    ['/a/b', '2'],
  ]
  return [
    opening('MISMATCH', 'an argument that the executor did not commit to', {
      shows: ['/path'],
      other: { arguments: undefined },
    }),
    opening('MISMATCH', 'an argument that the agent did not commit to', {
      shows: ['/path'],
      layer: 'execution',
      own: { arguments: undefined },
    }),
    opening('MISMATCH', 'an argument of a call whose beginning is not shown', { shows: ['/path'], showsBegun: false }),
    opening('CONTRADICTION', 'one part within another', { args: inside, shows: ['/a', '/a/b'] }),
    opening('CONTRADICTION', 'arguments that are no object', { args: [['', '7']], shows: [''] }),
  ]
}

/** The agent alone says when it asked; a list has to have been fresh for the executor as well. */
function freshnessCases(): readonly object[] {
  const named = [grant({ aud: stranger.did }), grant({}, stranger)]
  const listed = (hiding: Hiding) =>
    changed(
      ({ authority }) => {
        authority.heads = [listOf(stranger, [], { atS: NOW - 290 })]
      },
      { named, ...hiding },
    )
  const ts = (NOW + 400) * 1000
  const late = { begunEntry: { ts }, receipt: { atMs: ts }, outcomeEntry: { ts } }
  return [
    tells('a list that was fresh when the call was asked for', listed({}), { freshness: 'fresh' }),
    tells('a list that was old when the executor began', listed(late), { freshness: 'stale' }),
  ]
}
