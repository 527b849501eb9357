/** `talos capabilities verify` and `import`: capabilities in files. */
import { toBase64url } from '@talos/bytes'
import {
  DELEGATION_MAX_BYTES,
  denialToJson,
  describeDelegation,
  explainDenial,
  NO_REVOCATIONS,
  openApproval,
  openDelegation,
  type VerifiedLink,
  verifyChain,
} from '@talos/capability'
import { isTalosError } from '@talos/errors'
import { loadKernel, systemClock } from '@talos/kernel'
import type { Command } from 'commander'
import { Context, type Shell } from '../../context.ts'
import { ask, askRunning } from '../../control/ask.ts'
import { EXIT_FAILED } from '../../exit-codes.ts'
import { readUserFile } from '../../files.ts'
import { fields, printable } from '../../output.ts'
import { showTime } from '../../values.ts'
import { descriptionLines } from './standing.ts'

const VERIFY_HELP = `
Examples:
  $ talos capabilities verify git.taloscap
  $ talos capabilities verify owner-to-team.taloscap team-to-agent.taloscap

With several files, the whole chain from its root: who may pass on what to whom. Exit code 1 when it is invalid, expired or
not yet valid. Whether something was revoked, and whether a call is allowed, the executor decides at each call.`

export function addVerify(capabilities: Command, shell: Shell): void {
  capabilities
    .command('verify')
    .argument('<files...>', 'signed capabilities; of a chain, the root first')
    .description('check form, signature, time and chain of capabilities; needs no agent')
    .addHelpText('after', VERIFY_HELP)
    .action((files: readonly string[]) => {
      const kernel = loadKernel()
      const proofs = files.map((file) => readUserFile(file, DELEGATION_MAX_BYTES))
      const links = proofs.map((bytes) => openDelegation(bytes, { kernel }))
      const nowS = Math.floor(systemClock.nowMs() / 1000)
      const last = links.at(-1)
      if (last === undefined) return
      const { standing, cause } =
        links.length > 1
          ? chainStanding(proofs, { nowS, audience: last.audience })
          : { standing: timeOf(last, nowS), cause: undefined }
      if (standing !== 'valid') shell.exitCode = EXIT_FAILED
      const description = describeDelegation(last)
      const why = cause === undefined ? {} : { denial: denialToJson(cause) }
      const chain = links.length > 1 ? { chain: links.map(describeDelegation) } : {}
      shell.output.result({ valid: standing === 'valid', standing, ...description, ...chain, ...why }, () => [
        shell.output.tint(standing === 'valid' ? 'good' : 'bad', standing.toUpperCase()),
        ...(cause === undefined ? [] : explainDenial(cause).split('\n').map(printable)),
        ...(links.length > 1 ? links.flatMap(linkLines) : descriptionLines(description)),
        ...(description.subject === links[0]?.issuer ? [] : [NOT_WHOLE]),
      ])
    })
}

const NOT_WHOLE = 'It does not begin at the owner: what it is worth depends on the links above it.'

/** One of several; numbered from 0, as denials name the links. */
function linkLines(link: VerifiedLink, index: number): string[] {
  return descriptionLines(describeDelegation(link)).map((line, at) => (at === 0 ? `${index}. ${line}` : `   ${line}`))
}

const IMPORT_HELP = `
Examples:
  $ talos capabilities import git.taloscap --agent my-agent
  $ talos capabilities import call.talosok                          an approval of a call of this agent

An approval is handed to the process that made the call (talos mcp connect), which must still run; the call goes through
when it is made again.`

export function addImport(capabilities: Command, shell: Shell): void {
  capabilities
    .command('import')
    .argument('<file>', 'a signed capability, as grant --out writes it, or an approval, as approve --out writes it')
    .description('take a capability or an approval that came as a file')
    .addHelpText('after', IMPORT_HELP)
    .action(async (file: string, _options: object, command: Command) => {
      const context = new Context(shell, command)
      const bytes = readUserFile(file, DELEGATION_MAX_BYTES)
      if (isApproval(bytes)) return await importApproval(context, { bytes, shell })
      const described = describeDelegation(openDelegation(bytes, { kernel: loadKernel() }))
      const request = { method: 'import', bytes: toBase64url(bytes) } as const
      const { cid } = await ask(context, request, 'imported')
      shell.output.result({ cid, from: described.issuer, command: described.display }, () =>
        fields([
          ['capability', cid],
          ['from', described.issuer],
          ['command', printable(described.display)],
        ]),
      )
    })
}

/** Whatever is no approval is read, and refused, as a capability. */
function isApproval(bytes: Uint8Array): boolean {
  try {
    openApproval(bytes, { kernel: loadKernel() })
    return true
  } catch (error) {
    if (isTalosError(error)) return false
    throw error
  }
}

async function importApproval(
  context: Context,
  { bytes, shell }: { readonly bytes: Uint8Array; readonly shell: Shell },
): Promise<void> {
  const { issuer, expiresS, note } = openApproval(bytes, { kernel: loadKernel() })
  const { digest } = await askRunning(context, { method: 'takeApproval', bytes: toBase64url(bytes) }, 'approvalTaken')
  shell.output.result({ call: digest, from: issuer, expiresS, note: note ?? null }, () => [
    ...fields([
      ['approved', digest],
      ['by', issuer],
      ['until', showTime(expiresS * 1000)],
      ...(note === undefined ? [] : [['note', printable(note)] as const]),
    ]),
    'Make the call again: the approval goes along.',
  ])
}

function chainStanding(
  proofs: readonly Uint8Array[],
  how: Pick<Parameters<typeof verifyChain>[0], 'nowS' | 'audience'>,
) {
  const verdict = verifyChain({ ...how, proofs, kernel: loadKernel(), revocations: NO_REVOCATIONS })
  if (verdict.outcome === 'valid') return { standing: 'valid', cause: undefined }
  return { standing: 'invalid', cause: verdict.cause }
}

/** One link alone says nothing about what its chain is worth. */
function timeOf({ notBeforeS, expiresS }: ReturnType<typeof openDelegation>, nowS: number): string {
  if (notBeforeS > nowS) return 'not yet valid'
  return expiresS !== null && expiresS < nowS ? 'expired' : 'valid'
}
