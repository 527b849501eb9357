/** What an anchor covers: the log, revocations, the key log, logs that were witnessed; and what waits for witnesses. */
import { decodeStatement, verifyStatementAnchor } from '@talos/anchor'
import { toHex, utf8 } from '@talos/bytes'
import { TalosClient } from '@talos/client'
import { hasLocalChain } from '@talos/evm'
import { formatVerifierKey, NOTE_COSIGNATURE, parseCheckpoint, splitNote, verifierKey } from '@talos/merkle'
import { describe, expect, test } from 'vitest'
import { optionsFor } from '../agents.ts'
import { openAnchorWorld, present, until } from './world.ts'

/** Anvil is in the registry for some platforms alone. */
const isThere = await hasLocalChain()
const PEER = 'did:key:z6MkmT9j6fVZqzXV8u2wVVSu49gYSRYGSQnduWXF6foAJrqz'

describe.skipIf(!isThere)('an anchor', () => {
  test('covers the log, the revocations and the key log, each proven by itself', async () => {
    await using world = await openAnchorWorld()
    const client = await world.open()
    const { cid } = await client.grantCapability({
      to: PEER as never,
      tool: { server: 'files', tool: 'read' },
      expiresInS: 600,
      label: 'to be revoked',
    })
    await client.revokeCapability(cid)
    const { kernel, keyLog, did, durableDid, log } = client
    await client.anchors.now()
    await world.chain.mine(3)
    await until(() => world.events.some(({ type }) => type === 'anchor.final'))
    const facts = (
      [
        { kind: 'checkpoint', subject: log.verifierKey.name, size: 1 },
        { kind: 'revocations', subject: did, size: 1 },
        { kind: 'identity', subject: durableDid, size: 1 },
      ] as const
    ).map((wanted) => {
      const { leaf, proof } = present(client.anchors.anchored(wanted))
      const statement = decodeStatement(leaf.statement)
      const { rootSize } = verifyStatementAnchor(proof, { statement, kernel })
      return { statement, rootSize, index: proof.leaf.index }
    })
    expect(facts.map(({ index, rootSize }) => [index, rootSize])).toEqual([
      [0, 3],
      [1, 3],
      [2, 3],
    ])
    const lastLine = present(keyLog.text.trimEnd().split('\n').at(-1))
    expect(facts[1]?.statement).toMatchObject({ kind: 'revocations', issuer: did, n: 1 })
    expect(facts[2]?.statement).toEqual({
      v: 1,
      kind: 'identity',
      did: durableDid,
      version: keyLog.version,
      hash: toHex(kernel.sha256(utf8(lastLine))),
    })
    // What has not grown is no new leaf.
    await client.anchors.now()
    expect(client.database.anchors.size).toBe(4)
    expect(client.database.anchors.leaf(3)?.kind).toBe('checkpoint')
  })

  test('covers the logs that this agent witnessed, where it is told to', async () => {
    await using world = await openAnchorWorld()
    const bob = await TalosClient.create('bob', optionsFor(world.home.path))
    const note = await bob.log.checkpoint()
    await bob.close()
    const { origin, size } = parseCheckpoint(splitNote(note).text)
    for (const others of [false, true]) {
      const client = await world.open({ others })
      const record = { origin, version: 1, introducer: 'bob', keys: [], size, note, heads: [] }
      if (!others) client.database.witness.swap(record)
      await client.anchors.now()
      await world.chain.mine(3)
      await until(async () => (await client.anchors.status())?.heads[0]?.isRecorded === true)
      expect(client.anchors.anchorsFor({ origin, size })).toHaveLength(others ? 1 : 0)
      await client.close()
    }
  })

  test('waits for witnesses where there is a policy', async () => {
    await using world = await openAnchorWorld()
    const { kernel } = await world.open().then(async (client) => {
      await client.close()
      return client
    })
    const publicKey = kernel.ed25519PublicKey(new Uint8Array(32).fill(7))
    const key = verifierKey({ name: 'witness.example', type: NOTE_COSIGNATURE, publicKey, kernel })
    const witnessPolicy = `witness w ${formatVerifierKey(key)}\nquorum w\n`
    const options = { anchoring: world.anchoring(), witnessPolicy }
    await using client = await TalosClient.open('alice', optionsFor(world.home.path, options))
    expect((await client.anchors.now())?.heads).toEqual([])
    expect(await world.chain.request('eth_getLogs', [{ fromBlock: '0x0', address: world.contract }])).toEqual([])
  })
})
