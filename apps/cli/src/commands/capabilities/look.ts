/** `talos capabilities list` and `show`: what this agent gave and was given, and how it stands. No passphrase. */
import { DELEGATION_MAX_BYTES, describeDelegation, openDelegation } from '@talos/capability'
import type { AgentReader, CapabilityStanding } from '@talos/client'
import { loadKernel } from '@talos/kernel'
import type { GrantDirection } from '@talos/storage'
import type { Command } from 'commander'
import { Context, type Shell } from '../../context.ts'
import { readUserFile } from '../../files.ts'
import { fields, printable } from '../../output.ts'
import { reading } from '../../reading.ts'
import { parseCidOption, showTime } from '../../values.ts'
import { chainLines, descriptionLines, listedLines, toneOf } from './standing.ts'

interface ListOptions {
  readonly issued?: boolean
  readonly received?: boolean
  readonly valid?: boolean
}

export function addList(capabilities: Command, shell: Shell): void {
  capabilities
    .command('list')
    .description('list what this agent gave and was given; needs no passphrase')
    .option('--issued', 'only what it gave')
    .option('--received', 'only what it was given')
    .option('--valid', 'only what holds now')
    .addHelpText(
      'after',
      '\nExamples:\n  $ talos capabilities list\n  $ talos capabilities list --issued --valid --json',
    )
    .action(async (options: ListOptions, command: Command) => {
      const { listed, isOwn } = await reading(new Context(shell, command), (reader) => ({
        listed: directionsOf(options).flatMap((direction) => reader.capabilities(direction)),
        isOwn: ownedBy(reader),
      }))
      const isForOthers = ({ direction, chain }: CapabilityStanding) =>
        direction === 'received' && !isOwn(chain.at(-1)?.description.audience ?? '')
      const shown = options.valid === true ? listed.filter(({ standing }) => standing === 'valid') : listed
      shell.output.result({ capabilities: shown.map(listedJson) }, () =>
        shown.length === 0
          ? ['none']
          : shown.flatMap((one) => listedLines(one, { output: shell.output, isForOthers: isForOthers(one) })),
      )
    })
}

export function addShow(capabilities: Command, shell: Shell): void {
  capabilities
    .command('show')
    .argument('<cid-or-file>', 'a capability as list shows it, or a file with a signed one')
    .description('show one capability whole: its chain, what is left of its limits, what revoked it')
    .addHelpText(
      'after',
      '\nExamples:\n  $ talos capabilities show bafyrei…\n  $ talos capabilities show git.taloscap --json',
    )
    .action(async (name: string, _options: object, command: Command) => {
      if (!name.startsWith('bafy')) return showFile(name, shell)
      const cid = parseCidOption(name, 'CID')
      const found = await reading(new Context(shell, command), (reader) => reader.capability(cid))
      shell.output.result(shownJson(found), () => shownLines(found, shell))
    })
}

function showFile(path: string, shell: Shell): void {
  const bytes = readUserFile(path, DELEGATION_MAX_BYTES)
  const description = describeDelegation(openDelegation(bytes, { kernel: loadKernel() }))
  shell.output.result(description, () => descriptionLines(description))
}

/** Links of chains are received as well: an agent shows them, and cannot use them itself. */
function ownedBy({ did, keyLog }: AgentReader): (audience: string) => boolean {
  const own = new Set<string>([
    did,
    ...(keyLog === undefined ? [] : [keyLog.name, ...keyLog.keys.map((key) => key.did)]),
  ])
  return (audience) => own.has(audience)
}

function directionsOf({ issued, received }: ListOptions): GrantDirection[] {
  const all = issued !== true && received !== true
  return [
    ...(all || issued === true ? (['issued'] as const) : []),
    ...(all || received === true ? (['received'] as const) : []),
  ]
}

function listedJson({ chain, ...grant }: CapabilityStanding): object {
  const link = chain.at(-1)
  const above = chain.find(({ revoked }) => revoked !== undefined)?.revoked
  return { ...grant, ...link?.description, limits: link?.limits ?? [], revoked: above ?? null }
}

function shownJson({ chain, ...grant }: CapabilityStanding): object {
  const links = chain.map(({ description, revoked, knownAtS, isOwn, limits }) => {
    return { ...description, revoked: revoked ?? null, revocationsKnownAtS: isOwn ? null : (knownAtS ?? null), limits }
  })
  return { ...grant, cid: chain.at(-1)?.description.cid, chain: links }
}

function shownLines({ direction, standing, label, createdMs, chain }: CapabilityStanding, { output }: Shell): string[] {
  const link = chain.at(-1)?.description
  const title = link === undefined ? '' : `  ${output.tint('strong', printable(link.display))}`
  return [
    `${output.tint(toneOf(standing), standing.toUpperCase())}${title}`,
    ...(link === undefined
      ? []
      : fields([
          ['capability', link.cid],
          [direction, showTime(createdMs)],
          ['of', link.subject ?? 'whatever the link before is about'],
          ['form', link.type],
        ])),
    ...(label === '' ? [] : [`label: ${printable(label)}`]),
    '',
    standing === 'broken' ? 'No way from the owner to it is known here:' : 'Chain, the owner first:',
    ...chainLines(chain),
  ]
}
