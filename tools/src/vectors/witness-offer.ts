/** Vectors of what a witness does with checkpoints (contracts/spec 23-witness, clauses 23.1 and 23.3). */
import { toHex } from '@talos/bytes'
import {
  cosigned,
  delegation,
  History,
  identity,
  NOW_S,
  noteSigner,
  ORIGIN,
  WITNESS_SEED,
  type WitnessCase,
} from './witness-scene.ts'

const NAME = 'witness.example'

interface State {
  readonly size: number
  readonly note?: string
  readonly heads: readonly string[]
}

/** A witness whose last checkpoint is of `size`, with those that wait. */
async function state(history: History, size: number, heads: readonly string[] = []): Promise<State> {
  return size === 0 ? { size, heads } : { size, note: await history.note(size), heads }
}

const [a, b] = [new History('a'), new History('b')]

export async function offerCases(): Promise<WitnessCase[]> {
  return [...(await taken()), ...(await refused()), ...(await seen()), ...(await keys())]
}

async function offered(
  description: string,
  { known, offer }: { readonly known: State; readonly offer: Record<string, unknown> },
): Promise<Pick<WitnessCase, 'clause' | 'description' | 'input'>> {
  const witness = { name: NAME, seedHex: toHex(new Uint8Array(32).fill(WITNESS_SEED)), nowS: NOW_S + WITNESS_SEED }
  const input = { operation: 'offer', witness, logKeysHex: [toHex(await delegation())], known, offer }
  return { clause: '23.3', description, input }
}

async function taken(): Promise<WitnessCase[]> {
  const cosignature = async (known: State, size: number, from: number, description: string): Promise<WitnessCase> => {
    const offer = await a.offer(from, size)
    const note = String(offer['note'])
    const line = (await cosigned(note, { [NAME]: WITNESS_SEED })).slice(note.length)
    return { ...(await offered(description, { known, offer })), expected: { size, line } }
  }
  return [
    await cosignature(await state(a, 0), 9, 0, 'the first checkpoint of a log'),
    await cosignature(await state(a, 5), 9, 5, 'one that extends the last'),
    await cosignature(await state(a, 9), 9, 9, 'the same again'),
    await cosignature(await state(a, 0), 0, 0, 'the empty log'),
    await cosignature(await state(a, 8), 16, 8, 'from a perfect tree to another'),
    await cosignature(await state(a, 5, [await a.note(9)]), 9, 5, 'one that waits is this very one'),
  ]
}

async function refused(): Promise<WitnessCase[]> {
  const refuse = async (
    description: string,
    error: string,
    options: { readonly known: State; readonly offer: Record<string, unknown> },
  ): Promise<WitnessCase> => ({ ...(await offered(description, options)), error })
  const five = await state(a, 5)
  const nine = await state(a, 9)
  const good = await a.offer(5, 9)
  const thief = new History('a', { logSeed: 99 })
  const elsewhere = new History('a', { origin: 'log.example' })
  return [
    await refuse('a log that is not known', 'WITNESS_LOG_UNKNOWN', { known: five, offer: await elsewhere.offer(5, 9) }),
    await refuse('a signature of another key', 'WITNESS_NOT_SIGNED', { known: five, offer: await thief.offer(5, 9) }),
    await refuse('a size before the proof’s', 'WITNESS_RANGE', { known: five, offer: { ...good, from: 10 } }),
    await refuse('a proof from another size', 'WITNESS_CONFLICT', { known: five, offer: await a.offer(4, 9) }),
    await refuse('a smaller checkpoint', 'WITNESS_CONFLICT', { known: nine, offer: await a.offer(5, 7) }),
    await refuse('a proof that is too short', 'WITNESS_INCONSISTENT', {
      known: five,
      offer: { ...good, proofHex: [] },
    }),
    await refuse('a proof for the empty log', 'WITNESS_INCONSISTENT', {
      known: await state(a, 0),
      offer: { ...(await a.offer(0, 9)), proofHex: good['proofHex'] },
    }),
    await refuse('another root at the same size', 'WITNESS_FORK', { known: nine, offer: await b.offer(9, 9) }),
    await refuse('another root at the same size, from elsewhere', 'WITNESS_FORK', {
      known: nine,
      offer: await b.offer(0, 9),
    }),
    await refuse('a larger one of another history', 'WITNESS_FORK', { known: nine, offer: await b.offer(9, 12) }),
    await refuse('a larger one of another history, from a perfect tree, without the root', 'WITNESS_INCONSISTENT', {
      known: await state(a, 8),
      offer: { ...(await b.offer(8, 12)), rootHex: undefined },
    }),
    await refuse('a larger one of another history, from a perfect tree, with the root', 'WITNESS_FORK', {
      known: await state(a, 8),
      offer: await b.offer(8, 12),
    }),
    await refuse('one while another waits', 'WITNESS_CONFLICT', {
      known: await state(a, 5, [await a.note(9)]),
      offer: await a.offer(5, 12),
    }),
    await refuse('one that extends the one that waits, before it is shown to extend the last', 'WITNESS_CONFLICT', {
      known: await state(a, 5, [await a.note(9)]),
      offer: await a.offer(9, 12),
    }),
  ]
}

