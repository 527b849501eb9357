/** What a bundle that verified holds, as elements. */
import type { DelegationDescription } from '@talos/capability'
import type { ProofReport } from '@talos/proof'
import type { Contents, LogContents, Shown } from './contents.ts'
import { code, el, facts, section } from './dom.ts'
import { shortOf, timeOf } from './words.ts'

export function contentSections(contents: Contents, report: ProofReport): readonly HTMLElement[] {
  const { delegations, logs, revocations, shown } = contents
  const { witnessed, anchored } = report
  return [
    section(
      'leave',
      'By whose leave',
      ...chain(delegations),
      ...unjudgedNotes(report),
      ...revocationNotes(revocations, report),
    ),
    section('logs', 'Where it is written down', el('div', { class: 'cards' }, ...logs.map(logCard))),
    section('seen', 'Who else saw the logs', ...witnessNotes(witnessed), ...anchorNotes(anchored)),
    section('shown', 'What it shows of the contents', ...shownTable(shown, report)),
  ]
}

function chain(delegations: Contents['delegations']): readonly HTMLElement[] {
  if (delegations.length === 0) return [el('p', {}, 'Nobody’s: no delegation was needed, or none was shown.')]
  const last = delegations.at(-1)
  return [
    el(
      'ol',
      { class: 'chain' },
      ...delegations.map(linkItem),
      last !== undefined &&
        el(
          'li',
          {},
          el('div', { class: 'who', title: last.audience }, `Agent ${shortOf(last.audience)}`),
          gives('made the call'),
        ),
    ),
  ]
}

function linkItem(link: DelegationDescription | undefined): HTMLElement {
  if (link === undefined) return el('li', {}, gives('A delegation that nobody can open.'))
  const from = link.notBeforeS > 0 ? `from ${timeOf(link.notBeforeS * 1000)} ` : ''
  const until = link.expiresS === null ? 'without end' : `until ${timeOf(link.expiresS * 1000)}`
  return el(
    'li',
    {},
    el('div', { class: 'who', title: link.issuer }, `Agent ${shortOf(link.issuer)}`),
    gives(`gave agent ${shortOf(link.audience)} leave for ${link.display}, ${from}${until}`),
    ...link.summary.map((term) => gives(`if ${term}`)),
    gives(code(link.cid)),
  )
}

function gives(content: string | Node): HTMLElement {
  return el('div', { class: 'gives' }, content)
}

function revocationNotes(known: number, { revocations }: ProofReport): readonly HTMLElement[] {
  const held =
    known === 0
      ? 'The bundle holds no revocation of these.'
      : `The bundle holds ${counted(known, 'revocation')} of these; the checks say what follows.`
  const { lists = [], freshness } = revocations ?? {}
  const about = lists.map(({ issuer, n, atS, withheld }) => {
    const hidden = withheld === 0 ? '' : `; of ${withheld} the content is withheld`
    return [
      `Agent ${shortOf(issuer)}`,
      `${counted(n, 'revocation')} in all, signed ${timeOf(atS * 1000)}${hidden}`,
    ] as const
  })
  return [
    el('p', { class: 'note' }, held),
    ...(lists.length === 0
      ? []
      : [el('p', {}, `Signed lists of what the issuers had revoked: ${freshness ?? ''}.`), facts(...about)]),
  ]
}

function counted(count: number, what: string): string {
  return `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`
}

function logCard({ side, origin, index, size, root, laterRoot }: LogContents): HTMLElement {
  const pin = el('i', {})
  pin.style.left = `${size <= 1 ? 0 : (index / (size - 1)) * 100}%`
  return el(
    'article',
    { class: 'card' },
    el('header', {}, el('h3', {}, `Log of the ${side}`)),
    el('p', {}, `Entry ${index.toLocaleString('en')}, counted from 0, in a tree of ${size.toLocaleString('en')}`),
    el('div', { class: 'track', 'aria-hidden': 'true' }, pin),
    el(
      'div',
      { class: 'ends', 'aria-hidden': 'true' },
      el('span', {}, '0'),
      el('span', {}, (size - 1).toLocaleString('en')),
    ),
    el('p', { class: 'note' }, 'Root ', code(root)),
    laterRoot !== undefined && el('p', { class: 'note' }, 'Root of the later checkpoint ', code(laterRoot)),
    el('p', { class: 'note' }, code(origin)),
  )
}

