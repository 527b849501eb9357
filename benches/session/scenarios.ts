/** What is measured of sessions in memory: set-up, one way, and ping-pong. */
import { randomBytes } from 'node:crypto'
import type { Scenario } from '../harness/command.ts'
import { type Kernels, kernelList } from '../harness/kernels.ts'
import type { Subject } from '../harness/measure.ts'
import { f1, f2, kernelSeal, nobleBareStep, nodeBareStep } from './floors.ts'
import { LibsignalBench, type LibsignalPair } from './libsignal.ts'
import type { Libsignal } from './libsignal-types.ts'
import { exchange, type Strangers, TalosBench } from './talos.ts'

export interface SessionWorld {
  readonly kernels: Kernels
  readonly libsignal?: Libsignal
}

/** Bytes of messages that may wait to be opened in one batch. */
const MAX_WAITING_BYTES = 8 << 20
/** Pairs of strangers that may wait to meet in one batch. */
const MAX_STRANGERS = 8
export const SIZES = [
  { id: '64', title: '64 B', sizeBytes: 64 },
  { id: '1k', title: '1 KiB', sizeBytes: 1024 },
  { id: '64k', title: '64 KiB', sizeBytes: 65_536 },
] as const

/** Those that need libsignal. */
export const LIBSIGNAL_SUBJECTS = ['libsignal', 'libsignal stored', 'F1', 'F2']
const SESSIONS = ['talos native', 'talos portable', 'libsignal', 'libsignal stored']
const STEPS = ['native ratchetSeal', 'portable ratchetSeal', 'noble bare step', 'node bare step', 'F1']

export function sessionScenarios(world: SessionWorld): readonly Scenario[] {
  const twoTurning = SIZES.filter(({ id }) => id !== '64k')
  return [
    setUp(world),
    ...SIZES.map((size) => sealing(world, size)),
    ...SIZES.map((size) => opening(world, size)),
    ...twoTurning.map((size) => pingPong(world, size)),
  ]
}

type Size = (typeof SIZES)[number]

/** Only what was asked for is set up: some of it costs a second. */
async function subjectsOf(names: ReadonlySet<string>, makers: ReadonlyMap<string, () => Subject | Promise<Subject>>) {
  const subjects: Subject[] = []
  for (const [name, make] of makers) if (names.has(name)) subjects.push({ ...(await make()), name })
  return { subjects }
}

function talosMakers({ kernels }: SessionWorld, make: (bench: TalosBench) => Subject | Promise<Subject>) {
  return kernelList(kernels).map((kernel) => [`talos ${kernel.name}`, () => make(new TalosBench(kernel))] as const)
}

function libsignalMakers({ libsignal }: SessionWorld, make: (bench: LibsignalBench) => Subject | Promise<Subject>) {
  if (libsignal === undefined) return []
  return [
    ['libsignal', () => make(new LibsignalBench(libsignal, { isStored: false }))] as const,
    ['libsignal stored', () => make(new LibsignalBench(libsignal, { isStored: true }))] as const,
  ]
}

function setUp(world: SessionWorld): Scenario {
  const content = randomBytes(64)
  const talos = (bench: TalosBench): Subject => {
    let waiting: Strangers[] = []
    return {
      name: '',
      maxBatch: MAX_STRANGERS,
      prepare: async (count) => {
        waiting = await Promise.all(Array.from({ length: count }, () => bench.strangers()))
      },
      run: async () => {
        for (const strangers of waiting) await bench.setUp(strangers, content)
      },
    }
  }
  const libsignal = (bench: LibsignalBench): Subject => {
    let waiting: LibsignalPair[] = []
    return {
      name: '',
      maxBatch: MAX_STRANGERS,
      prepare: (count) => {
        waiting = Array.from({ length: count }, () => bench.pair())
      },
      run: async () => {
        for (const pair of waiting) await bench.setUp(pair, content)
      },
    }
  }
  return {
    id: 'set-up',
    title: 'Set-up: verify the bundle, initiate, respond, first plaintext of 64 B out (strangers every time)',
    subjectNames: SESSIONS,
    open: (names) => subjectsOf(names, new Map([...talosMakers(world, talos), ...libsignalMakers(world, libsignal)])),
  }
}

