/** `talos capabilities approve` and `approvals`: an approver's word for one exact call, and the calls that wait for one. */
import { fromBase64url, toBase64url } from '@talos/bytes'
import { displayCommand } from '@talos/capability'
import { type ApprovalRequest, readApprovalRequest } from '@talos/client'
import { type ControlResponseWaitingCall, type Hex32, parseHex32 } from '@talos/contracts'
import { loadKernel } from '@talos/kernel'
import type { Command } from 'commander'
import { Context, type Shell } from '../../context.ts'
import { ask, askRunning } from '../../control/ask.ts'
import { readUserFile, requireAbsent, writeNewFile } from '../../files.ts'
import { fields, printable } from '../../output.ts'
import { invalid, parseDuration, parseRemark } from '../../values.ts'

/** What fits into a control request. */
const REQUEST_MAX_BYTES = 65_536
const MAX_LIFETIME_S = 3_600

const APPROVE_HELP = `
Examples:
  $ talos capabilities approve call.talosask                       show the call, and sign nothing
  $ talos capabilities approve call.talosask --yes --out call.talosok
  $ talos capabilities approve 9f2c…64 hex digits --yes            a call that arrived over a session
  $ talos capabilities approve call.talosask --yes --note "ticket 4711" --for 5m --out call.talosok

What is shown is the whole call: its exact arguments, its caller, its executor. What is signed allows that call once. A call
that arrived over a session is answered there; otherwise give the file back to the caller, who runs: talos capabilities
import call.talosok`

const APPROVALS_HELP = `
Examples:
  $ talos capabilities approvals                                    what waits, asked of this agent and needed by it
  $ talos capabilities approvals 9f2c…64 hex digits --out call.talosask    write a request, to hand it to an approver
  $ talos capabilities approvals 9f2c…64 hex digits --decline       forget a call that this agent was asked about

What waits is known to the running process alone (talos mcp connect, mcp serve, listen).`

interface ApproveOptions {
  readonly yes?: boolean
  readonly note?: string
  readonly for?: string
  readonly out?: string
}

interface ApprovalsOptions {
  readonly out?: string
  readonly decline?: boolean
}

export function addApprove(capabilities: Command, shell: Shell): void {
  capabilities
    .command('approve')
    .argument('<file-or-digest>', 'the request of a referred call, or the digest of one that arrived over a session')
    .description('approve one exact call that needs an approval of this agent')
    .option('--yes', 'sign; without this, only show the call')
    .option('--note <text>', 'for people; caller and executor can read it')
    .option('--for <duration>', 'how long the approval can be used, at most 1h (default: 10m)')
    .option('--out <file>', 'write the approval to a new file')
    .addHelpText('after', APPROVE_HELP)
    .action(async (name: string, options: ApproveOptions, command: Command) => {
      const context = new Context(shell, command)
      const choice = choiceOf(options)
      const { yes: isDone = false, out } = options
      if (out !== undefined) requireAbsent(out)
      const digest = digestOf(name)
      const bytes = digest === undefined ? readUserFile(name, REQUEST_MAX_BYTES) : await requestOf(context, digest)
      const request = readApprovalRequest(bytes, loadKernel())
      const approval = isDone ? await approve(context, { bytes, digest, choice }) : undefined
      if (approval !== undefined && out !== undefined) writeNewFile(out, approval)
      const signed = approval === undefined ? null : toBase64url(approval)
      shell.output.result({ ...requestJson(request), approval: signed, file: out ?? null }, () => [
        ...requestLines(request),
        signedLine({ signed, out, wasAsked: digest !== undefined }),
      ])
    })
}

export function addApprovals(capabilities: Command, shell: Shell): void {
  capabilities
    .command('approvals')
    .argument('[digest]', 'one of them, to be shown in full')
    .description('list the calls that wait for approvals')
    .option('--out <file>', 'write the request of the call to a new file, to hand it over')
    .option('--decline', 'forget a call that this agent was asked about; nobody is told')
    .addHelpText('after', APPROVALS_HELP)
    .action(async (text: string | undefined, options: ApprovalsOptions, command: Command) => {
      const context = new Context(shell, command)
      const { out, decline = false } = options
      if (text !== undefined) return await oneOf(context, { text, options, shell })
      if (out !== undefined || decline)
        throw invalid(out === undefined ? '--decline' : '--out', 'name the call by its digest')
      const { asked, needed } = await askRunning(context, { method: 'approvals' }, 'approvals')
      shell.output.result({ asked: asked.map(waitingJson), needed: needed.map(waitingJson) }, () => [
        ...(asked.length + needed.length === 0 ? ['none'] : []),
        ...asked.flatMap((call) => waitingLines(call, { title: 'asked of this agent', peers: 'asked by' })),
        ...needed.flatMap((call) => waitingLines(call, { title: 'needed by this agent', peers: 'may approve' })),
      ])
    })
}

