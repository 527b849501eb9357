/** `talos audit follow`: somebody's log, followed in constant space; what is taken back or contradicted is refused. */
import { setTimeout as sleep } from 'node:timers/promises'
import { LightClient, LightConflict, type LightEvidence, type LightUpdate, parseWitnessPolicy } from '@talos/audit'
import { toHex } from '@talos/bytes'
import { isTalosError, TalosError } from '@talos/errors'
import { type Kernel, loadKernel, systemClock } from '@talos/kernel'
import type { Command } from 'commander'
import type { Shell } from '../../context.ts'
import { EXIT_INCOMPLETE, EXIT_OK } from '../../exit-codes.ts'
import { readUserFile, replaceUserFile, writeNewFile } from '../../files.ts'
import { fields, type Output, reportOf } from '../../output.ts'
import { untilStopped } from '../../owner.ts'
import { parseDuration, parseName, shorten, showTime } from '../../values.ts'
import { openSource } from './source.ts'

const STATE_MAX_BYTES = 4_096
const POLICY_MAX_BYTES = 262_144
const DEFAULT_EVERY = '10s'
/** What a source that is away says; another time it may be there. */
const UNANSWERED = ['LOG_FETCH_FAILED', 'LOG_NOT_FOUND', 'LOG_NOT_PUBLISHED'] as const
/** Of news that are many, so many are told in words. */
const MAX_TOLD = 20

const HELP = `
Examples:
  $ talos audit follow http://127.0.0.1:8620 --did did:talos:Qm… --state box.json
  $ talos audit follow http://127.0.0.1:8620 --state box.json --watch --every 1m
  $ talos audit follow ~/.talos/agents/box --state box.json --policy witnesses.txt --json

Asks a log service (talos audit serve), or the folder of an agent, for what is new: verifies the signatures, that the log
extends the tree that was known, that the key log and the list of revocations only grew, and with --policy (C2SP tlog-policy)
that enough witnesses cosigned. What is known lies in the state file, less than 4 KiB for ever; without --state nothing is
remembered, and without --did the first answer decides whom you follow.

Where the agent signed two things that exclude each other, the evidence goes to --evidence, else next to the state file:
talos audit witness check verifies it, for anybody, with nothing else.

Exit codes: 0 followed. 1 refused: entries, keys or revocations were taken back, or there are two histories, or something
does not verify; the state stays as it was. 2 no answer, or files that cannot be used. 3 incomplete: everything holds, but the
policy asks for more cosignatures. With --watch it goes on until Ctrl-C (exit code 0) or a refusal, and a source that does
not answer is asked again.`

interface FollowOptions {
  readonly state?: string
  readonly policy?: string
  readonly did?: string
  readonly evidence?: string
  readonly tokenFile?: string
  readonly watch?: boolean
  readonly every: string
}

export function addFollow(audit: Command, shell: Shell): void {
  audit
    .command('follow')
    .argument('<place>', "the address of a log service, or an agent's folder")
    .description("follow an agent's log, keys and revocations, and refuse what contradicts what was known")
    .option('--state <file>', 'what is known; made by the first run')
    .option('--did <did>', 'whose log it has to be: a did:talos, or any key of the agent')
    .option('--policy <file>', 'witnesses whose cosignatures a checkpoint needs')
    .option('--evidence <file>', 'where evidence of two histories goes (default: STATE.evidence.json)')
    .option('--token-file <file>', 'a file with the token that the service asks for')
    .option('--watch', 'go on until Ctrl-C')
    .option('--every <interval>', 'how often --watch asks', DEFAULT_EVERY)
    .addHelpText('after', HELP)
    .action(async (place: string, options: FollowOptions) => {
      const ended = new AbortController()
      void untilStopped().then(() => ended.abort())
      const everyMs = parseDuration(options.every, '--every') * 1000
      const kernel = loadKernel()
      using opened = openSource(place, { ...options, signal: ended.signal })
      const client = new LightClient({ source: opened.source, kernel, clock: systemClock, ...knownOf(options, kernel) })
      const { output } = shell
      for (let isFirst = true; !ended.signal.aborted; isFirst = false) {
        await step(client, { output, options, shell, isFirst })
        if (options.watch !== true) return
        await sleep(everyMs, undefined, ended).catch(() => undefined)
      }
      shell.exitCode = EXIT_OK
    })
}

/** @throws TalosError `CLI_FILE_UNREADABLE`, `CLI_FILE_TOO_LARGE`, `CLI_OPTION_INVALID`, `WITNESS_POLICY_INVALID` */
function knownOf({ state, policy, did }: FollowOptions, kernel: Kernel) {
  const text = state === undefined ? undefined : readState(state)
  const rules = policy === undefined ? undefined : readUserFile(policy, POLICY_MAX_BYTES).toString('utf8')
  return {
    ...(text !== undefined && { state: text }),
    ...(rules !== undefined && { policy: parseWitnessPolicy(rules, { kernel }) }),
    ...(did !== undefined && { did: parseName(did, '--did') }),
  }
}

