/** Several endpoints: some fail, some lie, some serve another chain; what is believed is what enough of them say. */
import { seededRandom } from '@talos/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { EvmAnchor, hasLocalChain, startLocalChain } from '../src/index.ts'
import { type LyingEndpoint, lyingEndpoint } from './lying-endpoint.ts'
import { headOf, openWorld, sent, type World } from './world.ts'

/** Anvil is in the registry for some platforms alone. */
const isThere = await hasLocalChain()

let world: World
let liar: LyingEndpoint

beforeEach(async () => {
  world = await openWorld()
  liar = await lyingEndpoint(world.chain.url)
})

afterEach(async () => {
  await liar[Symbol.asyncDispose]()
  await world[Symbol.asyncDispose]()
})

/** What a refusal tells, all of it. */
async function refusalOf(promise: Promise<unknown>): Promise<{ readonly code: string; readonly text: string }> {
  try {
    await promise
  } catch (error) {
    return { code: (error as { code: string }).code, text: `${JSON.stringify(error)} ${(error as Error).message}` }
  }
  return expect.fail('it was not refused')
}

describe.skipIf(!isThere)('one of three endpoints', () => {
  test('that claims a depth which is not there makes no anchor final', async () => {
    const anchor = world.anchor({ rpcUrls: [liar.url, world.chain.url, world.chain.url] })
    liar.lies.set('eth_blockNumber', () => '0xffffff')
    await sent(anchor, headOf(5))
    expect(await anchor.status(headOf(5))).toMatchObject({ state: 'included', confirmations: 1 })
  })

  test('that denies the anchor does not undo it', async () => {
    const anchor = world.anchor({ rpcUrls: [liar.url, world.chain.url, world.chain.url] })
    await sent(anchor, headOf(5))
    await world.chain.mine(3)
    liar.lies.set('eth_getTransactionReceipt', () => null)
    liar.lies.set('eth_getTransactionCount', () => '0xff')
    expect((await anchor.status(headOf(5))).state).toBe('final')
  })

  test('that is gone is done without', async () => {
    const anchor = world.anchor({ rpcUrls: ['http://127.0.0.1:1', world.chain.url, world.chain.url] })
    await sent(anchor, headOf(5))
    await world.chain.mine(2)
    expect((await anchor.status(headOf(5))).state).toBe('final')
  })
})

describe.skipIf(!isThere)('two of three endpoints', () => {
  test('that are gone leave nothing to believe', async () => {
    const anchor = world.anchor({ rpcUrls: ['http://127.0.0.1:1', 'http://127.0.0.1:2', world.chain.url] })
    expect(await refusalOf(anchor.submit(headOf(5)))).toMatchObject({ code: 'ANCHOR_ENDPOINTS_FAILED' })
  })
})

describe.skipIf(!isThere)('one of two endpoints', () => {
  test('that names another block keeps the anchor from being final', async () => {
    const anchor = world.anchor({ rpcUrls: [liar.url, world.chain.url] })
    await sent(anchor, headOf(5))
    await world.chain.mine(5)
    const other = `0x${'ee'.repeat(32)}`
    liar.lies.set('eth_getTransactionReceipt', (result) => ({ ...(result as object), blockHash: other }))
    liar.lies.set('eth_getBlockByNumber', (result) => ({ ...(result as object), hash: other }))
    expect((await anchor.status(headOf(5))).state).toBe('pending')
    liar.lies.clear()
    expect((await anchor.status(headOf(5))).state).toBe('final')
  })

  test('whose receipt has no such event keeps it from counting', async () => {
    const anchor = world.anchor({ rpcUrls: [liar.url, world.chain.url] })
    await sent(anchor, headOf(5))
    liar.lies.set('eth_getTransactionReceipt', (result) => ({ ...(result as object), logs: [] }))
    expect(await refusalOf(anchor.status(headOf(5)))).toMatchObject({ code: 'ANCHOR_TRANSACTION_FAILED' })
  })

  test('that says another nonce stops the sending', async () => {
    const anchor = world.anchor({ rpcUrls: [liar.url, world.chain.url] })
    liar.lies.set('eth_getTransactionCount', () => '0x99')
    expect(await refusalOf(anchor.submit(headOf(5)))).toMatchObject({ code: 'ANCHOR_ENDPOINTS_DISAGREE' })
  })
})

