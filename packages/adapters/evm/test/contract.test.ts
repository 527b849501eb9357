/** The contract itself: compiled again to the same bytes, nothing in it but the event, and what it costs. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { judgeGrowth } from '@talos/anchor'
import fc from 'fast-check'
import { decodeEventLog, encodeFunctionData, type Hex } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compiledContracts, compileSolidity } from '../../../../tools/src/contracts.ts'
import { TALOS_ANCHOR_ABI, TALOS_ANCHOR_BYTECODE } from '../src/generated/talos-anchor.ts'
import { hasLocalChain, type LocalChain, startLocalChain } from '../src/index.ts'
import { present } from './world.ts'

/** Anvil is in the registry for some platforms alone. */
const isThere = await hasLocalChain()

const ROOT = join(import.meta.dirname, '..', '..', '..', '..')
/** What an anchor may cost, whatever the number of agents. */
const GAS_LIMIT = 25_000

interface Receipt {
  readonly status: Hex
  readonly gasUsed: Hex
  readonly contractAddress: Hex | null
  readonly logs: readonly { readonly topics: [Hex, ...Hex[]]; readonly data: Hex }[]
}

let chain: LocalChain
let from: Hex

beforeAll(async () => {
  if (!isThere) return
  chain = await startLocalChain()
  const [account] = (await chain.request('eth_accounts')) as Hex[]
  from = present(account)
})
afterAll(async () => {
  if (isThere) await chain.close()
})

async function send(call: { readonly to?: Hex; readonly data?: Hex; readonly value?: Hex }): Promise<Receipt> {
  const hash = await chain.request('eth_sendTransaction', [{ from, gas: '0x989680', ...call }])
  // The block is made beside the answer.
  for (;;) {
    const receipt = (await chain.request('eth_getTransactionReceipt', [hash])) as Receipt | null
    if (receipt !== null) return receipt
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

const deploy = async (code: Hex) => present((await send({ data: code })).contractAddress)
const callOf = (size: bigint, root: Hex) =>
  encodeFunctionData({ abi: TALOS_ANCHOR_ABI, functionName: 'anchor', args: [size, root] })
const root = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes): Hex => `0x${Buffer.from(bytes).toString('hex')}`)

test('the code that is deployed is the source of this repository, compiled', () => {
  for (const { path, text } of compiledContracts(ROOT)) expect(readFileSync(join(ROOT, path), 'utf8')).toBe(text)
})

describe.skipIf(!isThere)('the contract', () => {
  test('writes every size and root as they are, under the sender, for less than 25,000 gas', async () => {
    const contract = await deploy(TALOS_ANCHOR_BYTECODE)
    await fc.assert(
      fc.asyncProperty(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), root, async (size, head) => {
        const { status, gasUsed, logs } = await send({ to: contract, data: callOf(size, head) })
        expect(status).toBe('0x1')
        expect(Number(gasUsed)).toBeLessThanOrEqual(GAS_LIMIT)
        const [log] = logs
        const { args } = decodeEventLog({ abi: TALOS_ANCHOR_ABI, ...present(log) })
        expect([args.by.toLowerCase(), args.root, args.size]).toEqual([from, head, size])
        expect(logs).toHaveLength(1)
      }),
      { seed: 42, numRuns: 60 },
    )
    const dearest = await send({ to: contract, data: callOf(2n ** 64n - 1n, `0x${'ff'.repeat(32)}`) })
    expect(Number(dearest.gasUsed)).toBeLessThanOrEqual(GAS_LIMIT)
  })

  test('takes no ether, has no other function, keeps nothing', async () => {
    const contract = await deploy(TALOS_ANCHOR_BYTECODE)
    const call = callOf(1n, `0x${'01'.repeat(32)}`)
    expect((await send({ to: contract, data: call, value: '0x1' })).status).toBe('0x0')
    expect((await send({ to: contract, value: '0x1' })).status).toBe('0x0')
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), async (bytes) => {
        const data: Hex = `0x${Buffer.from(bytes).toString('hex')}`
        fc.pre(!data.startsWith(call.slice(0, 10)))
        const { status, logs } = await send({ to: contract, data })
        expect([status, logs]).toEqual(['0x0', []])
      }),
      { seed: 42, numRuns: 40 },
    )
    // A size that does not fit 64 bits is no call of this function.
    expect((await send({ to: contract, data: `${call.slice(0, 10)}${'ff'.repeat(64)}` as Hex })).status).toBe('0x0')
    for (const slot of ['0x0', '0x1']) {
      expect(await chain.request('eth_getStorageAt', [contract, slot, 'latest'])).toBe(`0x${'00'.repeat(32)}`)
    }
  })

  test('takes a smaller size as well: that it does not count is the rule of whoever reads', async () => {
    const contract = await deploy(TALOS_ANCHOR_BYTECODE)
    const heads = [5n, 3n, 6n]
    for (const size of heads)
      expect((await send({ to: contract, data: callOf(size, `0x${'01'.repeat(32)}`) })).status).toBe('0x1')
    const read = heads.map((size) => ({ size: Number(size), root: new Uint8Array(32) }))
    expect(judgeGrowth(read)).toEqual(['counts', 'void', 'counts'])
  })
})

test.skipIf(!isThere)(
  'a contract that keeps the last size would cost more than may be, and one that is told it proves nothing',
  async () => {
    const source = readFileSync(join(import.meta.dirname, 'solidity', 'Variants.sol'), 'utf8')
    const { StoredHead, NamedBefore } = compileSolidity(source)
    const stored = await deploy(present(StoredHead).bytecode)
    const head: Hex = `0x${'01'.repeat(32)}`
    const [first, second, smaller] = [
      await send({ to: stored, data: callOf(5n, head) }),
      await send({ to: stored, data: callOf(6n, head) }),
      await send({ to: stored, data: callOf(4n, head) }),
    ]
    expect([first.status, second.status, smaller.status]).toEqual(['0x1', '0x1', '0x0'])
    expect(Number(second.gasUsed)).toBeGreaterThan(GAS_LIMIT)
    // Told to begin at nothing, it takes what is smaller than what it took before.
    const named = await deploy(present(NamedBefore).bytecode)
    const abi = NamedBefore?.abi as never
    const call = (before: bigint, size: bigint) =>
      encodeFunctionData({ abi, functionName: 'anchor', args: [before, size, head] } as never)
    expect((await send({ to: named, data: call(0n, 9n) })).status).toBe('0x1')
    expect((await send({ to: named, data: call(0n, 2n) })).status).toBe('0x1')
  },
)
