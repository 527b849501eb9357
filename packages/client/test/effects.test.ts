import { Secret, utf8 } from '@talos/bytes'
import { delegate, revoke } from '@talos/capability'
import { type ClientEvent, TalosClient } from '@talos/client'
import type { AppFrame } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { ed25519Signer } from '@talos/identity'
import { loadKernel, systemRandom } from '@talos/kernel'
import { OUTBOX_KEEP_MS } from '@talos/storage'
import { manualClock, tempFolder } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { type Agent, closeAgent, openAgent } from '../src/agent.ts'
import { Effects } from '../src/effects.ts'
import { encodeFrame } from '../src/frames.ts'
import { nextMessage, optionsFor, pairOfAgents } from './agents.ts'

const NOW_S = Math.floor(Date.now() / 1000)

/** What a process left behind that died after it had committed a frame. */
function leave(agent: Agent, frame: AppFrame, number: number): void {
  agent.database.messages.putIncoming({
    peer: agent.did,
    messageId: number.toString(16).padStart(32, '0'),
    sessionId: new Uint8Array(16),
    kind: 'effect',
    contentType: 0,
    plaintext: encodeFrame(frame),
    nowMs: number,
  })
}

async function scene() {
  const folder = tempFolder()
  const options = optionsFor(folder.path)
  const agent = await openAgent({ ...options, name: 'bob', create: true })
  const giver = ed25519Signer({ kernel: loadKernel(), seed: Secret.of(systemRandom.bytes(32)) })
  const granted = await delegate({
    signer: giver,
    audience: agent.did,
    subject: giver.did,
    command: '/mcp/files',
    expiresS: null,
    nonce: systemRandom.bytes(12),
  })
  const frame: AppFrame = { t: 'authority', kind: 'delegation', label: 'given', bytes: granted.bytes }
  const events: ClientEvent[] = []
  const open = async () => {
    await closeAgent(agent)
    return await TalosClient.open('bob', { ...options, onEvent: (event) => void events.push(event) })
  }
  return { agent, giver, granted, frame, events, open, [Symbol.dispose]: () => folder[Symbol.dispose]() }
}

function recorded(client: TalosClient, kind: 'cap.grant' | 'cap.revoke') {
  return [...client.log.reader.entries({ kinds: [kind] })].map(({ entry }) => entry.cap)
}

describe('a frame that was committed by a process that then died', () => {
  it('acts at the next start, and is recorded once', async () => {
    using given = await scene()
    leave(given.agent, given.frame, 1)
    await using client = await given.open()
    const cid = given.granted.cid.toString()
    await expect.poll(() => recorded(client, 'cap.grant')).toEqual([cid])
    expect(client.listCapabilities('received')).toMatchObject([{ cid, label: 'given' }])
    await expect.poll(() => client.database.messages.incoming(10, 'effect')).toEqual([])
    expect(given.events).toContainEqual(
      expect.objectContaining({ type: 'authority.received', cid, kind: 'delegation' }),
    )
  })

  it.each([
    ['before its entry', false],
    ['after its entry', true],
  ])('is finished when that was half done, %s, and recorded once', async (_, isRecorded) => {
    using given = await scene()
    const { agent, granted, giver, frame } = given
    const cid = granted.cid.toString()
    agent.database.grants.put({
      cid: granted.cid,
      direction: 'received',
      peer: giver.did,
      label: 'given',
      bytes: granted.bytes,
      nowMs: 1,
    })
    if (isRecorded) await agent.log.append({ kind: 'cap.grant', peer: giver.did, cap: cid, ref: cid })
    leave(agent, frame, 1)
    await using client = await given.open()
    await expect.poll(() => client.database.messages.incoming(10, 'effect')).toEqual([])
    expect(recorded(client, 'cap.grant')).toEqual([cid])
  })

  it('is forgotten when this version cannot read it, and holds nothing up', async () => {
    using given = await scene()
    const { agent, frame } = given
    agent.database.messages.putIncoming({
      peer: agent.did,
      messageId: 'f'.repeat(32),
      sessionId: new Uint8Array(16),
      kind: 'effect',
      contentType: 0,
      plaintext: utf8('of another version'),
      nowMs: 1,
    })
    leave(agent, frame, 1)
    await using client = await given.open()
    await expect.poll(() => client.database.messages.incoming(10, 'effect')).toEqual([])
    expect(client.listCapabilities('received')).toHaveLength(1)
  })

  it('revokes what it was to revoke, behind what is at fault and forgotten', async () => {
    using given = await scene()
    const { agent, granted, giver, frame } = given
    const revocation = await revoke({ signer: giver, revokes: granted.cid, atS: NOW_S })
    leave(agent, { t: 'authority', kind: 'delegation', label: '', bytes: utf8('no delegation') }, 1)
    leave(agent, frame, 2)
    leave(agent, { t: 'authority', kind: 'revocation', label: '', bytes: revocation.bytes }, 3)
    await using client = await given.open()
    await expect.poll(() => client.listCapabilities('received')[0]?.revokedMs).toBeTypeOf('number')
    await expect.poll(() => client.database.messages.incoming(10, 'effect')).toEqual([])
    expect(recorded(client, 'cap.revoke')).toEqual([granted.cid.toString()])
  })
})

