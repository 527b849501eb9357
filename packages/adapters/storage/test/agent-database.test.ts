import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Secret, toBase64, toHex } from '@talos/bytes'
import { describe, expect, it } from 'vitest'
import {
  AgentDatabase,
  EVIDENCE_MAX_PER_INVOCATION,
  INBOX_IDS_KEEP_MS,
  PEER_ENDPOINTS_MAX,
  PEER_INSTANCES_MAX,
  RECEIVE_ONLY_SESSIONS,
  STORE_MAX_VALUE_BYTES,
} from '../src/index.ts'
import { ALICE, BOB, bytes, cidOf, codeOf, kernel, messageId, openAgent, random, text } from './support.ts'

const idOf = (number: number) => new Uint8Array(16).fill(number)
const sessionOf = (number: number, nowMs = number) => ({
  sessionId: idOf(number),
  peer: ALICE,
  instance: 'main',
  state: bytes(`state ${number}`),
  nowMs,
})
const oneTime = (index: number) => ({ index, published: bytes(`public ${index}`), secret: bytes(`secret ${index}`) })
const hashOf = (serial: number) => new Uint8Array(32).fill(serial)
const prekeysOf = (serial: number) => ({
  serial,
  bundleHash: hashOf(serial),
  bundle: bytes(`bundle ${serial}`),
  secrets: bytes(`secrets ${serial}`),
  oneTime: [oneTime(0), oneTime(1)],
  nowMs: 100,
  keepUntilMs: 1_000 * serial,
})
const incoming = (number: number) => ({
  peer: ALICE,
  messageId: messageId(number),
  sessionId: idOf(1),
  kind: 'message' as const,
  contentType: 1,
  plaintext: bytes(`message ${number}`),
  nowMs: number,
})
const outgoing = (number: number) => ({ ...incoming(number), wire: bytes(`wire ${number}`) })

describe('sessions', () => {
  it('are stored sealed, changed by version, and found again after a restart', () => {
    using agent = openAgent()
    const { sessions } = agent.database
    expect(sessions.create(sessionOf(1))).toBe(1)
    expect(sessions.update({ sessionId: idOf(1), expectedVersion: 1, state: bytes('two'), nowMs: 5 })).toBe(2)
    const stale = () => sessions.update({ sessionId: idOf(1), expectedVersion: 1, state: bytes('x'), nowMs: 6 })
    expect(codeOf(stale)).toBe('STORE_CONFLICT')
    expect(codeOf(() => sessions.create(sessionOf(1)))).toBe('STORE_CONFLICT')
    const found = agent.reopen().sessions.get(idOf(1))
    expect(found).toMatchObject({
      peer: ALICE,
      instance: 'main',
      role: 'active',
      version: 2,
      createdMs: 1,
      updatedMs: 5,
    })
    expect(text(found?.state)).toBe('two')
    expect(agent.database.sessions.get(idOf(9))).toBeUndefined()
  })

  it('are one active and two receive-only per peer instance', () => {
    using agent = openAgent()
    const { sessions } = agent.database
    for (let number = 1; number <= RECEIVE_ONLY_SESSIONS + 2; number += 1) sessions.create(sessionOf(number))
    sessions.create({ ...sessionOf(9), instance: 'second' })
    sessions.create({ ...sessionOf(8), peer: BOB })
    const roles = sessions.list(ALICE).map(({ sessionId, role }) => `${sessionId[0]} ${role}`)
    expect(roles).toEqual(['9 active', '4 active', '3 receive-only', '2 receive-only'])
    expect(sessions.active(ALICE, 'main')?.sessionId).toEqual(idOf(4))
    expect(sessions.active(ALICE)?.sessionId).toEqual(idOf(9))
    sessions.activate(idOf(3), 20)
    expect(sessions.active(ALICE, 'main')?.sessionId).toEqual(idOf(3))
    expect(sessions.get(idOf(4))?.role).toBe('receive-only')
    expect(codeOf(() => sessions.activate(idOf(77), 1))).toBe('STORE_CONFLICT')
    expect([sessions.remove(idOf(3)), sessions.remove(idOf(3))]).toEqual([true, false])
    expect(sessions.active(ALICE, 'main')).toBeUndefined()
    expect(sessions.list()).toHaveLength(4)
  })
})

