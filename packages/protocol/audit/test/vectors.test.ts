/** Every case of contracts/vectors/audit, valid and invalid. */
import { commitTo, decodeEntry, deriveSalt, encodeEntry, verifyCommitment } from '@talos/audit'
import { fromHex, fromUtf8, toHex, utf8 } from '@talos/bytes'
import { isTalosError } from '@talos/errors'
import { leafHash } from '@talos/merkle'
import { repoVectors } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { kernel } from './fixtures.ts'

// biome-ignore lint/suspicious/noExplicitAny: the members of a case depend on its operation
type Input = any

function committable({ bytesHex, value, path, saltHex }: Input) {
  const common = { path, salt: fromHex(saltHex), kernel }
  return bytesHex === undefined ? { ...common, value } : { ...common, bytes: fromHex(bytesHex) }
}

const operations: Readonly<Record<string, (input: Input) => object>> = {
  decode: ({ body }) => {
    const entry = decodeEntry(utf8(body))
    expect(fromUtf8(encodeEntry(entry))).toBe(body)
    return { entry: { ...entry }, leafHashHex: toHex(leafHash(kernel, utf8(body))) }
  },
  commit: (input) => ({ commitmentHex: toHex(commitTo(committable(input))) }),
  verify: (input) => {
    verifyCommitment({ ...committable(input), commitment: input.commitmentHex })
    return {}
  },
  salt: ({ saltKeyHex, index, path }) => ({
    saltHex: toHex(deriveSalt({ saltKey: fromHex(saltKeyHex), index, path, kernel })),
  }),
}

describe.each(['audit/entry.json', 'audit/commitment.json'])('the cases of %s', (path) => {
  it.each(repoVectors(path).cases.map((vector) => ({ ...vector })))('$id: $description', (vector) => {
    const run = operations[String(vector.input['operation'])]!
    const outcome = outcomeOf(() => run(vector.input))
    expect(outcome).toEqual(vector.valid ? { expected: vector.expected } : { error: vector.error })
  })
})

function outcomeOf(run: () => object): object {
  try {
    return { expected: run() }
  } catch (error) {
    return { error: isTalosError(error) ? error.code : String(error) }
  }
}
