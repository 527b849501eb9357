/** The report as Markdown, for a ticket or a file (spec 12-proof-bundle, clause 12.10). */
import type { ProofCheck } from './checks.ts'
import { describeProof, type ProofReport } from './report.ts'
import type { ValidatedLayer } from './validation.ts'

/** A report with its layers and every check, as CommonMark with tables. Ends with a line feed. */
export function proofReportMarkdown(report: ProofReport): string {
  const [headline, ...lines] = describeProof(report)
  const { level, layers } = report.validation
  return [
    `# Proof: ${escaped(String(headline))}`,
    '',
    `Level: ${level}`,
    '',
    ...lines.map((line) => `${line.startsWith('  ') ? '  ' : ''}- ${escaped(line.trim())}`),
    '',
    '## Validation',
    '',
    '| layer | verdict | checks | code | microseconds |',
    '|---|---|---|---|---|',
    ...layers.map(layerRow),
    '',
    '## Checks',
    '',
    '| layer | check | answer | code | detail |',
    '|---|---|---|---|---|',
    ...layers.flatMap(({ checks }) => checks).map(checkRow),
    '',
  ].join('\n')
}

function layerRow({ layer, verdict, code, checks, durationUs }: ValidatedLayer): string {
  return `| ${layer} | ${verdict} | ${checks.length} | ${textOf(code)} | ${durationUs} |`
}

function checkRow({ layer, name, ok, wanting, code, detail }: ProofCheck): string {
  const no = code === undefined ? 'no, and it was refused' : 'no'
  const answer = ok ? 'yes' : wanting === true ? 'missing' : no
  return `| ${layer} | ${escaped(name)} | ${answer} | ${textOf(code)} | ${escaped(textOf(detail))} |`
}

function textOf(text: string | undefined): string {
  return text === undefined ? '' : text
}

/** What others chose (a tool's name) must neither break a table nor become a link, code or markup. */
function escaped(text: string): string {
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, ' ').replaceAll(/[\\`*_[\]<>|#&]/g, (character) => `\\${character}`)
}
