/** C2SP tlog-policy, read and evaluated (spec 23-witness, 23.5). */
import {
  anyWitnessPolicy,
  MAX_POLICY_CHARS,
  MAX_POLICY_DEPTH,
  MAX_POLICY_ITEMS,
  parseWitnessPolicy,
  type WitnessPolicy,
} from '@talos/audit'
import {
  cosignCheckpoint,
  formatVerifierKey,
  NOTE_COSIGNATURE,
  NOTE_ED25519,
  type NoteKeyType,
  signCheckpoint,
  treeSize,
  type VerifierKey,
  verifierKey,
} from '@talos/merkle'
import { describe, expect, it } from 'vitest'
import { kernel, NOW_S, outcomeOf, signerOf } from './support.ts'

function key(byte: number, type: NoteKeyType = NOTE_COSIGNATURE, name = `key.example/${byte}`): VerifierKey {
  return verifierKey({ name, type, publicKey: signerOf(byte).publicKey, kernel })
}

const vkey = (byte: number, type?: NoteKeyType) => formatVerifierKey(key(byte, type))
const LOG = vkey(1, NOTE_ED25519)
const parse = (...lines: readonly string[]) => parseWitnessPolicy(lines.map((line) => `${line}\n`).join(''), { kernel })
const refusal = async (...lines: readonly string[]) => await outcomeOf(() => parse(...lines))
const witnesses = (...bytes: readonly number[]) => bytes.map((byte) => `witness W${byte} ${vkey(byte)}`)

/** Which sets of the keys are enough, each named by its bytes. */
function enough(policy: WitnessPolicy, bytes: readonly number[]): string[] {
  const sets = Array.from({ length: 2 ** bytes.length }, (_, mask) => bytes.filter((_, bit) => mask & (1 << bit)))
  return sets.filter((set) => policy.satisfiedBy(set.map((byte) => ({ key: key(byte) })))).map((set) => set.join(''))
}

describe('a policy', () => {
  it('is met by the sets of witnesses that its groups ask for, and by no others', () => {
    const nested = parse(
      `log ${LOG} https://log.example/`,
      ...witnesses(2, 3, 4, 5),
      'group first 2 W2 W3 W4',
      'group both all first W5',
      'quorum both',
    )
    expect(enough(nested, [2, 3, 4, 5])).toEqual(['235', '245', '345', '2345'])
    expect(enough(parse(...witnesses(2, 3), 'group one any W2 W3', 'quorum one'), [2, 3])).toEqual(['2', '3', '23'])
    expect(enough(parse(...witnesses(2, 3), 'quorum W3'), [2, 3])).toEqual(['3', '23'])
    expect(enough(parse('quorum none'), [])).toEqual([''])
    expect(nested.logs).toMatchObject([{ url: 'https://log.example/' }])
    expect(nested.witnesses.map(({ name, url }) => [name, url])).toEqual([2, 3, 4, 5].map((n) => [`W${n}`, undefined]))
  })

  it('is read with blanks, tabs, empty lines, comments, addresses and names beyond ASCII', () => {
    const policy = parse(
      '# of the tests',
      '',
      ` \t witness\tZürich  ${vkey(2)} \t https://w.example/ `,
      '  # another one',
      'quorum Zürich',
    )
    expect(policy.witnesses).toMatchObject([{ name: 'Zürich', url: 'https://w.example/' }])
    expect(policy.text).toContain('# another one')
  })

  it('counts what was signed with its keys alone, and says when', async () => {
    const policy = parse(...witnesses(2, 3), 'group two all W2 W3', 'quorum two')
    const [origin, size] = ['log.example', treeSize(3)]
    const root = new Uint8Array(32).fill(7)
    let note = await signCheckpoint({ origin, size, root, signer: signerOf(1), kernel })
    expect(policy.evaluate(note, { kernel })).toEqual({ isSatisfied: false, witnesses: [] })
    for (const byte of [2, 9, 3]) {
      note = await cosignCheckpoint({ note, name: key(byte).name, signer: signerOf(byte), timeS: NOW_S + byte, kernel })
    }
    expect(policy.evaluate(note, { kernel })).toEqual({
      isSatisfied: true,
      witnesses: [
        { name: 'W2', timeS: NOW_S + 2 },
        { name: 'W3', timeS: NOW_S + 3 },
      ],
    })
    const bad = note.replace(`${origin}\n3\n`, `${origin}\n4\n`)
    expect(await outcomeOf(() => policy.evaluate(bad, { kernel }))).toMatchObject({ code: 'NOTE_SIGNATURE_INVALID' })
    const any = anyWitnessPolicy([{ name: 'one', key: key(9) }])
    expect(any.evaluate(note, { kernel })).toMatchObject({ isSatisfied: true, witnesses: [{ name: 'one' }] })
    expect(anyWitnessPolicy([]).satisfiedBy([])).toBe(false)
  })
})

