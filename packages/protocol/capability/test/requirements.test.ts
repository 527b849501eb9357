/** What a tool asks: the defaults, and what is refused as a requirement. */
import {
  DEFAULT_REQUIREMENTS,
  MAX_APPROVERS,
  MAX_COST_UNITS,
  satisfiesProof,
  type ToolRequirements,
  toolRequirements,
} from '@talos/capability'
import type { Did } from '@talos/contracts'
import { expect, test } from 'vitest'
import { actor } from './actors.ts'

test('of a tool of which nothing is said the strictest is asked that needs nothing of others', () => {
  expect(toolRequirements()).toEqual(DEFAULT_REQUIREMENTS)
  expect(DEFAULT_REQUIREMENTS).toEqual({
    proof: 'signature',
    effect: 'write',
    maxStaleS: undefined,
    risk: 'normal',
    approvals: undefined,
    receipt: 'call',
    cost: new Map(),
  })
})

test('a proof satisfies what is no stronger than it', () => {
  const levels = ['channel', 'mac', 'signature'] as const
  const table = levels.map((given) => levels.map((needed) => satisfiesProof(given, needed)))
  expect(table).toEqual([
    [true, false, false],
    [true, true, false],
    [true, true, true],
  ])
})

test('what makes no sense is refused', () => {
  const dids = Array.from({ length: MAX_APPROVERS + 1 }, (_, index): Did => actor(100 + index).did)
  const units = (count: number) => new Map(Array.from({ length: count }, (_, index) => [`unit${index}`, 1] as const))
  const make = (given: Partial<ToolRequirements>) => () => toolRequirements(given)
  const of = dids.slice(0, 2)
  expect(make({ maxStaleS: 0, approvals: { m: 2, of }, cost: units(MAX_COST_UNITS) })).not.toThrow()
  expect(make({ approvals: { m: 1, of: dids.slice(0, MAX_APPROVERS) } })).not.toThrow()
  for (const maxStaleS of [-1, 0.5, Number.NaN]) expect(make({ maxStaleS })).toThrow(/maxStaleS/)
  for (const m of [0, 3, 1.5]) expect(make({ approvals: { m, of } })).toThrow(/m is not/)
  expect(make({ approvals: { m: 1, of: [] } })).toThrow(/approvers/)
  expect(make({ approvals: { m: 1, of: dids } })).toThrow(/approvers/)
  expect(make({ approvals: { m: 1, of: [...of, ...of] } })).toThrow(/twice/)
  expect(make({ cost: units(MAX_COST_UNITS + 1) })).toThrow(/units/)
  expect(make({ cost: new Map([['unit', -1]]) })).toThrow(/amount/)
})
