import { inspect } from 'node:util'
import { toHex } from '@talos/bytes'
import { isTalosError } from '@talos/errors'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_EXPORTER_LABEL_LENGTH, type SessionState, sessionExporter } from '../src/index.ts'
import { SessionState as State } from '../src/state.ts'
import { establish, kernel } from './agents.ts'

const LABEL = 'talos/mac@1'

function keyOf(state: SessionState, label = LABEL): string {
  return sessionExporter(state, { kernel, label }).use(toHex)
}

describe('exported keys', () => {
  it('are the same at both ends and others for every label and every session', async () => {
    const [first, second] = [await establish(), await establish({ oneTime: 1 })]
    const labels = [LABEL, 'talos/mac@2', 'a', 'b', 'ab', 'a'.repeat(MAX_EXPORTER_LABEL_LENGTH)]
    const keys = [first, second].flatMap(({ alice, bob }) =>
      labels.map((label) => {
        expect(keyOf(bob, label)).toBe(keyOf(alice, label))
        return keyOf(alice, label)
      }),
    )
    expect(new Set(keys).size).toBe(keys.length)
  })

  it('are none of the keys that the session holds, and their secret is none of them', async () => {
    const { alice, bob } = await establish()
    for (const state of [alice, bob]) {
      const { facts, root, sending, receiving } = State.partsOf(state)
      const held = [root, sending, receiving].flatMap((part) => Object.values({ ...part }))
      const bytes = held.filter((value) => value instanceof Uint8Array).map(toHex)
      expect(bytes.length).toBeGreaterThan(5)
      expect(bytes).not.toContain(keyOf(state))
      expect(bytes).not.toContain(toHex(facts.exporter))
      expect(keyOf(state)).not.toBe(toHex(facts.exporter))
    }
  })

  it('are shown by no state, and not by what holds them', async () => {
    const { alice } = await establish()
    const secret = toHex(State.partsOf(alice).facts.exporter)
    const key = sessionExporter(alice, { kernel, label: LABEL })
    const shown = [alice, key].map(
      (value) => `${JSON.stringify(value)} ${inspect(value, { depth: 9, showHidden: true })}`,
    )
    for (const text of shown) {
      expect(text).not.toContain(secret)
      expect(text).not.toContain(key.use(toHex))
    }
  })

  it('are refused for every text that is no label', async () => {
    const { alice } = await establish()
    const isLabel = (text: string) => /^[a-z0-9][a-z0-9/@._-]{0,63}$/.test(text) && !text.endsWith('\n')
    fc.assert(
      fc.property(fc.string({ maxLength: 70, unit: 'grapheme' }), (label) => {
        let code: unknown
        try {
          keyOf(alice, label)
        } catch (error) {
          code = isTalosError(error) ? error.code : error
        }
        expect(code).toBe(isLabel(label) ? undefined : 'SESSION_ARGUMENT')
      }),
      { seed: 42, numRuns: 500 },
    )
  })
})
