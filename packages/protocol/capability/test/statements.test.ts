/** Receipts, alone and in batches, and approvals: made, opened, abused, and signed by signers that are slow or fail. */
import { Cid, concatBytes, decodeCbor, encodeCbor, type IpldValue, toHex } from '@talos/bytes'
import {
  type ApprovalVerdict,
  approve,
  callDigest,
  checkApprovals,
  DEFAULT_MAX_QUEUED_RECEIPTS,
  denial,
  explainDenial,
  issueReceipt,
  MAX_APPROVAL_LIFETIME_S,
  MAX_APPROVALS,
  MAX_BATCH_RECEIPTS,
  modelMessage,
  openApproval,
  openReceipt,
  type ReceiptContent,
  ReceiptSigner,
  receiveApprovals,
} from '@talos/capability'
import { isTalosError, TalosError } from '@talos/errors'
import type { SignedEnvelope, Signer } from '@talos/identity'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { actor, alice, bob, kernel, mallory, NOW_S, nonce, owner } from './actors.ts'

const SOME = Cid.fromSha256(new Uint8Array(32).fill(5))
const COMMITMENT = new Uint8Array(32).fill(7)
const NOW_MS = NOW_S * 1000

function codeOf(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return isTalosError(error) ? error.code : error
  }
  return 'nothing was thrown'
}

/** A receipt's content that differs by its time. */
function content(atMs: number): ReceiptContent {
  return { invocation: SOME, outcome: 'allow', requestCommitment: COMMITMENT, atMs }
}

describe('receipts', () => {
  const base = { signer: owner, invocation: SOME, requestCommitment: COMMITMENT, atMs: NOW_MS }

  test('say what was done, and open to the same', async () => {
    const made = await issueReceipt({ ...base, outcome: 'allow', resultCommitment: COMMITMENT, previous: SOME })
    expect(openReceipt(made.bytes, { kernel })).toEqual({
      cid: made.cid,
      bytes: made.bytes,
      issuer: owner.did,
      invocation: SOME,
      outcome: 'allow',
      requestCommitment: COMMITMENT,
      resultCommitment: COMMITMENT,
      denial: [],
      atMs: NOW_MS,
      previous: SOME,
      batch: undefined,
    })
  })

  test('carry the codes of a denial or of what is missing, at most 8, and nothing else of it', async () => {
    let cause = denial('CAPABILITY_EXPIRED', { details: { what: 'x', secondsAgo: 1 } })
    for (let level = 0; level < 9; level += 1) cause = denial('CAPABILITY_DENIED', { causes: [cause] })
    for (const outcome of ['deny', 'refer'] as const) {
      const made = await issueReceipt({ ...base, outcome, denial: cause })
      const opened = openReceipt(made.bytes, { kernel })
      expect(opened).toMatchObject({ outcome, denial: Array(8).fill('CAPABILITY_DENIED') })
      expect(opened.resultCommitment).toBeUndefined()
      expect(opened.previous).toBeUndefined()
    }
  })

  test('are not signed with codes that do not belong there, or without those that do', async () => {
    const cause = denial('CAPABILITY_DENIED')
    for (const outcome of ['allow', 'error'] as const) {
      await expect(issueReceipt({ ...base, outcome, denial: cause })).rejects.toMatchObject({ code: 'RECEIPT_INVALID' })
    }
    for (const outcome of ['deny', 'refer'] as const) {
      await expect(issueReceipt({ ...base, outcome })).rejects.toMatchObject({ code: 'RECEIPT_INVALID' })
    }
    await expect(
      issueReceipt({ ...base, outcome: 'allow', requestCommitment: new Uint8Array(31) }),
    ).rejects.toMatchObject({ code: 'SCHEMA_INVALID' })
  })
})

/** A signer whose signatures come when they are let, with their count. */
function heldSigner(): {
  readonly signer: Signer
  readonly release: (fail?: Error) => void
  readonly asked: () => number
} {
  const waiting: ((fail?: Error) => void)[] = []
  let asked = 0
  const signer: Signer = {
    did: owner.did,
    publicKey: owner.publicKey,
    kernel,
    async sign(message) {
      asked += 1
      const failure = await new Promise<Error | undefined>((resolve) => {
        waiting.push(resolve)
      })
      if (failure !== undefined) throw failure
      return await owner.sign(message)
    },
  }
  return { signer, release: (fail) => waiting.shift()?.(fail), asked: () => asked }
}

async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}

/** The common part of all receipts of one signature. */
function headOf(receipt: SignedEnvelope): string {
  const [, , , envelope] = decodeCbor(receipt.bytes) as readonly Uint8Array[]
  return toHex(envelope as Uint8Array)
}

