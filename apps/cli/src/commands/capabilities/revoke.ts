/** `talos capabilities revoke` and `revoke-all`: taking back what this agent gave. */
import { type Hex32, parseHex32 } from '@talos/contracts'
import type { Command } from 'commander'
import { Context, type Shell } from '../../context.ts'
import { ask } from '../../control/ask.ts'
import { agentKey } from '../../naming.ts'
import { reading } from '../../reading.ts'
import { invalid, parseCidOption, parseRemark } from '../../values.ts'

interface ChoiceOptions {
  readonly reason?: string
  readonly evidence?: string
}

const REVOKE_HELP = `
Examples:
  $ talos capabilities revoke bafyrei… --reason "contract ended"
  $ talos capabilities revoke bafyrei… --evidence "$(sha256sum report.pdf | cut -d' ' -f1)"

It counts from the next call on, here and for everything that was passed on below it; connected agents are told at once.`

const REVOKE_ALL_HELP = `
Example:
  $ talos capabilities revoke-all did:key:z6Mk… --reason "key lost" --yes

Everything that this agent gave to the other one until now, and what was passed on from there. What is granted afterwards
is not meant.`

export function addRevoke(capabilities: Command, shell: Shell): void {
  addChoice(capabilities.command('revoke').argument('<cid>', 'the capability, as list shows it'))
    .description('take a capability back; counts from the next call on')
    .addHelpText('after', REVOKE_HELP)
    .action(async (text: string, options: ChoiceOptions, command: Command) => {
      const cid = parseCidOption(text, 'CID')
      await ask(new Context(shell, command), { method: 'revoke', cid, ...choiceOf(options) }, 'revoked')
      shell.output.result({ cid, revoked: true }, () => [`revoked  ${cid}`])
    })
}

export function addRevokeAll(capabilities: Command, shell: Shell): void {
  addChoice(capabilities.command('revoke-all').argument('<did>', 'the agent that loses everything it was given'))
    .description('take back everything that this agent gave to another one')
    .option('--yes', 'do it; without this, only tell what it would take back')
    .addHelpText('after', REVOKE_ALL_HELP)
    .action(async (text: string, options: ChoiceOptions & { readonly yes?: boolean }, command: Command) => {
      const context = new Context(shell, command)
      const who = agentKey(context, text, 'DID')
      const choice = choiceOf(options)
      const standing = await reading(context, (reader) => {
        const { identities } = reader
        return reader
          .capabilities('issued')
          .filter((one) => one.standing === 'valid' && identities.isSame(one.peer, who))
      })
      const cids = standing.map(({ chain }) => chain.at(-1)?.description.cid ?? '')
      const isDone = options.yes === true
      if (isDone) await ask(context, { method: 'revokeAll', who, ...choice }, 'revoked')
      shell.output.result({ who, revoked: isDone, capabilities: cids }, () => [
        ...cids.map((cid) => `${isDone ? 'revoked' : 'would revoke'}  ${cid}`),
        isDone
          ? `Everything that was given to ${who} is taken back.`
          : `${cids.length} would be taken back. Nothing was done: add --yes.`,
      ])
    })
}

function addChoice(command: Command): Command {
  return command
    .option('--reason <text>', 'for people; whoever follows the list of revocations can read it')
    .option('--evidence <sha256>', 'hash of what shows the reason, 64 hex digits')
}

/** @throws TalosError `CLI_OPTION_INVALID` */
function choiceOf({ reason, evidence }: ChoiceOptions): { readonly reason?: string; readonly evidence?: Hex32 } {
  return {
    ...(reason !== undefined && { reason: parseRemark(reason, '--reason') }),
    ...(evidence !== undefined && { evidence: evidenceOf(evidence) }),
  }
}

function evidenceOf(text: string): Hex32 {
  try {
    return parseHex32(text)
  } catch {
    throw invalid('--evidence', 'it is not 64 lower-case hex digits')
  }
}
