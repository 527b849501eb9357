/** The short way of writing and reading entries against the long one, and its forms against the schema. */
import { readFileSync } from 'node:fs'
import { AuditLog, decodeEntry, encodeEntry } from '@talos/audit'
import { fromUtf8, utf8 } from '@talos/bytes'
import type { AuditEntry } from '@talos/contracts'
import { isTalosError } from '@talos/errors'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { asciiText, decodeAnyEntry, keepsRules } from '../src/entry.ts'
import { COMMIT_NAMES, EntryWriter, FORMS, readEntryText } from '../src/entry-text.ts'
import { AGENT, codeOf, entry, PEER, SESSION, setup } from './fixtures.ts'

const WEB = 'did:web:example.com'
const CID = 'bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'
const HASH = 'ab'.repeat(32)
const TOOL = '/mcp/files/tool/read'
const KINDS = [
  'key.prekeys',
  'message.send',
  'session.open',
  'tool.invoke',
  'tool.result',
  'tool.deny',
  'cap.grant',
  'x.y',
] as const

/** Mostly right members, each now and then wrong, missing or odd. */
function maybe<T>(...values: readonly T[]): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: 6, arbitrary: fc.constant(undefined) }, fc.constantFrom(...values))
}
const members = fc.record({
  kind: fc.constantFrom(...KINDS),
  seq: fc.constantFrom(1, 2, 3, 4, 5, 6, 7, 2 ** 40, Number.MAX_SAFE_INTEGER - 1, Number.MAX_SAFE_INTEGER, 0, -1, 1.5),
  ts: fc.constantFrom(0, 1, 2, 3, 1_700_000_000_000, Number.MAX_SAFE_INTEGER, -1, Number.NaN),
  id: fc.constantFrom(
    '018bcfe5680070008000000000000001',
    '018bcfe5680070008000000000000002',
    '018bcfe5680070008000000000000003',
    '018bcfe5680040008000000000000001',
    '',
  ),
  agent: fc.constantFrom(AGENT, AGENT, AGENT, WEB),
  cap: maybe(CID, 'x', `${CID}","tool":"/x`),
  cause: maybe(HASH, HASH.toUpperCase()),
  decision: maybe('allow', 'deny', 'maybe'),
  message: maybe(HASH.slice(32), 'é'),
  peer: maybe(PEER, WEB, 'did:x:y'),
  reason: maybe('SOME_CODE', 'words', 'A'.repeat(65)),
  ref: maybe(CID, 7 as never),
  session: maybe(SESSION, 'ab', `${SESSION}"`),
  tool: maybe(TOOL, '/', `/${'a'.repeat(511)}`, `/${'a'.repeat(512)}`),
  commit: maybe<object>({ params: HASH }, { result: HASH, content: HASH }, { params: 'x' }, { other: HASH }, {}),
})

function withoutUndefined(given: object): AuditEntry {
  const present = Object.entries({ v: 1, ...given }).filter(([, value]) => value !== undefined)
  return Object.fromEntries<unknown>(present) as unknown as AuditEntry
}

function outcome<T>(run: () => T): T | string {
  try {
    return run()
  } catch (error) {
    return isTalosError(error) ? error.code : String(error)
  }
}

