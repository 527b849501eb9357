/** What a bundle that verified holds, as elements. */
import type { DelegationDescription } from '@talos/capability'
import type { AnchorContents, Contents, LogContents, Shown } from './contents.ts'
import { code, el, facts, section } from './dom.ts'
import { shortOf, timeOf } from './words.ts'

export function contentSections(contents: Contents): readonly HTMLElement[] {
  const { delegations, logs, witnesses, anchors, revocations, shown } = contents
  return [
    section('leave', 'By whose leave', ...chain(delegations), revocationNote(revocations)),
    section('logs', 'Where it is written down', el('div', { class: 'cards' }, ...logs.map(logCard))),
    section('seen', 'Who else saw the logs', witnessNote(witnesses), anchorNote(anchors)),
    section('shown', 'What it shows of the contents', ...shownTable(shown)),
  ]
}

function chain(delegations: readonly DelegationDescription[]): readonly HTMLElement[] {
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

function linkItem(link: DelegationDescription): HTMLElement {
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

function revocationNote({ lists, known }: Contents['revocations']): HTMLElement {
  const held =
    known === 0
      ? 'The bundle holds no revocation of these'
      : `The bundle holds ${known} revocation${known === 1 ? '' : 's'} of these, which took effect too late for this call`
  const beside =
    lists === 0
      ? 'and no list of revocations beside it'
      : `and ${lists} signed list${lists === 1 ? '' : 's'} of the revocations of their issuers`
  return el('p', { class: 'note' }, `${held}, ${beside}.`)
}

function logCard({ side, origin, index, size, root, later }: LogContents): HTMLElement {
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
    later !== undefined &&
      el(
        'p',
        { class: 'note' },
        `Later checkpoint of ${later.size.toLocaleString('en')} entries with ${later.cosignatures} cosignature${later.cosignatures === 1 ? '' : 's'}, root `,
        code(later.root),
      ),
    el('p', { class: 'note' }, code(origin)),
  )
}

function witnessNote(witnesses: readonly string[]): HTMLElement {
  if (witnesses.length === 0) return el('p', {}, 'No witness cosigned a checkpoint in this bundle.')
  return facts(...witnesses.map((did, index) => [`Witness ${index + 1}`, code(did)] as const))
}

function anchorNote(anchors: readonly AnchorContents[]): HTMLElement {
  if (anchors.length === 0)
    return el('p', { class: 'note' }, 'No public chain holds these logs as far as this bundle says.')
  return el(
    'div',
    {},
    facts(
      ...anchors.map(
        ({ side, chainId, contract }) =>
          [`Chain ${chainId}`, el('span', {}, `the log of the ${side}, by contract `, code(contract))] as const,
      ),
    ),
    el(
      'p',
      { class: 'note' },
      'Checked here: the way from the log’s root through the log of logs into a receipt of a block. Not checked here: whether that block is part of the chain. This page has no network to ask; compare the block’s hash with one that you trust.',
    ),
  )
}

function shownTable(shown: readonly Shown[]): readonly HTMLElement[] {
  const rest = el(
    'p',
    { class: 'note' },
    'Requests and results are sealed: the logs hold salted commitments alone. What is not listed here cannot be read out of this file, nor guessed from it. The arguments of a signed call stand in the call itself.',
  )
  if (shown.length === 0) return [el('p', {}, 'Nothing of the request or of the result.'), rest]
  const rows = shown.map(({ what, where, text }) =>
    el('tr', {}, el('td', {}, what), el('td', {}, code(where)), el('td', {}, el('pre', {}, text))),
  )
  const head = el('thead', {}, el('tr', {}, el('th', {}, 'What'), el('th', {}, 'Where'), el('th', {}, 'Value')))
  return [el('table', { class: 'shown' }, head, el('tbody', {}, ...rows)), rest]
}