/** A file that is not there yet is made. */
function readState(path: string): string | undefined {
  try {
    return readUserFile(path, STATE_MAX_BYTES).toString('utf8').trimEnd()
  } catch (error) {
    if (isTalosError(error, 'CLI_FILE_UNREADABLE') && error.details['reason'] === 'ENOENT') return undefined
    throw error
  }
}

interface StepOptions {
  /** What is known is told even when nothing is new. */
  readonly isFirst: boolean
  readonly output: Output
  readonly options: FollowOptions
  readonly shell: Shell
}

/** One question, and what it told. */
async function step(client: LightClient, { output, options, shell, isFirst }: StepOptions): Promise<void> {
  try {
    const update = await client.update()
    const { state } = client
    if (options.state !== undefined && state !== undefined) replaceUserFile(options.state, `${state}\n`)
    shell.exitCode = update.verdict === 'followed' ? EXIT_OK : EXIT_INCOMPLETE
    if (isFirst || isNews(update)) tell(output, { client, update })
  } catch (error) {
    if (error instanceof LightConflict && error.evidence !== undefined)
      keepEvidence(error.evidence, { output, options })
    if (options.watch !== true || !isUnanswered(error)) throw error
    output.error(reportOf(error))
  }
}

/** It may answer the next time. */
function isUnanswered(error: unknown): boolean {
  return UNANSWERED.some((code) => isTalosError(error, code))
}

function isNews({ before, offered, keyEvents, revocations }: LightUpdate): boolean {
  return before !== offered.size || keyEvents.length > 0 || revocations.length > 0
}

function tell(
  output: Output,
  { client, update }: { readonly client: LightClient; readonly update: LightUpdate },
): void {
  const { verdict, before, offered, keyEvents, revocations } = update
  const { origin, size, cosignatures } = offered
  const root = toHex(offered.root)
  const { followed } = client
  const facts = {
    verdict,
    identity: followed?.identity ?? null,
    origin,
    before: before ?? null,
    size,
    root,
    cosignatures: cosignatures.length,
    keyEvents: keyEvents.map(({ number, versionId, versionTimeMs }) => ({ number, versionId, atMs: versionTimeMs })),
    revocations: revocations.map(({ cid, revoke, who, atS }) => ({
      cid: cid.toString(),
      ...(revoke !== undefined && { revoke: revoke.toString() }),
      ...(who !== undefined && { who }),
      atS,
    })),
    revocationsAtS: followed?.revocations?.atS ?? null,
  }
  output.result(facts, () => [
    verdict === 'followed'
      ? output.tint('good', before === size ? 'UNCHANGED' : 'FOLLOWED')
      : output.tint('warn', 'INCOMPLETE (the policy asks for more cosignatures)'),
    ...fields([
      ...(followed === undefined ? [] : [['agent', followed.identity] as const]),
      ['log', origin],
      ['entries', before === undefined ? `${size}, from now on` : `${before} before, ${size} now`],
      ['root', root],
    ]),
    ...told(keyEvents, ({ number, versionTimeMs }) => `key log entry ${number} of ${showTime(versionTimeMs)}`),
    ...told(revocations, ({ revoke, who, atS }) => {
      const what = who === undefined ? `capability ${shorten(String(revoke))}` : `everything given to ${shorten(who)}`
      return `revoked at ${showTime(atS * 1000)}: ${what}`
    }),
  ])
}

/** The newest of them in words. */
function told<T>(news: readonly T[], lineOf: (one: T) => string): string[] {
  const more = news.length - MAX_TOLD
  return [...(more > 0 ? [`… and ${more} before these`] : []), ...news.slice(-MAX_TOLD).map(lineOf)]
}

/** Where it is said, next to the state, else on standard output. What is there already is the evidence of an earlier run. */
function keepEvidence(
  evidence: LightEvidence,
  { output, options }: { readonly output: Output; readonly options: FollowOptions },
): void {
  const text = `${evidence.text}\n`
  const path = options.evidence ?? (options.state === undefined ? undefined : `${options.state}.evidence.json`)
  try {
    if (path === undefined) output.raw(text)
    else {
      writeNewFile(path, text)
      output.note(`the evidence is in ${path}; talos audit witness check ${path} verifies it`)
    }
  } catch (error) {
    if (!(error instanceof TalosError)) throw error
    output.error(error)
    output.raw(text)
  }
}
