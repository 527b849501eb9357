/** Anchors on a real chain of one's own: depth, nonces, fees, reorganizations, restarts. */
import { decodeHeader, verifyChainProof } from '@talos/anchor'
import { fromBase64url, toHex } from '@talos/bytes'
import { seededRandom } from '@talos/testkit'
import { describe, expect, test } from 'vitest'
import { addressOfKey, EvmChain, hasLocalChain, makeAnchorKey, readAnchorKey } from '../src/index.ts'
import { ETHER, headOf, MemoryJournal, openWorld, present, sent, type World } from './world.ts'

/** Anvil is in the registry for some platforms alone. */
const isThere = await hasLocalChain()

/** Events that the contract has in the chain as it is. */
async function events({ chain, contract }: World): Promise<readonly { readonly blockNumber: string }[]> {
  return (await chain.request('eth_getLogs', [{ address: contract, fromBlock: '0x0' }])) as { blockNumber: string }[]
}

describe.skipIf(!isThere)('an anchor', () => {
  test('is final after the configured depth and not before, and is proven then', async () => {
    await using world = await openWorld()
    const anchor = world.anchor()
    const head = headOf(5)
    expect(await anchor.status(head)).toEqual({ state: 'absent' })
    await sent(anchor, head)
    expect(await anchor.status(head)).toMatchObject({ state: 'included', confirmations: 1, needed: 3 })
    await expect(anchor.prove(head)).rejects.toMatchObject({ code: 'ANCHOR_NOT_FINAL', details: { state: 'included' } })
    await world.chain.mine(1)
    expect(await anchor.status(head)).toMatchObject({ state: 'included', confirmations: 2 })
    await world.chain.mine(1)
    expect(await anchor.status(head)).toMatchObject({ state: 'final', confirmations: 3 })
    const proof = await anchor.prove(head)
    expect(verifyChainProof(proof).event).toEqual({ by: anchor.by, ...head })
    anchor.settle(head)
    expect(world.journal.list()).toEqual([])
  })

  test('is sent once, however often it is submitted', async () => {
    await using world = await openWorld({ manual: true })
    const anchor = world.anchor()
    const states = await Promise.all([1, 2, 3].map(async () => (await anchor.submit(headOf(5))).state))
    expect(states).toEqual(['pending', 'pending', 'pending'])
    expect(world.journal.list()).toHaveLength(1)
    await world.chain.mine(1)
    expect((await anchor.submit(headOf(5))).state).toBe('included')
    expect(await events(world)).toHaveLength(1)
  })

  test('goes by what the chain calls final, where that is asked for', async () => {
    await using world = await openWorld()
    const anchor = world.anchor({ confirmations: 'finalized' })
    await sent(anchor, headOf(5))
    await world.chain.mine(10)
    expect(await anchor.status(headOf(5))).toMatchObject({ state: 'included', needed: 0 })
    await world.chain.mine(100)
    expect((await anchor.status(headOf(5))).state).toBe('final')
  })

  test('is proven in a block of many transactions of both kinds', async () => {
    await using world = await openWorld({ manual: true })
    const { chain } = world
    await chain.request('anvil_autoImpersonateAccount', [true])
    for (let index = 0; index < 40; index += 1) {
      const from = `0x${(0x1000 + index).toString(16).padStart(40, '0')}`
      await chain.fund(from, ETHER)
      const fees =
        index % 2 === 0
          ? { gasPrice: '0x77359400' }
          : { maxFeePerGas: '0xb2d05e00', maxPriorityFeePerGas: '0x3b9aca00' }
      await chain.request('eth_sendTransaction', [{ from, to: from, value: '0x1', gas: '0x5208', ...fees }])
    }
    const anchor = world.anchor({ confirmations: 1 })
    await anchor.submit(headOf(9))
    await chain.mine(1)
    const proof = await anchor.prove(headOf(9))
    expect(proof.receipt.nodes.length).toBeGreaterThan(1)
    const verified = verifyChainProof(proof)
    const block = (await chain.request('eth_getBlockByNumber', ['latest', false])) as {
      hash: string
      transactions: unknown[]
    }
    expect(block.transactions).toHaveLength(41)
    expect(`0x${toHex(verified.hash)}`).toBe(block.hash)
  })
})