function witnessNotes({ count, agent, executor }: ProofReport['witnessed']): readonly HTMLElement[] {
  if (count === 0) return [el('p', {}, 'No witness cosigned a checkpoint in this bundle.')]
  const logs = [['caller', agent] as const, ['executor', executor] as const]
  const rows = logs.flatMap(([side, log]) =>
    (log?.witnesses ?? []).map(
      ({ did, timeS }) =>
        [
          `Log of the ${side}`,
          el('span', {}, code(did), sub(`saw ${log?.size} entries on ${timeOf(timeS * 1000)}, by its own clock`)),
        ] as const,
    ),
  )
  return [el('p', {}, count === 1 ? 'One witness cosigned.' : `${count} witnesses cosigned.`), facts(...rows)]
}

function sub(text: string): HTMLElement {
  return el('span', { class: 'sub' }, text)
}

function anchorNotes({ blocks }: ProofReport['anchored']): readonly HTMLElement[] {
  if (blocks.length === 0)
    return [el('p', { class: 'note' }, 'No public chain holds these logs as far as this bundle says.')]
  const rows = blocks.map(({ side, chainId, contract, blockNumber, blockHash, timestampS }) => {
    const log = `the log of the ${side === 'agent' ? 'caller' : 'executor'}, on ${timeOf(timestampS * 1000)}, by contract ${contract}`
    const block = `block ${blockNumber.toLocaleString('en')}, hash `
    return [`Chain ${chainId}`, el('span', {}, block, code(`0x${blockHash}`), sub(log))] as const
  })
  const limit =
    'Checked here: the way from the log’s root through the log of logs into a receipt of that block. Not checked here: whether the block is one of the chain. This page asks nobody; compare the hash at a source that you trust.'
  return [facts(...rows), el('p', { class: 'note' }, limit)]
}

/** Which conditions nobody but the executor could judge. */
function unjudgedNotes({ completeness, facts: proven }: ProofReport): readonly HTMLElement[] {
  const { unjudged } = completeness
  if (proven?.contents === undefined || unjudged.length === 0) return []
  const rows = unjudged.map(({ link, path, selectors }) => {
    const about = path === 'args' ? 'that there are no other arguments' : selectors.join(', ')
    return [`Delegation ${link + 1}`, el('span', {}, code(path), sub(`asks about ${about}`))] as const
  })
  const limit = 'Not judged here, since the arguments that they ask about are hidden. That they held says the executor.'
  return [el('p', { class: 'note unjudged' }, limit), facts(...rows)]
}

function shownTable(shown: readonly Shown[], { facts: proven }: ProofReport): readonly HTMLElement[] {
  const stand =
    proven?.contents === undefined
      ? 'The arguments of a signed call stand in the call itself.'
      : 'The call itself, in which the arguments stand, is not in this file.'
  const sealed =
    'Requests and results are sealed: the logs hold salted commitments alone. What is not listed here cannot be read out of this file, nor guessed from it.'
  const rest = el('p', { class: 'note' }, `${sealed} ${stand}`)
  if (shown.length === 0) return [el('p', {}, 'Nothing of the request or of the result.'), rest]
  const rows = shown.map(({ what, where, text }) =>
    el('tr', {}, el('td', {}, what), el('td', {}, code(where)), el('td', {}, el('pre', {}, text))),
  )
  const head = el('thead', {}, el('tr', {}, el('th', {}, 'What'), el('th', {}, 'Where'), el('th', {}, 'Value')))
  return [el('table', { class: 'shown' }, head, el('tbody', {}, ...rows)), rest]
}
