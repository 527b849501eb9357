/**
 * Vectors of whole proof bundles: later checkpoints, witnesses, lists of revocations, parts and anchors (contracts/spec 12,
 * clauses 12.8 and 12.12 to 12.15), and what each check of these refuses or misses.
 */
import {
  base64url as base64urlOf,
  CONTRACT,
  receipt as chainReceipt,
  header,
  hex,
  keccak,
  leafHash,
  logItem,
  nodeHash,
  oneLeaf,
} from './anchor-scene.ts'
import { type Agent, agent, linkText, type Token, token } from './capability-tokens.ts'
import { sha256, subproof, treeHash } from './merkle-tree.ts'
import { type Bundle, refusal } from './proof-form.ts'
import { partsOfArguments, partsOfOutput } from './proof-parts.ts'
import {
  base64url,
  type Changes,
  caller,
  canonical,
  checkpoint,
  cosignature,
  denied,
  entry,
  entryBytes,
  executor,
  grant,
  logKey,
  logOf,
  type Members,
  NOW,
  noteSignature,
  originOf,
  publicKeyOf,
  revocation,
  type Scene,
  scene,
  stranger,
} from './proof-scene.ts'

const [FIRST, SECOND] = [agent(71), agent(72)]
const [FIRST_KEY, SECOND_KEY] = [agent(171), agent(172)]
const SEEN_S = NOW + 60
const BLOCK_S = NOW + 600
const CHAIN = 8453

type Side = 'agent' | 'executor'

interface Witness {
  readonly who: Agent
  readonly key: Agent
}

const WITNESSES: readonly Witness[] = [
  { who: FIRST, key: FIRST_KEY },
  { who: SECOND, key: SECOND_KEY },
]

/** A case of a bundle that holds, with what it is verified with. */
export interface FullCase {
  readonly description: string
  readonly made: Scene
  readonly given?: Members
  readonly expected: Members
}

/** Adds a later checkpoint of a side's log. */
export function addLater(
  made: Scene,
  side: Side,
  changes: {
    readonly witnesses?: readonly Witness[]
    readonly timeS?: number
    readonly lines?: (text: string) => string
    readonly growth?: number
    readonly name?: string
    readonly signer?: Agent
    readonly other?: boolean
  } = {},
): void {
  const party = side === 'agent' ? caller : executor
  const { witnesses = WITNESSES, timeS = SEEN_S, growth = 4, name = originOf(party), signer = logOf(party) } = changes
  const first = made.leaves[side]
  const more = Array.from({ length: growth }, (_, index) =>
    entryBytes(entry(party, first.length + index, { kind: 'key.prekeys' })),
  )
  const before = changes.other === true ? [...first.slice(0, -1), Buffer.from('{}')] : first
  const leaves = [...before, ...more]
  const text = `${name}\n${leaves.length}\n${treeHash(leaves).toString('base64')}\n`
  const lines = witnesses.map(({ who, key }) => cosignature(nameOf(who), key, { text, timeS }))
  const note = `${checkpoint(leaves, { origin: name, key: signer })}${lines.join('')}${changes.lines?.(text) ?? ''}`
  const consistency = growth === 0 ? [] : subproof(first.length, leaves, true).map((hash) => hash.toString('base64'))
  made.bundle.logs = { ...made.bundle.logs, [side]: { checkpoint: note, consistency } }
}

export function nameOf({ did }: Agent): string {
  return `talos/witness/${did.slice('did:key:'.length)}`
}

export function witnessMember({ who, key }: Witness, changes: Members = {}): Members {
  const delegation = logKey(who, key, { origin: nameOf(who) })
  return { did: who.did, logKey: base64url(delegation), history: [], ...changes }
}