describe('prekeys', () => {
  it('are served once each and consumed once each', () => {
    using agent = openAgent()
    const { prekeys } = agent.database
    expect(prekeys.latest()).toBeUndefined()
    expect(prekeys.nextSerial()).toBe(1)
    prekeys.put(prekeysOf(1))
    expect(text(prekeys.latest()?.bundle)).toBe('bundle 1')
    expect(text(prekeys.secrets(hashOf(1)))).toBe('secrets 1')
    expect(prekeys.secrets(hashOf(2))).toBeUndefined()
    expect(prekeys.unserved()).toBe(2)
    expect([prekeys.serveOneTime()?.index, prekeys.serveOneTime()?.index, prekeys.serveOneTime()]).toEqual([
      0,
      1,
      undefined,
    ])
    expect(prekeys.unserved()).toBe(0)
    expect(prekeys.latest()?.bundleHash).toEqual(hashOf(1))
    const key = { bundleHash: hashOf(1), index: 1 }
    expect(text(prekeys.oneTimeSecret(key))).toBe('secret 1')
    prekeys.consumeOneTime(key)
    expect(prekeys.oneTimeSecret(key)).toBeUndefined()
    expect(codeOf(() => prekeys.consumeOneTime(key))).toBe('STORE_CONFLICT')
  })

  it('have serials that only grow, even when all bundles are gone', () => {
    using agent = openAgent()
    const { prekeys } = agent.database
    prekeys.put(prekeysOf(3))
    expect(codeOf(() => prekeys.put(prekeysOf(3)))).toBe('STORE_CONFLICT')
    prekeys.put(prekeysOf(4))
    expect(prekeys.list().map(({ serial }) => serial)).toEqual([4, 3])
    agent.database.removeExpired(3_000)
    expect(prekeys.list().map(({ serial }) => serial)).toEqual([4])
    expect(prekeys.oneTimeSecret({ bundleHash: hashOf(3), index: 0 })).toBeUndefined()
    agent.database.removeExpired(4_000)
    expect(agent.reopen().prekeys.nextSerial()).toBe(5)
    const many = Array.from({ length: 1_001 }, (_, index) => oneTime(index))
    expect(codeOf(() => agent.database.prekeys.put({ ...prekeysOf(9), oneTime: many }))).toBe('STORE_FULL')
  })

  it('remember a first flight until it expires', () => {
    using agent = openAgent()
    const { prekeys } = agent.database
    const flight = { transcriptHash: new Uint8Array(32).fill(1), expiresMs: 50 }
    prekeys.rememberFirstFlight(flight)
    expect(prekeys.hasFirstFlight(flight.transcriptHash)).toBe(true)
    expect(codeOf(() => prekeys.rememberFirstFlight(flight))).toBe('STORE_CONFLICT')
    agent.database.removeExpired(49)
    expect(prekeys.hasFirstFlight(flight.transcriptHash)).toBe(true)
    agent.database.removeExpired(50)
    expect(prekeys.hasFirstFlight(flight.transcriptHash)).toBe(false)
  })
})