describe('a signer of receipts', () => {
  test('signs one that nobody waits beside like any other', async () => {
    const receipts = new ReceiptSigner({ signer: owner, nowMs: () => NOW_MS })
    for (const how of ['call', 'batch'] as const) {
      const made = await receipts.issue(content(NOW_MS), how)
      expect(made).toEqual(await issueReceipt({ signer: owner, ...content(NOW_MS) }))
    }
  })

  test('signs together what is asked for at once, whatever the number, and each opens by itself', async () => {
    const receipts = new ReceiptSigner({ signer: owner, nowMs: () => NOW_MS + 1 })
    for (const size of [2, 3, 4, 5, 7, 8, 9, 33]) {
      const made = await Promise.all(
        Array.from({ length: size }, (_, index) => receipts.issue(content(NOW_MS + index), 'batch')),
      )
      expect(new Set(made.map(headOf)).size).toBe(1)
      for (const [index, { bytes, cid }] of made.entries()) {
        const opened = openReceipt(bytes, { kernel })
        expect(opened).toMatchObject({ issuer: owner.did, atMs: NOW_MS + index, cid })
        expect(opened.batch).toMatchObject({ size, index, signedMs: NOW_MS + 1 })
      }
    }
  })

  test('adds no wait: the first is signed at once, the next signature covers all that came meanwhile', async () => {
    const { signer, release, asked } = heldSigner()
    const receipts = new ReceiptSigner({ signer, nowMs: () => NOW_MS })
    const first = receipts.issue(content(0), 'batch')
    await settle()
    expect(asked()).toBe(1)
    const next: Promise<SignedEnvelope>[] = []
    for (let index = 1; index <= 5; index += 1) {
      next.push(receipts.issue(content(index), 'batch'))
      await settle()
    }
    expect(asked()).toBe(1)
    release()
    expect(openReceipt((await first).bytes, { kernel }).batch).toBeUndefined()
    await settle()
    expect(asked()).toBe(2)
    release()
    const opened = (await Promise.all(next)).map(({ bytes }) => openReceipt(bytes, { kernel }))
    expect(opened.map(({ atMs, batch }) => [atMs, batch?.index, batch?.size])).toEqual(
      [1, 2, 3, 4, 5].map((atMs) => [atMs, atMs - 1, 5]),
    )
    await settle()
    expect(asked()).toBe(2)
  })

  test('signs one for a call of its own beside a batch that is under way', async () => {
    const { signer, release, asked } = heldSigner()
    const receipts = new ReceiptSigner({ signer, nowMs: () => NOW_MS })
    const batched = [receipts.issue(content(0), 'batch'), receipts.issue(content(1), 'batch')]
    await settle()
    const alone = receipts.issue(content(2), 'call')
    await settle()
    expect(asked()).toBe(2)
    release()
    release()
    expect(openReceipt((await alone).bytes, { kernel })).toMatchObject({ atMs: 2, batch: undefined })
    expect((await Promise.all(batched)).map(({ bytes }) => openReceipt(bytes, { kernel }).batch?.size)).toEqual([2, 2])
  })

  test('fails those of a signature that fails, and signs the next', async () => {
    const { signer, release } = heldSigner()
    const receipts = new ReceiptSigner({ signer, nowMs: () => NOW_MS })
    const failing = Promise.allSettled([receipts.issue(content(0), 'batch'), receipts.issue(content(1), 'batch')])
    await settle()
    const waiting = [receipts.issue(content(2), 'batch'), receipts.issue(content(3), 'batch')]
    release(new TalosError('KERNEL_ARGUMENT'))
    for (const result of await failing) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'SIGNER_FAILED' } })
    }
    await settle()
    release()
    expect((await Promise.all(waiting)).map(({ bytes }) => openReceipt(bytes, { kernel }).atMs)).toEqual([2, 3])
  })

  test('takes 1,024 into a signature and not one more, and refuses what its queue does not hold', async () => {
    const { signer, release } = heldSigner()
    const maxQueued = MAX_BATCH_RECEIPTS + 1
    const receipts = new ReceiptSigner({ signer, nowMs: () => NOW_MS, maxQueued })
    const first = receipts.issue(content(0), 'batch')
    await settle()
    const queued = Array.from({ length: maxQueued }, (_, index) => receipts.issue(content(index), 'batch'))
    await expect(receipts.issue(content(9), 'batch')).rejects.toMatchObject({
      code: 'RECEIPT_QUEUE_FULL',
      details: { limit: maxQueued },
    })
    release()
    await first
    await settle()
    release()
    const whole = await Promise.all(queued.slice(0, MAX_BATCH_RECEIPTS))
    expect(new Set(whole.map(headOf)).size).toBe(1)
    expect(openReceipt(whole.at(-1)?.bytes ?? COMMITMENT, { kernel }).batch).toMatchObject({ index: 1023, size: 1024 })
    await settle()
    release()
    expect(openReceipt((await Promise.all(queued)).at(-1)?.bytes ?? COMMITMENT, { kernel }).batch).toBeUndefined()
    expect(DEFAULT_MAX_QUEUED_RECEIPTS).toBe(65_536)
  })

  test('refuses before it queues what is no receipt', async () => {
    const receipts = new ReceiptSigner({ signer: owner, nowMs: () => NOW_MS })
    await expect(receipts.issue({ ...content(0), outcome: 'deny' }, 'batch')).rejects.toMatchObject({
      code: 'RECEIPT_INVALID',
    })
    await expect(receipts.issue(content(-1), 'batch')).rejects.toMatchObject({ code: 'SCHEMA_INVALID' })
    expect(openReceipt((await receipts.issue(content(4), 'batch')).bytes, { kernel }).atMs).toBe(4)
  })
})