describe.skipIf(!isThere)('a reorganization', () => {
  test('that removes the block makes the anchor go out again, and it is never final before the new block is deep enough', async () => {
    await using world = await openWorld()
    const anchor = world.anchor()
    await sent(anchor, headOf(5))
    await world.chain.mine(1)
    const before = await anchor.status(headOf(5))
    expect(before).toMatchObject({ state: 'included', confirmations: 2 })
    await world.chain.request('anvil_setAutomine', [false]).catch(() => world.chain.request('evm_setAutomine', [false]))
    await world.chain.request('anvil_reorg', [2, []])
    const after = await anchor.status(headOf(5))
    expect(after.state).toBe('pending')
    expect(await events(world)).toHaveLength(0)
    await world.chain.mine(1)
    expect(await anchor.status(headOf(5))).toMatchObject({ state: 'included', confirmations: 1 })
    await world.chain.mine(2)
    const final = await anchor.status(headOf(5))
    expect(final).toMatchObject({ state: 'final', confirmations: 3 })
    expect(await events(world)).toHaveLength(1)
    const { hash } = decodeHeader(fromBase64url((await anchor.prove(headOf(5))).header))
    expect('place' in final && final.place.blockHash).toBe(`0x${toHex(hash)}`)
  })

  test('that goes back to before everything is survived as well', async () => {
    await using world = await openWorld()
    const snapshot = await world.chain.request('evm_snapshot')
    const anchor = world.anchor()
    await sent(anchor, headOf(5))
    expect((await anchor.status(headOf(5))).state).toBe('included')
    await world.chain.request('evm_revert', [snapshot])
    expect((await anchor.status(headOf(5))).state).toMatch(/pending|included/)
    await world.chain.mine(3)
    expect((await anchor.status(headOf(5))).state).toBe('final')
    expect(await events(world)).toHaveLength(1)
  })
})