describe.skipIf(!isThere)('an endpoint', () => {
  test('of another chain is refused', async () => {
    await using other = await startLocalChain({ chainId: 99 })
    const anchor = world.anchor({ rpcUrls: [other.url] })
    expect(await refusalOf(anchor.submit(headOf(5)))).toMatchObject({ code: 'ANCHOR_CHAIN_MISMATCH' })
    const mixed = world.anchor({ rpcUrls: [other.url, world.chain.url] })
    expect(await refusalOf(mixed.submit(headOf(5)))).toMatchObject({ code: 'ANCHOR_CHAIN_MISMATCH' })
  })

  test('that is too busy is asked again, and not for ever; its URL and its words stay out of the error', async () => {
    let failures = 2
    liar.lies.set('eth_getCode', () => {
      failures -= 1
      if (failures >= 0) throw { status: 429 }
      return undefined
    })
    const anchor = world.anchor({ rpcUrls: [liar.url] })
    expect((await anchor.submit(headOf(5))).state).toBe('pending')
    liar.lies.set('eth_blockNumber', () => {
      throw { status: 503 }
    })
    const refusal = await refusalOf(anchor.status(headOf(5)))
    expect(refusal.code).toBe('ANCHOR_ENDPOINT_FAILED')
    expect(refusal.text).not.toContain('a-key-in-the-path')
  })

  test('that answers with what has no form is refused by a reason of ours', async () => {
    liar.lies.set('eth_chainId', () => 'nonsense <script>')
    const refusal = await refusalOf(world.anchor({ rpcUrls: [liar.url] }).submit(headOf(5)))
    expect(refusal.text).not.toContain('script')
  })

  test('whose parts of a proof do not hold together gives none, and the next one is asked', async () => {
    const head = headOf(5)
    const anchor = world.anchor({ rpcUrls: [liar.url, world.chain.url], confirmations: 1 })
    await sent(anchor, head)
    liar.lies.set('eth_getBlockByHash', (result) => ({ ...(result as object), gasUsed: '0x1' }))
    expect((await anchor.prove(head)).chainId).toBe(world.chain.chainId)
    const alone = world.anchor({ rpcUrls: [liar.url], confirmations: 1 })
    expect(await refusalOf(alone.prove(head))).toMatchObject({ code: 'ANCHOR_PROOF_UNAVAILABLE' })
    liar.lies.clear()
    for (const lie of [
      () => [{ status: '0x1' }],
      (result: unknown) => (result as { logsBloom: string }[]).map((one) => ({ ...one, cumulativeGasUsed: '0x2' })),
    ]) {
      liar.lies.set('eth_getBlockReceipts', lie)
      expect(await refusalOf(alone.prove(head))).toMatchObject({ code: 'ANCHOR_PROOF_UNAVAILABLE' })
    }
    liar.lies.set('eth_getBlockReceipts', () => 'no list')
    expect((await alone.prove(head)).receipt.log).toBe(0)
  })
})

test.skipIf(!isThere)('options that make no sense are refused before anything is asked', () => {
  const options = { chainId: 1, random: seededRandom(1) }
  for (const rpcUrls of [[], ['ftp://host'], ['no url'], Array.from({ length: 9 }, () => world.chain.url)]) {
    expect(() => world.anchor({ rpcUrls })).toThrow(expect.objectContaining({ code: 'ANCHOR_OPTION_INVALID' }))
  }
  expect(() => world.anchor({ quorum: 2 })).toThrow(expect.objectContaining({ code: 'ANCHOR_OPTION_INVALID' }))
  expect(() => world.anchor({ contract: '0xABC' })).toThrow(expect.objectContaining({ code: 'ANCHOR_OPTION_INVALID' }))
  expect(EvmAnchor).toBeDefined()
  expect(options.chainId).toBe(1)
})
