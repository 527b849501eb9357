/** Calls that wait for approvals, as the process that made them remembers them. */
import type { ClientEvent } from '@talos/client'
import type { Did } from '@talos/contracts'
import { describe, expect, it } from 'vitest'
import { MAX_WAITING, WaitingCalls } from '../src/waiting.ts'

const ANN = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp' as Did
const BEN = 'did:key:z6MkvHQKpv1V3MXnK99HhLD4MHyh3E1XSD11ZzA4j7q1c1UL' as Did
const HOUR_MS = 3_600_000

function needed(number: number): ClientEvent {
  const digest = number.toString(16).padStart(64, '0')
  const about = { caller: ANN, executor: ANN, subject: ANN, command: '/a', display: 'a', argumentsJson: '{}' }
  const request = { ...about, digest, justification: undefined, bytes: new Uint8Array(1) }
  return { type: 'approval.needed', peer: ANN, command: '/a', request, approvers: [BEN] }
}

const numbers = (waiting: WaitingCalls, nowMs = 0) =>
  waiting.list(nowMs).map(({ request }) => Number.parseInt(request.digest, 16))

const approved = (number: number, peer: Did, kind: 'approval' | 'revocation' = 'approval'): ClientEvent => {
  return { type: 'authority.received', peer, cid: number.toString(16).padStart(64, '0'), kind }
}

describe('calls that wait', () => {
  it('are the newest, a call that is made again once and last', () => {
    const waiting = new WaitingCalls()
    for (let number = 0; number < MAX_WAITING; number += 1) waiting.notice(needed(number), 0)
    expect(numbers(waiting)).toHaveLength(MAX_WAITING)
    waiting.notice(needed(1), 0)
    expect([numbers(waiting).length, numbers(waiting).at(-1)]).toEqual([MAX_WAITING, 1])
    waiting.notice(needed(MAX_WAITING), 0)
    expect(numbers(waiting)).toHaveLength(MAX_WAITING)
    expect(numbers(waiting)).not.toContain(0)
  })

  it('are forgotten after an hour', () => {
    const waiting = new WaitingCalls()
    waiting.notice(needed(1), 0)
    waiting.notice(needed(2), 1)
    expect(numbers(waiting, HOUR_MS - 1)).toEqual([1, 2])
    expect(numbers(waiting, HOUR_MS)).toEqual([2])
  })

  it('wait no more when an approver approved, and on when somebody else says so', () => {
    const waiting = new WaitingCalls()
    for (const number of [1, 2, 3]) waiting.notice(needed(number), 0)
    for (const event of [approved(1, ANN), approved(2, BEN, 'revocation'), approved(4, BEN), approved(3, BEN)]) {
      waiting.notice(event, 0)
    }
    expect(numbers(waiting)).toEqual([1, 2])
    waiting.approved('1'.padStart(64, '0'))
    expect(numbers(waiting)).toEqual([2])
  })
})
