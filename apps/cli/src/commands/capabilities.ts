/** `talos capabilities`: what this agent gave and was given. */
import { toBase64url } from '@talos/bytes'
import {
  DELEGATION_MAX_BYTES,
  type DelegationDescription,
  describeDelegation,
  displayCommand,
  openDelegation,
} from '@talos/capability'
import { loadKernel, systemClock } from '@talos/kernel'
import type { GrantDirection, StoredGrant } from '@talos/storage'
import type { Command } from 'commander'
import { Context, type Shell } from '../context.ts'
import { ask } from '../control/ask.ts'
import { EXIT_FAILED } from '../exit-codes.ts'
import { readUserFile } from '../files.ts'
import { fields, printable, table } from '../output.ts'
import { reading } from '../reading.ts'
import { invalid, parseCidOption, showTime } from '../values.ts'
import { addGrant } from './capabilities-grant.ts'

const MAX_REASON_CHARS = 256

type Standing = 'valid' | 'not yet valid' | 'expired' | 'revoked'

export function addCapabilities(program: Command, shell: Shell): void {
  const capabilities = program.command('capabilities').description('give, list and take back permissions for tools')
  addGrant(capabilities, shell)
  addList(capabilities, shell)
  addImport(capabilities, shell)
  addRevoke(capabilities, shell)
  addVerify(capabilities, shell)
}

function addList(capabilities: Command, shell: Shell): void {
  capabilities
    .command('list')
    .description('list what this agent gave and was given; needs no passphrase')
    .option('--issued', 'only what it gave')
    .option('--received', 'only what it was given')
    .addHelpText('after', '\nExamples:\n  $ talos capabilities list\n  $ talos capabilities list --issued --json')
    .action(async (options: { readonly issued?: boolean; readonly received?: boolean }, command: Command) => {
      const all = options.issued !== true && options.received !== true
      const directions: GrantDirection[] = []
      if (all || options.issued === true) directions.push('issued')
      if (all || options.received === true) directions.push('received')
      const grants = await reading(new Context(shell, command), ({ database }) =>
        directions.flatMap((direction) => database.grants.list(direction)).map(describeGrant),
      )
      shell.output.result({ capabilities: grants }, () => listLines(grants, shell))
    })
}

function addImport(capabilities: Command, shell: Shell): void {
  capabilities
    .command('import')
    .argument('<file>', 'a signed capability, as grant --out writes it')
    .description('take a capability that came as a file')
    .addHelpText('after', '\nExample:\n  $ talos capabilities import git.taloscap --agent my-agent')
    .action(async (file: string, _options: object, command: Command) => {
      const bytes = readUserFile(file, DELEGATION_MAX_BYTES)
      const described = describeDelegation(openDelegation(bytes, { kernel: loadKernel() }))
      const request = { method: 'import', bytes: toBase64url(bytes) } as const
      const { cid } = await ask(new Context(shell, command), request, 'imported')
      shell.output.result({ cid, from: described.issuer, command: described.display }, () => [
        ...fields([
          ['capability', cid],
          ['from', described.issuer],
          ['command', printable(described.display)],
        ]),
      ])
    })
}

function addRevoke(capabilities: Command, shell: Shell): void {
  capabilities
    .command('revoke')
    .argument('<cid>', 'the capability, as list shows it')
    .description('take a capability back; counts from the next call on')
    .option('--reason <text>', 'for people; the receiver can read it')
    .addHelpText('after', '\nExample:\n  $ talos capabilities revoke bafyrei… --reason "contract ended"')
    .action(async (text: string, { reason }: { readonly reason?: string }, command: Command) => {
      const cid = parseCidOption(text, 'CID')
      if (reason !== undefined && (reason === '' || reason.length > MAX_REASON_CHARS)) {
        throw invalid('--reason', `it does not have 1 to ${MAX_REASON_CHARS} characters`)
      }
      const request = { method: 'revoke', cid, ...(reason !== undefined && { reason }) } as const
      await ask(new Context(shell, command), request, 'revoked')
      shell.output.result({ cid, revoked: true }, () => [`revoked  ${cid}`])
    })
}

function addVerify(capabilities: Command, shell: Shell): void {
  capabilities
    .command('verify')
    .argument('<file>', 'a signed capability')
    .description('check form, signature and time of a capability; needs no agent')
    .addHelpText(
      'after',
      '\nExample:\n  $ talos capabilities verify git.taloscap\n\nExit code 1 when it is invalid, expired or not yet valid.' +
        '\nWhether it was revoked, and what its chain is worth, the executor decides at each call.',
    )
    .action((file: string) => {
      const bytes = readUserFile(file, DELEGATION_MAX_BYTES)
      const description = describeDelegation(openDelegation(bytes, { kernel: loadKernel() }))
      const standing = standingOf(description, undefined)
      if (standing !== 'valid') shell.exitCode = EXIT_FAILED
      shell.output.result({ valid: standing === 'valid', standing, ...description }, () => [
        shell.output.tint(standing === 'valid' ? 'good' : 'bad', standing.toUpperCase()),
        ...descriptionLines(description),
      ])
    })
}

interface ListedGrant extends DelegationDescription {
  readonly direction: GrantDirection
  readonly label: string
  readonly standing: Standing
  readonly createdMs: number
  readonly revokedMs: number | null
}

function describeGrant({ direction, label, bytes, createdMs, revokedMs }: StoredGrant): ListedGrant {
  const description = describeDelegation(openDelegation(bytes, { kernel: loadKernel() }))
  const standing = standingOf(description, revokedMs)
  return { direction, label, standing, createdMs, revokedMs: revokedMs ?? null, ...description }
}

function standingOf({ notBeforeS, expiresS }: DelegationDescription, revokedMs: number | undefined): Standing {
  const nowS = systemClock.nowMs() / 1000
  if (revokedMs !== undefined) return 'revoked'
  if (notBeforeS > nowS) return 'not yet valid'
  return expiresS !== null && expiresS < nowS ? 'expired' : 'valid'
}

function listLines(grants: readonly ListedGrant[], { output }: Shell): string[] {
  if (grants.length === 0) return ['none']
  return grants.flatMap((grant) => {
    const { direction, standing, display, cid, issuer, audience, summary, label } = grant
    const peer = direction === 'issued' ? `to ${audience}` : `from ${issuer}`
    const tone = standing === 'valid' ? 'good' : 'bad'
    return [
      `${output.tint(tone, standing)}  ${output.tint('strong', printable(display))}  until ${untilOf(grant)}`,
      `  ${cid}`,
      `  ${direction} ${peer}`,
      ...(label === '' ? [] : [`  label: ${printable(label)}`]),
      ...summary.map((line) => `  ${printable(line)}`),
    ]
  })
}

function descriptionLines(description: DelegationDescription): string[] {
  const { cid, type, issuer, audience, subject, command, notBeforeS, depth, summary } = description
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
    ]),
    ...table(summary.map((line) => ['', printable(line)])),
  ]
}

function untilOf({ expiresS }: DelegationDescription): string {
  return expiresS === null ? 'no end' : showTime(expiresS * 1000)
}