describe('messages', () => {
  it('wait in order until they are acknowledged, and can change to another session', () => {
    using agent = openAgent()
    const { messages } = agent.database
    for (const number of [1, 2, 3]) messages.putOutgoing(outgoing(number))
    expect(codeOf(() => messages.putOutgoing(outgoing(2)))).toBe('STORE_CONFLICT')
    expect(messages.waitingPeers()).toEqual([ALICE])
    expect(messages.acknowledge({ peer: ALICE, messageId: messageId(1) })).toBe(true)
    expect(messages.acknowledge({ peer: ALICE, messageId: messageId(1) })).toBe(false)
    const moved = { peer: ALICE, messageId: messageId(2), sessionId: idOf(5), wire: bytes('again') }
    messages.resealOutgoing(moved)
    expect(codeOf(() => messages.resealOutgoing({ ...moved, messageId: messageId(1) }))).toBe('STORE_CONFLICT')
    const waiting = agent.reopen().messages.outgoing(ALICE)
    expect(waiting.map((message) => [text(message.plaintext), text(message.wire), message.sessionId[0]])).toEqual([
      ['message 2', 'again', 5],
      ['message 3', 'wire 3', 1],
    ])
    expect(agent.database.messages.outgoing(BOB)).toEqual([])
  })

  it('arrive once, are handed over once, and their ids are kept', () => {
    using agent = openAgent()
    const { messages } = agent.database
    expect([messages.putIncoming(incoming(1)), messages.putIncoming(incoming(1))]).toEqual([true, false])
    expect(messages.incoming().map(({ plaintext }) => text(plaintext))).toEqual(['message 1'])
    expect(messages.handOver(incoming(1))).toBe(true)
    expect(messages.handOver(incoming(1))).toBe(false)
    expect(messages.putIncoming(incoming(1))).toBe(false)
    expect(messages.hasArrived({ peer: BOB, messageId: messageId(1) })).toBe(false)
    agent.database.removeExpired(INBOX_IDS_KEEP_MS)
    expect(messages.hasArrived(incoming(1))).toBe(true)
    agent.database.removeExpired(INBOX_IDS_KEEP_MS + 1)
    expect(messages.hasArrived(incoming(1))).toBe(false)
  })

  it('have ids of 32 hex digits and a size limit', () => {
    using agent = openAgent()
    const { messages } = agent.database
    expect(codeOf(() => messages.putIncoming({ ...incoming(1), messageId: 'x' }))).toBe('SCHEMA_INVALID')
    const largest = { ...incoming(1), plaintext: new Uint8Array(STORE_MAX_VALUE_BYTES) }
    expect(messages.putIncoming(largest)).toBe(true)
    const larger = { ...incoming(2), plaintext: new Uint8Array(STORE_MAX_VALUE_BYTES + 1) }
    expect(codeOf(() => messages.putIncoming(larger))).toBe('INPUT_TOO_LARGE')
    expect(messages.hasArrived(larger)).toBe(false)
  })
})

describe('one transaction', () => {
  it('receives state, message, id, one-time key and first flight together', () => {
    using agent = openAgent()
    const { database } = agent
    database.prekeys.put(prekeysOf(1))
    const firstFlight = { transcriptHash: new Uint8Array(32), expiresMs: 9 }
    const consumedOneTime = { bundleHash: hashOf(1), index: 0 }
    const commit = { session: { create: sessionOf(1) }, message: incoming(1), consumedOneTime, firstFlight }
    expect(database.commitReceive(commit)).toEqual({ version: 1, isNew: true })
    expect(database.prekeys.oneTimeSecret(consumedOneTime)).toBeUndefined()
    expect(database.prekeys.hasFirstFlight(firstFlight.transcriptHash)).toBe(true)
    const again = { ...commit, session: { create: sessionOf(2) } }
    expect(codeOf(() => database.commitReceive(again))).toBe('STORE_CONFLICT')
    expect(database.sessions.get(idOf(2))).toBeUndefined()
  })

  it('advances the session for a message that had arrived before, and delivers nothing twice', () => {
    using agent = openAgent()
    const { database } = agent
    database.commitReceive({ session: { create: sessionOf(1) }, message: incoming(1) })
    const update = (expectedVersion: number) => ({ sessionId: idOf(1), expectedVersion, state: bytes('n'), nowMs: 2 })
    expect(database.commitReceive({ session: { update: update(1) }, message: incoming(1) })).toEqual({
      version: 2,
      isNew: false,
    })
    expect(database.commitReceive({ session: { update: update(2) } })).toEqual({ version: 3, isNew: true })
    expect(database.messages.incoming()).toHaveLength(1)
  })

  it('sends nothing when the session changed meanwhile, and changes no session when the message is refused', () => {
    using agent = openAgent()
    const { database } = agent
    expect(database.commitSend({ session: { create: sessionOf(1) }, message: outgoing(1) })).toBe(1)
    const update = { sessionId: idOf(1), expectedVersion: 7, state: bytes('n'), nowMs: 2 }
    expect(codeOf(() => database.commitSend({ session: { update }, message: outgoing(2) }))).toBe('STORE_CONFLICT')
    expect(database.messages.outgoing(ALICE)).toHaveLength(1)
    const right = { update: { ...update, expectedVersion: 1 } }
    expect(codeOf(() => database.commitSend({ session: right, message: outgoing(1) }))).toBe('STORE_CONFLICT')
    expect(database.sessions.get(idOf(1))?.version).toBe(1)
    expect(database.commitSend({ session: right })).toBe(2)
  })

  it('spans several stores, and undoes them all', () => {
    using agent = openAgent()
    const { database } = agent
    const fail = () =>
      database.transaction(() => {
        database.settings.set('a', '1')
        database.peers.put({ did: ALICE, endpoints: [] }, 1)
        throw new RangeError('stop')
      })
    expect(fail).toThrow(RangeError)
    expect([database.settings.get('a'), database.peers.get(ALICE)]).toEqual([undefined, undefined])
    database.settings.set('a', '2')
    expect(text(database.settings.get('a'))).toBe('2')
  })
})