async function seen(): Promise<WitnessCase[]> {
  const see = async (description: string, known: State, note: string): Promise<WitnessCase> => ({
    clause: '23.3',
    description,
    input: { operation: 'see', logKeysHex: [toHex(await delegation())], known, note },
  })
  const nine = await state(a, 9)
  const waiting = await Promise.all([1, 2, 3, 4].map(async (size) => await a.note(size)))
  return [
    { ...(await see('a head that is the last one', nine, await a.note(9))), expected: { seen: 'known' } },
    { ...(await see('a head that is larger', nine, await a.note(12))), expected: { seen: 'noted' } },
    { ...(await see('a head that is smaller', nine, await a.note(4))), expected: { seen: 'noted' } },
    {
      ...(await see('a head while four wait', await state(a, 9, waiting), await a.note(7))),
      expected: { seen: 'ignored' },
    },
    { ...(await see('a head of the same size with another root', nine, await b.note(9))), error: 'WITNESS_FORK' },
    {
      ...(await see(
        'a head like one that waits, with another root',
        await state(a, 5, [await a.note(9)]),
        await b.note(9),
      )),
      error: 'WITNESS_FORK',
    },
  ]
}

async function keys(): Promise<WitnessCase[]> {
  const witnessName = ORIGIN.replace('talos/', 'talos/witness/').replace(/\/1$/, '')
  const open = async (operation: string, description: string, origin: string, by = identity(10)) => ({
    clause: operation === 'log-key' ? '23.1' : '23.2',
    description,
    input: { operation, delegationHex: toHex(await delegation({ by, origin })) },
  })
  const publicKeyHex = toHex(noteSigner(11).publicKey)
  const [agent, wrong] = [identity(10).did, 'WITNESS_LOG_KEY']
  return [
    {
      ...(await open('log-key', 'the key of a log', ORIGIN)),
      expected: { agent, name: ORIGIN, type: 1, publicKeyHex },
    },
    { ...(await open('log-key', 'by another agent', ORIGIN, identity(12))), error: wrong },
    { ...(await open('log-key', 'of a witness', witnessName)), error: wrong },
    { ...(await open('log-key', 'of a log without an epoch', ORIGIN.replace(/\/1$/, ''))), error: wrong },
    {
      ...(await open('witness-key', 'the key of a witness', witnessName)),
      expected: { agent, name: witnessName, type: 4, publicKeyHex },
    },
    { ...(await open('witness-key', 'by another agent', witnessName, identity(12))), error: wrong },
    { ...(await open('witness-key', 'of a log', ORIGIN)), error: wrong },
  ]
}
