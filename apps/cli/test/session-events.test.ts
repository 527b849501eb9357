import type { ClientEvent } from '@talos/client'
import type { Did } from '@talos/contracts'
import { describe, expect, it } from 'vitest'
import { Output } from '../src/output.ts'
import { tellSession } from '../src/session-events.ts'

const PEER = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp' as Did
const RESET = { type: 'session.reset', peer: PEER, sessionId: 'ab', reason: 'missing', by: 'peer' } as const

function told(event: ClientEvent, { json }: { readonly json: boolean }): string {
  const written: string[] = []
  const stream = { isTTY: false, write: (text: string) => written.push(text) }
  const silent = { isTTY: false, write: () => undefined }
  tellSession(new Output({ stdout: silent, stderr: stream, environment: {}, json }), event)
  return written.join('')
}

describe('what becomes of sessions', () => {
  it('is told on stderr: a lost session, an older copy, a message given up', () => {
    expect(told(RESET, { json: false })).toMatch(
      /^session lost {2}did:key:z6MkiTBz1y…mDooWp \(noticed by the peer: .+\); .+\n$/,
    )
    expect(told({ ...RESET, by: 'self' }, { json: false })).toContain('noticed here')
    expect(told({ type: 'session.restored', sessions: 3 }, { json: false })).toContain('sessions to replace: 3')
    expect(told({ type: 'message.expired', peer: PEER, messageId: 'cd' }, { json: false })).toMatch(/^given up {2}cd /)
  })

  it('is told with calls that the user is asked to approve', () => {
    const digest = 'ab'.repeat(32)
    const asked = { type: 'approval.asked', peer: PEER, caller: PEER, command: '/mcp/db/tool/drop', digest } as const
    expect(told(asked, { json: false })).toBe(
      `approval asked  mcp:db/tool/drop by did:key:z6MkiTBz1y…mDooWp; to see it: talos capabilities approve ${digest}\n`,
    )
  })

  it('is told with logs that contradict themselves, the own one among them', () => {
    const fork = { type: 'log.fork', peer: PEER, origin: 'talos/x/1', evidence: '{}' } as const
    expect(told(fork, { json: false })).toMatch(/^FORK {2}.+talos audit witness forks\n$/)
    const put = { type: 'log.rollback', peer: PEER, code: 'AUDIT_ROLLBACK', seen: 9, known: 7, note: 'n' } as const
    expect(told(put, { json: false })).toMatch(/^ROLLBACK {2}.+ at 9 entries .+\n$/)
  })

  it('is told as it is where JSON was asked for', () => {
    const { type, ...facts } = RESET
    expect(JSON.parse(told(RESET, { json: true }))).toEqual({ event: type, ...facts })
  })

  it('is all that is told here', () => {
    expect(told({ type: 'handler.failed', peer: PEER }, { json: false })).toBe('')
  })
})
