/** `add-checkpoint` as C2SP tlog-witness says it, over a real witness (spec 22-log-service, 22.6). */
import { type AuditLog, Witness, type WitnessRecord, type WitnessStore } from '@talos/audit'
import { toBase64 } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import { systemClock } from '@talos/kernel'
import { formatVerifierKey, openCheckpoint, signCheckpoint, treeSize } from '@talos/merkle'
import { type TempFolder, tempFolder } from '@talos/testkit'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  ADD_CHECKPOINT_MAX_BYTES,
  ADD_CHECKPOINT_MAX_HASHES,
  type CheckpointRequest,
  formatAddCheckpoint,
  LogServer,
  MAX_COSIGNING,
  parseAddCheckpoint,
} from '../src/index.ts'
import { goProgram } from './go/program.ts'
import { type Answer, ask, codeIn } from './requests.ts'
import { codeOf, fillLog, kernel, logKey, ORIGIN, openLog, signerOf, witnessKey } from './world.ts'

const NAME = 'talos/witness/z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp'
const WITNESS_KEY = witnessKey(NAME, signerOf(7))
const SOURCE = {
  checkpoint: async () => {
    throw new TalosError('LOG_NOT_PUBLISHED', { what: 'checkpoint' })
  },
} as never

class MemoryWitnessStore implements WitnessStore {
  readonly records = new Map<string, WitnessRecord>()
  isWorking = true
  get(origin: string) {
    return this.records.get(origin)
  }
  swap(next: WitnessRecord) {
    if (!this.isWorking) throw new TalosError('STORE_WRITE_FAILED', { store: 'agent', reason: 'full' })
    if ((this.records.get(next.origin)?.version ?? 0) !== next.version - 1) return false
    this.records.set(next.origin, next)
    return true
  }
  count() {
    return this.records.size
  }
}

