/**
 * Vectors of proof bundles of agents that had other keys (contracts/spec 12, clauses 12.4 and 12.8). The key logs are made by
 * the code that the vectors of key logs test; everything else as in the other vectors of proofs.
 */
import { Secret } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { appendEntry, createKeyLog, ed25519Signer, type Signer, type VerifiedKeyLog } from '@talos/identity'
import { portableKernel } from '@talos/kernel'
import { agent, type Token } from './capability-tokens.ts'
import { refusal } from './proof-form.ts'
import { addLater, nameOf, witnessMember } from './proof-full.ts'
import {
  base64url,
  type Changes,
  caller,
  documentOf,
  executor,
  grant,
  logKey,
  logOf,
  type Members,
  NOW,
  originOf,
  type Scene,
  scene,
  stranger,
} from './proof-scene.ts'

const kernel = portableKernel()
/** Seeds of 32 equal bytes; those of `caller`, `executor` and `stranger` are 2, 1 and 66. */
const NEXT_CALLER = 12
const NEXT_EXECUTOR = 11
const NEXT_STRANGER = 76
const DAY_S = 86_400

const nextCaller = agent(NEXT_CALLER)
const nextExecutor = agent(NEXT_EXECUTOR)
const nextStranger = agent(NEXT_STRANGER)

// biome-ignore lint/suspicious/noExplicitAny: negative cases change any member
type Bundle = any

export interface HistoryCases {
  readonly valid: readonly { readonly description: string; readonly made: Scene; readonly agent?: string }[]
  readonly refused: readonly object[]
}

export async function historyCases(): Promise<HistoryCases> {
  const callers = await rotated(2, NEXT_CALLER, { atS: NOW - DAY_S })
  const executors = await rotated(1, NEXT_EXECUTOR, { atS: NOW + DAY_S })
  const strangers = await rotated(66, NEXT_STRANGER, { atS: NOW - DAY_S })
  const after = () =>
    withKeys(scene(byNext()), { history: callers, key: logKey(nextCaller, logOf(caller), named(caller)) })
  const before = () => replacedLater(scene(), executors, logKey(nextExecutor, logOf(executor), named(executor)))
  return {
    valid: [
      {
        description: 'a call by the second key of the caller, whose log has the name of the first',
        made: after(),
        agent: nextCaller.did,
      },
      { description: 'a call before the executor replaced its key, exported after', made: before() },
      {
        description: 'a key in the midst of the delegations that was replaced between two of them',
        made: between(strangers),
      },
      { description: 'a call before the key was compromised', made: await lost(NOW + DAY_S) },
      ...(await witnessed({ executors, strangers })),
      {
        description: 'a key of the caller that was replaced between the call and its beginning',
        made: begunLater(await rotated(2, NEXT_CALLER, { atS: NOW + 100 })),
      },
    ],
    refused: [
      ...badHistories({ callers, strangers, after }),
      ...(await badKeys(after)),
      ...(await knownLater(callers)),
      ...(await badWitnesses(strangers)),
      ...(await stolenMeanwhile(strangers)),
    ],
  }
}

/** The caller asked, and the executor began 500 seconds later. */
function begunLater(history: VerifiedKeyLog): Scene {
  const begun = (NOW + 500) * 1000
  const entries = { begunEntry: { ts: begun }, outcomeEntry: { ts: begun } }
  const made = scene({ invocation: { exp: null }, receipt: { atMs: begun }, ...entries })
  const key = logKey(nextCaller, logOf(caller), named(caller))
  Object.assign(made.bundle.identity.agent, { logKey: base64url(key), history: entriesOf(history) })
  return made
}

