/** `talos capabilities approve`: an approver's word for one exact call that was referred to it. */
import { fromBase64url, toBase64url } from '@talos/bytes'
import { readApprovalRequest } from '@talos/client'
import { loadKernel } from '@talos/kernel'
import type { Command } from 'commander'
import { Context, type Shell } from '../../context.ts'
import { ask } from '../../control/ask.ts'
import { readUserFile, requireAbsent, writeNewFile } from '../../files.ts'
import { fields, printable } from '../../output.ts'
import { invalid, parseDuration } from '../../values.ts'

/** What fits into a control request. */
const REQUEST_MAX_BYTES = 65_536
const MAX_NOTE_CHARS = 256
const MAX_LIFETIME_S = 3_600

const HELP = `
Examples:
  $ talos capabilities approve call.talosask                       show the call, and sign nothing
  $ talos capabilities approve call.talosask --yes --out call.talosok
  $ talos capabilities approve call.talosask --yes --note "ticket 4711" --for 5m --out call.talosok

The file is the request of a call that was referred (its exact arguments, its caller, its executor). What is signed allows
that call once. Give the approval back to the caller.`

interface ApproveOptions {
  readonly yes?: boolean
  readonly note?: string
  readonly for?: string
  readonly out?: string
}

export function addApprove(capabilities: Command, shell: Shell): void {
  capabilities
    .command('approve')
    .argument('<file>', 'the request of a referred call')
    .description('approve one exact call that needs an approval of this agent')
    .option('--yes', 'sign; without this, only show the call')
    .option('--note <text>', 'for people; caller and executor can read it')
    .option('--for <duration>', 'how long the approval can be used, at most 1h (default: 10m)')
    .option('--out <file>', 'write the approval to a new file')
    .addHelpText('after', HELP)
    .action(async (file: string, options: ApproveOptions, command: Command) => {
      const bytes = readUserFile(file, REQUEST_MAX_BYTES)
      const { digest, caller, executor, display, argumentsJson, justification } = readApprovalRequest(
        bytes,
        loadKernel(),
      )
      const { note, out, yes: isDone = false } = options
      if (note !== undefined && (note === '' || note.length > MAX_NOTE_CHARS)) {
        throw invalid('--note', `it does not have 1 to ${MAX_NOTE_CHARS} characters`)
      }
      if (out !== undefined) requireAbsent(out)
      const approval = isDone ? await approve(new Context(shell, command), { bytes, options }) : undefined
      if (approval !== undefined && out !== undefined) writeNewFile(out, approval)
      const call = { digest, caller, executor, command: display, arguments: argumentsJson }
      const signed = approval === undefined ? null : toBase64url(approval)
      shell.output.result(
        { ...call, justification: justification ?? null, approval: signed, file: out ?? null },
        () => [
          ...fields([
            ['call', digest],
            ['by', caller],
            ['at', executor],
            ['command', printable(display)],
            ['arguments', printable(argumentsJson)],
            ['its reason', justification === undefined ? 'none given' : printable(justification)],
          ]),
          ...(signed === null
            ? ['Nothing was signed: add --yes.']
            : [out === undefined ? signed : `approved: ${printable(out)}`]),
        ],
      )
    })
}

async function approve(
  context: Context,
  { bytes, options }: { readonly bytes: Uint8Array; readonly options: ApproveOptions },
): Promise<Uint8Array> {
  const { note } = options
  const expiresInS = options.for === undefined ? undefined : parseDuration(options.for, '--for')
  if (expiresInS !== undefined && expiresInS > MAX_LIFETIME_S) throw invalid('--for', 'it is longer than an hour')
  const request = {
    method: 'approve',
    request: toBase64url(bytes),
    ...(note !== undefined && { note }),
    ...(expiresInS !== undefined && { expiresInS }),
  } as const
  const answer = await ask(context, request, 'approved')
  return fromBase64url(answer.bytes)
}
