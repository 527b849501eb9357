/**
 * Runs Verifpal on one model and reads its verdicts.
 *
 * The tool is a program of its own, found as `verifpal` on the PATH or at the path in the variable `VERIFPAL`.
 */
import { execFileSync } from 'node:child_process'
import type { Verdict } from './catalogue.ts'

/** The largest answer of the tool: a model's JSON report is well below 1 MiB. */
const ANSWER_MAX_BYTES = 64 * 1024 * 1024

/** A model takes seconds; one that takes this long has grown beyond what the tool searches. */
const MODEL_TIMEOUT_MS = 300_000

export interface Analysis {
  readonly verdicts: Readonly<Record<string, Verdict>>
  /** The tool's own account of each attack, by query. */
  readonly traces: Readonly<Record<string, string>>
}

interface Report {
  readonly models: readonly {
    readonly ok: boolean
    readonly error?: string
    readonly analysis?: {
      readonly queries: readonly {
        readonly query: string
        readonly resolved: boolean
        readonly summary: string
        readonly subtype?: string
        readonly envelope: { readonly exhausted: boolean }
      }[]
    }
  }[]
}

/** Name and version of the installed tool, such as `1.6.7`; undefined where there is none. */
export function toolVersion(program: string): string | undefined {
  try {
    return execFileSync(program, ['--version'], { encoding: 'utf8' }).trim().split(' ').at(-1)
  } catch {
    return undefined
  }
}

/** Verifies the model in `file` and answers its verdicts. */
export function analyze(program: string, input: { file: string; sessions: number }): Analysis {
  const args = ['verify', input.file, '--sessions', String(input.sessions), '--format', 'json']
  const options = { encoding: 'utf8', maxBuffer: ANSWER_MAX_BYTES, timeout: MODEL_TIMEOUT_MS } as const
  return readReport(execFileSync(program, args, options))
}

/**
 * Reads a report in JSON.
 *
 * @throws {Error} for a model that the tool refuses: an honest run that fails one of its own checks is refused, too
 */
export function readReport(text: string): Analysis {
  const report = JSON.parse(text) as Report
  const [model] = report.models
  if (model?.analysis === undefined) throw new Error(`the tool refuses the model: ${model?.error ?? 'no reason given'}`)
  const verdicts: Record<string, Verdict> = {}
  const traces: Record<string, string> = {}
  for (const { query, resolved, summary, subtype, envelope } of model.analysis.queries) {
    verdicts[query] = resolved ? attackKind(subtype) : envelope.exhausted ? 'holds' : 'unfinished'
    if (resolved) traces[query] = summary
  }
  return { verdicts, traces }
}

function attackKind(subtype: string | undefined): Verdict {
  return subtype?.startsWith('duplicate acceptance') ? 'replay' : 'attack'
}