/** A list of revocations that a key signed a head of. */
export function listOf(
  issuer: Agent,
  items: readonly Token[],
  changes: { readonly atS?: number; readonly n?: number; readonly shows?: (item: Token) => string } = {},
): Members {
  const { atS = NOW - 10, n = items.length, shows = base64url } = changes
  let digest = sha256('talos/revlist/1\0', issuer.did)
  for (const { bytes } of items) digest = sha256(digest, sha256(bytes))
  const head = token(issuer, 'talos/revhead@1', { n, digest, atS })
  return { head: base64url(head), items: items.map(shows) }
}

/** What the stranger took back before: nothing of this call. */
const UNRELATED = [
  revocation(stranger, grant({ cmd: '/elsewhere' }, stranger).link, NOW - 900),
  token(stranger, 'talos/revoke@1', { who: agent(99).did, reason: 'left the team', atS: NOW - 600 }),
]

/** The executor gives to the stranger, who passes it on to the caller. */
const LINKS = [grant({ aud: stranger.did }), grant({}, stranger)]

/** The anchor of a side's later checkpoint: the second of three leaves of a log of logs, whose root one block has. */
function anchorOf(made: Scene, side: Side, { timestampS = BLOCK_S } = {}): Members {
  const [origin = '', size = '', root = ''] = String(made.bundle.logs[side].checkpoint).split('\n')
  const rootHex = Buffer.from(root, 'base64').toString('hex')
  const statement = canonical({ kind: 'checkpoint', origin, root: rootHex, size: Number(size), v: 1 })
  const leaf = leafHash(new Uint8Array(Buffer.from(statement)))
  const [before, after] = [new Uint8Array(32).fill(0x11), new Uint8Array(32).fill(0x33)]
  const top = nodeHash(nodeHash(before, leaf), after)
  const node = oneLeaf(chainReceipt([logItem({ root: top, size: 3 })]))
  const head = header(keccak(node), { timestampS })
  const receipt = { index: 0, nodes: [base64urlOf(node)], log: 0 }
  return {
    side,
    proof: {
      leaf: { index: 1, path: [base64urlOf(before), base64urlOf(after)] },
      chain: { chainId: CHAIN, contract: `0x${hex(CONTRACT)}`, header: base64urlOf(head), receipt },
    },
  }
}

/** The blocks of a bundle's anchors, as a verifier may know them. */
function blocksOf({ bundle }: Scene): readonly Members[] {
  return bundle.anchors.map(({ proof }: Bundle) => ({
    chainId: CHAIN,
    number: 20_000_000,
    hashHex: hex(keccak(new Uint8Array(Buffer.from(proof.chain.header, 'base64url')))),
  }))
}

/** Everything that a bundle can hold. */
function full(changes: Changes = {}): Scene {
  const asked = partsOfArguments()
  const got = partsOfOutput()
  const made = scene({
    named: LINKS,
    intentEntry: { commit: { arguments: asked.root } },
    begunEntry: { commit: { arguments: asked.root } },
    outcomeEntry: { commit: { output: got.root } },
    disclosures: [
      { ...asked.open('/path').disclosure, value: '/srv/a.txt' },
      { ...got.open('/note').disclosure, value: 'seven' },
    ],
    ...changes,
  })
  const { bundle } = made
  bundle.authority.heads = [listOf(stranger, UNRELATED)]
  bundle.witnesses = WITNESSES.map((witness) => witnessMember(witness))
  addLater(made, 'agent')
  addLater(made, 'executor')
  bundle.anchors = [anchorOf(made, 'agent'), anchorOf(made, 'executor')]
  return made
}

/** `k of 2` witnesses. */
function policy(threshold: number): string {
  const lines = WITNESSES.map(({ who, key }, index) => {
    const type = Buffer.concat([Buffer.of(4), publicKeyOf(key)])
    const id = sha256(nameOf(who), '\n', type).subarray(0, 4).toString('hex')
    return `witness w${index} ${nameOf(who)}+${id}+${type.toString('base64')}\n`
  })
  return `${lines.join('')}group both ${threshold} w0 w1\nquorum both\n`
}

