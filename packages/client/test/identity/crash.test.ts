/** A change of the identity that dies at any of its steps: the old key in force, or the new one with the rest done later. */
import { AuditLog } from '@talos/audit'
import { TalosClient } from '@talos/client'
import { AgentDatabase, AgentFolder } from '@talos/storage'
import { tempFolder } from '@talos/testkit'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { optionsFor } from '../agents.ts'

afterEach(() => vi.restoreAllMocks())

const POWER_LOSS = 'the power fails'

class PowerLoss extends Error {
  constructor() {
    super(POWER_LOSS)
  }
}

/** Fails the n-th durable step from here on, before or after it took effect. */
function failAt(step: number, { isDone }: { readonly isDone: boolean }) {
  let count = 0
  const targets = [
    [AgentFolder.prototype, 'writeFile'],
    [AgentFolder.prototype, 'writeKeyFile'],
    [AgentFolder.prototype, 'removeFile'],
    [AgentDatabase.prototype, 'outdateOwn'],
    [AuditLog.prototype, 'append'],
    [AuditLog.prototype, 'checkpoint'],
  ] as const
  for (const [target, name] of targets) {
    const methods = target as unknown as Record<string, (...given: unknown[]) => unknown>
    const original = methods[name]
    vi.spyOn(methods, name).mockImplementation(function (this: unknown, ...given: unknown[]) {
      count += 1
      if (count !== step) return original?.apply(this, given)
      if (!isDone) throw new PowerLoss()
      const result = original?.apply(this, given)
      if (!(result instanceof Promise)) throw new PowerLoss()
      return result.then(() => Promise.reject(new PowerLoss()))
    })
  }
  return () => count
}

async function stepsOf(options: { readonly reason: 'scheduled' | 'compromised' }): Promise<number> {
  using folder = tempFolder()
  await (await TalosClient.create('alice', optionsFor(folder.path))).close()
  const count = failAt(-1, { isDone: false })
  await TalosClient.rotateIdentity('alice', { ...optionsFor(folder.path), ...options })
  vi.restoreAllMocks()
  return count()
}

describe.each(['scheduled', 'compromised'] as const)('a rotation (%s)', (reason) => {
  it.each([false, true])(
    'survives the loss of power at each step (after the step: %s)',
    { timeout: 60_000 },
    async (isDone) => {
      const steps = await stepsOf({ reason })
      expect(steps).toBeGreaterThan(6)
      for (let step = 1; step <= steps; step += 1) {
        using folder = tempFolder()
        const options = optionsFor(folder.path)
        const before = await TalosClient.create('alice', options)
        const { did, durableDid } = before
        await before.close()
        failAt(step, { isDone })
        await expect(TalosClient.rotateIdentity('alice', { ...options, reason })).rejects.toThrow(
          /the power fails|could not|was not/,
        )
        vi.restoreAllMocks()
        const after = await TalosClient.open('alice', options)
        expect(after.durableDid).toBe(durableDid)
        const isRotated = after.did !== did
        expect(after.keyLog.version).toBe(isRotated ? 2 : 1)
        expect(after.keyLog.signingKey).toBe(after.did)
        const rotations = Array.from(after.log.reader.entries({ kinds: ['key.rotate'] }))
        expect(rotations).toHaveLength(isRotated ? 1 : 0)
        await after.log.checkpoint()
        await expect(after.log.verify()).resolves.toMatchObject({ size: after.log.size })
        await after.close()
        const again = await TalosClient.rotateIdentity('alice', options)
        expect(again.version).toBe(isRotated ? 3 : 2)
      }
    },
  )
})
