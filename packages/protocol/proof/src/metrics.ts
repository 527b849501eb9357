/** Counters over verifications, as Prometheus text (spec 12-proof-bundle, clause 12.12). */
import { checkName, VALIDATION_LAYERS, type ValidationLayer } from './check-table.ts'
import type { ProofReport } from './report.ts'

/** One counter: its labels as text, and its value. */
type Series = Map<string, number>

/**
 * Counts reports. What is counted is of a closed set (levels, verdicts, layers, checks), so that no bundle can make it grow.
 */
export class ProofMetrics {
  readonly #verifications: Series = new Map()
  readonly #layers: Series = new Map()
  readonly #checks: Series = new Map()
  readonly #seconds: Series = new Map()

  /** Counts one report. */
  observe({ verdict, validation }: ProofReport): void {
    add(this.#verifications, labels({ level: validation.level, verdict }), 1)
    for (const { layer, verdict: result, durationUs, checks } of validation.layers) {
      add(this.#layers, labels({ layer, verdict: result }), 1)
      add(this.#seconds, labels({ layer }), durationUs / 1e6)
      for (const { name, ok, wanting } of checks) {
        const answer = ok ? 'yes' : wanting === true ? 'missing' : 'no'
        add(this.#checks, labels({ layer, check: checkName(name), answer }), 1)
      }
    }
  }

  /** Seconds spent in one layer, over all reports. */
  seconds(layer: ValidationLayer): number {
    return this.#seconds.get(labels({ layer })) ?? 0
  }

  /** The text exposition format, version 0.0.4. */
  text(): string {
    const seconds = new Map(VALIDATION_LAYERS.map((layer) => [labels({ layer }), this.seconds(layer)]))
    return [
      ...family('talos_proof_verifications_total', 'Proof bundles that were verified.', this.#verifications),
      ...family('talos_proof_layers_total', 'Layers of validation that were judged.', this.#layers),
      ...family('talos_proof_checks_total', 'Checks that were made.', this.#checks),
      ...family('talos_proof_layer_seconds_total', 'Seconds spent in each layer.', seconds),
      '',
    ].join('\n')
  }
}

/** The metrics of one report. */
export function proofMetricsText(report: ProofReport): string {
  const metrics = new ProofMetrics()
  metrics.observe(report)
  return metrics.text()
}

function add(series: Series, name: string, amount: number): void {
  series.set(name, (series.get(name) ?? 0) + amount)
}

/** All values are names of ours, which need no escape. */
function labels(pairs: Readonly<Record<string, string>>): string {
  const members = Object.entries(pairs).map(([name, value]) => `${name}="${value}"`)
  return `{${members.join(',')}}`
}

function family(name: string, help: string, series: Series): readonly string[] {
  const lines = [...series]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([label, value]) => `${name}${label} ${value}`)
  return [`# HELP ${name} ${help}`, `# TYPE ${name} counter`, ...lines]
}
