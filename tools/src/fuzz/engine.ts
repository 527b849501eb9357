/** Runs targets case by case, within a time, and says what it found. */
import { mutate } from './mutate.ts'
import { FuzzRandom } from './random.ts'
import { BrokenPromise, checkRefusal, type Target } from './target.ts'

/** A case that takes longer, twice, is a finding: the parsers answer in microseconds, and the machine may be busy. */
const MAX_CASE_MS = 2_000
/** Memory that the process may gain while a target runs, above what it had at its beginning. */
const MAX_GROWTH_BYTES = 1_073_741_824
/** Between two looks at the memory. */
const MEMORY_CASES = 512
/** The findings of one target that are told; it ends then. */
const MAX_FINDINGS = 3

export interface Finding {
  readonly target: string
  readonly seed: number
  /** Number of the case, from 0. */
  readonly case: number
  readonly what: string
  readonly inputHex: string
}

export interface TargetReport {
  readonly name: string
  readonly cases: number
  /** Cases that the parser took; the rest it refused. */
  readonly accepted: number
  readonly slowestMs: number
}

export interface FuzzReport {
  readonly seed: number
  readonly targets: readonly TargetReport[]
  readonly findings: readonly Finding[]
}

export interface FuzzOptions {
  readonly targets: readonly Target[]
  readonly seed: number
  /** In all, shared by the targets. */
  readonly seconds?: number
  /** Most cases of a target. */
  readonly maxCases?: number
  /** {@link MAX_CASE_MS} unless given. */
  readonly maxCaseMs?: number
  /** Called before each case, for a watchdog outside. */
  readonly onCase?: (target: number, number: number) => void
}

/** Runs the targets one after the other; each gets its share of the time that is left. */
export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const { targets, seed, seconds = Number.POSITIVE_INFINITY, maxCases = Number.POSITIVE_INFINITY } = options
  const endMs = performance.now() + seconds * 1_000
  const reports: TargetReport[] = []
  const findings: Finding[] = []
  for (const [index, target] of targets.entries()) {
    const nowMs = performance.now()
    const untilMs = nowMs + (endMs - nowMs) / (targets.length - index)
    const run = new TargetRun(target, options)
    const baseBytes = process.memoryUsage.rss()
    for (let number = 0; number < maxCases && run.findings.length < MAX_FINDINGS; number += 1) {
      options.onCase?.(index, number)
      await run.step(number)
      if (number % MEMORY_CASES === 0) run.checkMemory(number, baseBytes)
      if (number >= target.seeds.length && performance.now() >= untilMs) break
    }
    reports.push(run.report())
    findings.push(...run.findings)
  }
  return { seed, targets: reports, findings }
}

/** The input of one case: the seeds first, as they are, then edits of them. */
export function inputOf(
  target: Target,
  { seed, number }: { readonly seed: number; readonly number: number },
): Uint8Array {
  const own = target.seeds[number]
  const random = new FuzzRandom(`${seed}/${target.name}/${number}`)
  return own === undefined ? mutate(target.seeds, { form: target.form, random }) : own.slice()
}

class TargetRun {
  readonly findings: Finding[] = []
  readonly #target: Target
  readonly #seed: number
  readonly #maxCaseMs: number
  #cases = 0
  #accepted = 0
  #slowestMs = 0

  constructor(target: Target, { seed, maxCaseMs = MAX_CASE_MS }: FuzzOptions) {
    this.#target = target
    this.#seed = seed
    this.#maxCaseMs = maxCaseMs
  }

  async step(number: number): Promise<void> {
    const input = inputOf(this.#target, { seed: this.#seed, number })
    const before = input.slice()
    this.#cases += 1
    const first = await this.#timed(input, number)
    const tookMs = first.tookMs < this.#maxCaseMs ? first.tookMs : (await this.#timed(input, number)).tookMs
    this.#slowestMs = Math.max(this.#slowestMs, tookMs)
    if (first.what !== undefined) this.#note(number, first.what, before)
    else if (tookMs >= this.#maxCaseMs) this.#note(number, `it took ${Math.round(tookMs)} ms, twice`, before)
    else if (Buffer.compare(input, before) !== 0) this.#note(number, 'it wrote to its input', before)
  }

  checkMemory(number: number, baseBytes: number): void {
    if (process.memoryUsage.rss() - baseBytes <= MAX_GROWTH_BYTES) return
    const what = `the process gained more than ${MAX_GROWTH_BYTES} bytes within the last ${MEMORY_CASES} cases`
    this.#note(number, what, inputOf(this.#target, { seed: this.#seed, number }))
  }

  report(): TargetReport {
    const slowestMs = Math.round(this.#slowestMs * 10) / 10
    return { name: this.#target.name, cases: this.#cases, accepted: this.#accepted, slowestMs }
  }

  /** Runs one case; `what` tells what is wrong. */
  async #timed(input: Uint8Array, number: number): Promise<{ readonly tookMs: number; readonly what?: string }> {
    const random = new FuzzRandom(`run/${this.#seed}/${this.#target.name}/${number}`)
    const beginMs = performance.now()
    try {
      const running = this.#target.run(input, random)
      if (running !== undefined) await running
      this.#accepted += 1
      return { tookMs: performance.now() - beginMs }
    } catch (error) {
      const tookMs = performance.now() - beginMs
      try {
        checkRefusal(error, this.#target.refusals)
        return { tookMs }
      } catch (finding) {
        return { tookMs, what: describe(finding) }
      }
    }
  }

  #note(number: number, what: string, input: Uint8Array): void {
    const inputHex = Buffer.from(input).toString('hex')
    this.findings.push({ target: this.#target.name, seed: this.#seed, case: number, what, inputHex })
  }
}

function describe(finding: unknown): string {
  if (finding instanceof BrokenPromise) return `a promise is broken: ${finding.message}`
  if (!(finding instanceof Error)) return 'it threw something that is no error'
  const [, place = ''] = (finding.stack ?? '').split('\n    at ')
  return `it threw ${finding.name}: ${finding.message} (${place.trim()})`
}
