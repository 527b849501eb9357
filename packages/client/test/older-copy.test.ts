/** The record of what was used, in an agent that was put back to an older copy of its database (spec 15-frames 15.9). */
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Cid, utf8 } from '@talos/bytes'
import { MAX_APPROVAL_LIFETIME_S } from '@talos/capability'
import { tempFolder } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { type Agent, closeAgent, openAgent } from '../src/agent.ts'
import { Executor } from '../src/execution/executor.ts'
import { nowS } from '../src/options.ts'
import { optionsFor } from './agents.ts'

const NO_SESSIONS = {
  exporter: () => {
    throw new Error('there are no sessions here')
  },
}

/** An approval that lives as long as one may, as the record sees it. */
function approvalAt({ did, clock, kernel }: Agent) {
  const now = nowS(clock)
  const cid = Cid.fromSha256(kernel.sha256(utf8('an approval')))
  const use = { cid, issuer: did, nonce: new Uint8Array(0), expiresS: now + MAX_APPROVAL_LIFETIME_S }
  return { use, now }
}

describe('an agent that was put back to an older copy', () => {
  it('takes nothing that may have been used since, and at the next start neither', async () => {
    using folder = tempFolder()
    const options = { ...optionsFor(folder.path), name: 'bob', create: true }
    const copy = join(folder.path, 'copy')
    const first = await openAgent(options)
    const { use, now } = approvalAt(first)
    const file = join(first.folder.path, 'agent.db')
    await closeAgent(first)
    cpSync(file, copy)
    const second = await openAgent(options)
    const { replay } = new Executor({ agent: second, sessions: NO_SESSIONS })
    expect(replay.take(use, now)).toBe('new')
    expect(replay.take(use, now)).toBe('seen')
    await closeAgent(second)
    rmSync(`${file}-wal`, { force: true })
    cpSync(copy, file)
    // Who opens it first may have something else in mind, such as another key.
    const looked = await openAgent(options)
    expect([looked.database.restored !== undefined, looked.database.revocations.suspended()]).toEqual([true, 0])
    await closeAgent(looked)
    for (const start of ['this start', 'the next start']) {
      const again = await openAgent(options)
      const executor = new Executor({ agent: again, sessions: NO_SESSIONS })
      expect(executor.replay.take(use, now)).toBe('seen')
      // A call that names this start cannot have been used before.
      const cid = Cid.fromSha256(again.kernel.sha256(utf8(start)))
      const call = { cid, issuer: again.did, nonce: executor.replay.epoch, expiresS: now + 30 }
      expect(executor.replay.take(call, now)).toBe('new')
      await closeAgent(again)
    }
  })
})