/** Who has a stolen key says when it signed, and what key log it stands in. */
async function stolenMeanwhile(strangers: VerifiedKeyLog): Promise<readonly object[]> {
  const loses = async (first: number, next: number, who: typeof caller, fromS: number) =>
    await appendEntry(await begun(first), {
      kind: 'recover',
      signer: seeded(next),
      compromised: [{ key: who.did as Did, fromMs: fromS * 1000 }],
      ...authority(first + 1, first + 2),
      nowMs: (NOW + 2 * DAY_S) * 1000,
    })
  const key = agent(171)
  const other = await createKeyLog({
    signer: seeded(66),
    updateSigner: seeded(180),
    nextUpdateKeys: [seeded(181).did],
    nowMs: (NOW - DAY_S) * 1000,
  })
  const seen = seenBy({ who: stranger, key }, (member) => ({ ...member, history: entriesOf(other) }))
  const late = { clause: '12.8', layer: 'authority' } as const
  const twice = { clause: '12.14', layer: 'logs' } as const
  return [
    refusal(
      'PROOF_AUTHORITY_DENIED',
      { ...late, description: 'a key of the caller that was compromised between the call and its beginning' },
      begunLater(await loses(2, NEXT_CALLER, caller, NOW + 199)).bundle,
    ),
    knowing(
      [(await loses(66, NEXT_STRANGER, stranger, NOW - DAY_S)).text],
      refusal(
        'PROOF_WITNESS_KEY',
        { ...twice, description: 'a lost key of a witness in a key log that was begun with it' },
        seen.bundle,
      ),
    ),
    knowing(
      [strangers.text],
      refusal('PROOF_WITNESS_KEY', { ...twice, description: 'a key of a witness in two key logs' }, seen.bundle),
    ),
  ]
}

/** A key log of two entries: a key, and the next one. */
async function rotated(first: number, second: number, { atS }: { readonly atS: number }): Promise<VerifiedKeyLog> {
  const log = await begun(first)
  return await appendEntry(log, {
    kind: 'rotate',
    signer: seeded(second),
    ...authority(first + 1, first + 2),
    nowMs: atS * 1000,
  })
}

async function begun(first: number): Promise<VerifiedKeyLog> {
  const updateSigner = seeded(first + 100)
  return await createKeyLog({
    signer: seeded(first),
    updateSigner,
    nextUpdateKeys: [seeded(first + 101).did],
    nowMs: (NOW - 30 * DAY_S) * 1000,
  })
}

function authority(update: number, next: number) {
  return { updateSigner: seeded(update + 100), nextUpdateKeys: [seeded(next + 100).did] as readonly Did[] }
}

function seeded(byte: number): Signer {
  return ed25519Signer({ kernel, seed: Secret.of(new Uint8Array(32).fill(byte)) })
}

/** The call of the ordinary scene, by the caller's second key. */
function byNext(): Changes {
  const entries = { outcomeEntry: { peer: nextCaller.did }, begunEntry: { peer: nextCaller.did } }
  return { invocationBy: nextCaller, ...entries }
}

function named(side: typeof caller) {
  return { origin: originOf(side) }
}

function withKeys(made: Scene, { history, key }: { readonly history: VerifiedKeyLog; readonly key: Token }): Scene {
  const { bundle } = made
  Object.assign(bundle.identity.agent, {
    did: nextCaller.did,
    document: documentOf(nextCaller),
    logKey: base64url(key),
    history: entriesOf(history),
  })
  return made
}

function replacedLater(made: Scene, history: VerifiedKeyLog, key: Token): Scene {
  Object.assign(made.bundle.identity.executor, { logKey: base64url(key), history: entriesOf(history) })
  return made
}

/** The stranger was given the capability under its first key, and passed it on under its second. */
function between(strangers: VerifiedKeyLog): Scene {
  const links = [grant({ aud: stranger.did }), grant({}, nextStranger)]
  const made = scene({ named: links })
  made.bundle.identity.others = [{ entries: entriesOf(strangers) }]
  return made
}

/** The caller's first key is compromised from a time on; another key delegates the log's key. */
async function lost(fromS: number): Promise<Scene> {
  const log = await begun(2)
  const compromised = [{ key: caller.did as Did, fromMs: fromS * 1000 }]
  const history = await appendEntry(log, {
    kind: 'recover',
    signer: seeded(NEXT_CALLER),
    compromised,
    ...authority(3, 4),
    nowMs: (NOW + 2 * DAY_S) * 1000,
  })
  const made = scene()
  const key = logKey(nextCaller, logOf(caller), named(caller))
  Object.assign(made.bundle.identity.agent, { logKey: base64url(key), history: entriesOf(history) })
  return made
}

