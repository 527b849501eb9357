/** The page as elements: the verdict first, then what it rests on. */
import {
  type PartStanding,
  type ProofCheck,
  type ProofFacts,
  type ProofLayer,
  type ProofReport,
  standingOf,
} from '@talos/proof'
import type { Contents } from './contents.ts'
import { contentSections } from './contents-view.ts'
import { button, code, el, facts, section } from './dom.ts'
import { type LayerVerdict, type Step, stepsOf } from './steps.ts'
import { LEVELS, LIMITS, PARTS, questionOf, sentenceOf, timeOf } from './words.ts'

export type Level = keyof typeof LEVELS

export interface ViewInput {
  readonly text: string
  readonly sizeBytes: number
  readonly report: ProofReport
  /** Undefined where nothing is proven. */
  readonly contents: Contents | undefined
  readonly level: Level
  /** SHA-256 of the bundle, hex. */
  readonly digest: string
  readonly checkedAt: Date
  readonly durationMs: number
  readonly onLevel: (level: Level) => void
  readonly onSave: () => void
}

export function view(input: ViewInput): HTMLElement {
  const { report, contents } = input
  const proven = report.facts
  return el(
    'main',
    { class: 'page' },
    top(input),
    verdict(input),
    proven !== undefined && whatItProves(proven, contents),
    howItWasChecked(input),
    theEvidence(report),
    ...(contents === undefined ? [] : contentSections(contents, report)),
    limits(),
    theFile(input),
  )
}

function top({ checkedAt, durationMs }: ViewInput): HTMLElement {
  const when = `Verified in this browser on ${timeOf(checkedAt.getTime())}, in ${Math.max(1, Math.round(durationMs))} ms, without a network`
  return el('header', { class: 'top' }, el('strong', {}, 'Talos proof'), el('span', {}, when))
}

type Verdict = ProofReport['verdict']

const TITLES: Readonly<Record<Verdict, readonly [title: string, mark: string]>> = {
  valid: ['Valid', '✓'],
  invalid: ['NOT VALID', '✕'],
  incomplete: ['Incomplete', '!'],
}

function verdict(input: ViewInput): HTMLElement {
  const { report } = input
  const kind = report.verdict
  const [title, mark] = TITLES[kind]
  const seal = el('div', { class: 'seal', 'aria-hidden': 'true' }, mark)
  const says = el('p', { class: 'says' }, summary(report))
  return el(
    'section',
    { class: `verdict ${kind}`, id: 'verdict', role: 'status' },
    el('div', { class: 'verdict-line' }, seal, el('div', {}, el('h1', {}, title), says)),
    kind !== 'valid' && fault(report),
    controls(input),
  )
}

function summary({ verdict: kind, facts: proven }: ProofReport): string {
  if (kind === 'invalid') {
    return 'This file proves nothing. It was changed after it was made, or it was never true; what it claims is not shown.'
  }
  if (proven === undefined) {
    return kind === 'valid'
      ? 'Form and signatures hold. What they amount to was not asked at this level.'
      : 'What is here holds, but a part that is needed is missing, so nothing is proven.'
  }
  const sentence = sentenceOf(proven)
  return kind === 'valid' ? sentence : `${sentence} All that is here holds; the level that you chose asks for more.`
}