describe.skipIf(!isThere)('a transaction', () => {
  test('that no block takes is offered again for more, up to the limit and not beyond, with the same nonce', async () => {
    await using world = await openWorld({ manual: true })
    const base = 1_000_000_000n
    await world.chain.request('anvil_setNextBlockBaseFeePerGas', [`0x${base.toString(16)}`])
    const anchor = world.anchor({ stuckAfterMs: 1_000, maxFeePerGasWei: 5_000_000_000n })
    await anchor.submit(headOf(5))
    for (let round = 0; round < 8; round += 1) {
      world.clock.advance(2_000)
      expect((await anchor.status(headOf(5))).state).toBe('pending')
    }
    const [transaction] = world.journal.list()
    const fees = transaction?.attempts.map(({ maxFeePerGasWei }) => BigInt(maxFeePerGasWei)) ?? []
    expect(fees.length).toBeGreaterThan(2)
    expect(fees).toEqual(fees.toSorted((one, other) => (one < other ? -1 : 1)))
    for (const [index, fee] of fees.entries()) {
      expect(fee).toBeLessThanOrEqual(5_000_000_000n)
      const before = fees[index - 1]
      expect(fee * 8n).toBeGreaterThanOrEqual((before ?? 0n) * 9n)
    }
    await world.chain.mine(1)
    expect((await anchor.status(headOf(5))).state).toBe('included')
    expect(await events(world)).toHaveLength(1)
  })

  test('is not sent where the chain asks for more than the limit, or the address has too little; both say what is needed', async () => {
    await using world = await openWorld()
    const dear = world.anchor({ maxFeePerGasWei: 1_000n })
    await expect(dear.submit(headOf(5))).rejects.toMatchObject({
      code: 'ANCHOR_FEE_CAP',
      details: { limitWei: '1000' },
    })
    const key = makeAnchorKey(seededRandom('poor'))
    const poor = world.anchor({ key, journal: new MemoryJournal() })
    await expect(poor.submit(headOf(5))).rejects.toMatchObject({
      code: 'ANCHOR_FUNDS',
      details: { address: addressOfKey(key), haveWei: '0' },
    })
    const narrow = world.anchor({ maxGas: 22_000n })
    await expect(narrow.submit(headOf(5))).rejects.toMatchObject({ code: 'ANCHOR_GAS_CAP' })
    expect(world.journal.list()).toEqual([])
    expect(await events(world)).toHaveLength(0)
  })

  test('whose nonce somebody else used with the same key is made anew', async () => {
    await using world = await openWorld({ manual: true })
    const anchor = world.anchor()
    await anchor.submit(headOf(5))
    const [known] = world.journal.list()
    await world.chain.request('anvil_dropTransaction', [known?.attempts[0]?.hash])
    const other = world.anchor({ journal: new MemoryJournal() })
    await other.submit(headOf(3))
    await world.chain.mine(1)
    expect(await anchor.status(headOf(5))).toEqual({ state: 'absent' })
    expect((await anchor.submit(headOf(5))).state).toBe('pending')
    await world.chain.mine(1)
    expect((await anchor.status(headOf(5))).state).toBe('included')
    expect(await events(world)).toHaveLength(2)
  })

  test('to an address without the contract is not sent', async () => {
    await using world = await openWorld()
    const anchor = world.anchor({ contract: `0x${'12'.repeat(20)}` })
    await expect(anchor.submit(headOf(5))).rejects.toMatchObject({ code: 'ANCHOR_CONTRACT_MISSING' })
    expect(world.journal.list()).toEqual([])
  })

  test('that another contract takes without an event is told and forgotten', async () => {
    await using world = await openWorld()
    const silent = `0x${'34'.repeat(20)}`
    await world.chain.request('anvil_setCode', [silent, '0x00'])
    const anchor = world.anchor({ contract: silent })
    await expect(sent(anchor, headOf(5))).rejects.toMatchObject({ code: 'ANCHOR_TRANSACTION_FAILED' })
    expect(world.journal.list()).toEqual([])
  })

  test('of which eight are on their way leaves no room for a ninth', async () => {
    await using world = await openWorld({ manual: true })
    const anchor = world.anchor()
    for (let size = 1; size <= 8; size += 1) await anchor.submit(headOf(size))
    expect(world.journal.list().map(({ nonce }) => nonce)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    await expect(anchor.submit(headOf(9))).rejects.toMatchObject({ code: 'ANCHOR_NOT_FINAL' })
    await world.chain.mine(8)
    expect((await anchor.status(headOf(8))).state).toBe('final')
  })
})

describe.skipIf(!isThere)('a restart', () => {
  test('after the transaction was remembered and before it was sent sends it, once', async () => {
    // What a process leaves that ended between the two: signed and remembered, and no node has it.
    await using world = await openWorld({ manual: true })
    const first = world.anchor()
    await first.submit(headOf(5))
    const [known] = world.journal.list()
    await world.chain.request('anvil_dropTransaction', [known?.attempts[0]?.hash])
    const again = world.anchor()
    expect((await again.status(headOf(5))).state).toBe('pending')
    await world.chain.mine(1)
    expect((await again.status(headOf(5))).state).toBe('included')
    expect(await events(world)).toHaveLength(1)
  })

  test('with a journal that was lost finds the anchor by its event and sends nothing', async () => {
    await using world = await openWorld()
    await sent(world.anchor(), headOf(5))
    const journal = new MemoryJournal()
    const again = world.anchor({ journal })
    expect((await again.submit(headOf(5))).state).toBe('included')
    expect(journal.list()).toMatchObject([{ nonce: 1, attempts: [{ raw: '' }] }])
    expect(await events(world)).toHaveLength(1)
  })

  test('with an older log of logs is refused: what it would anchor is not larger than what is there', async () => {
    await using world = await openWorld()
    await sent(world.anchor(), headOf(5))
    const again = world.anchor({ journal: new MemoryJournal() })
    for (let round = 0; round < 2; round += 1) {
      await expect(again.submit(headOf(5, 77))).rejects.toMatchObject({
        code: 'ANCHOR_ROLLBACK',
        details: { size: 5, anchored: 5 },
      })
    }
    await expect(again.submit(headOf(4))).rejects.toMatchObject({ code: 'ANCHOR_ROLLBACK' })
    await sent(again, headOf(6))
    expect(await events(world)).toHaveLength(2)
  })
})

describe.skipIf(!isThere)('looking at a chain without a key', () => {
  test('tells whether a block is one of the chain, how deep, and which anchors of a sender count', async () => {
    await using world = await openWorld()
    const anchor = world.anchor({ confirmations: 1 })
    for (const head of [headOf(3), headOf(7)]) await sent(anchor, head)
    const forger = world.anchor({ journal: new MemoryJournal() })
    await expect(forger.submit(headOf(7, 99))).rejects.toMatchObject({ code: 'ANCHOR_ROLLBACK' })
    const status = await anchor.status(headOf(7))
    const place = present('place' in status ? status.place : undefined)
    const options = { rpcUrls: [world.chain.url], chainId: world.chain.chainId, random: seededRandom(1) }
    const chain = new EvmChain({ ...options, confirmations: 3 })
    const block = { number: place.blockNumber, hash: place.blockHash }
    expect(await chain.standingOf(block)).toEqual({ state: 'included', confirmations: 1 })
    await world.chain.mine(2)
    expect(await chain.standingOf(block)).toEqual({ state: 'final', confirmations: 3 })
    expect(await chain.standingOf({ ...block, hash: `0x${'00'.repeat(32)}` })).toEqual({
      state: 'unknown',
      confirmations: 0,
    })
    expect(await chain.standingOf({ ...block, number: block.number + 100 })).toEqual({
      state: 'unknown',
      confirmations: 0,
    })
    const history = await chain.historyOf({ contract: world.contract, by: anchor.by, fromBlock: 0 })
    expect(history.map(({ size, growth }) => [size, growth])).toEqual([
      [3, 'counts'],
      [7, 'counts'],
    ])
    expect(await chain.historyOf({ contract: world.contract, by: world.contract, fromBlock: 0 })).toEqual([])
    await expect(chain.requireContract(anchor.by)).rejects.toMatchObject({ code: 'ANCHOR_CONTRACT_MISSING' })
  })
})

describe('a key', () => {
  test('is read from hexadecimal digits, and what is wrong is not repeated', () => {
    const digits = 'a1'.repeat(32)
    expect(addressOfKey(readAnchorKey(new TextEncoder().encode(` 0x${digits}\n`)))).toMatch(/^0x[0-9a-f]{40}$/)
    for (const wrong of ['', digits.slice(2), `${digits}00`, 'z'.repeat(64), '00'.repeat(32), 'ff'.repeat(32)]) {
      const refusal = refusalOf(() => readAnchorKey(new TextEncoder().encode(wrong)))
      expect(refusal).toContain('ANCHOR_KEY_INVALID')
      expect(refusal.includes(wrong)).toBe(wrong === '')
    }
  })
})

/** Code, text and cause of what a call throws. */
function refusalOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    return `${JSON.stringify(error)} ${String(error)} ${String((error as Error).cause)}`
  }
  return 'it was taken'
}
