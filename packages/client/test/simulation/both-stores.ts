/** The store in memory and a real one, asked the same and compared at every call: the simulation stands on their being one. */
import { isDeepStrictEqual } from 'node:util'
import { isTalosError } from '@talos/errors'
import type { SessionStorage } from '../../src/session-storage.ts'
import type { MemoryStorage } from './memory-storage.ts'

/** A store that asks both and throws where they differ. @param onCall told of each call */
export function bothStores(memory: MemoryStorage, real: SessionStorage, onCall: () => void): SessionStorage {
  const both = <Part extends object>(one: Part, other: Part): Part =>
    new Proxy(one, {
      get: (target, name) => {
        const [first, second]: unknown[] = [Reflect.get(target, name), Reflect.get(other, name)]
        if (typeof first !== 'function' || typeof second !== 'function') return first
        return (...parameters: unknown[]) => {
          onCall()
          return same(String(name), [() => first.apply(one, parameters), () => second.apply(other, parameters)])
        }
      },
    })
  return {
    transaction: (work) => memory.transaction(() => real.transaction(work)),
    ...pick(both(memory as SessionStorage, real)),
    sessions: both(memory.sessions as SessionStorage['sessions'], real.sessions),
    messages: both(memory.messages as SessionStorage['messages'], real.messages),
    prekeys: both(memory.prekeys as SessionStorage['prekeys'], real.prekeys),
    peers: both(memory.peers as SessionStorage['peers'], real.peers),
  }
}

function pick({ commitSend, commitReceive, removeExpired }: SessionStorage) {
  return { commitSend, commitReceive, removeExpired }
}

/** The first one's result, or its error, when the second one's is the same. */
function same(name: string, calls: readonly [() => unknown, () => unknown]): unknown {
  const [one, other] = calls.map(outcomeOf)
  if (!isDeepStrictEqual(one?.shown, other?.shown)) throw new RangeError(`the stores differ in ${name}`)
  if (one !== undefined && 'error' in one) throw one.error
  return one?.result
}

interface Outcome {
  readonly shown: unknown
  readonly result?: unknown
  readonly error?: unknown
}

function outcomeOf(call: () => unknown): Outcome {
  try {
    const result = call()
    return { result, shown: comparable(result) }
  } catch (error) {
    if (!isTalosError(error)) throw error
    return { error, shown: error.code }
  }
}

/** Bytes as text, members in order, positions left out: they count rows of a table, and only their order says something. */
function comparable(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (Array.isArray(value)) return value.map(comparable)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).filter(([name]) => name !== 'position')
  return Object.fromEntries(members.sort(byName).map(([name, member]) => [name, comparable(member)]))
}

function byName([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : 1
}