describe('a policy that is none', () => {
  const W2 = witnesses(2)[0] ?? ''
  it.each([
    ['has a keyword that is none', ['logs none'], 1, 'it begins with no keyword of a policy'],
    ['has no quorum', [W2], 0, 'it has no quorum'],
    ['has two quorums', ['quorum none', 'quorum none'], 2, 'there is a quorum already'],
    ['names nobody in its quorum', ['quorum'], 1, 'a quorum is one name'],
    ['names two in its quorum', [W2, 'quorum W2 W2'], 2, 'a quorum is one name'],
    ['names an unknown one in its quorum', ['quorum W2', W2], 1, 'it uses a name that is not defined above'],
    ['has a log without a key', ['log'], 1, 'a log has a key and an address, no more'],
    ['has a log with too much', [`log ${LOG} a b`], 1, 'a log has a key and an address, no more'],
    ['has a log twice', [`log ${LOG}`, `log ${LOG}`], 2, 'its key is there twice'],
    ['has a log with a key of a witness', [`log ${vkey(2)}`], 1, 'a log needs a key of type 01'],
    ['has a log with a key that is none', ['log key'], 1, 'its key is malformed or of an unknown type'],
    ['has a witness without a key', ['witness W2'], 1, 'a witness has a name, a key and an address, no more'],
    ['has a witness without a name', ['witness'], 1, 'a witness has a name, a key and an address, no more'],
    ['has a witness with too much', [`${W2} a b`], 1, 'a witness has a name, a key and an address, no more'],
    ['has a witness with a key of a log', [`witness W ${LOG}`], 1, 'a witness needs a key of type 04'],
    ['has a witness twice', [W2, `witness V ${vkey(2)}`], 2, 'its key is there twice'],
    ['has a name twice', [W2, `witness W2 ${vkey(3)}`], 2, 'its name is taken'],
    ['calls a witness none', [`witness none ${vkey(3)}`], 1, 'the name none means nobody'],
    ['has a group without a number', ['group g'], 1, 'a group has a name, a number and one member at least'],
    ['has a group without a name', ['group'], 1, 'a group has a name, a number and one member at least'],
    ['has a group without members', ['group g any'], 1, 'a group has a name, a number and one member at least'],
    ['has a group with an unknown member', ['group g any h'], 1, 'it uses a name that is not defined above'],
    ['has none as a member', ['group g any none'], 1, 'it uses a name that is not defined above'],
    ['has a member twice in a group', [W2, 'group g any W2 W2'], 2, 'a name is a member twice'],
    ['has a member in two groups', [W2, 'group g any W2', 'group h any W2'], 3, 'a name is a member twice'],
    ['has a group that is a member of itself', ['group g any g'], 1, 'it uses a name that is not defined above'],
    ['holds a carriage return', ['quorum none\r'], 1, 'it holds a control character'],
    ['has a very long word', [`witness ${'w'.repeat(2_049)} ${vkey(2)}`], 1, 'a word is too long'],
    ...['0', '2', '-1', '1.0', '01', 'most', '10000'].map(
      (number) =>
        [
          `has a group of ${number} of one`,
          [W2, `group g ${number} W2`],
          2,
          'its number is not any, all, or 1 to the number of its members',
        ] as const,
    ),
  ] as const)('is refused where it %s', async (_, lines, line, reason) => {
    expect(await refusal(...lines)).toEqual({ code: 'WITNESS_POLICY_INVALID', line, reason })
  })

  it('is refused as a text that is too long, not well-formed or not ended', async () => {
    const read = async (text: string) => await outcomeOf(() => parseWitnessPolicy(text, { kernel }))
    const [head, reason] = ['quorum none\n#', { code: 'WITNESS_POLICY_INVALID', line: 0 }]
    const longest = `${head}${'x'.repeat(MAX_POLICY_CHARS - head.length - 1)}\n`
    expect(parseWitnessPolicy(longest, { kernel }).quorum).toEqual({ kind: 'none' })
    expect(await read(`${longest}\n`)).toMatchObject({ ...reason, reason: 'it is too long' })
    expect(await read('quorum none\n# \ud800\n')).toMatchObject({ ...reason, reason: 'it is not well-formed Unicode' })
    expect(await read('quorum none')).toMatchObject({ ...reason, reason: 'its last line does not end' })
    expect(await read('')).toMatchObject({ ...reason, reason: 'it has no quorum' })
  })

  it('is refused where it has more lines of a kind, or deeper groups, than may be', async () => {
    const publicKey = (number: number) => {
      const bytes = new Uint8Array(32)
      new DataView(bytes.buffer).setUint32(0, number)
      return bytes
    }
    const many = (type: NoteKeyType, count: number) =>
      Array.from({ length: count }, (_, number) =>
        formatVerifierKey(verifierKey({ name: `n${number}`, type, publicKey: publicKey(number), kernel })),
      )
    const logs = many(NOTE_ED25519, MAX_POLICY_ITEMS + 1).map((one) => `log ${one}`)
    const cosigners = many(NOTE_COSIGNATURE, MAX_POLICY_ITEMS + 1).map((one, number) => `witness W${number} ${one}`)
    const groups = cosigners.map((_, number) => `group g${number} any W${number}`)
    const all = [...logs.slice(1), ...cosigners.slice(1), ...groups.slice(1), 'quorum none']
    expect(parse(...all).witnesses).toHaveLength(MAX_POLICY_ITEMS)
    const reason = 'there are too many lines of its kind'
    expect(await refusal(...logs)).toMatchObject({ line: MAX_POLICY_ITEMS + 1, reason })
    expect(await refusal(...cosigners)).toMatchObject({ line: MAX_POLICY_ITEMS + 1, reason })
    const chain = [
      'group c0 any W0',
      ...Array.from({ length: MAX_POLICY_ITEMS }, (_, n) => `group c${n + 1} any c${n}`),
    ]
    const flat = [...cosigners.slice(0, MAX_POLICY_ITEMS), ...groups.slice(0, MAX_POLICY_ITEMS)]
    expect(await refusal(...flat, 'group all any g0')).toMatchObject({ line: 2 * MAX_POLICY_ITEMS + 1, reason })
    const deepest = [cosigners[0] ?? '', ...chain.slice(0, MAX_POLICY_DEPTH)]
    expect(parse(...deepest, 'quorum none').quorum).toEqual({ kind: 'none' })
    expect(await refusal(...deepest, chain[MAX_POLICY_DEPTH] ?? '')).toMatchObject({
      line: MAX_POLICY_DEPTH + 2,
      reason: 'its groups lie too deep within each other',
    })
  })

  it('is not taken for one where the kernel itself fails', () => {
    const failing = {
      ...kernel,
      sha256: () => {
        throw new Error('the kernel failed')
      },
    }
    expect(() => parseWitnessPolicy(`log ${LOG}\n`, { kernel: failing })).toThrow('the kernel failed')
  })
})