const WITNESSED = { agent: [FIRST.did, SECOND.did], executor: [FIRST.did, SECOND.did] }

export function fullCases(): readonly FullCase[] {
  const whole = full()
  const blocks = blocksOf(whole)
  const good = { verdict: 'valid', missing: [], witnessed: WITNESSED, freshness: 'fresh' }
  const known = { ...good, anchored: true }
  const at = (level: string, more: Members = {}) => ({ level, ...more })
  return [
    { description: 'everything', made: whole, expected: { ...good, anchored: false } },
    {
      description: 'everything, asked of the most',
      made: whole,
      given: at('paranoid', { blocks, policy: policy(2) }),
      expected: known,
    },
    {
      description: 'nothing but form and signatures',
      made: whole,
      given: at('minimal'),
      expected: { verdict: 'valid', missing: [] },
    },
    ...wantingCases(whole, blocks),
    ...fewerCases(),
    hiddenCase(),
  ]
}

/** Nothing is wrong, and the level asks for more. */
function wantingCases(whole: Scene, blocks: readonly Members[]): readonly FullCase[] {
  const wants = (
    description: string,
    missing: readonly string[],
    { made = whole, level = 'strict', ...more }: Members & { readonly made?: Scene } = {},
  ): FullCase => ({
    description,
    made,
    given: { level, ...more },
    expected: { verdict: 'incomplete', missing },
  })
  const bare = scene({ named: LINKS })
  const unbegun = full({ showsBegun: false })
  const old = changed((bundle) => {
    bundle.authority.heads = [listOf(stranger, UNRELATED, { atS: NOW - 301 })]
  })
  const withheld = changed((bundle) => {
    const shows = ({ link }: Token) => linkText(link)
    bundle.authority.heads = [listOf(stranger, UNRELATED, { shows })]
  })
  const told = denied(['CAPABILITY_REPLAY'], { named: LINKS })
  told.bundle.authority.heads = [listOf(stranger, [])]
  told.bundle.witnesses = WITNESSES.map((witness) => witnessMember(witness))
  addLater(told, 'agent')
  addLater(told, 'executor')
  told.bundle.anchors = [anchorOf(told, 'agent'), anchorOf(told, 'executor')]
  const other = `${policy(2).replace('group both 2 w0 w1', 'group both 1 w0')}`
    .replace('witness w1', '#')
    .replaceAll(nameOf(FIRST), nameOf(agent(73)))
  return [
    wants('no later checkpoints and no lists', ['PROOF_REVOCATIONS_STALE', 'PROOF_UNWITNESSED', 'PROOF_UNWITNESSED'], {
      made: bare,
    }),
    wants('a list that was older than clocks differ', ['PROOF_REVOCATIONS_STALE'], { made: old }),
    wants('without the entry of the beginning', ['PROOF_GAP'], { made: unbegun }),
    wants('a block that the verifier does not know', ['PROOF_UNANCHORED', 'PROOF_UNANCHORED'], { level: 'paranoid' }),
    wants('a list whose content is withheld', ['PROOF_REVOCATIONS_WITHHELD'], {
      made: withheld,
      level: 'paranoid',
      blocks,
    }),
    wants('a refusal that nothing confirms', ['PROOF_REFUSAL_UNCONFIRMED'], {
      made: told,
      level: 'paranoid',
      blocks: blocksOf(told),
    }),
    wants('witnesses that the policy does not know', ['PROOF_UNWITNESSED', 'PROOF_UNWITNESSED'], {
      policy: rekeyed(other),
    }),
  ]
}

/** The revocation of this very leave, as a name alone. */
function hiddenCase(): FullCase {
  const revoked = revocation(stranger, LINKS[1]?.link as Token['link'], NOW - 60)
  const shows = ({ link }: Token) => linkText(link)
  const made = changed((bundle) => {
    bundle.authority.heads = [listOf(stranger, [...UNRELATED, revoked], { shows })]
  })
  const expected = { verdict: 'incomplete', missing: ['PROOF_REVOCATIONS_WITHHELD'] }
  return { description: 'a list that withholds what it says of the call', made, given: { level: 'strict' }, expected }
}

