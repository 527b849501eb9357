/** The file that decides a change (spec 21-identity-lifecycle, 21.4): what is written can be read again. */
import { TalosClient } from '@talos/client'
import type { Did, PendingChange } from '@talos/contracts'
import { isTalosError } from '@talos/errors'
import { AgentHome } from '@talos/storage'
import { tempFolder } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { OWN_LOG_MAX_CHARACTERS, readChange, writeChange } from '../../src/identity/own-files.ts'
import { optionsFor } from '../agents.ts'

/** Every character takes two in JSON. */
const logOf = (length: number) => '"'.repeat(length)

describe('a change of the identity', () => {
  it.each([
    ['a scheduled rotation', 800_000, { kind: 'rotate', isEmergency: false }],
    ['an emergency', 900_000, { kind: 'rotate', isEmergency: true }],
    ['a recovery', 900_000, { kind: 'recover', isEmergency: true }],
    ['a deactivation', 900_000, { kind: 'deactivate', isEmergency: false }],
  ] as const)('that is %s is decided with the largest log, and not with a larger one', async (_name, limit, said) => {
    using home = tempFolder()
    const client = await TalosClient.create('alice', optionsFor(home.path))
    const common = { v: 1, did: client.did as Did, keyFile: 'x'.repeat(4_096), logKey: 'x'.repeat(1_024) } as const
    await client.close()
    const folder = new AgentHome({ root: home.path }).open('alice')
    const larger: PendingChange = { ...common, ...said, log: logOf(limit + 1) }
    const isLimit = (error: unknown) => isTalosError(error, 'KEY_LOG_LIMIT') && error.details['limit'] === limit
    expect(() => writeChange(folder, larger)).toThrow(expect.toSatisfy(isLimit))
    expect(readChange(folder)).toBeUndefined()
    const largest: PendingChange = { ...common, ...said, log: logOf(limit) }
    writeChange(folder, largest)
    expect(readChange(folder)).toEqual(largest)
    expect(limit).toBeLessThanOrEqual(OWN_LOG_MAX_CHARACTERS)
  })
})
