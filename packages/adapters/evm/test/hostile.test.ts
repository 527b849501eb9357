/** What an endpoint, or a wrong address, must not cost: gas without end, and time without end. */
import { setTimeout as sleep } from 'node:timers/promises'
import { ANCHORED_TOPIC } from '@talos/anchor'
import { toHex } from '@talos/bytes'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { hasLocalChain } from '../src/index.ts'
import { type LyingEndpoint, lyingEndpoint } from './lying-endpoint.ts'
import { headOf, openWorld, type World } from './world.ts'

/** Anvil is in the registry for some platforms alone. */
const isThere = await hasLocalChain()
const MINUTE_MS = 60_000

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

/** Transactions that the sender paid for. */
async function paid({ chain }: World, by: string): Promise<number> {
  return Number(await chain.request('eth_getTransactionCount', [by, 'latest']))
}

describe.skipIf(!isThere)('an anchor that fails each time', () => {
  test('is sent again after pauses that grow, where an endpoint says that it failed', async () => {
    const anchor = world.anchor({ rpcUrls: [liar.url] })
    liar.lies.set('eth_getTransactionReceipt', (result) => result && { ...(result as object), status: '0x0' })
    // As often as an agent looks, over an hour.
    for (let look = 0; look < 120; look += 1) {
      await anchor.submit(headOf(5)).catch(() => undefined)
      world.clock.advance(MINUTE_MS / 2)
    }
    expect(await paid(world, anchor.by)).toBeLessThan(10)
  })

  test('is sent again after pauses that grow, where an endpoint says that its nonce was used', async () => {
    const anchor = world.anchor({ rpcUrls: [liar.url] })
    liar.lies.set('eth_getTransactionReceipt', () => null)
    liar.lies.set('eth_getLogs', () => [])
    for (let look = 0; look < 120; look += 1) {
      await anchor.submit(headOf(5)).catch(() => undefined)
      world.clock.advance(MINUTE_MS / 2)
    }
    expect(await paid(world, anchor.by)).toBeLessThan(10)
  })
})

describe.skipIf(!isThere)('an endpoint that invents', () => {
  test('a height that no chain has is refused, and not asked for events for ever', async () => {
    const anchor = world.anchor({ rpcUrls: [liar.url] })
    liar.lies.set('eth_blockNumber', () => `0x1${'0'.repeat(17)}`)
    liar.lies.set('eth_getLogs', () => [])
    const answer = anchor.status(headOf(5)).then(
      () => 'answered',
      ({ code }: { readonly code: string }) => code,
    )
    expect(await Promise.race([answer, sleep(4_000, 'never')])).toBe('ANCHOR_ENDPOINT_FAILED')
    anchor.close()
  })

  test('is refused where it has more events than are read, or those of others', async () => {
    const anchor = world.anchor({ rpcUrls: [liar.url] })
    const topics = [`0x${toHex(ANCHORED_TOPIC)}`, `0x${anchor.by.slice(2).padStart(64, '0')}`, `0x${'11'.repeat(32)}`]
    const event = {
      address: world.contract,
      topics,
      data: `0x${'0'.repeat(63)}1`,
      transactionHash: `0x${'22'.repeat(32)}`,
      blockHash: `0x${'33'.repeat(32)}`,
      blockNumber: '0x1',
    }
    const answer = (count: number, changes: object = {}) => {
      liar.lies.set('eth_getLogs', () => Array.from({ length: count }, () => ({ ...event, ...changes })))
    }
    answer(20_000)
    await expect(anchor.status(headOf(5))).rejects.toMatchObject({ code: 'ANCHOR_ENDPOINT_FAILED' })
    answer(1, { address: `0x${'44'.repeat(20)}` })
    await expect(anchor.status(headOf(5))).rejects.toMatchObject({ code: 'ANCHOR_ENDPOINT_FAILED' })
    answer(1, { topics: [topics[0], `0x${'0'.repeat(63)}9`, topics[2]] })
    await expect(anchor.status(headOf(5))).rejects.toMatchObject({ code: 'ANCHOR_ENDPOINT_FAILED' })
    // An event that is no anchor hides those that are none of its sender's.
    answer(1, { data: `0x${'0'.repeat(64)}` })
    expect(await anchor.status(headOf(5))).toEqual({ state: 'absent' })
  })
})