describe('authority', () => {
  it('keeps grants by direction, and when they were revoked', () => {
    using agent = openAgent()
    const { grants } = agent.database
    const grant = (label: string, nowMs: number) =>
      ({ cid: cidOf(label), direction: 'issued', peer: BOB, label, bytes: bytes(label), nowMs }) as const
    grants.put(grant('one', 1))
    grants.put(grant('one', 5))
    grants.put(grant('two', 2))
    grants.put({ ...grant('three', 3), direction: 'received' })
    expect(grants.list('issued').map(({ label, createdMs }) => [label, createdMs])).toEqual([
      ['two', 2],
      ['one', 1],
    ])
    expect(grants.list('received').map(({ direction }) => direction)).toEqual(['received'])
    expect([grants.markRevoked(cidOf('one'), 9), grants.markRevoked(cidOf('one'), 10)]).toEqual([true, false])
    expect(grants.get(cidOf('one'))?.revokedMs).toBe(9)
    expect(grants.get(cidOf('two'))?.revokedMs).toBeUndefined()
    expect(grants.get(cidOf('none'))).toBeUndefined()
  })

  it('takes an invocation once, across restarts, and none that expired by the highest time ever seen', () => {
    using agent = openAgent()
    const claim = (label: string, expiresS: number, nowS: number) =>
      agent.database.replay.claim({ cid: cidOf(label), issuer: ALICE, expiresS, nowS })
    expect(claim('a', 100, 10)).toBe('fresh')
    expect(claim('a', 100, 10)).toBe('replayed')
    agent.reopen()
    expect(claim('a', 100, 99)).toBe('replayed')
    // The last second belongs to the time in which a call may be made, and in which its record is kept.
    expect(claim('a', 100, 100)).toBe('replayed')
    expect(claim('last second', 100, 100)).toBe('fresh')
    expect(claim('a', 100, 101)).toBe('expired')
    expect(claim('a', 100, 50)).toBe('expired')
    expect(claim('b', 101, 50)).toBe('fresh')
    const { replay } = agent.database
    expect([replay.has(cidOf('b')), replay.has(cidOf('c'))]).toEqual([true, false])
    replay.release(cidOf('b'))
    expect([replay.has(cidOf('b')), claim('b', 101, 50)]).toEqual([false, 'fresh'])
  })

  it('keeps evidence as it is, open or confidential', () => {
    using agent = openAgent()
    const { evidence } = agent.database
    const invocation = cidOf('call')
    const receipt = { invocation, name: 'receipt', bytes: bytes('r'), confidential: false, nowMs: 1 }
    evidence.put(receipt)
    evidence.put(receipt)
    evidence.put({ ...receipt, name: 'opening', bytes: bytes('salt'), confidential: true })
    expect(codeOf(() => evidence.put({ ...receipt, bytes: bytes('other') }))).toBe('STORE_CONFLICT')
    evidence.put({ ...receipt, invocation: cidOf('later'), nowMs: 2 })
    expect(evidence.of(invocation).map((one) => [one.name, text(one.bytes), one.confidential])).toEqual([
      ['opening', 'salt', true],
      ['receipt', 'r', false],
    ])
    expect(evidence.get(invocation, 'none')).toBeUndefined()
    expect(evidence.invocations().map(String)).toEqual([String(cidOf('later')), String(invocation)])
    for (let count = 2; count < EVIDENCE_MAX_PER_INVOCATION; count += 1) evidence.put({ ...receipt, name: `${count}` })
    expect(codeOf(() => evidence.put({ ...receipt, name: 'one more' }))).toBe('STORE_FULL')
  })
})