function fault({ code: failure, validation }: ProofReport): HTMLElement {
  const failed = validation.layers.flatMap(({ checks }) => checks.filter(({ code: name }) => name !== undefined))
  const first = failed.find(({ code: name }) => name === failure)
  const why = first === undefined ? '' : ` ${sentence(first.detail ?? questionOf(first.name))}`
  const others = failed.length - 1
  const more = others < 1 ? '' : ` And ${others} more, below.`
  return el('p', { class: 'fault' }, code(String(failure)), why, more)
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`
}

function controls({ level, onLevel, onSave }: ViewInput): HTMLElement {
  const levels = Object.keys(LEVELS).map((name) => {
    const input = el('input', { type: 'radio', name: 'level', value: name, checked: name === level })
    input.addEventListener('change', () => onLevel(name as Level))
    return el('label', {}, input, name)
  })
  return el(
    'div',
    { class: 'controls' },
    el('fieldset', {}, el('legend', {}, `How strict: ${LEVELS[level]}`), el('div', { class: 'levels' }, ...levels)),
    el(
      'div',
      { class: 'actions' },
      button('Save bundle', onSave),
      button('Print', () => window.print()),
    ),
  )
}

const OUTCOMES: Readonly<Record<ProofFacts['outcome'], string>> = {
  allow: 'Run and answered',
  error: 'Run, and it failed or its end is not known',
  deny: 'Refused',
  refer: 'Left to others to approve',
}

function whatItProves(proven: ProofFacts, contents: Contents | undefined): HTMLElement {
  const why =
    proven.refusal === 'confirmed' ? 'the delegations give the same reason' : 'on the word of the executor alone'
  const rows = facts(
    ['Caller', code(proven.agent)],
    ['Executor', code(proven.executor)],
    ['Tool', el('span', {}, proven.display, ' ', el('span', { class: 'sub' }, code(proven.command)))],
    argumentsRow(proven, contents),
    ['Asked', clock(proven.issuedAtS * 1000, 'by the caller’s clock')],
    ['Decided', clock(proven.decidedAtMs, 'by the executor’s clock')],
    ['Outcome', OUTCOMES[proven.outcome]],
    proven.refusal === undefined
      ? undefined
      : ['Reason', el('span', {}, code(proven.denial.join(' › ')), el('span', { class: 'sub' }, why))],
    ['Call', code(proven.invocation)],
    ['Receipt', code(proven.receipt)],
  )
  return section('proves', 'What it proves', rows)
}

/** What is hidden is said to be hidden: an empty place could mean that there was nothing. */
function argumentsRow(
  proven: ProofFacts,
  contents: Contents | undefined,
): readonly [name: string, value: HTMLElement] | undefined {
  if (proven.contents !== undefined) {
    const why = 'Whoever made this bundle left them out. That the caller made this call is said by its log alone.'
    return [
      'Arguments and result',
      el('span', {}, el('span', { class: 'badge absent' }, 'hidden'), el('span', { class: 'sub' }, why)),
    ]
  }
  return contents?.arguments === undefined ? undefined : ['Arguments', code(contents.arguments)]
}

function clock(ms: number, whose: string): HTMLElement {
  return el('span', {}, timeOf(ms), el('span', { class: 'sub' }, whose))
}

function howItWasChecked({ report }: ViewInput): HTMLElement {
  return section('steps', 'How it was checked', el('ol', { class: 'steps' }, ...stepsOf(report).map(stepItem)))
}

function stepItem({ title, question, verdict: kind, checks, durationUs }: Step): HTMLElement {
  const good = checks.filter(kind === 'invalid' ? ({ ok }) => ok : isAsItShouldBe).length
  const took = ` in ${(durationUs / 1000).toFixed(1)} ms`
  const count = checks.length === 0 ? 'not checked' : `${good} of ${checks.length}${took}`
  const heading = el('span', {}, el('h3', {}, title))
  const side = el('span', { class: 'side' }, el('span', { class: 'count' }, count), badge(kind))
  const details = el(
    'details',
    { open: kind === 'invalid' || kind === 'incomplete' },
    el('summary', {}, heading, side, el('span', { class: 'what' }, question)),
    checkList(checks),
  )
  return el('li', {}, details)
}

const BADGES: Readonly<Record<LayerVerdict | 'denied', string>> = {
  valid: '✓ holds',
  denied: '✓ did not allow it',
  invalid: '✕ fails',
  incomplete: '! asks for more',
  absent: 'not there',
  unchecked: 'not all asked',
  skipped: 'not asked',
}

function badge(kind: keyof typeof BADGES): HTMLElement {
  return el('span', { class: `badge ${kind}` }, BADGES[kind])
}

function checkList(checks: readonly ProofCheck[]): HTMLElement {
  return el('ul', { class: 'checks' }, ...checks.map(checkItem))
}

const MARKS = { valid: '✓', invalid: '✕', incomplete: '!', absent: '–' } as const

/** That the delegations did not allow a call is what a refusal that holds says: an answer no without a code. */
function isAsItShouldBe({ ok, code: failure }: ProofCheck): boolean {
  return ok || failure === undefined
}

function checkItem(check: ProofCheck): HTMLElement {
  const { name, ok, code: failure, detail } = check
  const kind = ok ? 'valid' : failure === undefined ? 'absent' : check.wanting === true ? 'incomplete' : 'invalid'
  const mark = el(
    'span',
    { class: 'mark', 'aria-label': ok ? 'holds' : kind === 'absent' ? 'no, and it was refused' : 'does not hold' },
    MARKS[kind],
  )
  const words = el('span', {}, questionOf(name), ' ', el('span', { class: 'name' }, code(name)))
  const why = ok
    ? undefined
    : el('span', { class: 'detail' }, failure !== undefined && code(failure), ` ${detail ?? ''}`)
  return el('li', { class: kind }, mark, words, why)
}

function theEvidence({ layers }: ProofReport): HTMLElement {
  const cards = (Object.keys(PARTS) as (keyof typeof PARTS)[]).map((name) => partCard(name, layers[name]))
  return section('evidence', 'The evidence', el('div', { class: 'cards' }, ...cards))
}

const CARD_BADGES = {
  valid: 'valid',
  invalid: 'invalid',
  denied: 'denied',
  missing: 'absent',
  unfinished: 'unchecked',
  unasked: 'skipped',
} as const satisfies Readonly<Record<PartStanding, keyof typeof BADGES>>

function partCard(name: keyof typeof PARTS, part: ProofLayer): HTMLElement {
  const [title, about] = PARTS[name]
  return el(
    'article',
    { class: 'card' },
    el('header', {}, el('h3', {}, title), badge(CARD_BADGES[standingOf(part)])),
    el('p', {}, about),
    el('p', { class: 'note' }, noteOn(part)),
  )
}

function noteOn(part: ProofLayer): string {
  const { checks } = part
  const kind = standingOf(part)
  const good = checks.filter(kind === 'invalid' ? ({ ok }) => ok : isAsItShouldBe).length
  if (kind === 'missing') return 'The bundle does not have it.'
  if (kind === 'unasked') return 'Nothing was asked of it, as the file fails before.'
  if (kind === 'unfinished') return `${good} checks hold; the others were not asked, as another part fails.`
  const count = `${good} of ${checks.length} checks hold.`
  return kind === 'denied' ? `It did not allow the call, which is what the refusal says. ${count}` : count
}

function limits(): HTMLElement {
  return section(
    'limits',
    'What it does not say',
    el('ul', { class: 'limits' }, ...LIMITS.map((text) => el('li', {}, text))),
  )
}

function theFile({ text, sizeBytes, digest }: ViewInput): HTMLElement {
  const rows = facts(['Size', `${sizeBytes.toLocaleString('en')} bytes`], ['SHA-256', code(digest)])
  const raw = el(
    'details',
    { class: 'raw' },
    el('summary', {}, el('span', {}, 'The bundle as it is')),
    el('pre', {}, text),
  )
  return section('file', 'The file', rows, raw)
}