function sealing(world: SessionWorld, { id, title, sizeBytes }: Size): Scenario {
  const content = randomBytes(sizeBytes)
  const { kernels, libsignal } = world
  const makers = new Map<string, () => Subject | Promise<Subject>>([
    ...talosMakers(world, async (bench) => await talosSealing(bench, content)),
    ...libsignalMakers(world, async (bench) => await libsignalSealing(bench, content)),
    ...kernelList(kernels).map((kernel) => [`${kernel.name} ratchetSeal`, () => kernelSeal(kernel, content)] as const),
    ['noble bare step', () => nobleBareStep(content)],
    ['node bare step', () => nodeBareStep(content)],
  ])
  if (libsignal !== undefined) makers.set('F1', () => f1(libsignal, content))
  return {
    id: `seal-${id}`,
    title: `Seal ${title}, one way`,
    subjectNames: [...SESSIONS, ...STEPS],
    open: (names) => subjectsOf(names, makers),
  }
}

async function talosSealing(bench: TalosBench, content: Uint8Array): Promise<Subject> {
  const { alice } = await bench.established()
  return {
    name: '',
    run: (count) => {
      for (let index = 0; index < count; index++) {
        alice.send(content)
        alice.control()
      }
    },
  }
}

async function libsignalSealing(bench: LibsignalBench, content: Uint8Array): Promise<Subject> {
  const { alice, bob } = await bench.established()
  return {
    name: '',
    run: async (count) => {
      for (let index = 0; index < count; index++) await bench.seal(alice, bob, content)
    },
  }
}

function opening(world: SessionWorld, { id, title, sizeBytes }: Size): Scenario {
  const content = randomBytes(sizeBytes)
  const makers = new Map<string, () => Subject | Promise<Subject>>([
    ...talosMakers(world, async (bench) => await talosOpening(bench, content)),
    ...libsignalMakers(world, async (bench) => await libsignalOpening(bench, content)),
  ])
  return {
    id: `open-${id}`,
    title: `Open ${title}, one way, in order`,
    subjectNames: SESSIONS,
    open: (names) => subjectsOf(names, makers),
  }
}

async function talosOpening(bench: TalosBench, content: Uint8Array): Promise<Subject> {
  const { alice, bob } = await bench.established()
  let waiting: Uint8Array[] = []
  return {
    name: '',
    maxBatch: Math.floor(MAX_WAITING_BYTES / content.length),
    prepare: (count) => {
      waiting = Array.from({ length: count }, () => alice.send(content))
    },
    run: () => {
      for (const message of waiting) bob.receive(message)
    },
  }
}

async function libsignalOpening(bench: LibsignalBench, content: Uint8Array): Promise<Subject> {
  const { alice, bob } = await bench.established()
  let waiting: Uint8Array[] = []
  return {
    name: '',
    maxBatch: Math.floor(MAX_WAITING_BYTES / content.length),
    prepare: async (count) => {
      waiting = []
      for (let index = 0; index < count; index++) waiting.push(await bench.seal(alice, bob, content))
    },
    run: async () => {
      for (const message of waiting) await bench.open(bob, alice, message)
    },
  }
}

function pingPong(world: SessionWorld, { id, title, sizeBytes }: Size): Scenario {
  const content = randomBytes(sizeBytes)
  const { libsignal } = world
  const makers = new Map<string, () => Subject | Promise<Subject>>([
    ...talosMakers(world, async (bench) => await talosPingPong(bench, content)),
    ...libsignalMakers(world, async (bench) => await libsignalPingPong(bench, content)),
  ])
  if (libsignal !== undefined) makers.set('F2', () => f2(libsignal))
  return {
    id: `ping-pong-${id}`,
    title: `Ping-pong ${title}: seal and open one message, of which every one turns the ratchet`,
    subjectNames: [...SESSIONS, 'F2'],
    open: (names) => subjectsOf(names, makers),
  }
}

async function talosPingPong(bench: TalosBench, content: Uint8Array): Promise<Subject> {
  const pair = await bench.established()
  let [from, to] = [pair.alice, pair.bob]
  return {
    name: '',
    run: (count) => {
      for (let index = 0; index < count; index++) {
        exchange(from, to, content)
        ;[from, to] = [to, from]
      }
    },
  }
}

async function libsignalPingPong(bench: LibsignalBench, content: Uint8Array): Promise<Subject> {
  const pair = await bench.established()
  let [from, to] = [pair.alice, pair.bob]
  return {
    name: '',
    run: async (count) => {
      for (let index = 0; index < count; index++) {
        await bench.open(to, from, await bench.seal(from, to, content))
        ;[from, to] = [to, from]
      }
    },
  }
}