function badHistories(given: {
  readonly callers: VerifiedKeyLog
  readonly strangers: VerifiedKeyLog
  readonly after: () => Scene
}): readonly object[] {
  const { callers, strangers, after } = given
  const [first = '', second = ''] = entriesOf(callers)
  const bad = (code: string, description: string, change: (bundle: Bundle) => void, layer = 'identity'): object => {
    const { bundle } = after()
    change(bundle)
    const clause = layer === 'identity' ? '12.4' : '12.8'
    return refusal(`PROOF_${code}`, { clause, layer, description }, bundle)
  }
  const replace = (entries: readonly string[]) => (bundle: Bundle) => {
    bundle.identity.agent.history = entries
  }
  const spoiled = Buffer.from(second, 'base64url')
  spoiled.writeUInt8(spoiled.readUInt8(20) ^ 1, 20)
  return [
    bad('IDENTITY_ORIGIN', 'the second key without its history', replace([])),
    bad('IDENTITY_HISTORY', 'a history that ends before the key', replace([first])),
    bad('IDENTITY_HISTORY', 'a history without its beginning', replace([second])),
    bad('IDENTITY_HISTORY', "somebody else's history", replace(entriesOf(strangers))),
    bad('IDENTITY_HISTORY', 'a changed entry', replace([first, spoiled.toString('base64url')])),
    bad('IDENTITY_HISTORY', 'an entry that is no text', replace([first, second, '_w'])),
    bad(
      'IDENTITY_HISTORY',
      'an older history of the same agent among the others',
      (bundle) => {
        bundle.identity.others = [{ entries: [first] }]
      },
      'authority',
    ),
    bad('IDENTITY_HISTORY', "a changed entry among the others'", (bundle) => {
      bundle.identity.others = [{ entries: ['AA'] }]
    }),
    bad('IDENTITY_FORM', 'a history of others without entries', (bundle) => {
      bundle.identity.others = [{ entries: [] }]
    }),
  ]
}

/** Witnesses that had other keys: with their own key logs, and with those that the bundle has anyhow. */
async function witnessed(given: {
  readonly executors: VerifiedKeyLog
  readonly strangers: VerifiedKeyLog
}): Promise<HistoryCases['valid']> {
  const { executors, strangers } = given
  const key = agent(171)
  const alone = seenBy({ who: stranger, key }, (member) => ({
    ...member,
    history: entriesOf(strangers),
    logKey: base64url(logKey(nextStranger, key, { origin: nameOf(stranger) })),
  }))
  const both = (history: readonly string[]) =>
    replacedLater(
      seenBy({ who: executor, key }, (member) => ({
        ...member,
        history,
        logKey: base64url(logKey(nextExecutor, key, { origin: nameOf(executor) })),
      })),
      executors,
      logKey(nextExecutor, logOf(executor), named(executor)),
    )
  const newer = both(entriesOf(executors))
  Object.assign(newer.bundle.identity.executor, {
    logKey: base64url(logKey(executor, logOf(executor))),
    history: entriesOf(executors).slice(0, 1),
  })
  return [
    { description: 'a witness that had another key before', made: alone },
    { description: 'the executor as a witness, by its second key', made: both([]) },
    { description: 'the same, with the older state of its key log', made: both(entriesOf(executors).slice(0, 1)) },
    { description: 'the same, with the newer state of its key log', made: newer },
  ]
}

function seenBy(witness: Parameters<typeof witnessMember>[0], change: (member: Members) => Members): Scene {
  const made = scene()
  made.bundle.witnesses = [change(witnessMember(witness))]
  addLater(made, 'agent', { witnesses: [witness] })
  return made
}

async function badWitnesses(strangers: VerifiedKeyLog): Promise<readonly object[]> {
  const key = agent(171)
  const compromised = await appendEntry(await begun(66), {
    kind: 'recover',
    signer: seeded(NEXT_STRANGER),
    compromised: [{ key: stranger.did as Did, fromMs: (NOW + DAY_S) * 1000 }],
    ...authority(67, 68),
    nowMs: (NOW + 2 * DAY_S) * 1000,
  })
  const bad = (description: string, change: (member: Members) => Members) =>
    refusal(
      'PROOF_WITNESS_KEY',
      { clause: '12.14', layer: 'logs', description },
      seenBy({ who: stranger, key }, change).bundle,
    )
  return [
    bad('a witness key that a compromised key delegated', (member) => ({ ...member, history: entriesOf(compromised) })),
    bad("somebody else's key log", (member) => ({ ...member, did: agent(73).did, history: entriesOf(strangers) })),
    // Delegated under the other name, and signed under it as well.
    ...[agent(73)].map((other) => {
      const made = scene()
      made.bundle.witnesses = [
        {
          ...witnessMember({ who: stranger, key }),
          logKey: base64url(logKey(stranger, key, { origin: nameOf(other) })),
        },
      ]
      addLater(made, 'agent', { witnesses: [{ who: other, key }] })
      return refusal(
        'PROOF_WITNESS_KEY',
        { clause: '12.14', layer: 'logs', description: 'a name that is not of the agent' },
        made.bundle,
      )
    }),
  ]
}

