/**
 * Sessions that survive a crash: what leaves depends on nothing that is not on the disk, what is acknowledged is there.
 *
 * Sending stores the session's record where `seal` says so, which is once a lease; the same burst without storing stands
 * beside it. Receiving stores the record, the message and its id, in a transaction each or 32 in one.
 */
import { randomBytes } from 'node:crypto'
import type { Did } from '@talos/contracts'
import type { Kernel } from '@talos/kernel'
import { LEASE_MAX_MESSAGES } from '@talos/session'
import type { Scenario } from '../harness/command.ts'
import { type Kernels, kernelList } from '../harness/kernels.ts'
import { repeat, type Subject } from '../harness/measure.ts'
import { type BenchStore, openBareRow, openStore, StoredRecord } from './store.ts'
import { NOW_MS, TalosBench, type TalosEnd } from './talos.ts'

const CONTENT_BYTES = 1024
const BURST = 1000
/** One lease of full length: any so many messages in a row store once. */
const FLOW = LEASE_MAX_MESSAGES
const RECEIVE_BATCH = 32
/** Messages that may wait to be received: the inbox holds ten times as many. */
const MAX_WAITING = 1024

export const SUSTAINED = 'durable-send'
export const BURSTS = 'durable-burst'

/** Subjects with what to close after them. */
interface Stored {
  readonly subject: Subject
  readonly store?: Pick<BenchStore, 'close'>
}

type Makers = ReadonlyMap<string, () => Promise<Stored>>

export function durableScenarios(kernels: Kernels): readonly Scenario[] {
  return [storing(kernels), sustained(kernels), bursts(kernels), receiving(kernels)]
}

function scenario(about: Pick<Scenario, 'id' | 'title'>, makers: Makers): Scenario {
  return {
    ...about,
    subjectNames: [...makers.keys()],
    open: async (names) => {
      const opened: Stored[] = []
      for (const [name, make] of makers) if (names.has(name)) opened.push(await make())
      return {
        subjects: opened.map(({ subject }) => subject),
        close: () => {
          for (const { store } of opened) store?.close()
        },
      }
    },
  }
}

/** What a lease costs by itself, and what the disk under it costs. */
function storing(kernels: Kernels): Scenario {
  const makers = new Map<string, () => Promise<Stored>>(
    kernelList(kernels).map((kernel) => [
      `talos ${kernel.name}, durable`,
      async () => await durableSender(kernel, ({ save }) => repeat(`talos ${kernel.name}, durable`, () => save?.())),
    ]),
  )
  makers.set('bare row', async () => {
    const { write, close } = openBareRow()
    return { subject: repeat('bare row', write), store: { close } }
  })
  return scenario(
    { id: 'store-record', title: "Storing a session's record; a bare row of its size, WAL, FULL" },
    makers,
  )
}

function sustained(kernels: Kernels): Scenario {
  const content = randomBytes(CONTENT_BYTES)
  const sending = (send: (message: Uint8Array) => void) => (count: number) => {
    for (let index = 0; index < count * FLOW; index++) send(content)
  }
  const makers = senders(kernels, ({ name, alice, save }) => {
    const subject =
      save === undefined ? { run: sending((each) => alice.send(each)) } : { run: sending(sendDurably(alice, save)) }
    return { name, ...subject }
  })
  return scenario({ id: SUSTAINED, title: `Durable send: ${FLOW} x 1 KiB in the flow of a chain` }, makers)
}

function bursts(kernels: Kernels): Scenario {
  const content = randomBytes(CONTENT_BYTES)
  const makers = senders(kernels, ({ name, alice, bob, save }) => {
    const send = save === undefined ? (each: Uint8Array) => void alice.send(each) : sendDurably(alice, save)
    return {
      name,
      maxBatch: 1,
      // The peer answered: the chain ends, and the burst begins a new one.
      prepare: () => {
        bob.receive(alice.send(content))
        alice.receive(bob.send(content))
        save?.()
      },
      run: () => {
        for (let index = 0; index < BURST; index++) send(content)
      },
    }
  })
  return scenario({ id: BURSTS, title: `Durable send: ${BURST} x 1 KiB from the first message of a chain` }, makers)
}

interface Sender {
  readonly name: string
  readonly alice: TalosEnd
  readonly bob: TalosEnd
  /** Absent where nothing is stored. */
  readonly save?: () => void
}

