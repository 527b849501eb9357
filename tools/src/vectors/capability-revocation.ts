/** Vectors of revocations (9.4, 9.5), heads (9.6) and of following a list (9.7). */
import { createHash } from 'node:crypto'
import { type Agent, agent, type Link, linkText, linkTo, type Token, token, type Value } from './capability-tokens.ts'

const NOW_S = 1_767_225_600
const DELEGATION = linkTo(Buffer.from('a delegation'))
const issuer = agent(1)
const other = agent(2)
const audience = agent(3)

type Payload = { readonly [name: string]: Value }

function revocation(signer: Agent, payload: Payload): Token {
  return token(signer, 'talos/revoke@1', payload)
}

function revocationHex(payload: Payload): string {
  return revocation(issuer, payload).bytes.toString('hex')
}

function refusal(error: string): (clause: string, description: string, input: object) => object {
  return (clause, description, input) => ({ clause, description, valid: false, input, error })
}

export function revocationCases(): readonly object[] {
  const base = { revoke: DELEGATION, atS: NOW_S }
  const all = { who: audience.did, atS: NOW_S }
  const schema = refusal('SCHEMA_INVALID')
  const invalid = refusal('REVOCATION_INVALID')
  const valid = (description: string, payload: Payload, more: { input?: object; expected?: object } = {}): object => ({
    clause: '9.4',
    description,
    valid: true,
    input: { revocationHex: revocationHex(payload), ...more.input },
    expected: {
      issuer: issuer.did,
      ...('who' in payload ? { who: audience.did } : { revokes: linkText(DELEGATION) }),
      ...more.expected,
    },
  })
  const entitled = [other.did, issuer.did]
  const reason = 'left the team'
  const evidence = Buffer.alloc(32, 7)
  return [
    valid('without a reason', base),
    valid(
      'with a reason, by one of those entitled',
      { ...base, reason },
      { input: { entitled }, expected: { reason } },
    ),
    valid('with evidence', { ...base, evidence }, { expected: { evidenceHex: evidence.toString('hex') } }),
    valid('of everything for one audience', all),
    valid(
      'of everything for one audience, with all members',
      { ...all, reason, evidence },
      {
        expected: { reason, evidenceHex: evidence.toString('hex') },
      },
    ),
    invalid('9.5', 'by anybody else', { revocationHex: revocationHex(base), entitled: [other.did] }),
    invalid('9.4', 'of a delegation and an audience', { revocationHex: revocationHex({ ...base, ...all }) }),
    invalid('9.4', 'of nothing', { revocationHex: revocationHex({ atS: NOW_S }) }),
    schema('9.4', 'a reason that turns the direction', {
      revocationHex: revocationHex({ ...base, reason: 'a\u202eb' }),
    }),
    schema('9.4', 'a reason of 257 characters', { revocationHex: revocationHex({ ...base, reason: 'x'.repeat(257) }) }),
    schema('9.4', 'no time', { revocationHex: revocationHex({ revoke: DELEGATION }) }),
    schema('9.4', 'no link', { revocationHex: revocationHex({ ...base, revoke: 'all' }) }),
    schema('9.4', 'an audience that is no DID', { revocationHex: revocationHex({ ...all, who: 'everybody' }) }),
    schema('9.4', 'evidence of 31 bytes', { revocationHex: revocationHex({ ...base, evidence: Buffer.alloc(31) }) }),
    schema('9.4', 'a position of its own', { revocationHex: revocationHex({ ...base, n: 1 }) }),
  ]
}

/** d(0) to d(n), by the formula of 9.6. */
function digests(did: string, names: readonly Link[]): readonly Buffer[] {
  const chain = [sha256(Buffer.from(`talos/revlist/1\0${did}`))]
  for (const { bytes } of names) chain.push(sha256(Buffer.concat([...chain.slice(-1), bytes.subarray(-32)])))
  return chain
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest()
}

