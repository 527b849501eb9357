/** Typed reading of vector members for the tests of this package. */
import { fromHex } from '@talos/bytes'
import { isTalosError } from '@talos/errors'
import { portableKernel } from '@talos/kernel'
import { repoVectors, type VectorCase } from '@talos/testkit'
import { expect, it } from 'vitest'

export const kernel = portableKernel()

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

  has(name: string): boolean {
    return Object.hasOwn(this.#members, name)
  }

  raw(name: string): unknown {
    return this.#members[name]
  }
}

/**
 * Declares one test per case of a vector file: `run` yields what a valid case expects, and throws the named code for an
 * invalid one.
 */
export function itRunsVectors(path: string, run: (input: VectorInput, vector: VectorCase) => Promise<object> | object) {
  for (const vector of repoVectors(path).cases) {
    it(`${vector.id} (${vector.clause}): ${vector.description}`, async () => {
      const attempt = async () => await run(new VectorInput(vector.input), vector)
      if (vector.valid) expect(await attempt()).toEqual(vector.expected)
      else expect(await codeOf(attempt)).toBe(vector.error)
    })
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
