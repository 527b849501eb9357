/** Every case of contracts/vectors/capability about receipts and approvals. */
import { fromHex, toHex } from '@talos/bytes'
import {
  argumentsFromJson,
  callDigest,
  checkApprovals,
  type IdentityStanding,
  type IdentityView,
  openApproval,
  openReceipt,
  receiveApprovals,
} from '@talos/capability'
import type { Did } from '@talos/contracts'
import { isTalosError } from '@talos/errors'
import { repoVectors, type VectorCase } from '@talos/testkit'
import { describe, expect, test } from 'vitest'
import { kernel } from './actors.ts'

function outcomeOf(vector: VectorCase, run: (input: never) => object): object {
  try {
    return run(vector.input as never)
  } catch (error) {
    if (!isTalosError(error)) throw error
    return { error: error.code }
  }
}

function runAll(name: string, run: (input: never) => object): void {
  describe(`${name}.json`, () => {
    test.each(repoVectors(`capability/${name}.json`).cases)('$id, clause $clause: $description', (vector) => {
      expect(outcomeOf(vector, run)).toEqual(vector.valid ? vector.expected : { error: vector.error })
    })
  })
}

function readReceipt({ receiptHex }: { readonly receiptHex: string }): object {
  const { cid, issuer, invocation, outcome, denial, batch } = openReceipt(fromHex(receiptHex), { kernel })
  const place = batch === undefined ? null : { ...batch, root: undefined, rootHex: toHex(batch.root) }
  return { cid: cid.toString(), issuer, invocation: invocation.toString(), outcome, denial, batch: place }
}

runAll('receipt', readReceipt)
runAll('receipt-batch', readReceipt)

interface DigestInput {
  readonly operation: 'digest'
  readonly issuer: Did
  readonly audience: Did
  readonly subject: Did
  readonly command: string
  readonly argumentsJson: string
}

runAll('approval', (input: DigestInput | { readonly operation: 'open'; readonly approvalHex: string }) => {
  if (input.operation === 'digest') {
    const args = argumentsFromJson(input.argumentsJson)
    return { digestHex: toHex(callDigest({ ...input, args }, kernel)) }
  }
  const { cid, issuer, call, atS, expiresS, note } = openApproval(fromHex(input.approvalHex), { kernel })
  return { cid: cid.toString(), issuer, callHex: toHex(call), atS, expiresS, note: note ?? null }
})

interface CheckInput {
  readonly approvalsHex: readonly string[]
  readonly m: number
  readonly of: readonly Did[]
  readonly digestHex: string
  readonly caller: Did
  readonly nowS: number
  readonly leewayS: number
  readonly used: readonly number[]
  readonly identities?: {
    readonly current: Readonly<Record<Did, Did>>
    readonly standing: Readonly<Record<Did, IdentityStanding>>
  }
}

function viewOf({ current, standing }: NonNullable<CheckInput['identities']>): IdentityView {
  return { currentOf: (did) => current[did] ?? did, standingOf: (did) => standing[did] ?? 'current' }
}

runAll('approval-check', (input: CheckInput) => {
  const { approvalsHex, m, of, digestHex, caller, nowS, leewayS, used, identities } = input
  const approvals = receiveApprovals(approvalsHex.map(fromHex), { kernel })
  const names = approvals.map(({ approval }) => approval?.cid.toString())
  const indexOf = (cid: { toString(): string }): number => names.indexOf(cid.toString())
  const verdict = checkApprovals({
    approvals,
    terms: { m, of },
    what: 'the tool',
    digest: fromHex(digestHex),
    caller,
    nowS,
    leewayS,
    used: ({ cid }) => used.includes(indexOf(cid)),
    ...(identities !== undefined && { identities: viewOf(identities) }),
  })
  if (verdict.met) return { met: true, counted: verdict.counted.map(({ cid }) => indexOf(cid)) }
  const { missing, askable, cause } = verdict
  return { met: false, missing, askable, codes: cause.causes.map(({ code }) => code) }
})
