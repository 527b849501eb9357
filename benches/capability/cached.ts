/**
 * The cached path with everything on: three links, each with a typed rule on two arguments, a limit on calls and one on the
 * rate, the revocation of each link asked, counters charged on each link. Counters are durable in a real database; the
 * three levels of proof stand beside each other. Each call by `mac` and `signature` is a call of its own, signed or coded
 * before the clock starts.
 */
import { Cid, Secret } from '@talos/bytes'
import {
  Authorizer,
  callMac,
  delegate,
  epochNonce,
  invoke,
  Meter,
  openRevocationHead,
  ReplaySet,
  RevocationBook,
  signRevocationHead,
  toolRequirements,
  writeCall,
} from '@talos/capability'
import type { SignedEnvelope, Signer } from '@talos/identity'
import { type Kernel, systemRandom } from '@talos/kernel'
import type { Scenario } from '../harness/command.ts'
import { type Kernels, kernelList } from '../harness/kernels.ts'
import type { Subject } from '../harness/measure.ts'
import { openStore } from '../session/store.ts'
import { COMMAND, FOLDER, LIFETIME_S, PATH } from './system.ts'
import { makeParties, NOW_S, type Parties } from './talos.ts'

const LINKS = 3
const ARGS = { path: PATH, mode: 'text' }
const RULES = [
  ['subpath', '.path', [FOLDER]],
  ['enum', '.mode', ['text', 'binary']],
]
/** More than any run makes: what is measured is the count, not the end of it. */
const LIMITS = [
  ['calls', 1_000_000_000_000],
  ['rate', 1_000_000_000, 60],
]
const REQUEST_BYTES = 256
const NONCE_BYTES = 12
/** Calls that are made ahead of a batch at most: each is signed, and remembered afterwards. */
const MAX_BATCH = 512
/** As many as an executor that follows busy issuers knows. */
const KNOWN_REVOCATIONS = 10_000

type Level = 'channel' | 'mac' | 'signature'
const LEVELS: readonly Level[] = ['channel', 'mac', 'signature']

export const CACHED = 'cached'

export function cachedScenario(kernels: Kernels): Scenario {
  const makers = new Map(
    kernelList(kernels).flatMap((kernel) =>
      LEVELS.map((level) => [nameOf(kernel, level), async () => await openCached(kernel, level)] as const),
    ),
  )
  return {
    id: CACHED,
    title: 'Authorize a call by three known links: arguments, revocation of each link, counters of each link',
    subjectNames: [...makers.keys()],
    open: async (names) => {
      const opened: Cached[] = []
      for (const [name, open] of makers) if (names.has(name)) opened.push(await open())
      return {
        subjects: opened.map(({ subject }) => subject),
        close: () => {
          for (const { close } of opened) close()
        },
      }
    },
  }
}

export function nameOf(kernel: Pick<Kernel, 'name'>, level: Level): string {
  return `talos ${kernel.name}, ${level}`
}

interface Cached {
  readonly subject: Subject
  readonly close: () => void
}

/** What the subjects have in common. */
interface Scene {
  readonly kernel: Kernel
  readonly parties: Parties
  readonly chain: readonly SignedEnvelope[]
  readonly authorizer: Authorizer
  readonly epoch: Uint8Array
}

async function openCached(kernel: Kernel, level: Level): Promise<Cached> {
  const parties = makeParties(kernel)
  const chain = await mintLimited(parties)
  const store = openStore(kernel)
  const meter = new Meter({ store: store.database.meters })
  const epoch = systemRandom.bytes(16)
  const authorizer = new Authorizer({
    executor: parties[0].did,
    kernel,
    revocations: await knownRevocations(parties, kernel),
    replay: new ReplaySet({ epoch, earlier: [], record: store.database.replay, ...PLENTY }),
    meter,
    requirements: () => REQUIREMENTS,
  })
  const scene = { kernel, parties, chain, authorizer, epoch }
  const name = nameOf(kernel, level)
  const subject = level === 'channel' ? byChannel(name, scene) : byBytes(name, level, scene)
  const close = () => {
    meter.close()
    store.close()
  }
  return { subject, close }
}