describe('a frame that this machine failed at', () => {
  it('acts when it comes again, and is forgotten with a failure of its own', async () => {
    using given = await scene()
    const { agent, frame } = given
    const failures: ('STORE_WRITE_FAILED' | 'GRANT_UNKNOWN')[] = ['STORE_WRITE_FAILED']
    const done: number[] = []
    const act = async () => {
      const code = failures.pop()
      if (code === 'STORE_WRITE_FAILED') throw new TalosError(code, { store: 'agent', reason: 'injected' })
      if (code === 'GRANT_UNKNOWN') throw new TalosError(code)
      done.push(done.length)
    }
    const effects = new Effects({ messages: agent.database.messages, act })
    const name = (number: number) => ({ peer: agent.did, messageId: number.toString(16).padStart(32, '0') })
    leave(agent, frame, 1)
    await expect(effects.run(name(1), frame)).rejects.toMatchObject({ code: 'STORE_WRITE_FAILED' })
    expect(agent.database.messages.incoming(10, 'effect')).toHaveLength(1)
    await effects.settled(name(1))
    expect(done).toEqual([0])
    leave(agent, frame, 2)
    failures.push('GRANT_UNKNOWN')
    await expect(effects.run(name(2), frame)).rejects.toMatchObject({ code: 'GRANT_UNKNOWN' })
    expect(agent.database.messages.incoming(10, 'effect')).toEqual([])
    await closeAgent(agent)
  })
})

describe('closing', () => {
  it('does not wait for a handler for ever: its message stays for the next start', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid } = pair
    await alice.establishSession(bobDid)
    const begun = Promise.withResolvers<void>()
    bob.onMessage(async () => {
      begun.resolve()
      await new Promise(() => undefined)
    })
    await alice.send(bobDid, utf8('held up'))
    await begun.promise
    await bob.close()
    expect(await nextMessage(await pair.reopen('bob'))).toMatchObject({ text: 'held up' })
  }, 30_000)
})

describe('a message that nobody takes', () => {
  it('is given up after a week, and the program is told', async () => {
    using folder = tempFolder()
    const clock = manualClock(Date.now())
    const events: ClientEvent[] = []
    const options = optionsFor(folder.path, { clock, onEvent: (event) => void events.push(event) })
    const alice = await TalosClient.create('alice', options)
    const bob = await TalosClient.create('bob', options)
    alice.addPeer(await (await bob.listen()).createInvitation())
    await alice.establishSession(bob.did)
    await bob.close()
    const { messageId } = await alice.send(bob.did, utf8('in vain'))
    await alice.close()
    clock.advance(OUTBOX_KEEP_MS)
    await using again = await TalosClient.open('alice', options)
    expect(events).toContainEqual({ type: 'message.expired', peer: bob.did, messageId })
    expect(again.database.messages.outgoing(bob.did)).toEqual([])
  })
})

describe('a session between two agents that talk', () => {
  it('takes post-quantum steps by itself', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid } = pair
    await alice.establishSession(bobDid)
    for (let round = 0; round < 40; round += 1) {
      await alice.send(bobDid, utf8(`${round}`))
      await bob.send(alice.did, utf8(`${round}`))
    }
    const epochs = () => [alice.describeSession(bobDid), bob.describeSession(alice.did)]
    expect(epochs()).toEqual([
      expect.objectContaining({ epoch: expect.toSatisfy((epoch: number) => epoch > 0) }),
      expect.objectContaining({ epoch: expect.toSatisfy((epoch: number) => epoch > 0) }),
    ])
    expect(alice.database.messages.outgoing(bobDid)).toEqual([])
  })

  it('is replaced when it is too old to seal, without a word of the program', async () => {
    using folder = tempFolder()
    const clock = manualClock(Date.now())
    const options = optionsFor(folder.path, { clock })
    await using alice = await TalosClient.create('alice', options)
    await using bob = await TalosClient.create('bob', options)
    alice.addPeer(await (await bob.listen()).createInvitation())
    const first = await alice.establishSession(bob.did)
    await expect.poll(() => bob.session(alice.did)?.confirmed).toBe(true)
    clock.advance(7 * 24 * 3_600_000)
    const sent = await alice.send(bob.did, utf8('later'))
    expect(sent).toMatchObject({ delivered: true })
    expect(sent.sessionId).not.toBe(first.sessionId)
    expect(await nextMessage(bob)).toMatchObject({ text: 'later' })
  })
})
