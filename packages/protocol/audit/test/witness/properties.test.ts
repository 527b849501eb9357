/** Random histories that fork, random offers, and a store that fails: what a witness signed never excludes itself. */
import { makeForkEvidence, type SignedHead, verifyForkEvidence } from '@talos/audit'
import { equalBytes } from '@talos/bytes'
import { isTalosError } from '@talos/errors'
import { openCheckpoint } from '@talos/merkle'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Branch, kernel, leaves, outcomeOf, type Scene, scene } from './support.ts'

const MAX_SIZE = 12
/** Histories of one log: the trunk, and others that leave it at some place. */
const histories = fc.array(fc.nat(MAX_SIZE), { minLength: 1, maxLength: 4 })
const place = fc.record({ history: fc.nat(3), size: fc.nat(MAX_SIZE) })
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('offer' as const), to: place, from: fc.nat(MAX_SIZE) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('follow' as const), to: place }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('see' as const), to: place }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('fault' as const),
      fault: fc.constantFrom('none', 'fails and is not stored', 'fails but is stored', 'another was faster'),
    }),
  },
)

function branchesOf({ branch }: Scene, leaving: readonly number[]): readonly Branch[] {
  return leaving.map((since, index) => branch(leaves(MAX_SIZE, { since, branch: `${index}:` })))
}

const at = (branches: readonly Branch[], index: number): Branch => branches[index % branches.length] as Branch

/** Whether one of two heads is the other's past. */
function agree(one: readonly [Branch, number], other: readonly [Branch, number]): boolean {
  const size = Math.min(one[1], other[1])
  return equalBytes(one[0].root(size), other[0].root(size))
}

describe('a witness of random histories', () => {
  it('never cosigns two checkpoints that exclude each other, whatever is offered and whatever fails', async () => {
    await fc.assert(
      fc.asyncProperty(histories, fc.array(step, { maxLength: 30 }), async (leaving, steps) => {
        const here = await scene()
        const branches = branchesOf(here, leaving)
        const { witness, store, logKey } = here
        const signed: (readonly [Branch, number])[] = []
        for (const move of steps) {
          if (move.kind === 'fault') {
            store.fault = move.fault
            continue
          }
          const { size } = move.to
          const branch = at(branches, move.to.history)
          const from = move.kind === 'follow' ? (witness.record(logKey.origin)?.size ?? 0) : 0
          const start = Math.min(move.kind === 'offer' ? move.from : from, size)
          try {
            if (move.kind === 'see') witness.see(await branch.note(size))
            else {
              await witness.addCheckpoint(await branch.offer(start, size))
              signed.push([branch, size])
            }
          } catch (error) {
            if (!isTalosError(error)) throw error
          }
          const fork = witness.record(logKey.origin)?.fork
          if (fork !== undefined) verifyForkEvidence(fork, { kernel })
        }
        for (const one of signed) for (const other of signed) expect(agree(one, other)).toBe(true)
      }),
      { seed: 42, numRuns: 150 },
    )
  })

  it('has evidence of two checkpoints exactly where they exclude each other', async () => {
    const here = await scene()
    await fc.assert(
      fc.asyncProperty(histories, place, place, async (leaving, one, other) => {
        const branches = branchesOf(here, leaving)
        const [small, large] = one.size <= other.size ? [one, other] : [other, one]
        const [first, second] = [at(branches, small.history), at(branches, large.history)]
        const head = async (branch: Branch, size: number): Promise<SignedHead> => ({
          checkpoint: openCheckpoint(await branch.note(size), { logKey: here.logKey.key, kernel }),
          delegation: here.logKey.delegation,
        })
        const heads = [await head(first, small.size), await head(second, large.size)] as const
        const split = { root: second.root(small.size), proof: second.proof(small.size, large.size) }
        const made = await outcomeOf(() =>
          makeForkEvidence({ heads, kernel, ...(small.size < large.size && { split }) }),
        )
        const isFork = !agree([first, small.size], [second, large.size])
        expect('text' in made).toBe(isFork)
      }),
      { seed: 42, numRuns: 200 },
    )
  })
})
