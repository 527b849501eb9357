/** Steps of a witness that fail: nothing is signed, and what was kept stays (spec 23-witness, 23.3). */
import { NO_AGENTS, Witness } from '@talos/audit'
import { openCheckpoint } from '@talos/merkle'
import { manualClock } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { codeOf, kernel, leaves, logKeyOf, outcomeOf, PEER, scene, signerOf } from './support.ts'

const TRUNK = leaves(20)
const [A, B] = ['a', 'b'].map((branch) => leaves(20, { since: 6, branch })) as [string[], string[]]

describe('a step that fails', () => {
  it('in the store signs nothing, whether it was stored or not, and goes on afterwards', async () => {
    const { witness, store, logKey, branch } = await scene()
    const log = branch(TRUNK)
    await witness.addCheckpoint(await log.offer(0, 5))
    const add = async (from: number, size: number) =>
      await codeOf(async () => await witness.addCheckpoint(await log.offer(from, size)))
    store.fault = 'fails and is not stored'
    expect(await add(5, 8)).toBe('STORE_WRITE_FAILED')
    expect(store.get(logKey.origin)?.size).toBe(5)
    store.fault = 'fails but is stored'
    expect(await add(5, 8)).toBe('STORE_WRITE_FAILED')
    expect(store.get(logKey.origin)?.size).toBe(8)
    store.fault = 'none'
    expect(await add(5, 8)).toBe('WITNESS_CONFLICT')
    expect(await add(8, 8)).toBeUndefined()
  })

  it('in signing leaves the checkpoint kept: it is cosigned again from its own size, and nothing else instead', async () => {
    const { store, logKey, branch } = await scene()
    let isBroken = true
    const whole = signerOf(20)
    const signer = {
      ...whole,
      sign: async (message: Uint8Array) => {
        if (isBroken) throw new Error('killed')
        return await whole.sign(message)
      },
    }
    const witness = new Witness({ store, signer, name: 'w', kernel, clock: manualClock(0), agents: NO_AGENTS })
    const add = async (from: number, named: string[]) =>
      await codeOf(async () => await witness.addCheckpoint(await branch(named).offer(from, 9)))
    expect(await add(0, A)).toBe('WITNESS_SIGNING_FAILED')
    expect(store.get(logKey.origin)?.size).toBe(9)
    isBroken = false
    expect(await add(9, A)).toBeUndefined()
    expect(await add(9, B)).toBe('WITNESS_FORK')
  })

  it('because another process was faster says where that one is', async () => {
    const { witness, store, logKey, branch } = await scene()
    const log = branch(TRUNK)
    const swap = store.swap.bind(store)
    // The other one cosigns between this one's reading and its writing.
    store.swap = (next) => {
      store.swap = swap
      store.swap({ ...next, size: 7 })
      return store.swap(next)
    }
    expect(await outcomeOf(async () => await witness.addCheckpoint(await log.offer(0, 5)))).toMatchObject({
      code: 'WITNESS_CONFLICT',
      size: 7,
    })
    store.fault = 'another was faster'
    store.records.clear()
    expect(await outcomeOf(() => witness.learn(logKey, PEER))).toMatchObject({ code: 'WITNESS_CONFLICT', size: 0 })
  })

  it('of this program is not taken for a refusal', async () => {
    const { branch, store } = await scene()
    const offer = await branch(TRUNK).offer(0)
    const failing = {
      ...kernel,
      ed25519Verify: () => {
        throw new Error('the kernel failed')
      },
    }
    const witness = new Witness({ store, signer: signerOf(20), name: 'w', kernel: failing, clock: manualClock(0) })
    await expect(witness.addCheckpoint(offer)).rejects.toThrow('the kernel failed')
    let left = 4
    const later = {
      ...kernel,
      ed25519Verify: (...claim: Parameters<typeof kernel.ed25519Verify>) => {
        left -= 1
        if (left === 0) throw new Error('the kernel failed later')
        return kernel.ed25519Verify(...claim)
      },
    }
    const { store: other } = await scene()
    const careful = new Witness({ store: other, signer: signerOf(20), name: 'w', kernel: later, clock: manualClock(0) })
    await careful.addCheckpoint(await branch(A).offer(0, 9))
    left = 4
    await expect(careful.addCheckpoint(await branch(B).offer(9, 9))).rejects.toThrow('the kernel failed later')
    expect(openCheckpoint(offer.note, { logKey: (await logKeyOf(10, 11)).key, kernel }).size).toBe(20)
  })
})