export function headCases(): readonly object[] {
  const names = Array.from({ length: 9 }, (_, index) => linkTo(Buffer.from(`revocation ${index + 1}`)))
  const chain = digests(issuer.did, names)
  const digest = Buffer.alloc(32, 9)
  const hex = (payload: Payload, spoil: { readonly corrupt?: boolean } = {}): string =>
    token(issuer, 'talos/revhead@1', payload, spoil).bytes.toString('hex')
  const head = (description: string, n: number): object => ({
    clause: '9.6',
    description,
    valid: true,
    input: { headHex: hex({ n, digest, atS: NOW_S }) },
    expected: { issuer: issuer.did, n, digestHex: digest.toString('hex'), atS: NOW_S },
  })
  const schema = refusal('SCHEMA_INVALID')
  const base = { n: 3, digest, atS: NOW_S }
  return [
    ...[0, 1, 2, 9].map((n) => ({
      clause: '9.6',
      description: `the digest over ${n} revocations`,
      valid: true,
      input: { issuer: issuer.did, names: names.slice(0, n).map(linkText) },
      expected: { digestHex: chain.at(n)?.toString('hex') },
    })),
    {
      clause: '9.6',
      description: 'another issuer begins with another digest',
      valid: true,
      input: { issuer: other.did, names: [] },
      expected: { digestHex: digests(other.did, []).at(0)?.toString('hex') },
    },
    head('of an empty list', 0),
    head('of three', 3),
    schema('9.6', 'a negative length', { headHex: hex({ ...base, n: -1 }) }),
    schema('9.6', 'a digest of 31 bytes', { headHex: hex({ ...base, digest: Buffer.alloc(31) }) }),
    schema('9.6', 'no time', { headHex: hex({ n: 3, digest }) }),
    schema('9.6', 'a member that is not known', { headHex: hex({ ...base, prev: DELEGATION }) }),
    refusal('ENVELOPE_SIGNATURE')('9.6', 'a signature that is not by the issuer', {
      headHex: hex(base, { corrupt: true }),
    }),
    refusal('ENVELOPE_TAG')('9.6', 'a revocation', { headHex: revocationHex({ revoke: DELEGATION, atS: NOW_S }) }),
  ]
}

export function bookCases(): readonly object[] {
  return [...linkCases(), ...listCases()]
}

/** Which links a revocation ends (9.5). */
function linkCases(): readonly object[] {
  const link = {
    names: [linkText(DELEGATION)],
    issuer: issuer.did,
    audience: audience.did,
    notBeforeS: 0,
    entitled: [other.did, issuer.did, audience.did],
  }
  const asked = (
    description: string,
    revocations: readonly Token[],
    { by, changes = {} }: { readonly by?: readonly [Agent, number]; readonly changes?: object },
  ): object => ({
    clause: '9.5',
    description,
    valid: true,
    input: { revocationsHex: revocations.map(({ bytes }) => bytes.toString('hex')), link: { ...link, ...changes } },
    expected: by === undefined ? { revoked: false } : { revoked: true, by: by[0].did, atS: by[1] },
  })
  const named = (signer: Agent, atS = NOW_S): Token => revocation(signer, { revoke: DELEGATION, atS })
  const all = (signer: Agent, who: Agent, atS = NOW_S): Token => revocation(signer, { who: who.did, atS })
  const renewal = { names: [linkText(linkTo(Buffer.from('a renewal'))), linkText(DELEGATION)] }
  return [
    asked('nothing is known', [], {}),
    asked('by its issuer', [named(issuer)], { by: [issuer, NOW_S] }),
    asked('by an issuer above', [named(other)], { by: [other, NOW_S] }),
    asked('by its holder', [named(audience)], { by: [audience, NOW_S] }),
    asked('by anybody else', [named(agent(9))], {}),
    asked('by anybody else, and then by its issuer', [named(agent(9), NOW_S - 9), named(issuer)], {
      by: [issuer, NOW_S],
    }),
    asked('by two: the first counts', [named(issuer), named(other, NOW_S - 1)], { by: [other, NOW_S - 1] }),
    asked('of another delegation', [named(issuer)], { changes: { names: [linkText(linkTo(Buffer.from('another')))] } }),
    asked('of the lease that it renews', [named(issuer)], { by: [issuer, NOW_S], changes: renewal }),
    asked('of all of its audience', [all(issuer, audience)], { by: [issuer, NOW_S] }),
    asked('of all of another audience', [all(issuer, other)], {}),
    asked('of all of its audience, by an issuer above', [all(other, audience)], {}),
    asked('of all of its audience, by the audience itself', [all(audience, audience)], {}),
    asked('of all of its audience, which began a second before', [all(issuer, audience)], {
      by: [issuer, NOW_S],
      changes: { notBeforeS: NOW_S - 1 },
    }),
    asked('of all of its audience, which begins in that second', [all(issuer, audience)], {
      changes: { notBeforeS: NOW_S },
    }),
    asked(
      'of all of its audience twice: the later one counts',
      [all(issuer, audience), all(issuer, audience, NOW_S + 5)],
      {
        by: [issuer, NOW_S + 5],
        changes: { notBeforeS: NOW_S + 1 },
      },
    ),
  ]
}

