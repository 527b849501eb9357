/** Vectors of evidence that an agent signed two lists of revocations (contracts/spec/24-light-client.md, clause 24.8). */
import { encodeJcs, toBase64, toBase64url, utf8 } from '@talos/bytes'
import { AGENT, head, identity, keyLogs, NEXT, NOW_S, revocation } from './light-scene.ts'
import { sha256 } from './merkle-tree.ts'
import type { VectorFile } from './vector-file.ts'

type Evidence = Readonly<Record<string, string | readonly string[]>>

interface Verification {
  readonly description: string
  readonly members: Evidence
  readonly expected?: object
}

/** Six revocations, and as many of which those from the fourth on are others. */
async function lists(by = AGENT) {
  const numbers = [0, 1, 2, 3, 4, 5]
  const [one, other] = [numbers, numbers.map((number) => (number < 3 ? number : number + 20))].map((list) =>
    Promise.all(list.map((number) => revocation(number, by))),
  )
  return { one: (await one) ?? [], other: (await other) ?? [] }
}

const issuer = identity(AGENT).did
const named = (item: Uint8Array) => sha256(item)

/** d(n) of a list. */
function digestOf(items: readonly Uint8Array[]): Buffer {
  return items.reduce<Buffer>((digest, item) => sha256(digest, named(item)), sha256(utf8(`talos/revlist/1\0${issuer}`)))
}

export async function revocationForkVectors(): Promise<VectorFile> {
  const subject = 'Evidence that an agent signed two lists of revocations'
  const cases = [...(await valid()), ...(await refused())].map(({ description, members, expected }, index) => ({
    id: `revocation-fork-${String(index + 1).padStart(3, '0')}`,
    clause: '24.8',
    description,
    valid: expected !== undefined,
    input: { text: encodeJcs(members) },
    ...(expected === undefined ? { error: 'FORK_INVALID' } : { expected }),
  }))
  return {
    path: 'light/revocation-fork.json',
    file: { format: 'talos-vectors/1', subject, spec: '24-light-client', cases },
  }
}

function evidence(heads: readonly Uint8Array[], changes: Evidence = {}): Evidence {
  return { format: 'talos-revocation-fork/v1', heads: heads.map(toBase64url), history: [], items: [], ...changes }
}

/** The longer list passes another digest at four than the shorter one says. */
async function parted(changes: Evidence = {}): Promise<Evidence> {
  const { one, other } = await lists()
  return evidence([await head(one.slice(0, 4)), await head(other)], {
    digest: toBase64(digestOf(other.slice(0, 4))),
    items: other.slice(4).map((item) => toBase64(named(item))),
    ...changes,
  })
}

async function sameLength(): Promise<readonly Uint8Array[]> {
  const { one, other } = await lists()
  return [await head(one), await head(other)].sort((a, b) => (toBase64url(a) < toBase64url(b) ? -1 : 1))
}

async function shrunk(): Promise<readonly Uint8Array[]> {
  const { one } = await lists()
  return [await head(one.slice(0, 4), { atS: NOW_S - 50 }), await head(one)]
}

async function valid(): Promise<Verification[]> {
  const logs = await keyLogs()
  const expected = (first: number, second: number, rest: object = {}) => ({
    issuer,
    agent: null,
    standing: 'current',
    first,
    second,
    ...rest,
  })
  const ofAgent = (standing: string) => ({ agent: logs.first.name, standing })
  return [
    { description: 'two of one length', members: evidence(await sameLength()), expected: expected(6, 6) },
    {
      description: 'a shorter list that was signed later',
      members: evidence(await shrunk()),
      expected: expected(4, 6),
    },
    { description: 'a longer list that is no continuation', members: await parted(), expected: expected(4, 6) },
    {
      description: 'a key that was replaced, by the key log',
      members: await parted({ history: [logs.rotated.text] }),
      expected: expected(4, 6, ofAgent('rotated')),
    },
    {
      description: 'a key that was lost, by the key log',
      members: await parted({ history: [logs.recovered.text] }),
      expected: expected(4, 6, ofAgent('compromised')),
    },
  ]
}

async function refused(): Promise<Verification[]> {
  const logs = await keyLogs()
  const { one, other } = await lists()
  const good = await parted()
  const items = good['items'] as readonly string[]
  const heads = good['heads'] as readonly string[]
  const without = Object.fromEntries(Object.entries(good).filter(([name]) => name !== 'digest'))
  const honest = {
    digest: toBase64(digestOf(one.slice(0, 4))),
    items: one.slice(4).map((item) => toBase64(named(item))),
  }
  const strangers = (await lists(NEXT)).one
  const byNext = await head(strangers, { by: NEXT })
  const cases: readonly (readonly [string, Evidence])[] = [
    ['a list and its continuation', evidence([await head(one.slice(0, 4)), await head(one)])],
    ['a list and its continuation, with the names', evidence([await head(one.slice(0, 4)), await head(one)], honest)],
    ['the same head twice', evidence([await head(one), await head(one)])],
    ['one list, signed twice', evidence([await head(one), await head(one, { atS: NOW_S - 90 })])],
    ['the longer list first', { ...good, heads: heads.toReversed() }],
    ['one length with a digest', evidence(await sameLength(), { digest: toBase64(digestOf(other)) })],
    ['names without a digest', { ...without, items }],
    ['a digest that no list of the key passes', { ...good, digest: toBase64(digestOf(other.slice(0, 3))) }],
    ['a name less', { ...good, items: items.slice(1) }],
    ['a name more', { ...good, items: [...items, ...items.slice(0, 1)] }],
    ['names in another order', { ...good, items: items.toReversed() }],
    ['heads by two keys', evidence([await head(one.slice(0, 4)), byNext])],
    ['a revocation in place of a head', evidence([one[0] ?? new Uint8Array(0), await head(other)])],
    ['a head whose signature is wrong', evidence([await head(one.slice(0, 4)), flipped(await head(other))])],
    ['the key log of another agent', { ...good, history: [logs.other.text] }],
    ['a key log that is none', { ...good, history: ['{}'] }],
    ['another format', { ...good, format: 'talos-revocation-fork/v2' }],
    ['a member that is not known', { ...good, more: 'x' }],
    ['one head', { ...good, heads: heads.slice(1) }],
  ]
  return cases.map(([description, members]) => ({ description, members }))
}

/** The same with a bit of its signature changed. */
function flipped(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte, index) => (index === 10 ? byte ^ 1 : byte))
}