/** Two senders of each kernel: one that stores what it must, one that stores nothing. */
function senders(kernels: Kernels, make: (sender: Sender) => Subject): Makers {
  return new Map(
    kernelList(kernels).flatMap((kernel) => {
      const plain = `talos ${kernel.name}`
      const durable = `${plain}, durable`
      return [
        [plain, async () => await plainSender(kernel, (sender) => make({ name: plain, ...sender }))],
        [durable, async () => await durableSender(kernel, (sender) => make({ name: durable, ...sender }))],
      ] as const
    }),
  )
}

async function plainSender(kernel: Kernel, make: (sender: Omit<Sender, 'name'>) => Subject): Promise<Stored> {
  const { alice, bob } = await new TalosBench(kernel).established()
  return { subject: make({ alice, bob }) }
}

async function durableSender(kernel: Kernel, make: (sender: Omit<Sender, 'name'>) => Subject): Promise<Stored> {
  const { alice, bob } = await new TalosBench(kernel).established()
  const store = openStore(kernel)
  const record = new StoredRecord(store, alice.state, NOW_MS)
  return { store, subject: make({ alice, bob, save: () => record.save(alice.state, NOW_MS) }) }
}

function sendDurably(from: TalosEnd, save: () => void): (content: Uint8Array) => void {
  return (content) => {
    if (from.seal(content).needsStore) save()
  }
}

function receiving(kernels: Kernels): Scenario {
  const makers: Makers = new Map(
    kernelList(kernels).flatMap((kernel) => {
      const name = `talos ${kernel.name}`
      return [
        [name, async () => await receiver(kernel, { name, batch: 0 })],
        [`${name}, durable`, async () => await receiver(kernel, { name: `${name}, durable`, batch: 1 })],
        [
          `${name}, durable in ${RECEIVE_BATCH}s`,
          async () => await receiver(kernel, { name: `${name}, durable in ${RECEIVE_BATCH}s`, batch: RECEIVE_BATCH }),
        ],
      ] as const
    }),
  )
  return scenario(
    { id: 'durable-receive', title: 'Durable receive, 1 KiB: record, message and id in one transaction' },
    makers,
  )
}

/** @param options.batch messages of a transaction; 0 stores nothing */
async function receiver(
  kernel: Kernel,
  { name, batch }: { readonly name: string; readonly batch: number },
): Promise<Stored> {
  const { alice, bob } = await new TalosBench(kernel).established()
  const store = openStore(kernel)
  const record = new StoredRecord(store, bob.state, NOW_MS)
  const inbox = new Inbox(store, bob)
  const content = randomBytes(CONTENT_BYTES)
  let waiting: Uint8Array[] = []
  const subject: Subject = {
    name,
    maxBatch: MAX_WAITING,
    prepare: (count) => {
      inbox.empty()
      waiting = Array.from({ length: count }, () => alice.send(content))
    },
    run: () => {
      if (batch === 0) for (const message of waiting) bob.receive(message)
      else {
        for (let first = 0; first < waiting.length; first += batch) {
          store.database.transaction(() => {
            for (const message of waiting.slice(first, first + batch)) inbox.put(bob.receive(message))
            record.save(bob.state, NOW_MS)
          })
        }
      }
    },
  }
  return { subject, store }
}

/** What arrived and waits for the application. */
class Inbox {
  readonly #store: BenchStore
  readonly #peer: Did
  readonly #sessionId: Uint8Array
  readonly #waiting: string[] = []

  constructor(store: BenchStore, { state }: TalosEnd) {
    this.#store = store
    this.#peer = state.remoteDid as Did
    this.#sessionId = state.sessionId
  }

  put(plaintext: Uint8Array | undefined): void {
    if (plaintext === undefined) return
    const messageId = randomBytes(16).toString('hex')
    const name = { peer: this.#peer, messageId, sessionId: this.#sessionId }
    this.#store.database.messages.putIncoming({ ...name, kind: 'message', contentType: 0, plaintext, nowMs: NOW_MS })
    this.#waiting.push(messageId)
  }

  /** The application has taken all of it. */
  empty(): void {
    const { database } = this.#store
    database.transaction(() => {
      for (const messageId of this.#waiting) database.messages.handOver({ peer: this.#peer, messageId })
    })
    this.#waiting.length = 0
  }
}