interface PageOf {
  readonly source?: string
  readonly after: number
  readonly revocations: readonly Token[]
  readonly n: number
  /** The list that the head is of. */
  readonly list: readonly Token[]
  readonly atS?: number
  readonly digest?: Buffer
}

function page({ source = 'a', after, revocations, n, list, atS = NOW_S, digest }: PageOf): object {
  const chain = digests(
    issuer.did,
    list.map(({ link }) => link),
  )
  const head = token(issuer, 'talos/revhead@1', { n, digest: digest ?? chain.at(n) ?? Buffer.alloc(32), atS })
  return {
    source,
    after,
    revocationsHex: revocations.map(({ bytes }) => bytes.toString('hex')),
    headHex: head.bytes.toString('hex'),
  }
}

/** Pages in turn, and what a follower makes of them (9.7). */
function listCases(): readonly object[] {
  const made = (label: string): Token => revocation(issuer, { revoke: linkTo(Buffer.from(label)), atS: NOW_S })
  const list = ['one', 'two', 'three', 'four', 'five'].map(made)
  const fork = [...list.slice(0, 2), made('another third'), ...list.slice(3)]
  const whole = (n: number, more: Partial<PageOf> = {}): object =>
    page({ after: 0, revocations: list.slice(0, n), n, list, ...more })
  const part = (after: number, end: number, more: Partial<PageOf> = {}): object =>
    page({ after, revocations: list.slice(after, end), n: 5, list, ...more })
  const taken = (
    description: string,
    pages: readonly object[],
    expected: { readonly next: readonly (number | null)[]; readonly size: number; readonly knownAtS: number | null },
  ): object => ({
    clause: '9.7',
    description,
    valid: true,
    input: { issuer: issuer.did, nowS: NOW_S, pages },
    expected,
  })
  const refused = (error: string, description: string, pages: readonly object[], limit?: number): object =>
    refusal(error)('9.7', description, {
      issuer: issuer.did,
      nowS: NOW_S,
      pages,
      ...(limit === undefined ? {} : { limit }),
    })
  const known = { next: [null, null], size: 3, knownAtS: NOW_S }
  const invalid = 'REVOCATION_LIST_INVALID'
  return [
    taken('an empty list', [whole(0)], { next: [null], size: 0, knownAtS: NOW_S }),
    taken('a whole list', [whole(3)], { ...known, next: [null] }),
    taken('the same head again', [whole(3), whole(3)], known),
    taken('the same list, signed later', [whole(3), whole(3, { atS: NOW_S + 5 })], { ...known, knownAtS: NOW_S + 5 }),
    taken('the same list, signed earlier', [whole(3), whole(3, { atS: NOW_S - 5 })], known),
    taken('a longer list, of the same second', [whole(3), part(3, 5)], {
      next: [null, null],
      size: 5,
      knownAtS: NOW_S,
    }),
    taken('a longer list that begins before what is known', [whole(3), part(1, 5)], {
      next: [null, null],
      size: 5,
      knownAtS: NOW_S,
    }),
    taken('a longer list from the first on', [whole(3), part(0, 5)], { next: [null, null], size: 5, knownAtS: NOW_S }),
    taken('a page that leaves a gap', [whole(1), part(4, 5)], { next: [null, 1], size: 1, knownAtS: NOW_S }),
    taken('a list in three pages', [part(0, 2), part(2, 4), part(4, 5)], {
      next: [2, 4, null],
      size: 5,
      knownAtS: NOW_S,
    }),
    taken('a page of the middle twice', [part(0, 2), part(2, 4), part(2, 4)], {
      next: [2, 4, 4],
      size: 0,
      knownAtS: null,
    }),
    taken('pages of two sources do not join', [part(0, 2), part(2, 5, { source: 'b' })], {
      next: [2, 0],
      size: 0,
      knownAtS: null,
    }),
    taken(
      'the pages of the issuer itself go on after a part by somebody else',
      [part(0, 2, { source: issuer.did }), part(0, 1, { source: 'b' }), part(2, 5, { source: issuer.did })],
      { next: [2, null, null], size: 5, knownAtS: NOW_S },
    ),
    taken('more than the head covers', [part(0, 5, { n: 3 })], { ...known, next: [null] }),
    taken(
      'a later page that does not fit is asked for from the first on',
      [whole(2), page({ after: 2, revocations: list.slice(3, 5), n: 4, list })],
      { next: [null, 0], size: 2, knownAtS: NOW_S },
    ),
    taken('a head within the leeway', [whole(3, { atS: NOW_S + 300 })], {
      ...known,
      next: [null],
      knownAtS: NOW_S + 300,
    }),
    refused('REVOCATION_FUTURE', 'a head beyond the leeway', [whole(3, { atS: NOW_S + 301 })]),
    refused('REVOCATION_ROLLBACK', 'an old head again', [whole(3), whole(2, { atS: NOW_S - 5 })]),
    refused('REVOCATION_ROLLBACK', 'a shorter list, signed later', [whole(3), whole(2, { atS: NOW_S + 5 })]),
    refused('REVOCATION_ROLLBACK', 'a longer list, signed earlier', [whole(3), part(3, 5, { atS: NOW_S - 5 })]),
    refused('REVOCATION_FORK', 'another list of the same length', [whole(3), whole(3, { list: fork })]),
    refused('REVOCATION_FORK', 'a shorter list that is not the beginning', [
      whole(5),
      whole(3, { list: fork, atS: NOW_S - 5 }),
    ]),
    refused('REVOCATION_FORK', 'a longer list that does not begin with what is known', [
      whole(3),
      page({ after: 0, revocations: fork, n: 5, list: fork }),
    ]),
    refused('REVOCATION_FORK', 'the same, found in two pages', [
      whole(3),
      page({ after: 3, revocations: fork.slice(3), n: 5, list: fork }),
      page({ after: 0, revocations: fork.slice(0, 4), n: 5, list: fork }),
      page({ after: 4, revocations: fork.slice(4), n: 5, list: fork }),
    ]),
    refused(invalid, 'revocations in another order', [
      page({ after: 0, revocations: list.slice(0, 3).reverse(), n: 3, list }),
    ]),
    refused(invalid, 'one is left out', [page({ after: 0, revocations: list.slice(1, 4), n: 3, list })]),
    refused(invalid, 'an empty list with the digest of another', [whole(0, { digest: Buffer.alloc(32, 1) })]),
    refused('REVOCATION_FULL', 'a list beyond the limit', [whole(3)], 2),
  ]
}