/** What the verifier knows beyond the bundle. */
async function knownLater(callers: VerifiedKeyLog): Promise<readonly object[]> {
  const lost = async (fromS: number) =>
    await appendEntry(await begun(2), {
      kind: 'recover',
      signer: seeded(NEXT_CALLER),
      compromised: [{ key: caller.did as Did, fromMs: fromS * 1000 }],
      ...authority(3, 4),
      nowMs: (NOW + 2 * DAY_S) * 1000,
    })
  const late = { clause: '12.4', layer: 'identity' } as const
  const after = withKeys(scene(byNext()), { history: callers, key: logKey(nextCaller, logOf(caller), named(caller)) })
  const stolen = replacedLater(
    scene(),
    await appendEntry(await begun(1), {
      kind: 'recover',
      signer: seeded(NEXT_EXECUTOR),
      compromised: [{ key: executor.did as Did, fromMs: NOW * 1000 }],
      ...authority(2, 3),
      nowMs: (NOW + 2 * DAY_S) * 1000,
    }),
    logKey(nextExecutor, logOf(executor), named(executor)),
  )
  return [
    refusal(
      'PROOF_EXECUTION_PARTIES',
      { clause: '12.7', layer: 'execution', description: 'a receipt by a key of the executor that was stolen by then' },
      stolen.bundle,
    ),
    knowing(
      [(await lost(NOW - DAY_S)).text],
      refusal(
        'PROOF_IDENTITY_LOG_KEY',
        { ...late, description: 'a theft that became known later: the stolen key delegated the key of the log' },
        scene().bundle,
      ),
    ),
    knowing(
      [(await rotated(2, NEXT_STRANGER, { atS: NOW - DAY_S })).text],
      refusal(
        'PROOF_IDENTITY_KEY_LOGS',
        { ...late, description: 'a key log that tells another history than the bundle' },
        after.bundle,
      ),
    ),
    knowing(
      [(await rotated(2, NEXT_CALLER, { atS: NOW - DAY_S })).text],
      refusal(
        'PROOF_AUTHORITY_DENIED',
        {
          clause: '12.8',
          layer: 'authority',
          description: 'a key that was replaced a day before, as the verifier knows',
        },
        scene().bundle,
      ),
    ),
  ]
}

function knowing(keyLogs: readonly string[], made: object): object {
  const { input, ...rest } = made as { readonly input: object }
  return { ...rest, input: { ...input, keyLogs } }
}

/** Keys that were not the agent's any more. */
async function badKeys(after: () => Scene): Promise<readonly object[]> {
  const late = await rotated(2, NEXT_CALLER, { atS: NOW - DAY_S })
  const old = scene()
  old.bundle.identity.agent.history = entriesOf(late)
  const early = await lost(NOW - DAY_S)
  const thief = await lost(NOW - DAY_S)
  thief.bundle.identity.agent.logKey = base64url(logKey(caller, logOf(caller)))
  const stolen = after()
  const denied = { clause: '12.8', layer: 'authority' } as const
  return [
    refusal(
      'PROOF_AUTHORITY_DENIED',
      { ...denied, description: 'a call by a key a day after it was replaced' },
      old.bundle,
    ),
    refusal(
      'PROOF_AUTHORITY_DENIED',
      { ...denied, description: 'a call by a key that was compromised before' },
      early.bundle,
    ),
    refusal(
      'PROOF_IDENTITY_LOG_KEY',
      { clause: '12.4', layer: 'identity', description: 'a log key that a compromised key delegated' },
      thief.bundle,
    ),
    refusal(
      'PROOF_IDENTITY_LOG_KEY',
      { clause: '12.4', layer: 'identity', description: 'a log key that somebody outside of the history delegated' },
      ((bundle: Bundle) => {
        bundle.identity.agent.logKey = base64url(logKey(stranger, logOf(caller), named(caller)))
        return bundle
      })(stolen.bundle),
    ),
  ]
}

function entriesOf({ entries }: VerifiedKeyLog): string[] {
  return entries.map(({ line }) => Buffer.from(line).toString('base64url'))
}