/** A run makes more calls than an executor takes from one caller within a minute, and its clock stands still. */
const PLENTY = { maxPerIssuer: 16_000_000, maxCalls: 16_000_000 }
const REQUIREMENTS = toolRequirements({ proof: 'channel', maxStaleS: 60 })

function byChannel(name: string, { authorizer, parties, chain }: Scene): Subject {
  const caller = parties[LINKS] as Signer
  const handle = authorizer.chain(
    chain.map(({ bytes }) => bytes),
    caller.did,
  )
  const call = { command: COMMAND, args: ARGS, nowMs: NOW_S * 1000, bytes: REQUEST_BYTES }
  return {
    name,
    run: (count) => {
      for (let index = 0; index < count; index++) require(authorizer.authorizeChannel(handle, call))
    },
  }
}

function byBytes(name: string, level: 'mac' | 'signature', scene: Scene): Subject {
  const { authorizer, chain } = scene
  const proofs = chain.map(({ bytes }) => bytes)
  const key = Secret.random(systemRandom, 32)
  const make = level === 'mac' ? async () => macOf(scene, key) : async () => await signatureOf(scene)
  let ready: Awaited<ReturnType<typeof make>>[] = []
  return {
    name,
    maxBatch: MAX_BATCH,
    prepare: async (count) => {
      ready = []
      for (let index = 0; index < count; index++) ready.push(await make())
    },
    run: () => {
      const common = { proofs, received: { command: COMMAND, args: ARGS }, bytes: REQUEST_BYTES, nowMs: NOW_S * 1000 }
      for (const proof of ready) require(authorizer.authorize({ ...common, proof }))
    },
  }
}

function macOf({ kernel, parties, chain, epoch }: Scene, key: Secret) {
  const caller = parties[LINKS] as Signer
  const { bytes: call } = writeCall({ ...termsOf({ parties, chain, epoch }), issuer: caller.did, kernel })
  return { level: 'mac', call, mac: callMac(call, { key, kernel }), key, holder: caller.did } as const
}

async function signatureOf({ parties, chain, epoch }: Scene) {
  const signer = parties[LINKS] as Signer
  const { bytes: invocation } = await invoke({ ...termsOf({ parties, chain, epoch }), signer })
  return { level: 'signature', invocation } as const
}

function termsOf({ parties, chain, epoch }: Pick<Scene, 'parties' | 'chain' | 'epoch'>) {
  return {
    audience: parties[0].did,
    subject: parties[0].did,
    command: COMMAND,
    args: ARGS,
    proofs: chain.map(({ cid }) => cid),
    nonce: epochNonce({ epoch, random: systemRandom.bytes(NONCE_BYTES) }),
    issuedAtS: NOW_S,
  }
}

async function mintLimited(parties: Parties): Promise<readonly SignedEnvelope[]> {
  const chain: SignedEnvelope[] = []
  for (const [link, signer] of parties.slice(0, LINKS).entries()) {
    chain.push(
      await delegate({
        signer,
        audience: (parties[link + 1] as Signer).did,
        subject: parties[0].did,
        command: COMMAND,
        expiresS: NOW_S + LIFETIME_S,
        nonce: systemRandom.bytes(NONCE_BYTES),
        depth: LINKS - link - 1,
        need: 'channel',
        rules: RULES,
        limits: LIMITS,
      }),
    )
  }
  return chain
}

/** A book with revocations of others, and a fresh head of each issuer of the chain. */
async function knownRevocations(parties: Parties, kernel: Kernel): Promise<RevocationBook> {
  const book = new RevocationBook({ kernel })
  const other = makeParties(kernel)[0].did
  for (let index = 0; index < KNOWN_REVOCATIONS; index++) {
    book.put({
      issuer: other,
      revokes: Cid.fromSha256(systemRandom.bytes(32)),
      who: undefined,
      atS: NOW_S,
      reason: undefined,
    })
  }
  for (const signer of parties) {
    const list = book.listOf(signer.did)
    const { bytes } = await signRevocationHead({ signer, n: list.size, digest: list.digest, atS: NOW_S })
    list.restore(openRevocationHead(bytes, { kernel }))
  }
  return book
}

function require({ outcome }: { readonly outcome: string }): void {
  if (outcome !== 'allow') throw new Error(`the call is not allowed: ${outcome}`)
}
