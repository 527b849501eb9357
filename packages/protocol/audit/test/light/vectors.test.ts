/** Every case of contracts/vectors/light. */
import { LightClient, type LogSource, parseWitnessPolicy, verifyRevocationFork } from '@talos/audit'
import { concatBytes, fromHex } from '@talos/bytes'
import { parseDid } from '@talos/contracts'
import { isTalosError } from '@talos/errors'
import { manualClock, repoVectors } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { kernel } from '../fixtures.ts'

interface Input {
  readonly nowS: number
  readonly state?: string
  readonly did?: string
  readonly policy?: string
  readonly source: {
    readonly checkpoint: string
    readonly leafHashesHex: readonly string[]
    readonly logKeyHex: string
    readonly keyLog: string
    readonly revocations: { readonly headHex: string; readonly itemsHex: readonly string[] } | null
  }
}

/** Trees of the vectors fit into one tile. */
function sourceOf({ checkpoint, leafHashesHex, logKeyHex, keyLog, revocations }: Input['source']): LogSource {
  return {
    checkpoint: async () => checkpoint,
    tile: async ({ width }) => concatBytes(...leafHashesHex.slice(0, width).map(fromHex)),
    entries: async () => new Uint8Array(0),
    logKey: async () => fromHex(logKeyHex),
    keyLog: async () => keyLog,
    revocations: async (after) =>
      revocations === null
        ? undefined
        : { head: fromHex(revocations.headHex), items: revocations.itemsHex.slice(after).map(fromHex) },
  }
}

async function outcomeOf({ nowS, state, did, policy, source }: Input): Promise<object> {
  try {
    const client = new LightClient({
      source: sourceOf(source),
      kernel,
      clock: manualClock(nowS * 1000),
      ...(state !== undefined && { state }),
      ...(did !== undefined && { did: parseDid(did) }),
      ...(policy !== undefined && { policy: parseWitnessPolicy(policy, { kernel }) }),
    })
    const { verdict, keyEvents, revocations } = await client.update()
    const expected = {
      verdict,
      state: client.state ?? null,
      keyEvents: keyEvents.length,
      revocations: revocations.length,
    }
    return { expected }
  } catch (error) {
    return { error: isTalosError(error) ? error.code : String(error) }
  }
}

describe('the cases of light/update.json', () => {
  it.each(repoVectors('light/update.json').cases.map((vector) => ({ ...vector })))(
    '$id: $description',
    async (vector) => {
      const outcome = await outcomeOf(vector.input as unknown as Input)
      expect(outcome).toEqual(vector.valid ? { expected: vector.expected } : { error: vector.error })
    },
  )
})

describe('the cases of light/revocation-fork.json', () => {
  it.each(repoVectors('light/revocation-fork.json').cases.map((vector) => ({ ...vector })))(
    '$id: $description',
    (vector) => {
      expect(checked(String(vector.input['text']))).toEqual(
        vector.valid ? { expected: vector.expected } : { error: vector.error },
      )
    },
  )
})

function checked(text: string): object {
  try {
    const { issuer, agent, standing, first, second } = verifyRevocationFork(text, { kernel })
    return { expected: { issuer, agent: agent ?? null, standing, first: first.n, second: second.n } }
  } catch (error) {
    return { error: isTalosError(error) ? error.code : String(error) }
  }
}
