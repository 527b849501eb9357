/** Go's golang.org/x/mod/sumdb and transparency-dev/merkle read what is ours, and ours reads theirs (spec 11, 22). */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AuditLog } from '@talos/audit'
import { fromBase64, Secret, toBase64, utf8 } from '@talos/bytes'
import { isTalosError } from '@talos/errors'
import {
  consistencyProof,
  HASH_BYTES,
  inclusionProof,
  leafHash,
  leafIndex,
  nodeReader,
  openCheckpoint,
  openNote,
  parseVerifierKey,
  tilePath,
  tileWidth,
  treeSize,
  verifyConsistency,
  verifyInclusion,
} from '@talos/merkle'
import { type TempFolder, tempFolder } from '@talos/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LogServer } from '../../src/index.ts'
import { fillLog, kernel, LOG_VKEY, ORIGIN, openLog, publishedLog } from '../world.ts'
import { goProgram } from './program.ts'

const program = goProgram('')
afterAll(() => program.remove())

interface Verdicts {
  readonly notes: readonly { text: string; signers: string[]; unverified: number; error: string }[]
  readonly records: readonly boolean[]
  readonly trees: readonly boolean[]
  readonly proofs: readonly boolean[]
}

interface Followed {
  readonly origin: string
  readonly size: number
  readonly root: string
  readonly from: number
  readonly entries: number
}

/** Around the sizes at which a tree of tiles changes its form. */
const SIZES = [1, 2, 3, 8, 255, 256, 257, 513, 700]

describe.skipIf(program.missing !== undefined)(`Go reads what is ours${program.note}`, () => {
  let folder: TempFolder
  let log: AuditLog
  const checkpoints = new Map<number, string>()

  beforeAll(async () => {
    folder = tempFolder()
    log = await openLog(folder.path)
    for (const size of SIZES) {
      await fillLog(log, size)
      checkpoints.set(size, await log.checkpoint())
    }
  })
  afterAll(async () => {
    await log.close()
    folder[Symbol.dispose]()
  })

  test('checkpoints of every size, and refuses one with another size, root or origin', async () => {
    const notes = [...checkpoints.values()]
    const changed = notes.flatMap((note) => [
      note.replace('\n', '\n1'),
      note.replace(ORIGIN, `${ORIGIN}0`),
      note.replace(/\n[A-Za-z0-9+/]/, (first) => (first === '\nA' ? '\nB' : '\nA')),
    ])
    const { notes: said } = await program.run<Verdicts>(
      ['check'],
      JSON.stringify({ keys: [LOG_VKEY], notes: [...notes, ...changed] }),
    )
    expect(said.slice(0, notes.length).map(({ text, signers, error }) => ({ text, signers, error }))).toEqual(
      notes.map((note) => ({ text: note.slice(0, note.indexOf('\n\n') + 1), signers: [ORIGIN], error: '' })),
    )
    expect(said.slice(notes.length).filter(({ error }) => error === '')).toEqual([])
  })

  test('inclusion proofs of first, middle and last entries at every size, and refuses each that is changed', async () => {
    const records = SIZES.flatMap((size) => {
      const root = toBase64(log.reader.rootAt(size))
      return [...new Set([0, Math.floor(size / 2), size - 1])].map((index) => {
        const data = toBase64(log.reader.entry(index).body)
        return { index, size, root, data, proof: log.reader.inclusion({ index, size }).map(toBase64) }
      })
    })
    const changed = records.flatMap((record) => [
      { ...record, index: record.index + 1 },
      { ...record, data: toBase64(utf8('another')) },
      { ...record, proof: [...record.proof, record.root] },
      ...(record.proof.length > 0 ? [{ ...record, proof: record.proof.slice(1) }] : []),
    ])
    const { records: said } = await program.run<Verdicts>(
      ['check'],
      JSON.stringify({ keys: [LOG_VKEY], records: [...records, ...changed] }),
    )
    expect(said).toEqual([...records.map(() => true), ...changed.map(() => false)])
  })

  test('consistency proofs between all these sizes, and refuses them for another root', async () => {
    const trees = SIZES.flatMap((to) =>
      SIZES.filter((from) => from < to).map((from) => ({
        from,
        fromRoot: toBase64(log.reader.rootAt(from)),
        to,
        toRoot: toBase64(log.reader.rootAt(to)),
        proof: log.reader.consistency({ from, to }).map(toBase64),
      })),
    )
    const changed = trees.flatMap((tree) => [
      { ...tree, fromRoot: tree.toRoot },
      { ...tree, toRoot: tree.fromRoot },
      { ...tree, proof: tree.proof.slice(1) },
    ])
    const { trees: said } = await program.run<Verdicts>(
      ['check'],
      JSON.stringify({ keys: [LOG_VKEY], trees: [...trees, ...changed] }),
    )
    expect(said).toEqual([...trees.map(() => true), ...changed.map(() => false)])
  })

  test('the text of a proof, for its entry alone', async () => {
    const checkpoint = String(checkpoints.get(700))
    const proofs = [0, 255, 256, 699].flatMap((index) => {
      const text = log.reader.tlogProof({ index, checkpoint })
      return [
        { text, data: toBase64(log.reader.entry(index).body) },
        { text, data: toBase64(log.reader.entry((index + 1) % 700).body) },
      ]
    })
    const { proofs: said } = await program.run<Verdicts>(['check'], JSON.stringify({ keys: [LOG_VKEY], proofs }))
    expect(said).toEqual(proofs.map((_, position) => position % 2 === 0))
  })

  test('the whole log over HTTP, and follows it as it grows', async () => {
    using published = publishedLog(folder.path)
    await using server = await LogServer.start({ source: published.source })
    const state = join(folder.path, 'followed.txt')
    const follow = ['follow', '-url', server.url, '-key', LOG_VKEY, '-state', state]
    const root = () => toBase64(log.root)
    expect(await program.run<Followed>(follow)).toEqual({
      origin: ORIGIN,
      size: 700,
      root: root(),
      from: -1,
      entries: 700,
    })
    await fillLog(log, 1100)
    await log.checkpoint()
    expect(await program.run<Followed>(follow)).toEqual({
      origin: ORIGIN,
      size: 1100,
      root: root(),
      from: 700,
      entries: 1100,
    })
  })

  test('no log that was set back, and no other history under the same key', async () => {
    using others = tempFolder()
    await using other = await openLog(others.path)
    await fillLog(other, 300)
    await other.checkpoint()
    using published = publishedLog(others.path)
    await using server = await LogServer.start({ source: published.source })
    const state = join(others.path, 'followed.txt')
    const follow = ['follow', '-url', server.url, '-key', LOG_VKEY, '-state', state]
    writeFileSync(state, String(checkpoints.get(513)))
    await expect(program.run(follow)).rejects.toThrow('set back')
    writeFileSync(state, String(checkpoints.get(257)))
    await expect(program.run(follow)).rejects.toThrow('invalid transparency proof')
  })

  test('a log that asks for a token, with the token', async () => {
    const token = 'a-token-of-thirty-two-characters'
    const file = join(folder.path, 'token.txt')
    writeFileSync(file, `${token}\n`)
    using published = publishedLog(folder.path)
    await using server = await LogServer.start({ source: published.source, token: Secret.of(utf8(token)) })
    const follow = ['follow', '-url', server.url, '-key', LOG_VKEY]
    await expect(program.run(follow)).rejects.toThrow('401')
    expect((await program.run<Followed>([...follow, '-token-file', file])).size).toBe(log.size)
  })
})

