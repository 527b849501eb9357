/** `talos identity rotate` and `deactivate`. The agent must not run meanwhile. */
import { type ChangedIdentity, TalosClient } from '@talos/client'
import type { Did } from '@talos/contracts'
import type { Command } from 'commander'
import { confirm } from '../../confirm.ts'
import { Context, type Shell } from '../../context.ts'
import { fields, type Output } from '../../output.ts'
import { parseMoment } from '../../values.ts'

const ROTATE_EXAMPLES = `
The agent gets another key and keeps its durable name. Sessions begin anew, capabilities given and received go on, proofs
of before still verify. Leases go on to the end of their term, and are given anew for more (--reissue). Peers that can be
dialled are told at once, the others when they meet the agent.

With --emergency somebody else may have the key: what it signed from --since on is not the agent's, and what it had given is
refused until it is given anew (--reissue does so). Make a new backup afterwards: older ones recover nothing any more.

Examples:
  $ talos identity rotate
  $ talos identity rotate --emergency --since 2h --reissue --yes`

const DEACTIVATE_EXAMPLES = `
Nothing that names this agent is accepted any more, by anybody who has heard of it. The folder and the audit log stay.

Example:
  $ talos identity deactivate --yes`

interface RotateOptions {
  readonly emergency?: boolean
  readonly since?: string
  readonly reissue?: boolean
  readonly yes?: boolean
  readonly tell: boolean
}

export function addRotate(identity: Command, shell: Shell): void {
  identity
    .command('rotate')
    .description("replace the agent's key")
    .option('--emergency', 'the key is compromised')
    .option('--since <time>', 'from when on it is, as 2h (ago) or 2031-05-01T12:00:00Z (default: now)')
    .option('--reissue', 'give anew leases, and what a compromised key had given')
    .option('--no-tell', 'do not dial peers')
    .option('--yes', 'do not ask')
    .addHelpText('after', ROTATE_EXAMPLES)
    .action(async (options: RotateOptions, command: Command) => {
      const context = new Context(shell, command)
      const { output } = shell
      const isEmergency = options.emergency === true
      const since =
        options.since === undefined ? undefined : parseMoment(options.since, { option: '--since', nowMs: Date.now() })
      if (isEmergency) {
        const warning = 'Everything that the present key signs from now on counts as forged.'
        await confirm({ yes: options.yes, command: 'talos identity rotate --emergency', warning })
      }
      const opening = await openingOf(context)
      if (output.isLive) output.note('Making and sealing another key …')
      const changed = await TalosClient.rotateIdentity(context.agentName, {
        ...opening,
        reason: isEmergency ? 'compromised' : 'scheduled',
        ...(since !== undefined && { compromisedFromMs: since }),
      })
      const after = await afterwards(context, opening, { ...options, changed })
      output.result({ ...changed, ...after }, () => [
        ...fields([
          ['id', changed.id],
          ['did', changed.did],
          ['before', `${changed.before} (${isEmergency ? 'compromised' : 'rotated'})`],
          ['version', String(changed.version)],
          ['told', `${after.told.length} of ${after.told.length + after.missing.length} peers`],
        ]),
        ...reissueLines({ ...changed, isEmergency }, after.reissued, output),
        ...(isEmergency ? [output.tint('warn', 'Make a new backup now: talos identity backup FILE')] : []),
      ])
    })
}

export function addDeactivate(identity: Command, shell: Shell): void {
  identity
    .command('deactivate')
    .description("end the agent's identity for good")
    .option('--no-tell', 'do not dial peers')
    .option('--yes', 'do not ask')
    .addHelpText('after', DEACTIVATE_EXAMPLES)
    .action(async (options: { readonly yes?: boolean; readonly tell: boolean }, command: Command) => {
      const context = new Context(shell, command)
      const warning = `The agent ${context.agentName} ends for good: no key of it counts any more.`
      await confirm({ yes: options.yes, command: 'talos identity deactivate', warning })
      const opening = await openingOf(context)
      const changed = await TalosClient.deactivateIdentity(context.agentName, opening)
      const { told, missing } = await afterwards(context, opening, { ...options, changed })
      shell.output.result(
        { id: changed.id, did: changed.did, version: changed.version, deactivated: true, told, missing },
        () => [`${changed.id} is deactivated; ${told.length} of ${told.length + missing.length} peers know it`],
      )
    })
}

interface Opening {
  readonly home: string
  readonly passphrase: string
}

async function openingOf(context: Context): Promise<Opening> {
  return { home: context.home.root, passphrase: await context.passphrase({ name: context.agentName }) }
}

interface Afterwards {
  readonly told: readonly Did[]
  readonly missing: readonly Did[]
  readonly reissued: readonly { readonly cid: string; readonly peer: Did }[]
}

/** Grants given anew come first: peers that are dialled afterwards can be sent them. */
async function afterwards(
  context: Context,
  opening: Opening,
  options: { readonly tell: boolean; readonly reissue?: boolean; readonly changed: ChangedIdentity },
): Promise<Afterwards> {
  const wants = options.tell || options.reissue === true
  if (!wants) return { told: [], missing: [], reissued: [] }
  await using client = await TalosClient.open(context.agentName, opening)
  const reissued = options.reissue === true ? await client.reissueCapabilities() : []
  if (context.output.isLive && options.tell) context.output.note('Telling peers …')
  const { told, missing } = options.tell ? await client.tellPeers() : { told: [], missing: [] }
  const reached = reissued.filter(({ peer }) => told.includes(peer))
  // Who is not reached is given it by hand, or when both meet again.
  await Promise.allSettled(reached.map(async ({ peer, cid }) => await client.sendCapability(peer, cid)))
  return { told, missing, reissued: reissued.map(({ cid, peer }) => ({ cid, peer })) }
}

function reissueLines(
  changed: ChangedIdentity & { readonly isEmergency: boolean },
  reissued: Afterwards['reissued'],
  output: Output,
): string[] {
  if (reissued.length > 0) return [`${reissued.length} capabilities were given anew`]
  if (changed.toReissue.length === 0) return []
  const what = changed.isEmergency ? 'capabilities are refused' : 'leases are renewed no more'
  return [
    output.tint('warn', `${changed.toReissue.length} ${what} until they are given anew (--reissue):`),
    ...changed.toReissue.map((cid) => `  ${cid}`),
  ]
}
