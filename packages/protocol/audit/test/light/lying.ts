/** A followed world that has gone on, and sources of it that lie. */
import type { LightClientOptions, LogSource } from '@talos/audit'
import { isTalosError, type TalosError } from '@talos/errors'
import { expect } from 'vitest'
import { clientOf, NOW_S, World } from './world.ts'

/** A world that is followed as it was at 300 entries and 6 revocations, and has gone on since. */
async function grown() {
  const world = await World.begin()
  await world.rotate(12)
  world.append(299)
  await world.sign()
  await world.revoke(6)
  const past = world.clone()
  const client = clientOf(world.source())
  await client.update()
  const state = client.state ?? ''
  world.append(400)
  await world.sign()
  await world.revoke(5, NOW_S - 500)
  return { world, past, state }
}

export const scene = await grown()

/** What following a bent source throws; the state stays. */
export async function refusal(
  changes: Partial<LogSource>,
  options: Partial<LightClientOptions> = {},
): Promise<TalosError> {
  const { world, state } = scene
  const client = clientOf(world.source(changes), { state, ...options })
  const before = client.state
  try {
    await client.update()
  } catch (error) {
    expect(client.state).toBe(before)
    if (isTalosError(error)) return error
    throw error
  }
  throw new Error('it was accepted')
}

export const codeFor = async (changes: Partial<LogSource>) => (await refusal(changes)).code
