/**
 * Why a call would be allowed or refused, without making it (spec 08-invocation 8.10): the same decision as the executor's, with
 * nothing recorded, charged or sent.
 *
 * Of one's own tools everything is known. Of another executor's tools only the capability is: what the tool asks for, its
 * policy, its environment and what is left of limits are that executor's.
 */

import { type IpldValue, type JsonValue, toHex, utf8 } from '@talos/bytes'
import {
  Authorizer,
  accountsOf,
  argumentsFromJson,
  type CallTerms,
  type DelegationDescription,
  type DenialCause,
  describeDelegation,
  type ExecutorPolicy,
  type Freshness,
  type IdentityView,
  type Metering,
  type MissingApprovals,
  mcpToolCommand,
  mcpToolOf,
  openDelegation,
  type ProofLevel,
  type Remaining,
  type Replays,
  type RevocationView,
  toolRequirements,
  type Verdict,
  type VerifiedLink,
  writeCall,
} from '@talos/capability'
import type { Did } from '@talos/contracts'
import type { Kernel } from '@talos/kernel'
import { type TalosSettings, termsOfServer, termsOfTool } from '@talos/mcp'
import type { Clock, Random } from '@talos/ports'
import type { AgentDatabase, StoredGrant } from '@talos/storage'
import { Chains } from './chains.ts'
import { LEEWAY_S } from './execution/judge.ts'
import { nowS } from './options.ts'
import { resolveRealPath } from './resolve-path.ts'

const NONCE_BYTES = 12

export interface ExplainRequest {
  /** Who calls; this agent where absent. */
  readonly holder?: Did
  /** Who executes; this agent where absent. */
  readonly executor?: Did
  readonly server: string
  readonly tool: string
  readonly arguments?: { readonly [name: string]: JsonValue }
  readonly justification?: string
  readonly approvals?: readonly Uint8Array[]
  /** The delegations to judge by, root first; those that are known here where absent. */
  readonly chain?: readonly Uint8Array[]
  /** How the call would be proven; by a signature where absent. */
  readonly proof?: ProofLevel
  /** What this agent's configuration asks of calls. */
  readonly settings?: TalosSettings
  /** The policy that the settings name. */
  readonly policy?: ExecutorPolicy
}

export interface CallExplanation {
  readonly outcome: 'allow' | 'deny' | 'refer'
  readonly command: string
  /** The chain that was judged, root first; empty where there is none. */
  readonly chain: readonly DelegationDescription[]
  /** Why not: `explainDenial` and `denialToJson` print it. */
  readonly cause: DenialCause | undefined
  /** How far the knowledge of revocations reaches; undefined for a refusal. */
  readonly revocation: Freshness | undefined
  /** With `refer`: what is to be approved, 64 hex digits, and by whom. */
  readonly digest: string | undefined
  readonly missing: readonly MissingApprovals[]
  /** What was taken for granted, because another executor alone knows it: facts of its environment, and room in limits. */
  readonly assumed: readonly string[]
  /** What is left of the limits of each link, where this agent is the executor. */
  readonly remaining: readonly { readonly cid: string; readonly limits: readonly Remaining[] }[]
}

/** What an explanation is made from: a running agent, or one that is read. */
export interface ExplainWorld {
  readonly did: Did
  readonly kernel: Kernel
  readonly clock: Clock
  readonly random: Random
  readonly database: Pick<AgentDatabase, 'grants' | 'replay'>
  readonly revocations: RevocationView
  readonly identities: IdentityView
  /** DIDs that this agent had before. */
  readonly former: readonly Did[]
  readonly meter: Metering & {
    remaining(account: ReturnType<typeof accountsOf>[number], nowMs: number): readonly Remaining[]
  }
}

/** @throws TalosError `CAPABILITY_ARGUMENTS_INVALID`, `CAPABILITY_COMMAND_INVALID`, store codes */
export function explainCall(world: ExplainWorld, request: ExplainRequest): CallExplanation {
  const command = mcpToolCommand(request)
  const opened = new Map<string, VerifiedLink>()
  const candidates = request.chain === undefined ? storedChains(world, { request, command, opened }) : [request.chain]
  const args = argumentsFromJson(utf8(JSON.stringify(request.arguments ?? {})))
  const judged = (proofs: readonly Uint8Array[]) => {
    const links = proofs.map((proof) => openDelegation(proof, { kernel: world.kernel }))
    return { links, verdict: explainOne(world, { request, command, args, links }) }
  }
  const [narrowest = [], ...others] = candidates
  const first = judged(narrowest)
  // A caller shows one chain, the narrowest first; where that does not do and another one would, that is worth more to know.
  const isBetter = ({ verdict }: { readonly verdict: Verdict }) => verdict.outcome !== 'deny'
  const best = isBetter(first) ? first : (others.map(judged).find(isBetter) ?? first)
  return describe(world, { ...best, command, isOwn: isOwn(world, request) })
}

/** Whether a chain of this agent would do for a call elsewhere, as far as that can be told from here. */
export function mayAllow(
  world: Omit<ExplainWorld, 'former' | 'meter'>,
  call: {
    readonly executor: Did
    readonly command: string
    readonly args: CallTerms['args']
    readonly links: readonly VerifiedLink[]
  },
): boolean {
  const { executor, ...about } = call
  const meter = { ...UNMETERED, remaining: () => [] }
  const request = { executor, server: '', tool: '' }
  return explainOne({ ...world, former: [], meter }, { ...about, request }).outcome !== 'deny'
}