/** The key ids of a policy whose names were changed. */
function rekeyed(text: string): string {
  return text.replaceAll(/(talos\/witness\/\S+?)\+[0-9a-f]{8}\+(\S+)/g, (_, name: string, key: string) => {
    const id = sha256(name, '\n', Buffer.from(key, 'base64')).subarray(0, 4).toString('hex')
    return `${name}+${id}+${key}`
  })
}

/** Parts that may be left out. */
function fewerCases(): readonly FullCase[] {
  const one = scene({ named: LINKS })
  one.bundle.witnesses = [witnessMember({ who: FIRST, key: FIRST_KEY })]
  addLater(one, 'executor', { witnesses: WITNESSES.slice(0, 1), growth: 0 })
  const mine = scene()
  mine.bundle.witnesses = [witnessMember({ who: executor, key: FIRST_KEY })]
  addLater(mine, 'agent', { witnesses: [{ who: executor, key: FIRST_KEY }] })
  const own = scene()
  own.bundle.authority.heads = [listOf(executor, [])]
  const later = scene({ named: LINKS })
  const revoked = revocation(stranger, LINKS[1]?.link as Token['link'], NOW + 5)
  later.bundle.authority.heads = [listOf(stranger, [...UNRELATED, revoked], { atS: NOW + 60 })]
  const unseen = scene()
  addLater(unseen, 'agent', { witnesses: [] })
  return [
    {
      description: 'one witness of one side, of the very checkpoint of the inclusion',
      made: one,
      expected: {
        verdict: 'valid',
        missing: [],
        witnessed: { executor: [FIRST.did] },
        freshness: 'unknown',
        anchored: false,
      },
    },
    {
      description: 'the executor as the witness of the agent',
      made: mine,
      expected: {
        verdict: 'valid',
        missing: [],
        witnessed: { agent: [executor.did] },
        freshness: 'fresh',
        anchored: false,
      },
    },
    {
      description: 'the list of the executor itself',
      made: own,
      expected: { verdict: 'valid', missing: [], freshness: 'fresh' },
    },
    {
      description: 'a list with a revocation that came after the call',
      made: later,
      expected: { verdict: 'valid', missing: [], freshness: 'fresh' },
    },
    {
      description: 'a later checkpoint that nobody saw',
      made: unseen,
      given: { level: 'strict' },
      expected: {
        verdict: 'incomplete',
        missing: ['PROOF_UNWITNESSED', 'PROOF_UNWITNESSED'],
        witnessed: { agent: [] },
      },
    },
  ]
}

function changed(change: (bundle: Bundle, made: Scene) => void, changes: Changes = {}): Scene {
  const made = full(changes)
  change(made.bundle, made)
  return made
}

type Say = (code: string, description: string, change: (bundle: Bundle, made: Scene) => void, nowS?: number) => object

function sayer(layer: string, clause: string): Say {
  return (code, description, change, nowS) => {
    const { bundle } = changed(change)
    return refusal(`PROOF_${code}`, { clause, layer, description, ...(nowS !== undefined && { nowS }) }, bundle)
  }
}

export function refusedFullCases(): readonly object[] {
  return [
    ...formCases(),
    ...listCases(),
    ...checkpointCases(),
    ...witnessCases(),
    ...anchorCases(),
    ...executorCases(),
    sayer('authority', '12.8')('AUTHORITY_HEADS', 'a head from the future', (bundle) => {
      bundle.authority.heads = [listOf(stranger, UNRELATED, { atS: NOW + 3600 + 301 })]
    }),
  ]
}

