/** Every case of metering.json, when.json and lease.json. */
import { fromHex, type IpldValue } from '@talos/bytes'
import { type Account, argumentsFromJson, checkWhen, Meter, openDelegation, type Ticket } from '@talos/capability'
import { isTalosError } from '@talos/errors'
import { repoVectors } from '@talos/testkit'
import { describe, expect, test } from 'vitest'
import { compileLimits } from '../src/metering/limit.ts'
import { compileWhen } from '../src/metering/when.ts'
import { kernel } from './actors.ts'
import { MemoryMeters } from './memory-meters.ts'

interface Step {
  readonly nowMs: number
  readonly links?: readonly number[]
  readonly bytes?: number
  readonly args?: object
  readonly cost?: Readonly<Record<string, number>>
  readonly settles?: number
  readonly restart?: boolean
}

function runFile(name: string, run: (input: never) => unknown): void {
  describe(`${name}.json`, () => {
    for (const vector of repoVectors(`capability/${name}.json`).cases) {
      test(`${vector.id}: ${vector.description}`, () => {
        let result: unknown
        try {
          result = run(vector.input as never)
        } catch (error) {
          if (!isTalosError(error)) throw error
          result = { error: error.code }
        }
        expect(result).toEqual(vector.valid ? vector.expected : { error: vector.error })
      })
    }
  })
}

runFile('metering', ({ links, steps }: { readonly links: readonly IpldValue[][]; readonly steps: readonly Step[] }) => {
  const accounts = links.map((list, index): Account => {
    const limits = compileLimits(list)
    const settles = limits.some(({ kind }) => kind === 'concurrency' || kind === 'bytes')
    return { account: `account ${index}`, tree: 'account 0', link: 0, limits, untilS: null, settles }
  })
  const store = new MemoryMeters()
  let meter = new Meter({ store })
  const tickets: (Ticket | undefined)[] = []
  const answers = steps.map((step) => {
    const { nowMs, bytes = 0, args = {}, cost = {}, settles, restart = false } = step
    if (restart) {
      meter.close()
      meter = new Meter({ store })
    }
    if (settles !== undefined) {
      const ticket = tickets.at(settles)
      tickets.push(undefined)
      const cause = ticket === undefined ? undefined : meter.settle(ticket, { bytes, nowMs })
      return cause === undefined ? 'allow' : answerOf(cause)
    }
    const places = step.links ?? accounts.map((_, index) => index)
    const charged = places.flatMap((place, link) =>
      accounts.slice(place, place + 1).map((account) => ({ ...account, link })),
    )
    const use = { nowMs, bytes, args: argumentsFromJson(JSON.stringify(args)), cost: (unit: string) => cost[unit] }
    const foreseen = meter.preview(charged, use)
    const { ticket, cause } = meter.charge(charged, use)
    tickets.push(ticket)
    if (foreseen?.code !== cause?.code) return `preview said ${String(foreseen?.code)}`
    return cause === undefined ? 'allow' : answerOf(cause)
  })
  return { answers }
})

/** The code and the numbers that the vectors state. */
function answerOf({ code, details }: { readonly code: string; readonly details: object }): object {
  const stated = Object.entries(details).filter(([name]) => ['link', 'left', 'retryAfterMs'].includes(name))
  return { code, ...Object.fromEntries(stated) }
}

runFile(
  'when',
  ({
    when,
    nowS,
    environment,
  }: {
    readonly when: IpldValue[]
    readonly nowS: number
    readonly environment: object
  }) => {
    const moment = { nowS, environment: new Map<string, string>(Object.entries(environment)), link: 0 }
    const cause = checkWhen(compileWhen(when), moment)
    if (cause === undefined) return { allowed: true }
    const { seconds } = cause.details
    return { allowed: false, code: cause.code, ...(seconds === undefined ? {} : { seconds }) }
  },
)

runFile('lease', ({ delegationHex }: { readonly delegationHex: string }) => {
  const { account, revocable } = openDelegation(fromHex(delegationHex), { kernel })
  return { account, revocable }
})