function explainOne(
  world: ExplainWorld,
  about: {
    readonly request: ExplainRequest
    readonly command: string
    readonly args: CallTerms['args']
    readonly links: readonly VerifiedLink[]
  },
): Verdict {
  const { request, command, args, links } = about
  const { did, kernel, clock, random } = world
  const { holder = did, executor = did, justification, approvals, proof = 'signature' } = request
  const proofs = links.map(({ bytes }) => bytes)
  const { bytes: call } = writeCall({
    issuer: holder,
    audience: executor,
    subject: executor,
    command,
    args,
    proofs: links.map(({ cid }) => cid),
    nonce: random.bytes(NONCE_BYTES),
    issuedAtS: nowS(clock),
    kernel,
    ...(justification !== undefined && { justification }),
  })
  const given = { proof: { level: 'channel', call, holder }, proofs, bytes: call.length, nowMs: clock.nowMs() } as const
  return authorizerFor(world, { request, links }).explain(
    { ...given, ...(approvals !== undefined && { approvals }) },
    { assume: proof },
  )
}

function authorizerFor(
  world: ExplainWorld,
  { request, links }: { readonly request: ExplainRequest; readonly links: readonly VerifiedLink[] },
): Authorizer {
  const { kernel, revocations, identities, former, meter, database, did } = world
  const { executor = did, settings, policy } = request
  const own = isOwn(world, request)
  const terms = settings === undefined ? undefined : termsOfServer(settings, request.server)
  return new Authorizer({
    executor,
    kernel,
    revocations,
    identities,
    replay: lookingOnly(database),
    leewayS: LEEWAY_S,
    meter: own ? meter : UNMETERED,
    ...(own && { formerExecutors: former }),
    ...(own && settings !== undefined && { environment: settings.environment }),
    ...(own && policy !== undefined && { policy }),
    ...(own && terms?.followsLinks !== false && { resolvePath: resolveRealPath }),
    ...(own &&
      terms !== undefined && {
        requirements: (command: string) => termsOfTool(terms, mcpToolOf(command)?.tool ?? ''),
      }),
    ...(!own && { requirements: () => toolRequirements(), environment: environmentFor(links) }),
  })
}

/** An environment in which all links are in force; where two of them exclude each other, one in which they are not. */
function environmentFor(links: readonly VerifiedLink[]): ReadonlyMap<string, string> {
  const choices = new Map<string, readonly string[]>()
  for (const { name, values } of links.flatMap(({ terms }) => terms.when ?? []).flatMap(factsOf)) {
    choices.set(
      name,
      (choices.get(name) ?? values).filter((value) => values.includes(value)),
    )
  }
  return new Map([...choices].flatMap(([name, [first]]) => (first === undefined ? [] : [[name, first] as const])))
}

/** The condition `["env", name, values]`, in the form that was checked when the link was opened (16.9). */
function factsOf(condition: IpldValue): { readonly name: string; readonly values: readonly string[] }[] {
  const [kind, name, values] = condition as readonly IpldValue[]
  return kind === 'env' ? [{ name: name as string, values: values as readonly string[] }] : []
}

function isOwn({ did, identities }: ExplainWorld, { executor = did }: ExplainRequest): boolean {
  return identities.currentOf(executor) === identities.currentOf(did)
}

/** Chains to the holder over what is stored here. */
function storedChains(
  { did, database, clock, identities, kernel }: ExplainWorld,
  about: {
    readonly request: ExplainRequest
    readonly command: string
    readonly opened: Map<string, VerifiedLink>
  },
): readonly (readonly Uint8Array[])[] {
  const { request, command, opened } = about
  const { holder = did, executor = did } = request
  const open = ({ cid, bytes }: StoredGrant): VerifiedLink => {
    const link = opened.get(cid.toString()) ?? openDelegation(bytes, { kernel })
    opened.set(cid.toString(), link)
    return link
  }
  const chains = new Chains({ database, clock, identities, holder, open })
  return chains.to(executor, command).map((links) => links.map(({ bytes }) => bytes))
}

function describe(
  { meter, clock }: ExplainWorld,
  judged: {
    readonly verdict: Verdict
    readonly links: readonly VerifiedLink[]
    readonly command: string
    readonly isOwn: boolean
  },
): CallExplanation {
  const { verdict, links, command } = judged
  const accounts = judged.isOwn ? accountsOf(links) : []
  return {
    outcome: verdict.outcome,
    command,
    chain: links.map(describeDelegation),
    cause: verdict.outcome === 'allow' ? undefined : verdict.cause,
    revocation: verdict.outcome === 'allow' ? verdict.revocation : undefined,
    digest: verdict.outcome === 'refer' ? toHex(verdict.digest) : undefined,
    missing: verdict.outcome === 'refer' ? verdict.missing : [],
    assumed: judged.isOwn ? [] : links.flatMap(assumedOf),
    remaining: accounts.map((account) => ({
      cid: links[account.link]?.name ?? '',
      limits: meter.remaining(account, clock.nowMs()),
    })),
  }
}

/** What only the executor of a link can tell. */
function assumedOf({ when, limits }: VerifiedLink): string[] {
  return [...when.filter(({ kind }) => kind === 'env'), ...limits].map(({ requirement }) => requirement)
}

/** What is left of limits is the executor's to know. */
const UNMETERED: Metering = { charge: () => ({ ticket: undefined }), preview: () => undefined }

/** Nothing is used up by a look; approvals that were used stay used. */
function lookingOnly({ replay }: ExplainWorld['database']): Replays {
  return {
    isOfEarlierEpoch: () => false,
    peek: ({ cid }) => (replay.has(cid) ? 'seen' : 'new'),
    take: () => 'new',
    undo: () => undefined,
  }
}
