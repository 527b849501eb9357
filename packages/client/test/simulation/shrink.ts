/** Makes a failing schedule short: leaves out whatever it fails without (delta debugging over its steps and faults). */
import type { Defect } from './defects.ts'
import type { Rule } from './oracle.ts'
import type { Schedule, Step } from './schedule.ts'
import { runSchedule, type Shared } from './world.ts'

/** Attempts at most: what is not short by then is short enough to read. */
const MAX_ATTEMPTS = 600

/** The shortest schedule found that still breaks the same rule. */
export async function shrink(
  shared: Shared,
  schedule: Schedule,
  { rule, defect }: { readonly rule: Rule; readonly defect?: Defect },
): Promise<Schedule> {
  let attempts = 0
  const fails = async (steps: readonly Step[]): Promise<boolean> => {
    attempts += 1
    const { violation } = await runSchedule(shared, { ...schedule, steps }, { defect })
    return violation?.rule === rule
  }
  let { steps } = schedule
  for (
    let size = Math.ceil(steps.length / 2);
    size >= 1 && attempts < MAX_ATTEMPTS;
    size = size === 1 ? 0 : Math.ceil(size / 2)
  ) {
    for (let at = 0; at < steps.length && attempts < MAX_ATTEMPTS; ) {
      const fewer = steps.toSpliced(at, size)
      if (await fails(fewer)) steps = fewer
      else at += size
    }
  }
  for (const [index, { fault: _gone, ...plain }] of steps.entries()) {
    const calmer = steps.with(index, plain)
    if (attempts < MAX_ATTEMPTS && (await fails(calmer))) steps = calmer
  }
  return { ...schedule, steps }
}
