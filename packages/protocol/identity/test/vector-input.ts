/** Typed reading of vector members for the tests of this package. */
import { fromHex } from '@talos/bytes'
import { isTalosError } from '@talos/errors'
import { loadKernel } from '@talos/kernel'
import { repoVectors } from '@talos/testkit'
import type { JsonObject } from '../src/index.ts'

export const kernel = loadKernel(process.env['TALOS_TEST_KERNEL'] ?? 'portable')

/** The members of a vector's input, read as what they must be. */
export class VectorInput {
  readonly #members: Readonly<Record<string, unknown>>

  constructor(members: Readonly<Record<string, unknown>>) {
    this.#members = members
  }

  text(name: string): string {
    const value = this.#members[name]
    if (typeof value !== 'string') throw new Error(`the vector lacks ${name}`)
    return value
  }

  number(name: string): number {
    const value = this.#members[name]
    if (typeof value !== 'number') throw new Error(`the vector lacks ${name}`)
    return value
  }

  bytes(name: string): Uint8Array {
    return fromHex(this.text(name))
  }

  texts(name: string): readonly string[] {
    const value = this.#members[name]
    if (!Array.isArray(value)) throw new Error(`the vector lacks ${name}`)
    return value.map(String)
  }

  object(name: string): JsonObject {
    const value = this.#members[name]
    if (typeof value !== 'object' || value === null) throw new Error(`the vector lacks ${name}`)
    return value as JsonObject
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#members, name)
  }

  raw(name: string): unknown {
    return this.#members[name]
  }
}

/** One case of a vector file, ready for `it.each`. */
export interface RunnableCase {
  readonly title: string
  readonly input: VectorInput
  readonly valid: boolean
  /** What a valid case expects; empty for an invalid one. */
  readonly expected: Readonly<Record<string, unknown>>
  /** What {@link outcomeOf} must yield. */
  readonly wanted: object
}

/** Every case of a vector file, valid and invalid. */
export function casesOf(path: string): RunnableCase[] {
  return repoVectors(path).cases.map((vector) => {
    const title = `${vector.id} (${vector.clause}): ${vector.description}`
    const expected = vector.valid ? vector.expected : {}
    const wanted = vector.valid ? vector.expected : { error: vector.error }
    return { title, input: new VectorInput(vector.input), valid: vector.valid, expected, wanted }
  })
}

/** What `run` yields, or the code of the Talos error that it fails with. */
export async function outcomeOf(run: () => Promise<object> | object): Promise<object> {
  try {
    return await run()
  } catch (error) {
    if (isTalosError(error)) return { error: error.code }
    throw error
  }
}

/** The code that `run` fails with; anything else is a failed test. */
export async function codeOf(run: () => unknown): Promise<string> {
  try {
    await run()
  } catch (error) {
    if (isTalosError(error)) return error.code
    throw error
  }
  throw new Error('nothing was refused')
}
