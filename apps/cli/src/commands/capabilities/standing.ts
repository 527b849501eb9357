/** How a capability stands, in lines for people. */
import { type DelegationDescription, displayCommand, type Remaining } from '@talos/capability'
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
export function listedLines(
  { direction, standing, chain, label }: CapabilityStanding,
  { output, isForOthers }: { readonly output: Output; readonly isForOthers: boolean },
): string[] {
  const link = chain.at(-1)
  if (link === undefined) return []
  const { display, cid, issuer, audience } = link.description
  const given = direction === 'issued' ? `to ${audience}` : `from ${issuer}`
  const peer = isForOthers ? `${given} to ${audience}, as a link above others` : given
  return [
    `${output.tint(toneOf(standing), standing)}  ${output.tint('strong', printable(display))}  until ${untilOf(link.description)}`,
    `  ${cid}`,
    `  ${direction} ${peer}`,
    ...(label === '' ? [] : [`  label: ${printable(label)}`]),
    ...termLines(link).map((line) => `  ${line}`),
    ...(link.revoked === undefined ? [] : [`  ${revokedLine(link.revoked)}`]),
    ...revokedAbove(chain).map((line) => `  ${line}`),
  ]
}

/** A chain, the owner first; numbered from 0, as denials name the links. */
export function chainLines(chain: readonly LinkStanding[]): string[] {
  return chain.flatMap((link, index) => {
    const { issuer, audience, display, notBeforeS, cid, depth, need } = link.description
    const from = notBeforeS === 0 ? '' : `from ${showTime(notBeforeS * 1000)} `
    const further = depth === null ? 'as many as there may be' : String(depth)
    return [
      `${index}. ${issuer} gives ${audience}`,
      ...[
        `${printable(display)}  ${from}until ${untilOf(link.description)}`,
        cid,
        `proof of a call: ${need}; further links: ${further}`,
        ...termLines(link),
        ...(link.revoked === undefined ? [] : [revokedLine(link.revoked)]),
        ...knownLines(link),
      ].map((line) => `   ${line}`),
    ]
  })
}

/** What is left of a limit, in words. */
export function leftOf({ kind, left, limit }: Remaining): string {
  return kind === 'rate' || kind === 'concurrency' ? `${left} of ${limit} left now` : `${left} left`
}

/** What a link says, and what is left of its limits where they are counted. */
function termLines({ description, limits }: LinkStanding): string[] {
  return description.summary.map((line) => {
    const limit = limits.find(({ requirement }) => requirement === line)
    return printable(limit === undefined ? line : `${line} (${leftOf(limit)})`)
  })
}

/** How far the knowledge of others' revocations reaches. */
function knownLines({ isOwn, knownAtS }: LinkStanding): string[] {
  if (isOwn) return []
  return [
    knownAtS === undefined
      ? 'no list of what its issuer revoked is known here'
      : `what its issuer revoked is known here as of ${showTime(knownAtS * 1000)}`,
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