describe('a batched receipt', () => {
  test('opens with no bit changed, no byte cut and no byte added', async () => {
    const receipts = new ReceiptSigner({ signer: owner, nowMs: () => NOW_MS })
    const [, made] = await Promise.all([0, 1, 2].map((atMs) => receipts.issue(content(atMs), 'batch')))
    const bytes = made?.bytes ?? COMMITMENT
    expect(openReceipt(bytes, { kernel }).atMs).toBe(1)
    fc.assert(
      fc.property(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 7 }), (place, bit) => {
        const changed = bytes.slice()
        changed.set([(bytes.at(place) ?? 0) ^ (1 << bit)], place)
        expect(codeOf(() => openReceipt(changed, { kernel }))).toMatch(/^(RECEIPT_|ENVELOPE_|CBOR_|SCHEMA_|INPUT_)/)
        expect(codeOf(() => openReceipt(bytes.subarray(0, place), { kernel }))).toMatch(/^(CBOR_|ENVELOPE_)/)
      }),
      { seed: 42, numRuns: 400 },
    )
    expect(codeOf(() => openReceipt(concatBytes(bytes, Uint8Array.of(0)), { kernel }))).toBe('CBOR_INVALID')
  })

  test('is no receipt of another batch of the same executor', async () => {
    const receipts = new ReceiptSigner({ signer: owner, nowMs: () => NOW_MS })
    const batchFrom = async (from: number): Promise<readonly IpldValue[]> => {
      const made = await Promise.all([0, 1, 2].map((step) => receipts.issue(content(from + step), 'batch')))
      return decodeCbor(made.at(1)?.bytes ?? COMMITMENT) as readonly IpldValue[]
    }
    const [one, other] = [await batchFrom(0), await batchFrom(10)]
    const mixed = encodeCbor([...one.slice(0, 3), ...other.slice(3)])
    expect(codeOf(() => openReceipt(mixed, { kernel }))).toBe('RECEIPT_BATCH_INVALID')
  })
})

const CALL = {
  issuer: alice.did,
  audience: owner.did,
  subject: owner.did,
  command: '/mcp/git/tool/git_push',
  args: { branch: 'main' },
}
const DIGEST = callDigest(CALL, kernel)
const [carol, dave] = [actor(10), actor(11)]

function approval(signer: Signer, changes: Partial<Parameters<typeof approve>[0]> = {}): Promise<SignedEnvelope> {
  return approve({ signer, call: DIGEST, atS: NOW_S, expiresS: NOW_S + 600, nonce: nonce(), ...changes })
}

function check(
  given: readonly Uint8Array[],
  changes: Partial<Parameters<typeof checkApprovals>[0]> = {},
): ApprovalVerdict {
  return checkApprovals({
    approvals: receiveApprovals(given, { kernel }),
    terms: { m: 2, of: [bob.did, carol.did, dave.did] },
    what: 'the tool',
    digest: DIGEST,
    caller: alice.did,
    nowS: NOW_S + 1,
    leewayS: 0,
    used: () => false,
    ...changes,
  })
}

