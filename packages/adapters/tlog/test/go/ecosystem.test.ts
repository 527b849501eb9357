/** The libraries of transparency-dev read what is ours, and ours reads theirs (spec 11, 22): tessera's client, cosignatures. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AuditLog } from '@talos/audit'
import { Secret, toBase64, utf8 } from '@talos/bytes'
import { cosignCheckpoint, formatVerifierKey, openCheckpoint, parseVerifierKey } from '@talos/merkle'
import { type TempFolder, tempFolder } from '@talos/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LogServer } from '../../src/index.ts'
import { fillLog, kernel, LOG_VKEY, logKey, ORIGIN, openLog, publishedLog, signerOf, witnessKey } from '../world.ts'
import { goProgram } from './program.ts'

const program = goProgram('ecosystem')
afterAll(() => program.remove())

interface Followed {
  readonly origin: string
  readonly size: number
  readonly root: string
  readonly from: number
  readonly entries: number
}

interface Verdicts {
  readonly notes: readonly {
    readonly size: number
    readonly root: string
    readonly witnesses: readonly string[]
    readonly times: readonly number[]
    readonly error: string
  }[]
  readonly proofs: readonly string[]
  readonly policies: readonly boolean[]
}

const WITNESS = 'talos/witness/z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp'
const OTHER_WITNESS = 'talos/witness/z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'
const TIME_S = 1_700_000_000

describe.skipIf(program.missing !== undefined)(`The libraries of transparency-dev${program.note}`, () => {
  let folder: TempFolder
  let log: AuditLog
  let checkpoint: string

  beforeAll(async () => {
    folder = tempFolder()
    log = await openLog(folder.path)
    await fillLog(log, 600)
    checkpoint = await log.checkpoint()
  })
  afterAll(async () => {
    await log.close()
    folder[Symbol.dispose]()
  })

  test("read the whole log with tessera's client, and follow it as it grows", async () => {
    using published = publishedLog(folder.path)
    await using server = await LogServer.start({ source: published.source })
    const follow = ['follow', '-url', server.url, '-key', LOG_VKEY]
    const [size, root] = [600, toBase64(log.root)]
    expect(await program.run<Followed>(follow)).toEqual({ origin: ORIGIN, size, root, from: 0, entries: size })
    const kept = join(folder.path, 'kept.txt')
    writeFileSync(kept, checkpoint)
    await fillLog(log, 900)
    await log.checkpoint()
    const grown = { origin: ORIGIN, size: 900, root: toBase64(log.root), from: 600, entries: 900 }
    expect(await program.run<Followed>([...follow, '-from', kept])).toEqual(grown)
  })

  test("read a log that asks for a token with tessera's client", async () => {
    const token = 'a-token-of-thirty-two-characters'
    using published = publishedLog(folder.path)
    await using server = await LogServer.start({ source: published.source, token: Secret.of(utf8(token)) })
    const follow = ['follow', '-url', server.url, '-key', LOG_VKEY]
    await expect(program.run(follow)).rejects.toThrow('401')
    expect((await program.run<Followed>([...follow, '-token', token])).size).toBe(log.size)
  })

  test('read our cosignatures with their times, and refuse one that is changed', async () => {
    const once = await cosignCheckpoint({ note: checkpoint, name: WITNESS, signer: signerOf(2), timeS: TIME_S, kernel })
    const twice = await cosignCheckpoint({
      note: once,
      name: OTHER_WITNESS,
      signer: signerOf(3),
      timeS: TIME_S + 1,
      kernel,
    })
    const witnesses = [witnessKey(WITNESS, signerOf(2)), witnessKey(OTHER_WITNESS, signerOf(3))].map(formatVerifierKey)
    // The second character of a line's signature is in the key id, a late one in the signature itself.
    const changed = `${twice.slice(0, -20)}${twice.at(-20) === 'A' ? 'B' : 'A'}${twice.slice(-19)}`
    const { notes } = await program.run<Verdicts>(
      ['check'],
      JSON.stringify({ key: LOG_VKEY, witnesses, notes: [checkpoint, once, twice, changed] }),
    )
    const known = { size: 600, root: toBase64(log.reader.rootAt(600)), error: '' }
    expect(notes.slice(0, 3)).toEqual([
      { ...known, witnesses: [], times: [] },
      { ...known, witnesses: [WITNESS], times: [TIME_S] },
      { ...known, witnesses: [WITNESS, OTHER_WITNESS], times: [TIME_S, TIME_S + 1] },
    ])
    expect(notes[3]?.error).not.toBe('')
  })

  test('read the text of our proofs, for the entry alone', async () => {
    const proofs = [0, 255, 256, 599].flatMap((index) => {
      const text = log.reader.tlogProof({ index, checkpoint })
      const other = log.reader.entry((index + 1) % 600).body
      return [
        { text, data: toBase64(log.reader.entry(index).body) },
        { text, data: toBase64(other) },
      ]
    })
    const { proofs: said } = await program.run<Verdicts>(['check'], JSON.stringify({ key: LOG_VKEY, proofs }))
    expect(said.map((objection) => objection === '')).toEqual(proofs.map((_, position) => position % 2 === 0))
  })

  test('write cosignatures that ours verifies, and adds ours to', async () => {
    const { key, note } = await program.run<{ key: string; note: string }>(['cosign'], checkpoint)
    const witness = parseVerifierKey(key, kernel)
    const { cosignatures } = openCheckpoint(note, { logKey, witnessKeys: [witness], kernel })
    expect(cosignatures.map(({ key: { name } }) => name)).toEqual(['witness.example/made-by-go'])
    expect(Math.abs(Number(cosignatures[0]?.timeS) - Date.now() / 1000)).toBeLessThan(300)
    const both = await cosignCheckpoint({ note, name: WITNESS, signer: signerOf(2), timeS: TIME_S, kernel })
    const keys = [witness, witnessKey(WITNESS, signerOf(2))]
    expect(openCheckpoint(both, { logKey, witnessKeys: keys, kernel }).cosignatures).toHaveLength(2)
    const damaged = note.replace('\n600\n', '\n601\n')
    expect(() => openCheckpoint(damaged, { logKey, witnessKeys: [witness], kernel })).toThrow('signature')
  })
})