async function oneOf(
  context: Context,
  about: { readonly text: string; readonly options: ApprovalsOptions; readonly shell: Shell },
): Promise<void> {
  const { text, options, shell } = about
  const { out, decline = false } = options
  const digest = digestOf(text)
  if (digest === undefined) throw invalid('DIGEST', 'it is not 64 lower-case hex digits')
  if (out !== undefined) requireAbsent(out)
  const bytes = await requestOf(context, digest)
  const request = readApprovalRequest(bytes, loadKernel())
  if (decline) await askRunning(context, { method: 'declineAsked', digest }, 'declined')
  if (out !== undefined) writeNewFile(out, bytes)
  shell.output.result({ ...requestJson(request), file: out ?? null, declined: decline }, () => [
    ...requestLines(request),
    ...(out === undefined
      ? []
      : [
          `Hand over ${printable(out)}; an approver runs: talos capabilities approve ${printable(out)} --yes --out FILE`,
        ]),
    ...(decline ? ['Forgotten. Nobody was told.'] : []),
  ])
}

async function approve(
  context: Context,
  about: { readonly bytes: Uint8Array; readonly digest: Hex32 | undefined; readonly choice: Choice },
): Promise<Uint8Array> {
  const { bytes, digest, choice } = about
  const answer =
    digest === undefined
      ? await ask(context, { method: 'approve', request: toBase64url(bytes), ...choice }, 'approved')
      : await askRunning(context, { method: 'approveAsked', digest, ...choice }, 'approved')
  return fromBase64url(answer.bytes)
}

function signedLine(about: {
  readonly signed: string | null
  readonly out: string | undefined
  readonly wasAsked: boolean
}): string {
  const { signed, out, wasAsked } = about
  if (signed === null) return 'Nothing was signed: add --yes.'
  if (out !== undefined)
    return `Signed: ${printable(out)}; the caller runs: talos capabilities import ${printable(out)}`
  return wasAsked ? 'Signed. Who asked has it if connected; if not, the next attempt of the call asks again.' : signed
}

async function requestOf(context: Context, digest: Hex32): Promise<Uint8Array> {
  const { request } = await askRunning(context, { method: 'approvalRequest', digest }, 'approvalRequest')
  return fromBase64url(request)
}

interface Choice {
  readonly note?: string
  readonly expiresInS?: number
}

/** @throws TalosError `CLI_OPTION_INVALID` */
function choiceOf({ note, for: lifetime }: ApproveOptions): Choice {
  const expiresInS = lifetime === undefined ? undefined : parseDuration(lifetime, '--for')
  if (expiresInS !== undefined && expiresInS > MAX_LIFETIME_S) throw invalid('--for', 'it is longer than an hour')
  return {
    ...(note !== undefined && { note: parseRemark(note, '--note') }),
    ...(expiresInS !== undefined && { expiresInS }),
  }
}

/** Undefined for what is no digest: a file's name. */
function digestOf(text: string): Hex32 | undefined {
  try {
    return parseHex32(text)
  } catch {
    return undefined
  }
}

function requestJson({ digest, caller, executor, display, argumentsJson, justification }: ApprovalRequest) {
  return { digest, caller, executor, command: display, arguments: argumentsJson, justification: justification ?? null }
}

function requestLines({ digest, caller, executor, display, argumentsJson, justification }: ApprovalRequest): string[] {
  return fields([
    ['call', digest],
    ['by', caller],
    ['at', executor],
    ['command', printable(display)],
    ['arguments', printable(argumentsJson)],
    ['its reason', justification === undefined ? 'none given' : printable(justification)],
  ])
}

function waitingJson({ command, ...call }: ControlResponseWaitingCall): object {
  return { ...call, command: displayCommand(command) }
}

function waitingLines(
  { digest, caller, executor, command, peers }: ControlResponseWaitingCall,
  words: { readonly title: string; readonly peers: string },
): string[] {
  return [
    `${words.title}  ${printable(displayCommand(command))}`,
    ...fields([
      ['call', digest],
      ['by', caller],
      ['at', executor],
      [words.peers, peers.length === 0 ? 'nobody is named' : peers.join(', ')],
    ]).map((line) => `  ${line}`),
  ]
}