describe('the short way of entries', () => {
  it('writes what the long way writes, and nothing that the long way refuses', () => {
    encodeAll()
    let written = 0
    fc.assert(
      fc.property(members, (given) => {
        const { agent, commit, ...rest } = given
        const short = new EntryWriter(agent, keepsRules).write({ ...rest, ...(commit && { commit }) } as never)
        const long = outcome(() => fromUtf8(encodeEntry(withoutUndefined(given))))
        if (short !== undefined) written += 1
        expect(short ?? long).toBe(long)
      }),
      { seed: 42, numRuns: 20_000 },
    )
    expect(written).toBeGreaterThan(100)
  })

  it('reads what the long way reads, from whatever stands around it, and accepts nothing else', () => {
    const bodies = encodeAll()
    const changed = fc.record({
      body: fc.constantFrom(...bodies),
      at: fc.nat(),
      byte: fc.nat(255),
      kind: fc.constantFrom('same', 'changed', 'cut', 'added'),
    })
    fc.assert(
      fc.property(changed, ({ body, at, byte, kind }) => {
        const place = at % body.length
        const given =
          kind === 'changed'
            ? body.with(place, byte)
            : kind === 'cut'
              ? body.filter((_, index) => index !== place)
              : kind === 'added'
                ? new Uint8Array([...body.slice(0, place), byte, ...body.slice(place)])
                : body
        const long = outcome(() => decodeAnyEntry(given))
        expect(outcome(() => decodeEntry(given))).toEqual(long)
        const text = `{"x":1}${asciiText(given)}{}`
        const short = readEntryText(text, { start: 7, end: 7 + given.length }, keepsRules)
        const isWhole = kind === 'same' || (short !== undefined && text.length === given.length + 9)
        expect(isWhole ? short : long).toEqual(long)
      }),
      { seed: 42, numRuns: 5000 },
    )
  })

  it('leaves commitments of other names, twice or in another order to the long way', () => {
    const of = (commit: string) =>
      `{"agent":"${AGENT}","commit":{${commit}},"id":"018bcfe5680070008000000000000001","kind":"key.prekeys","seq":1,"ts":0,"v":1}`
    const read = (commit: string) => readEntryText(of(commit), { start: 0, end: of(commit).length }, keepsRules)
    encodeAll()
    expect(read(`"content":"${HASH}","params":"${HASH}"`)?.commit).toEqual({ content: HASH, params: HASH })
    for (const commit of [
      `"params":"${HASH}","content":"${HASH}"`,
      `"params":"${HASH}","params":"${HASH}"`,
      `"other":"${HASH}"`,
    ]) {
      expect(read(commit)).toBeUndefined()
    }
  })

  it('leaves kinds that it has not seen, and places past the last one, to the long way', () => {
    const unseen = { seq: 1, ts: 0, id: '018bcfe5680070008000000000000001', kind: 'never.seen' as never }
    expect(new EntryWriter(AGENT, keepsRules).write(unseen)).toBeUndefined()
    const last = fromUtf8(encodeEntry(entry({ seq: Number.MAX_SAFE_INTEGER - 1 })))
    const past = last.replace(String(Number.MAX_SAFE_INTEGER - 1), String(Number.MAX_SAFE_INTEGER))
    const late = last.replace('"ts":1700000000000', '"ts":9007199254740993')
    const read = (text: string) => readEntryText(text, { start: 0, end: text.length }, keepsRules)
    expect(read(last)?.seq).toBe(Number.MAX_SAFE_INTEGER - 1)
    expect([read(past), read(late)]).toEqual([undefined, undefined])
  })

  it('has the forms of the schema', () => {
    const read = (name: string) =>
      JSON.parse(readFileSync(new URL(`../../../../contracts/schemas/${name}.schema.json`, import.meta.url), 'utf8'))
    const { properties, $defs } = read('audit-entry')
    const common = read('common').$defs
    expect(`^${FORMS.cid}$`).toBe(common.cidText.pattern)
    expect(`^${FORMS.hex32}$`).toBe(common.hex32.pattern)
    expect(`^${FORMS.message}$`).toBe(common.uuid.pattern)
    expect(`^${FORMS.id}$`).toBe(properties.id.pattern)
    expect(`^${FORMS.session}$`).toBe(properties.session.pattern)
    expect(`^${FORMS.tool}$`.replace('{1,511}', '+')).toBe(properties.tool.pattern)
    expect(properties.tool.maxLength).toBe(512)
    expect(`^${FORMS.reason}$`.replace('{0,63}', '*')).toBe(properties.reason.pattern)
    expect(properties.reason.maxLength).toBe(64)
    expect(FORMS.decision.split('|')).toEqual(properties.decision.enum)
    expect([...COMMIT_NAMES]).toEqual(Object.keys($defs.commitments.properties).sort())
    for (const did of [AGENT, `did:talos:Qm${'a'.repeat(44)}`]) {
      expect([new RegExp(`^${FORMS.did}$`).test(did), new RegExp(common.did.pattern, 'u').test(did)]).toEqual([
        true,
        true,
      ])
    }
  })
})

describe('drafts that are not plain', () => {
  it('are decided by the long way', async () => {
    const log = await AuditLog.open(setup())
    class Odd {
      kind = 'key.prekeys' as const
    }
    expect((await log.append({ kind: new Odd().kind }))?.index).toBe(1)
    expect((await log.append(new Odd()))?.index).toBe(2)
    expect(await codeOf(() => log.append({ kind: 'key.rotate', peer: undefined } as never))).toBe('SCHEMA_INVALID')
    expect(await codeOf(() => log.append({ kind: 'key.rotate', word: 'x' } as never))).toBe('SCHEMA_INVALID')
    expect((await log.append({ kind: 'key.rotate', peer: WEB as never })).index).toBe(3)
    expect((await log.verify()).size).toBe(4)
  })
})

/** An entry of every kind that the tests use, written the long way, so that the short one has seen them. */
function encodeAll(): Uint8Array[] {
  const outcomeOf = { tool: TOOL, cause: HASH }
  return [
    entry(),
    entry({ kind: 'message.send', peer: PEER, session: SESSION, message: HASH.slice(32), commit: { content: HASH } }),
    entry({ kind: 'session.open', peer: PEER, session: SESSION }),
    entry({
      kind: 'tool.invoke',
      peer: PEER,
      tool: TOOL,
      cap: CID,
      ref: CID,
      commit: { arguments: HASH, params: HASH },
    }),
    entry({ kind: 'tool.result', ...outcomeOf, decision: 'allow' }),
    entry({ kind: 'tool.deny', ...outcomeOf, decision: 'deny', reason: 'SOME_CODE' }),
    entry({ kind: 'cap.grant', peer: PEER, cap: CID }),
  ].map((one) => utf8(fromUtf8(encodeEntry(one))))
}