describe('a witness over HTTP', () => {
  let folder: TempFolder
  let log: AuditLog
  let store: MemoryWitnessStore
  let server: LogServer
  const notes = new Map<number, string>()

  beforeAll(async () => {
    folder = tempFolder()
    log = await openLog(folder.path)
    for (const size of [5, 9, 20, 300]) {
      await fillLog(log, size)
      notes.set(size, await log.checkpoint())
    }
  })
  afterAll(async () => {
    await log.close()
    folder[Symbol.dispose]()
  })
  beforeEach(async () => {
    store = new MemoryWitnessStore()
    const witness = new Witness({ store, signer: signerOf(7), name: NAME, kernel, clock: systemClock })
    witness.trust(logKey, { introducer: 'the operator', isKnown: true })
    server = await LogServer.start({ source: SOURCE, witness })
  })
  afterEach(async () => await server.close())

  function requestOf(from: number, to: number): CheckpointRequest {
    const proof = from === 0 ? [] : log.reader.consistency({ from, to })
    return { from, proof, note: String(notes.get(to)) }
  }
  const post = (body: string | Uint8Array): Promise<Answer> =>
    ask(server.url, '/add-checkpoint', { method: 'POST', body })
  const offer = (from: number, to: number) => post(formatAddCheckpoint(requestOf(from, to)))

  test('cosigns the first checkpoint, later ones with their proof, and the same one again', async () => {
    for (const [from, to] of [
      [0, 5],
      [5, 9],
      [9, 300],
      [300, 300],
    ] as const) {
      const { status, headers, text } = await offer(from, to)
      expect([from, to, status]).toEqual([from, to, 200])
      expect(headers['content-type']).toBe('text/plain; charset=utf-8')
      expect(headers['cache-control']).toBe('no-store')
      expect(text).toMatch(/^— \S+ \S+\n$/)
      const cosigned = openCheckpoint(`${notes.get(to)}${text}`, { logKey, witnessKeys: [WITNESS_KEY], kernel })
      expect(cosigned.cosignatures).toHaveLength(1)
    }
    expect(store.get(ORIGIN)?.size).toBe(300)
  })

  test('answers 409 with its size where the proof begins elsewhere', async () => {
    await offer(0, 9)
    for (const [from, to] of [
      [0, 20],
      [5, 20],
    ] as const) {
      const { status, headers, text } = await offer(from, to)
      expect([status, headers['content-type'], text]).toEqual([409, 'text/x.tlog.size', '9\n'])
    }
    expect((await offer(9, 20)).status).toBe(200)
  })

  test('answers 404 to a log that it does not know', async () => {
    const note = await signCheckpoint({
      origin: 'other.example',
      size: treeSize(1),
      root: log.root,
      signer: signerOf(1),
      kernel,
    })
    expect((await post(formatAddCheckpoint({ from: 0, proof: [], note }))).status).toBe(404)
  })

  test('answers 403 to a checkpoint that the log did not sign', async () => {
    const note = await signCheckpoint({
      origin: ORIGIN,
      size: treeSize(1),
      root: log.root,
      signer: signerOf(2),
      kernel,
    })
    expect((await post(formatAddCheckpoint({ from: 0, proof: [], note }))).status).toBe(403)
    expect(store.get(ORIGIN)?.size).toBe(0)
  })

  test('answers 422 to a proof that does not hold', async () => {
    await offer(0, 5)
    const { proof, note } = requestOf(5, 20)
    for (const wrong of [proof.slice(1), [...proof, log.root], proof.map(() => log.root), []]) {
      const answer = await post(formatAddCheckpoint({ from: 5, proof: wrong, note }))
      expect([answer.status, answer.text]).toEqual([422, 'WITNESS_INCONSISTENT\n'])
    }
    expect(store.get(ORIGIN)?.size).toBe(5)
  })

  test('answers 409 to another root of the size that it cosigned', async () => {
    await offer(0, 5)
    const note = await signCheckpoint({
      origin: ORIGIN,
      size: treeSize(5),
      root: log.root,
      signer: signerOf(1),
      kernel,
    })
    expect((await post(formatAddCheckpoint({ from: 5, proof: [], note }))).status).toBe(409)
  })

  test.each([
    ['nothing', ''],
    ['no empty line', 'old 0\n'],
    ['no first line', '\n\nx'],
    ['a size with a zero before it', 'old 01\n\nNOTE'],
    ['a negative size', 'old -1\n\nNOTE'],
    ['a size that is too large', 'old 9007199254740992\n\nNOTE'],
    ['a hash that is too short', `old 1\n${toBase64(new Uint8Array(31))}\n\nNOTE`],
    ['a hash in another alphabet', `old 1\n${'_'.repeat(43)}=\n\nNOTE`],
    ['too many hashes', `old 1\n${`${toBase64(new Uint8Array(32))}\n`.repeat(64)}\nNOTE`],
    ['a checkpoint that is none', 'old 0\n\nnothing\n'],
    ['carriage returns', 'old 0\r\n\r\nNOTE'],
    ['an old size beyond the new one', 'old 6\n\nNOTE'],
    ['bytes that are no UTF-8', Uint8Array.of(0xff, 0x0a, 0x0a)],
  ])('answers 400 to %s', async (_, body) => {
    const answer = await post(typeof body === 'string' ? body.replace('NOTE', String(notes.get(5))) : body)
    expect(answer.status).toBe(400)
    expect(store.get(ORIGIN)?.size).toBe(0)
  })

  test('reads as many hashes as the specification allows', () => {
    const proof = Array.from({ length: ADD_CHECKPOINT_MAX_HASHES }, () => new Uint8Array(32))
    const request = { from: 3, proof, note: 'x\n' }
    expect(parseAddCheckpoint(Buffer.from(formatAddCheckpoint(request)))).toEqual(request)
  })

  test('answers 413 to a body that is too large, whether it says so before or not, and ends the connection', async () => {
    const body = 'x'.repeat(ADD_CHECKPOINT_MAX_BYTES + 1)
    expect((await post(body.slice(1))).status).toBe(400)
    const said = await ask(server.url, '/add-checkpoint', { method: 'POST', body })
    const unsaid = await ask(server.url, '/add-checkpoint', {
      method: 'POST',
      body,
      headers: { 'transfer-encoding': 'chunked' },
    })
    for (const answer of [said, unsaid]) {
      expect([answer.status, codeIn(answer), answer.headers.connection]).toEqual([
        413,
        'LOG_REQUEST_TOO_LARGE',
        'close',
      ])
    }
  })

  test('takes POST alone', async () => {
    const answer = await ask(server.url, '/add-checkpoint')
    expect([answer.status, answer.headers.allow]).toEqual([405, 'POST'])
  })

  test('signs nothing where it cannot keep what it would sign', async () => {
    store.isWorking = false
    const answer = await offer(0, 5)
    expect([answer.status, codeIn(answer)]).toEqual([500, 'LOG_SERVICE_FAILED'])
    expect(answer.text).not.toContain('—')
  })

  test('answers 503 where the agent that would sign does not run', async () => {
    const witness = {
      addCheckpoint: async () => {
        throw new TalosError('CLI_NOT_RUNNING', { name: 'box' })
      },
    }
    await using away = await LogServer.start({ source: SOURCE, witness })
    const body = formatAddCheckpoint(requestOf(0, 5))
    const answer = await ask(away.url, '/add-checkpoint', { method: 'POST', body })
    expect([answer.status, answer.headers['retry-after'], codeIn(answer)]).toEqual([503, '1', 'CLI_NOT_RUNNING'])
  })

  test('is asked about as many checkpoints at once as it has agreed to, and not one more', async () => {
    const [reached, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    let asked = 0
    const addCheckpoint = async () => {
      asked += 1
      if (asked === MAX_COSIGNING) reached.resolve()
      await released.promise
      return { line: 'x\n' }
    }
    await using slow = await LogServer.start({ source: SOURCE, witness: { addCheckpoint } })
    const body = formatAddCheckpoint(requestOf(0, 5))
    const post = async () => await ask(slow.url, '/add-checkpoint', { method: 'POST', body })
    const waiting = Array.from({ length: MAX_COSIGNING }, post)
    await reached.promise
    const refused = await post()
    expect([refused.status, refused.headers['retry-after'], codeIn(refused)]).toEqual([503, '1', 'LOG_BUSY'])
    released.resolve()
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual(waiting.map(() => 200))
    expect((await post()).status).toBe(200)
  })

  test('cosigns one of two histories that come at once, and tells the other the size', async () => {
    const answers = await Promise.all(Array.from({ length: MAX_COSIGNING }, (_, n) => offer(0, n % 2 === 0 ? 5 : 9)))
    const signed = answers.filter(({ status }) => status === 200)
    expect(signed.length).toBeGreaterThan(0)
    for (const { status } of answers) expect([200, 409]).toContain(status)
    expect([5, 9]).toContain(store.get(ORIGIN)?.size)
  })
})

const program = goProgram('ecosystem')
afterAll(() => program.remove())

describe.skipIf(program.missing !== undefined)(`a log of Go's asks our witness${program.note}`, () => {
  test('and verifies what it answers', async () => {
    using folder = tempFolder()
    await using log = await openLog(folder.path)
    await fillLog(log, 40)
    const witness = new Witness({
      store: new MemoryWitnessStore(),
      signer: signerOf(7),
      name: NAME,
      kernel,
      clock: systemClock,
    })
    witness.trust(logKey, { introducer: 'the operator', isKnown: true })
    await using server = await LogServer.start({ source: SOURCE, witness })
    const submit = ['submit', '-url', server.url, '-key', formatVerifierKey(WITNESS_KEY)]
    const first = formatAddCheckpoint({ from: 0, proof: [], note: await log.checkpoint() })
    expect(await program.run(submit, first)).toMatchObject({ status: 200, witnesses: [NAME] })
    await fillLog(log, 50)
    const note = await log.checkpoint()
    const again = formatAddCheckpoint({ from: 0, proof: [], note })
    expect(await program.run(submit, again)).toMatchObject({ status: 409, type: 'text/x.tlog.size', size: 40 })
    const next = formatAddCheckpoint({ from: 40, proof: log.reader.consistency({ from: 40 }), note })
    expect(await program.run(submit, next)).toMatchObject({ status: 200, witnesses: [NAME] })
    expect(await codeOf(() => witness.addCheckpoint({ note, from: 40, proof: [] }))).toBe('WITNESS_CONFLICT')
  })
})