function formCases(): readonly object[] {
  const logs = sayer('logs', '12.2')
  return [
    logs('LOGS_FORM', 'an unknown member in logs', (bundle) => Object.assign(bundle.logs, { comment: 'believe me' })),
    logs('LOGS_FORM', 'a witness without its key', (bundle) => Reflect.deleteProperty(bundle.witnesses[0], 'logKey')),
    logs('LOGS_FORM', 'a consistency hash of 31 bytes', (bundle) => {
      bundle.logs.agent.consistency[0] = Buffer.alloc(31).toString('base64')
    }),
    sayer('anchors', '12.2')('ANCHOR_FORM', 'an anchor of neither side', (bundle) => {
      bundle.anchors[0].side = 'witness'
    }),
    sayer('authority', '12.2')('AUTHORITY_FORM', 'a list that is neither names nor envelopes', (bundle) => {
      bundle.authority.heads[0].items = ['AAAA']
    }),
  ]
}

function listCases(): readonly object[] {
  const say = sayer('authority', '12.8')
  const list = (description: string, lists: readonly Members[], code = 'AUTHORITY_HEADS') =>
    say(code, description, (bundle) => {
      bundle.authority.heads = lists
    })
  const whole = listOf(stranger, UNRELATED)
  const [one = '', two = ''] = whole['items'] as readonly string[]
  const revoked = revocation(stranger, LINKS[1]?.link as Token['link'], NOW - 5)
  const foreign = revocation(executor, LINKS[0]?.link as Token['link'], NOW + 50)
  return [
    list('a head that was changed', [{ ...whole, head: flipped(String(whole['head'])) }]),
    list('a revocation as a head', [{ ...whole, head: base64url(UNRELATED[0] as Token) }]),
    list('a head as a revocation', [{ ...whole, items: [one, String(whole['head'])] }]),
    list('a revocation less', [{ ...whole, items: [one] }]),
    list('a revocation more', [{ ...whole, items: [one, two, two] }]),
    list('two revocations exchanged', [{ ...whole, items: [two, one] }]),
    list('a changed revocation', [{ ...whole, items: [one, flipped(two)] }]),
    list('a revocation that is no base64url', [{ ...whole, items: [one, `${two.slice(0, -2)}g`] }]),
    list('a head that counts more', [listOf(stranger, UNRELATED, { n: 3 })]),
    list('the list of somebody who stands in no delegation', [listOf(agent(98), [])]),
    list('one issuer twice', [whole, listOf(stranger, UNRELATED, { atS: NOW - 9 })]),
    list('a list with a revocation by somebody else', [listOf(stranger, [...UNRELATED, foreign])]),
    list('a list with a revocation of two things', [
      listOf(stranger, [
        token(stranger, 'talos/revoke@1', { who: agent(99).did, revoke: LINKS[0]?.link as Token['link'], atS: NOW }),
      ]),
    ]),
    list('a list that shows that the delegation was revoked before', [listOf(stranger, [revoked])], 'AUTHORITY_DENIED'),
  ]
}

function flipped(text: string): string {
  const bytes = Buffer.from(text, 'base64url')
  bytes.writeUInt8(bytes.readUInt8(10) ^ 1, 10)
  return bytes.toString('base64url')
}