describe('approvals', () => {
  test('open to what was signed', async () => {
    const signed = nonce()
    const made = await approval(bob, { nonce: signed, note: 'release 4' })
    expect(openApproval(made.bytes, { kernel })).toEqual({
      cid: made.cid,
      bytes: made.bytes,
      issuer: bob.did,
      call: DIGEST,
      nonce: signed,
      atS: NOW_S,
      expiresS: NOW_S + 600,
      note: 'release 4',
    })
  })

  test('are not signed for longer than an hour, backwards, or of another form', async () => {
    const whole = await approval(bob, { expiresS: NOW_S + MAX_APPROVAL_LIFETIME_S })
    expect(openApproval(whole.bytes, { kernel }).note).toBeUndefined()
    const refused = [
      [{ expiresS: NOW_S + MAX_APPROVAL_LIFETIME_S + 1 }, 'APPROVAL_INVALID'],
      [{ expiresS: NOW_S - 1 }, 'APPROVAL_INVALID'],
      [{ nonce: new Uint8Array(11) }, 'SCHEMA_INVALID'],
      [{ call: new Uint8Array(31) }, 'SCHEMA_INVALID'],
      [{ note: '\u202e' }, 'SCHEMA_INVALID'],
    ] as const
    for (const [change, code] of refused) await expect(approval(bob, change)).rejects.toMatchObject({ code })
  })

  test('bind every part of the call, and nothing else of it', () => {
    const others = [
      { ...CALL, issuer: bob.did },
      { ...CALL, audience: bob.did },
      { ...CALL, subject: bob.did },
      { ...CALL, command: '/mcp/git/tool/git_pull' },
      { ...CALL, args: { branch: 'next' } },
      { ...CALL, args: { branch: 'main', force: true } },
      { ...CALL, args: {} },
    ]
    const digests = [CALL, ...others].map((call) => toHex(callDigest(call, kernel)))
    expect(new Set(digests).size).toBe(digests.length)
    expect(toHex(callDigest({ ...CALL, args: { ...CALL.args } }, kernel))).toBe(toHex(DIGEST))
  })

  test('count as the model of a set says, whatever comes in whatever order', async () => {
    const signers = [alice, bob, carol, dave, mallory]
    const made = await Promise.all(
      signers.flatMap((signer) => [
        approval(signer),
        approval(signer, { call: COMMITMENT }),
        approval(signer, { atS: NOW_S - 700, expiresS: NOW_S - 100 }),
      ]),
    )
    const bytes = made.map((each) => each.bytes)
    const indexes = fc.array(fc.nat({ max: bytes.length - 1 }), { maxLength: MAX_APPROVALS })
    fc.assert(
      fc.property(indexes, fc.integer({ min: 1, max: 3 }), fc.subarray([1, 2, 3]), (places, m, of) => {
        const given = places.map((place) => bytes[place] ?? COMMITMENT)
        const named = [alice, ...of.map((number) => signers[number] ?? alice)].map(({ did }) => did)
        const good = new Set(places.filter((place) => place % 3 === 0 && of.includes(place / 3)))
        const by = [...good].map((place) => signers[place / 3]?.did)
        const verdict = check(given, { terms: { m, of: named } })
        const { counted, missing, askable } = { counted: undefined, missing: undefined, askable: undefined, ...verdict }
        const isMet = by.length >= m
        expect({ counted: counted?.map(({ issuer }) => issuer), missing, askable }).toEqual({
          counted: isMet ? by.slice(0, m) : undefined,
          missing: isMet ? undefined : m - by.length,
          askable: isMet ? undefined : named.slice(1).filter((did) => !by.includes(did)),
        })
      }),
      { seed: 42, numRuns: 300 },
    )
  })

  test('ask the record of used ones only about those that would count', async () => {
    const [own, stale, first, second] = await Promise.all([
      approval(alice),
      approval(carol, { atS: NOW_S - 700, expiresS: NOW_S - 100 }),
      approval(bob),
      approval(carol),
    ])
    const asked: string[] = []
    const verdict = check(
      [own, stale, first, second].map(({ bytes }) => bytes),
      {
        used: ({ cid }) => {
          asked.push(cid.toString())
          return false
        },
      },
    )
    expect(verdict.met).toBe(true)
    expect(asked).toEqual([first.cid.toString(), second.cid.toString()])
  })

  test('that are missing are told to the executor by number and name, and to the model not at all', async () => {
    const verdict = check([(await approval(bob)).bytes, COMMITMENT, (await approval(mallory)).bytes])
    if (verdict.met) throw new TypeError('one approval is not two')
    const told = explainDenial(verdict.cause)
    expect(told).toContain('the tool asks for 2 approvals of this very call, and 1 count [CAPABILITY_APPROVAL]')
    expect(told).toContain('approval 1 cannot be read at approvals[1] [APPROVAL_UNREADABLE]')
    expect(told).toContain('approval 2 is by somebody who is not asked: the terms do not name it at approvals[2]')
    expect(told).toContain(`${carol.did} has not approved the call [APPROVAL_MISSING]`)
    expect(told).toContain(dave.did)
    expect(told).not.toContain(mallory.did)
    const said = modelMessage(denial('CAPABILITY_DENIED', { causes: [verdict.cause] }))
    expect(said).not.toMatch(/did:|\d/)
    expect(said).toMatch(/approv/i)
  })

  test('that cannot be judged for a defect of ours are no approvals that cannot be read', async () => {
    const { bytes } = await approval(bob)
    const broken: typeof kernel = {
      ...kernel,
      verifyEnvelopes() {
        throw new TypeError('a defect')
      },
    }
    expect(() => receiveApprovals([bytes], { kernel: broken })).toThrow(TypeError)
  })
})
