/** Levels: what each leaves out, and that it takes no place. */
import { AUDIT_LEVELS, AuditLog, auditLevelOf, isRecordedAt } from '@talos/audit'
import { describe, expect, it } from 'vitest'
import { PEER, SESSION, setup } from './fixtures.ts'

const MESSAGE = { kind: 'message.send', peer: PEER, session: SESSION } as const
const COSIGN = { kind: 'log.cosign', peer: PEER } as const
const CALL = { kind: 'tool.invoke', peer: PEER, tool: '/mcp/files/tool/read' } as const

describe('the level of a log', () => {
  it.each([
    ['minimal', 2],
    ['standard', 3],
    ['verbose', 4],
  ] as const)('%s lets a log of a message, a cosignature and a call have %i entries', async (level, size) => {
    const log = await AuditLog.open(setup({ level }))
    const message = await log.append(MESSAGE)
    const cosign = await log.append(COSIGN)
    const call = await log.append(CALL)
    expect([message !== undefined, cosign !== undefined]).toEqual([level !== 'minimal', level === 'verbose'])
    expect(call.index).toBe(size - 1)
    expect(log.size).toBe(size)
    expect(await log.appendAll([MESSAGE, COSIGN, CALL])).toHaveLength(size - 1)
    expect((await log.verify()).size).toBe(2 * size - 1)
  })

  it('is standard where nothing is said', async () => {
    expect((await AuditLog.open(setup())).level).toBe('standard')
  })

  it('never leaves out calls, outcomes, denials, capabilities, keys or what happens to the log', () => {
    const always = [
      'tool.invoke',
      'tool.result',
      'tool.deny',
      'tool.lost',
      'cap.grant',
      'cap.revoke',
      'cap.deny',
    ] as const
    const others = ['cap.approve', 'key.rotate', 'key.revoke', 'log.fork', 'redact', 'checkpoint.anchor'] as const
    for (const kind of [...always, ...others]) {
      expect(AUDIT_LEVELS.every((level) => isRecordedAt(level, kind))).toBe(true)
    }
  })

  it('has one of three names', () => {
    expect(AUDIT_LEVELS.map(auditLevelOf)).toEqual(AUDIT_LEVELS)
    expect(auditLevelOf('loud')).toBeUndefined()
  })
})
