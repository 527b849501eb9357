/** Anchoring beside the log, on a real chain of one's own: once, finally, across restarts, and never in the way. */
import { decodeHeader, verifyAnchorProof } from '@talos/anchor'
import { openLogCheckpoint } from '@talos/audit'
import { fromBase64url, toHex } from '@talos/bytes'
import { hasLocalChain } from '@talos/evm'
import { systemClock } from '@talos/kernel'
import { describe, expect, test } from 'vitest'
import { openAnchorWorld, present, silentServer, until } from './world.ts'

/** Anvil is in the registry for some platforms alone. */
const isThere = await hasLocalChain()

describe.skipIf(!isThere)('an agent that anchors', () => {
  test('has its checkpoint in a block, proves it offline, and writes the block into its log', async () => {
    await using world = await openAnchorWorld()
    const client = await world.open()
    const { name: origin } = client.log.verifierKey
    const size = client.log.size
    expect(client.anchors.anchorsFor({ origin, size })).toEqual([])
    const sent = await client.anchors.now()
    expect(sent?.heads[0]?.status.state).toMatch(/pending|included/)
    await world.chain.mine(3)
    await until(() => world.events.some(({ type }) => type === 'anchor.final'))

    const [anchored] = client.anchors.anchorsFor({ origin, size })
    const { checkpoint, note, proof } = present(anchored)
    expect(checkpoint.size).toBe(size)
    const { kernel } = client
    const opened = openLogCheckpoint(note, { logKey: client.log.verifierKey, kernel })
    expect(opened.root).toEqual(checkpoint.root)
    const verified = verifyAnchorProof(proof, { checkpoint: opened, kernel })
    expect(verified).toMatchObject({
      chainId: world.chain.chainId,
      contract: world.contract,
      trusted: 'unverified-header',
    })

    const record = client.log.reader.entry(client.log.size - 1).entry
    expect(record.kind).toBe('checkpoint.anchor')
    expect(record.anchor).toMatchObject({ block: verified.blockNumber, size: verified.rootSize })
  })

  test('anchors again when the log has grown, one tree after the other, and not for its own records', async () => {
    await using world = await openAnchorWorld()
    const client = await world.open({ intervalMs: 0 })
    const { name: origin } = client.log.verifierKey
    const finals = () => world.events.filter(({ type }) => type === 'anchor.final').length
    await until(async () => {
      await world.chain.mine(1)
      return finals() === 1
    })
    for (let round = 0; round < 5; round += 1) await client.anchors.now()
    await world.chain.mine(5)
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(finals()).toBeLessThanOrEqual(2)
    const before = finals()
    const { index } = present(await client.log.append({ kind: 'key.rotate' }))
    await until(async () => {
      await world.chain.mine(1)
      return finals() > before
    })
    expect(client.anchors.anchorsFor({ origin, size: index + 1 })).toHaveLength(1)
  })

  test('goes on after a restart where it was, and anchors nothing twice', async () => {
    await using world = await openAnchorWorld()
    const first = await world.open()
    await first.anchors.now()
    await first.close()
    const again = await world.open()
    await world.chain.mine(3)
    await until(() => world.events.some(({ type }) => type === 'anchor.final'))
    const logs = await world.chain.request('eth_getLogs', [{ fromBlock: '0x0', address: world.contract }])
    expect(logs).toHaveLength(1)
    expect(again.database.anchors.list()).toEqual([])
    const records = Array.from({ length: again.log.size }, (_, index) => again.log.reader.entry(index).entry.kind)
    expect(records.filter((kind) => kind === 'checkpoint.anchor')).toHaveLength(1)
  })

  test('notices when a reorganization removes its block, and anchors it again', async () => {
    await using world = await openAnchorWorld()
    const client = await world.open()
    await client.anchors.now()
    const included = async () => (await client.anchors.status())?.heads[0]?.status.state === 'included'
    await until(included)
    await world.chain.request('anvil_reorg', [1, []])
    await until(async () => {
      await world.chain.mine(1)
      return world.events.some(({ type }) => type === 'anchor.final')
    })
    const { name: origin } = client.log.verifierKey
    const [anchored] = client.anchors.anchorsFor({ origin, size: 1 })
    const { chain } = present(anchored).proof
    const { number, hash } = decodeHeader(fromBase64url(chain.header))
    const canonical = (await world.chain.request('eth_getBlockByNumber', [`0x${number.toString(16)}`, false])) as {
      hash: string
    }
    expect(`0x${toHex(hash)}`).toBe(canonical.hash)
  })
})

describe.skipIf(!isThere)('the log', () => {
  test('takes entries at once while the chain does not answer, and its anchors catch up', async () => {
    await using world = await openAnchorWorld()
    const { url, server } = await silentServer()
    try {
      const client = await world.open({ intervalMs: 0, entries: 1 }, { rpcUrls: [url] })
      await until(() => world.events.some((event) => event.type === 'anchor.failed'))
      const startedMs = performance.now()
      for (let index = 0; index < 50; index += 1) await client.log.append({ kind: 'key.rotate' })
      expect(performance.now() - startedMs).toBeLessThan(400)
      expect(world.events.filter(({ type }) => type === 'anchor.failed')).toHaveLength(1)
      await client.close()
    } finally {
      server.closeAllConnections()
      server.close()
    }
    const client = await world.open({ intervalMs: 0 })
    await until(async () => {
      await world.chain.mine(1)
      return world.events.some(({ type }) => type === 'anchor.final')
    })
    expect(client.anchors.anchorsFor({ origin: client.log.verifierKey.name, size: 52 })).toHaveLength(1)
  })

  test('opens and closes where the chain cannot even be set up', async () => {
    await using world = await openAnchorWorld()
    const client = await world.open({}, { rpcUrls: ['http://127.0.0.1:1'], clock: systemClock })
    await client.log.append({ kind: 'key.rotate' })
    await expect(client.anchors.now()).rejects.toMatchObject({ code: 'ANCHOR_ENDPOINT_FAILED' })
    expect(client.log.fault).toBeUndefined()
    await client.close()
  })
})