function checkpointCases(): readonly object[] {
  const say = sayer('logs', '12.13')
  const note = (description: string, change: (note: string) => string, code = 'LOGS_CHECKPOINT') =>
    say(code, description, (bundle) => {
      bundle.logs.agent.checkpoint = change(bundle.logs.agent.checkpoint)
    })
  const later = (code: string, description: string, changes: Parameters<typeof addLater>[2]) =>
    say(code, description, (_, made) => addLater(made, 'agent', changes))
  const hashes = (description: string, change: (hashes: string[]) => readonly string[]) =>
    say('LOGS_CONSISTENCY', description, (bundle) => {
      bundle.logs.executor.consistency = change(bundle.logs.executor.consistency)
    })
  return [
    note('no note', () => 'talos\n'),
    note('without signatures', (text) => text.slice(0, text.indexOf('—'))),
    note('another size', (text) => text.replace('\n7\n', '\n8\n')),
    note('a witness before the log', (text) => {
      const [head = '', log = '', ...others] = text.split(/(?=—)/)
      return [head, ...others, log].join('')
    }),
    later('LOGS_CHECKPOINT', 'signed by another key', { signer: agent(150) }),
    later('LOGS_CHECKPOINT', 'of another log', { name: originOf(executor), signer: logOf(executor) }),
    later('LOGS_CONSISTENCY', 'of a tree that has another entry', { other: true }),
    hashes('a hash less', (all) => all.slice(1)),
    hashes('two hashes exchanged', ([one = '', two = '', ...more]) => [two, one, ...more]),
    say('LOGS_CONSISTENCY', 'an earlier checkpoint than that of the inclusion', (bundle, made) => {
      const small = checkpoint(made.leaves.agent.slice(0, 2), { origin: originOf(caller), key: logOf(caller) })
      const text = small.slice(0, small.indexOf('\n\n') + 1)
      const lines = WITNESSES.map(({ who, key }) => cosignature(nameOf(who), key, { text, timeS: SEEN_S }))
      bundle.logs.agent = { checkpoint: small + lines.join(''), consistency: [] }
    }),
  ]
}

function witnessCases(): readonly object[] {
  const say = sayer('logs', '12.14')
  const later = (code: string, description: string, changes: Parameters<typeof addLater>[2], nowS?: number) =>
    say(code, description, (_, made) => addLater(made, 'agent', changes), nowS)
  const key = (description: string, changes: Members) =>
    say('WITNESS_KEY', description, (bundle) => Object.assign(bundle.witnesses[0], changes))
  const delegated = (by: Agent, origin: string) => ({ logKey: base64url(logKey(by, FIRST_KEY, { origin })) })
  const unseen = agent(174)
  return [
    key('a delegation that was changed', {
      logKey: flipped(base64url(logKey(FIRST, FIRST_KEY, { origin: nameOf(FIRST) }))),
    }),
    key('no delegation', { logKey: 'AAAA' }),
    key('a key that somebody else delegated', delegated(stranger, nameOf(FIRST))),
    key('another identity', { did: stranger.did }),
    key('a history that is none', { history: ['AAAA'] }),
    say('WITNESS_UNKNOWN', 'a line by nobody in the bundle', (_, made) =>
      addLater(made, 'agent', {
        lines: (text) => cosignature(nameOf(agent(74)), unseen, { text, timeS: SEEN_S }),
      }),
    ),
    later('WITNESS_UNKNOWN', 'two lines by one witness', {
      lines: (text) => cosignature(nameOf(FIRST), FIRST_KEY, { text, timeS: SEEN_S + 1 }),
    }),
    say('WITNESS_UNKNOWN', 'a signature by the log once more', (_, made) =>
      addLater(made, 'agent', { lines: (text) => noteSignature(originOf(caller), logOf(caller), text) }),
    ),
    say('WITNESS_UNKNOWN', 'a witness less, whose lines are there', (bundle) => bundle.witnesses.pop()),
    say('WITNESS_SIGNATURE', 'a cosignature of another checkpoint', (_, made) =>
      addLater(made, 'agent', {
        witnesses: WITNESSES.slice(0, 1),
        lines: () => cosignature(nameOf(SECOND), SECOND_KEY, { text: 'talos\n1\n', timeS: SEEN_S }),
      }),
    ),
    say('WITNESS_SIGNATURE', 'a cosignature of another length', (_, made) =>
      addLater(made, 'agent', {
        witnesses: WITNESSES.slice(0, 1),
        lines: (text) => {
          const [dash = '', name = '', bytes = ''] = cosignature(nameOf(SECOND), SECOND_KEY, { text, timeS: SEEN_S })
            .trim()
            .split(' ')
          return `${dash} ${name} ${Buffer.from(bytes, 'base64').subarray(0, 60).toString('base64')}\n`
        },
      }),
    ),
    say('WITNESS_UNUSED', 'a witness that cosigned nothing', (bundle) => {
      bundle.witnesses.push(witnessMember({ who: agent(75), key: agent(175) }))
    }),
    say('WITNESS_UNUSED', 'one witness twice', (bundle) => bundle.witnesses.push(bundle.witnesses[0])),
    say('WITNESS_OWN', 'the agent as its own witness', (bundle, made) => {
      const own = { who: caller, key: FIRST_KEY }
      bundle.witnesses = [witnessMember(own), witnessMember(WITNESSES[1] as Witness)]
      for (const side of ['agent', 'executor'] as const)
        addLater(made, side, { witnesses: [own, WITNESSES[1] as Witness] })
      bundle.anchors = []
    }),
    later('WITNESS_TIME', 'seen before it was there', { timeS: NOW - 301 }),
    later('WITNESS_TIME', 'seen in the future', { timeS: NOW + 3600 + 301 }),
  ]
}

