/**
 * Checks the symbolic models of `conformance/model` with Verifpal, and compares every verdict with the recorded one.
 *
 *     npm run model                      all models; a table; exit code 1 where a verdict differs, 2 where the tool is missing
 *     npm run model -- --json            the same as JSON
 *     npm run model -- --traces          with the tool's account of every attack
 *     npm run model -- --render <folder> writes the models and runs nothing
 *
 * A word that is no option limits the run to the models whose id contains it.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { type ModelEntry, modelText, readCatalogue, type Verdict } from './model/catalogue.ts'
import { analyze, toolVersion } from './model/verifpal.ts'

interface QueryOutcome {
  readonly query: string
  readonly expected: Verdict
  readonly verdict: Verdict | 'error'
}

interface Outcome {
  readonly id: string
  readonly kind: ModelEntry['kind']
  readonly sessions: number
  readonly seconds: number
  readonly queries: readonly QueryOutcome[]
  readonly traces: Readonly<Record<string, string>>
  readonly error?: string
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean' }, traces: { type: 'boolean' }, render: { type: 'string' } },
})
const program = process.env['VERIFPAL'] ?? 'verifpal'
const catalogue = readCatalogue()
const chosen = catalogue.models.filter(({ id }) => positionals.every((word) => id.includes(word)))
process.exitCode = values.render === undefined ? verifyAll() : renderAll(values.render)

function renderAll(folder: string): number {
  mkdirSync(folder, { recursive: true })
  for (const entry of chosen) writeFileSync(join(folder, `${entry.id}.vp`), modelText(entry))
  process.stdout.write(`${chosen.length} models\n`)
  return 0
}

function verifyAll(): number {
  const { version } = catalogue.tool
  const found = toolVersion(program)
  if (found === undefined) {
    process.stderr.write(
      `Verifpal is not installed. cargo install verifpal --version ${version} --locked --ignore-rust-version\n`,
    )
    return 2
  }
  const folder = mkdtempSync(join(tmpdir(), 'talos-model-'))
  try {
    const outcomes = chosen.map((entry) => verifyOne(entry, folder))
    const differing = outcomes.flatMap(({ queries }) => queries).filter(({ expected, verdict }) => expected !== verdict)
    if (values.json) process.stdout.write(`${JSON.stringify({ tool: found, outcomes }, undefined, 2)}\n`)
    else process.stdout.write(table(outcomes, { found, recorded: version, differing: differing.length }))
    return differing.length === 0 ? 0 : 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function verifyOne(entry: ModelEntry, folder: string): Outcome {
  const { id, kind, sessions } = entry
  const file = join(folder, `${id}.vp`)
  writeFileSync(file, modelText(entry))
  const start = performance.now()
  const compared = (verdicts: Readonly<Record<string, Verdict>>): QueryOutcome[] =>
    Object.entries(entry.expect).map(([query, expected]) => ({ query, expected, verdict: verdicts[query] ?? 'error' }))
  try {
    const { verdicts, traces } = analyze(program, { file, sessions })
    return { id, kind, sessions, seconds: secondsSince(start), queries: compared(verdicts), traces }
  } catch (cause) {
    return { id, kind, sessions, seconds: secondsSince(start), queries: compared({}), traces: {}, error: String(cause) }
  }
}

function secondsSince(start: number): number {
  return Math.round((performance.now() - start) / 100) / 10
}

function table(outcomes: readonly Outcome[], tool: { found: string; recorded: string; differing: number }): string {
  const lines = ['| model | kind | runs | query | verdict | s |', '| --- | --- | --- | --- | --- | --- |']
  for (const { id, kind, sessions, seconds, queries, traces, error } of outcomes) {
    for (const [index, { query, expected, verdict }] of queries.entries()) {
      const head = index === 0 ? `${id} | ${kind} | ${sessions}` : ' | | '
      const shown = expected === verdict ? verdict : `**${verdict}**, expected ${expected}`
      lines.push(`| ${head} | ${query} | ${shown} | ${index === 0 ? seconds : ''} |`)
    }
    if (error !== undefined) lines.push(error)
    if (values.traces) lines.push(...Object.entries(traces).map(([query, trace]) => `${id}: ${query}${trace}`))
  }
  const total = outcomes.reduce((sum, { seconds }) => sum + seconds, 0).toFixed(0)
  const queries = outcomes.reduce((sum, outcome) => sum + outcome.queries.length, 0)
  lines.push('', `Verifpal ${tool.found} (recorded with ${tool.recorded}): ${outcomes.length} models in ${total} s`)
  lines.push(`${queries - tool.differing} verdicts as recorded, ${tool.differing} differ`)
  return `${lines.join('\n')}\n`
}
