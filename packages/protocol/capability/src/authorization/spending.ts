/**
 * The last steps of a decision, which change something: recording use and charging limits (spec 08-invocation, clause 8.5,
 * steps 22 to 24).
 *
 * Both are looked at before either is done, so that what can be foreseen refuses without a trace. Then use is recorded, and
 * limits are charged last, in one step of all links or of none. Only a store that fails can refuse the charge by then, and the
 * record of use is undone: forgetting a use costs nothing to undo, where a charge that was undone would have to give back
 * what a rate has regained since. A process that dies between the two has spent a call that was never made: its caller makes
 * another one.
 */
import { type DenialCause, denial } from '../denial.ts'
import type { Account, Use } from '../metering/account.ts'
import type { Replays, SingleUse } from '../replay.ts'
import type { Matter } from './matter.ts'
import { NOTHING_SPENT, type Spent } from './metering-port.ts'
import type { Settings } from './settings.ts'

const REFUSALS = { seen: 'CAPABILITY_REPLAY', full: 'CAPABILITY_REPLAY_FULL' } as const

/**
 * Records each use and charges limits, all or nothing.
 *
 * @throws what the stores throw: then nothing is spent either, and the call must not be made
 */
export function spend(matter: Matter, uses: readonly SingleUse[], settings: Settings): Spent {
  if (uses.length === 0) return charge(matter, settings)
  const foreseen = previewSpending(matter, uses, settings)
  if (foreseen !== undefined) return { cause: foreseen }
  return withUses(uses, { replay: settings.replay, nowS: matter.clock.nowS }, () => charge(matter, settings))
}

/** What {@link spend} would refuse with. Changes nothing. */
export function previewSpending(
  matter: Matter,
  uses: readonly SingleUse[],
  settings: Settings,
): DenialCause | undefined {
  const known = checkUses(uses, { replay: settings.replay, nowS: matter.clock.nowS })
  if (known !== undefined) return known
  const { accounts } = matter.chain
  const [first] = accounts
  if (first === undefined) return undefined
  return settings.meter === undefined ? unmetered(first) : settings.meter.preview(accounts, useOf(matter))
}

function checkUses(uses: readonly SingleUse[], { replay, nowS }: Record): DenialCause | undefined {
  for (const use of uses) {
    const answer = replay.peek(use, nowS)
    if (answer !== 'new') return denial(REFUSALS[answer], { path: 'invocation' })
  }
  return undefined
}

function charge(matter: Matter, { meter }: Settings): Spent {
  const { accounts } = matter.chain
  const [first] = accounts
  if (first === undefined) return NOTHING_SPENT
  return meter === undefined ? { cause: unmetered(first) } : meter.charge(accounts, useOf(matter))
}

function useOf({ nowMs, bytes, args, requirements }: Matter): Use {
  return { nowMs, bytes, args, cost: (unit) => requirements.cost.get(unit) }
}

interface Record {
  readonly replay: Replays
  readonly nowS: number
}

/** Records all uses, then goes on; forgets them again unless all of it succeeds. */
function withUses(uses: readonly SingleUse[], { replay, nowS }: Record, goOn: () => Spent): Spent {
  const taken: SingleUse[] = []
  let spent: Spent | undefined
  try {
    for (const use of uses) {
      const answer = replay.take(use, nowS)
      if (answer !== 'new') return { cause: denial(REFUSALS[answer], { path: 'invocation' }) }
      taken.push(use)
    }
    spent = goOn()
    return spent
  } finally {
    if (spent === undefined || spent.cause !== undefined) for (const use of taken) replay.undo(use)
  }
}

function unmetered({ link }: Account): DenialCause {
  return denial('CAPABILITY_UNMETERED', { details: { link }, path: `proofs[${link}]` })
}
