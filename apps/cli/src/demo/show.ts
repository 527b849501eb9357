/** How the demo tells what happens: line by line for people, or one object at the end. */
import type { JsonValue } from '@talos/bytes'
import type { Output } from '../output.ts'
import { printable, reportOf } from '../output.ts'

type Data = { readonly [name: string]: JsonValue }

/** What a step may tell while it runs. */
export interface Facts {
  /** A line for everybody. */
  readonly say: (line: string) => void
  /** Detail for `--verbose`. */
  readonly more: (text: string) => void
  /** Members of the step's object with `--json`. */
  readonly data: (data: Data) => void
}

export interface StepOutcome {
  readonly step: string
  readonly ok: boolean
  readonly ms: number
  readonly data: Data
  readonly error?: object
}

export class Show {
  readonly steps: StepOutcome[] = []
  readonly #output: Output
  readonly #verbose: boolean

  constructor(output: Output, { verbose }: { readonly verbose: boolean }) {
    this.#output = output
    this.#verbose = verbose
  }

  /** Runs a step and tells how it went. Throws what it throws. */
  async step<T>(name: string, run: (facts: Facts) => Promise<T>): Promise<T> {
    const start = performance.now()
    let data: Data = {}
    this.#print(`${this.#output.tint('strong', `${this.steps.length + 1}. ${name}`)}`)
    const facts: Facts = {
      say: (line) => this.#print(`   ${printable(line)}`),
      more: (text) => {
        if (this.#verbose)
          for (const line of text.split('\n')) this.#print(this.#output.tint('dim', `     ${printable(line)}`))
      },
      data: (more) => {
        data = { ...data, ...more }
      },
    }
    try {
      const result = await run(facts)
      this.steps.push({ step: name, ok: true, ms: elapsed(start), data })
      this.#print(`   ${this.#output.tint('good', 'ok')}`)
      return result
    } catch (error) {
      this.steps.push({ step: name, ok: false, ms: elapsed(start), data, error: reportOf(error).toJSON() })
      this.#print(`   ${this.#output.tint('bad', 'failed')}`)
      throw error
    }
  }

  #print(line: string): void {
    if (!this.#output.json) this.#output.raw(`${line}\n`)
  }
}

function elapsed(start: number): number {
  return Math.round(performance.now() - start)
}