interface Made {
  readonly origin: string
  readonly key: string
  readonly other: string
  readonly leaves: readonly string[]
  readonly trees: readonly {
    readonly size: number
    readonly root: string
    readonly checkpoint: string
    readonly records: readonly { readonly index: number; readonly proof: readonly string[] }[]
    readonly trees: readonly { readonly from: number; readonly proof: readonly string[] }[]
    readonly tiles: Readonly<Record<string, string>>
  }[]
}

interface Probes {
  readonly inclusion: readonly {
    readonly about: string
    readonly index: number
    readonly size: number
    readonly leafHash: string
    readonly root: string
    readonly proof: readonly string[]
    readonly valid: boolean
  }[]
  readonly consistency: readonly {
    readonly about: string
    readonly from: number
    readonly to: number
    readonly root1: string
    readonly root2: string
    readonly proof: readonly string[]
    readonly valid: boolean
  }[]
  readonly keys: readonly string[]
  readonly notes: readonly { readonly about: string; readonly note: string; readonly valid: boolean }[]
}

function isAccepted(run: () => unknown): boolean {
  try {
    run()
    return true
  } catch (error) {
    if (isTalosError(error)) return false
    throw error
  }
}

describe.skipIf(program.missing !== undefined)(`Ours reads what is Go's${program.note}`, () => {
  let made: Made
  beforeAll(async () => {
    made = await program.run<Made>(['make'])
  })

  test('checkpoints that two keys signed', () => {
    const logKey = parseVerifierKey(made.key, kernel)
    const other = parseVerifierKey(made.other, kernel)
    for (const { checkpoint, size, root } of made.trees) {
      const opened = openCheckpoint(checkpoint, { logKey, kernel })
      expect([opened.origin, opened.size, toBase64(opened.root)]).toEqual([made.origin, size, root])
      expect(openNote(checkpoint, { keys: [logKey, other], kernel }).signatures).toHaveLength(2)
      expect(
        isAccepted(() => openCheckpoint(checkpoint.replace(`\n${size}\n`, `\n${size + 1}\n`), { logKey, kernel })),
      ).toBe(false)
    }
  })

  test('its proofs, which are the ones that ours makes from its tiles, byte by byte', () => {
    const roots = new Map(made.trees.map(({ size, root }) => [size, fromBase64(root)]))
    const tiles = new Map(made.trees.flatMap(({ tiles: of }) => Object.entries(of)))
    for (const tree of made.trees) {
      const size = treeSize(tree.size)
      const root = fromBase64(tree.root)
      // A tree reads the tiles of its own size: partial ones where it ends.
      const readNode = nodeReader(({ level, index }) => {
        const width = tileWidth({ level, index, size })
        const found = tiles.get(tilePath({ level, index, width }))
        if (found === undefined) throw new Error(`there is no tile ${level} ${index} of ${width}`)
        return fromBase64(found)
      }, kernel)
      for (const { index, proof } of tree.records) {
        const hash = leafHash(kernel, fromBase64(String(made.leaves[index])))
        const hashes = proof.map(fromBase64)
        verifyInclusion({ index: leafIndex(index), size, leafHash: hash, proof: hashes, root, kernel })
        expect(inclusionProof({ index: leafIndex(index), size, readNode, kernel }).map(toBase64)).toEqual(proof)
      }
      for (const { from, proof } of tree.trees) {
        const fromRoot = roots.get(from) ?? new Uint8Array()
        verifyConsistency({
          from: treeSize(from),
          to: size,
          fromRoot,
          toRoot: root,
          proof: proof.map(fromBase64),
          kernel,
        })
        expect(consistencyProof({ from: treeSize(from), to: size, readNode, kernel }).map(toBase64)).toEqual(proof)
      }
    }
  })

  test('inclusion proofs with one thing changed, each with the verdict of Go', async () => {
    const { inclusion } = await program.run<Probes>(['probes'])
    const differing = inclusion.filter(({ index, size, leafHash: leaf, root, proof, valid }) => {
      const claim = { leafHash: fromBase64(leaf), proof: proof.map(fromBase64), root: fromBase64(root), kernel }
      return isAccepted(() => verifyInclusion({ index: leafIndex(index), size: treeSize(size), ...claim })) !== valid
    })
    expect(differing.map(({ about }) => about)).toEqual([])
    expect(inclusion.length).toBeGreaterThan(1_500)
    expect(inclusion.filter(({ valid }) => valid).length).toBeGreaterThan(50)
  })

  test('consistency proofs with one thing changed, stricter than Go only for empty trees and for roots of no length', async () => {
    const { consistency } = await program.run<Probes>(['probes'])
    const differing = consistency.filter(({ from, to, root1, root2, proof, valid }) => {
      const roots = { fromRoot: fromBase64(root1), toRoot: fromBase64(root2) }
      const claim = { from: treeSize(from), to: treeSize(to), ...roots, proof: proof.map(fromBase64), kernel }
      return isAccepted(() => verifyConsistency(claim)) !== valid
    })
    // transparency-dev/merkle leaves it to its caller to know the root of the empty tree, and how long a root is.
    const isLenient = ({ from, root1, valid }: Probes['consistency'][number]) =>
      valid && (from === 0 || fromBase64(root1).length !== HASH_BYTES)
    expect(differing.filter((probe) => !isLenient(probe)).map(({ about }) => about)).toEqual([])
    expect(differing.length).toBeGreaterThan(0)
    expect(consistency.length).toBeGreaterThan(800)
    expect(consistency.filter(({ valid }) => valid).length).toBeGreaterThan(45)
  })

  test('notes with one character changed, each with the verdict of Go', async () => {
    const { notes, keys: texts } = await program.run<Probes>(['probes'])
    const keys = texts.map((key) => parseVerifierKey(key, kernel))
    const differing = notes.filter(({ note, valid }) => isAccepted(() => openNote(note, { keys, kernel })) !== valid)
    expect(differing.map(({ about }) => about)).toEqual([])
    expect(notes.length).toBeGreaterThan(1_000)
    expect(notes.filter(({ valid }) => valid).length).toBeGreaterThan(4)
  })
})