/** The same of the executor's log. */
function executorCases(): readonly object[] {
  const say = sayer('logs', '12.14')
  const later = (code: string, description: string, changes: Parameters<typeof addLater>[2]) =>
    say(code, `executor: ${description}`, (_, made) => addLater(made, 'executor', changes))
  return [
    say('LOGS_CHECKPOINT', 'executor: no note', (bundle) => {
      bundle.logs.executor.checkpoint = 'talos\n'
    }),
    later('LOGS_CHECKPOINT', 'signed by another key', { signer: agent(150) }),
    later('WITNESS_UNKNOWN', 'two lines by one witness', {
      lines: (text) => cosignature(nameOf(FIRST), FIRST_KEY, { text, timeS: SEEN_S + 1 }),
    }),
    later('WITNESS_SIGNATURE', 'a cosignature of another checkpoint', {
      witnesses: WITNESSES.slice(0, 1),
      lines: () => cosignature(nameOf(SECOND), SECOND_KEY, { text: 'talos\n1\n', timeS: SEEN_S }),
    }),
    say('WITNESS_OWN', 'the executor as its own witness', (bundle, made) => {
      const [, other] = WITNESSES
      const own = [{ who: executor, key: FIRST_KEY }, ...(other === undefined ? [] : [other])]
      bundle.witnesses = own.map((witness) => witnessMember(witness))
      for (const side of ['agent', 'executor'] as const) addLater(made, side, { witnesses: own })
      bundle.anchors = []
    }),
    later('WITNESS_TIME', 'seen before it was there', { timeS: NOW - 301 }),
  ]
}

function anchorCases(): readonly object[] {
  const say = sayer('anchors', '12.15')
  const chain = (description: string, change: (chain: Bundle) => void) =>
    say('ANCHOR_INVALID', description, (bundle) => change(bundle.anchors[0].proof.chain))
  return [
    say('ANCHOR_SIDE', 'of a side without a later checkpoint', (bundle) =>
      Reflect.deleteProperty(bundle.logs, 'agent'),
    ),
    say('ANCHOR_INVALID', 'of the checkpoint of the other side', (bundle) => {
      bundle.anchors[0].side = 'executor'
    }),
    say('ANCHOR_INVALID', 'a path less', (bundle) => bundle.anchors[0].proof.leaf.path.pop()),
    chain('another block', (part) => Object.assign(part, { header: base64urlOf(header(new Uint8Array(32))) })),
    chain('another contract', (part) => Object.assign(part, { contract: `0x${'11'.repeat(20)}` })),
    chain('another event', (part) => Object.assign(part.receipt, { log: 1 })),
    say('ANCHOR_TIME', 'a block before the call', (bundle, made) => {
      bundle.anchors[0] = anchorOf(made, 'agent', { timestampS: NOW - 301 })
    }),
  ]
}