describe('peers and settings', () => {
  it('keep a peer, and the highest serial of its bundles', () => {
    using agent = openAgent()
    const { peers } = agent.database
    const main = { did: ALICE, instance: 'main' }
    expect(peers.bundleSerial(main)).toBeUndefined()
    for (const serial of [4, 4, 6]) peers.noteBundleSerial({ ...main, serial })
    expect(codeOf(() => peers.noteBundleSerial({ ...main, serial: 5 }))).toBe('BUNDLE_ROLLBACK')
    expect(peers.bundleSerial(main)).toBe(6)
    for (let count = 1; count < PEER_INSTANCES_MAX; count += 1) {
      peers.noteBundleSerial({ did: ALICE, instance: `${count}`, serial: 1 })
    }
    expect(codeOf(() => peers.noteBundleSerial({ did: ALICE, instance: 'more', serial: 1 }))).toBe('STORE_FULL')
    peers.put({ did: ALICE, endpoints: [] }, 1)
    peers.put({ did: ALICE, name: 'alice', endpoints: ['tls://h:1'], transportKey: new Uint8Array(32) }, 2)
    expect(peers.get(ALICE)).toMatchObject({ name: 'alice', endpoints: ['tls://h:1'], updatedMs: 2 })
    peers.put({ did: BOB, endpoints: [] }, 9)
    expect(peers.list().map(({ did }) => did)).toEqual([BOB, ALICE])
    const many = Array.from({ length: PEER_ENDPOINTS_MAX + 1 }, () => 'tls://h:1')
    expect(codeOf(() => peers.put({ did: BOB, endpoints: many }, 9))).toBe('STORE_FULL')
    expect([peers.remove(BOB), peers.remove(BOB)]).toEqual([true, false])
  })

  it('keep values open or sealed', () => {
    using agent = openAgent()
    const { settings } = agent.database
    settings.set('text', 'value')
    settings.setSecret('token', bytes('hidden'))
    expect([text(settings.get('text')), text(settings.get('token')), settings.get('none')]).toEqual([
      'value',
      'hidden',
      undefined,
    ])
    expect([settings.remove('text'), settings.remove('text')]).toEqual([true, false])
  })
})

describe('what lies on the disk', () => {
  it('holds no planted secret in any form', () => {
    using agent = openAgent()
    const planted = random.bytes(24)
    const { database, folder } = agent
    database.commitReceive({
      session: { create: { ...sessionOf(1), state: planted } },
      message: { ...incoming(1), plaintext: planted },
    })
    database.messages.putOutgoing({ ...outgoing(2), plaintext: planted })
    database.prekeys.put({ ...prekeysOf(1), secrets: planted, oneTime: [{ ...oneTime(0), secret: planted }] })
    database.settings.setSecret('s', planted)
    const call = { invocation: cidOf('c'), name: 'o', bytes: planted, confidential: true, nowMs: 1 }
    database.evidence.put(call)
    database.settings.set('marker', 'PLAINMARKER')
    const read = () => readdirSync(folder.path).map((name) => readFileSync(join(folder.path, name)))
    for (const closed of [false, true]) {
      if (closed) database.close()
      const contents = Buffer.concat(read())
      expect(contents.includes('PLAINMARKER')).toBe(true)
      const key = agent.storageKey.use((secret) => Buffer.from(secret))
      for (const form of [Buffer.from(planted), toHex(planted), toBase64(planted), key]) {
        expect(contents.includes(form)).toBe(false)
      }
    }
  })

  it('opens under its own storage key only, and in its own place only', () => {
    using agent = openAgent()
    const { folder, lock, storageKey } = agent
    agent.database.sessions.create(sessionOf(1))
    agent.database.close()
    const storageKeys = [Secret.random(random, 32), storageKey]
    const codes = storageKeys.map((key) => {
      using database = AgentDatabase.open({ folder, lock, storageKey: key, kernel, random })
      return codeOf(() => database.sessions.get(idOf(1)))
    })
    expect(codes).toEqual(['STORE_ROW_INVALID', undefined])
  })
})
