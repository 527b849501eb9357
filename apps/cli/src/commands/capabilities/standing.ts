/** How a capability stands, in lines for people. */
import { type DelegationDescription, displayCommand } from '@talos/capability'
import type { CapabilityStanding, LinkStanding } from '@talos/client'
import type { Output, Tone } from '../../output.ts'
import { fields, printable } from '../../output.ts'
import { showTime } from '../../values.ts'

/** Standings of which a call is refused are bad. */
export function toneOf(standing: string): Tone {
  return standing === 'valid' ? 'good' : 'bad'
}

export function untilOf({ expiresS }: Pick<DelegationDescription, 'expiresS'>): string {
  return expiresS === null ? 'no end' : showTime(expiresS * 1000)
}

/** Everything that one delegation says. */
export function descriptionLines(description: DelegationDescription): string[] {
  const { cid, type, issuer, audience, subject, command, notBeforeS, depth, need, summary } = description
  return [
    ...fields([
      ['capability', cid],
      ['form', type],
      ['from', issuer],
      ['to', audience],
      ['of', subject ?? 'whatever the link before is about'],
      ['command', printable(displayCommand(command))],
      ['from time', notBeforeS === 0 ? 'the beginning' : showTime(notBeforeS * 1000)],
      ['until', untilOf(description)],
      ['further links', depth === null ? 'not limited by it' : String(depth)],
      ['proof', need],
    ]),
    ...summary.map((line) => `  ${printable(line)}`),
  ]
}

/** One capability in a list. */
export function listedLines({ direction, standing, chain, label }: CapabilityStanding, output: Output): string[] {
  const link = chain.at(-1)
  if (link === undefined) return []
  const { display, cid, issuer, audience, summary } = link.description
  const peer = direction === 'issued' ? `to ${audience}` : `from ${issuer}`
  return [
    `${output.tint(toneOf(standing), standing)}  ${output.tint('strong', printable(display))}  until ${untilOf(link.description)}`,
    `  ${cid}`,
    `  ${direction} ${peer}`,
    ...(label === '' ? [] : [`  label: ${printable(label)}`]),
    ...summary.map((line) => `  ${printable(line)}`),
    ...changingLines(link).map((line) => `  ${line}`),
    ...revokedAbove(chain).map((line) => `  ${line}`),
  ]
}

/** A chain as a tree, the root on top. */
export function chainLines(chain: readonly LinkStanding[]): string[] {
  return chain.flatMap((link, depth) => {
    const { description } = link
    const { issuer, audience, display, summary, cid } = description
    const lines = [
      `${issuer} gives ${audience}`,
      `${printable(display)}, until ${untilOf(description)}`,
      cid,
      ...summary.map(printable),
      ...changingLines(link),
    ]
    return lines.map((line, index) => `${'  '.repeat(depth)}${index === 0 ? '└ ' : '  '}${line}`)
  })
}

/** What changes with time and use. */
function changingLines({ limits, revoked, isOwn, knownAtS }: LinkStanding): string[] {
  return [
    ...limits.map(({ requirement, left, limit }) => `${left} of ${limit} left: ${requirement}`),
    ...(revoked === undefined ? [] : [revokedLine(revoked)]),
    ...(isOwn
      ? []
      : [`revocations of its issuer known as of ${knownAtS === undefined ? 'never' : showTime(knownAtS * 1000)}`]),
  ]
}

function revokedAbove(chain: readonly LinkStanding[]): string[] {
  const above = chain.slice(0, -1).find(({ revoked }) => revoked !== undefined)
  return above?.revoked === undefined ? [] : [`a link above it is ${revokedLine(above.revoked)}`]
}

function revokedLine({ by, atS, reason }: NonNullable<LinkStanding['revoked']>): string {
  const why = reason === undefined ? '' : `: ${printable(reason)}`
  return `revoked by ${by} at ${showTime(atS * 1000)}${why}`
}
