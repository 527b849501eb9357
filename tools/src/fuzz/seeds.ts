/** Seeds out of contracts/vectors: the inputs of their cases, valid and invalid. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export const VECTORS = join(import.meta.dirname, '..', '..', '..', 'contracts', 'vectors')

export type Members = Readonly<Record<string, unknown>>

export interface VectorCase {
  readonly id: string
  readonly valid: boolean
  readonly input: Members
  readonly expected?: Members
}

/** The cases of a file below contracts/vectors. */
export function casesOf(path: string): readonly VectorCase[] {
  return JSON.parse(readFileSync(join(VECTORS, path), 'utf8')).cases
}

export function fromHexSeed(hex: unknown): Uint8Array {
  return new Uint8Array(Buffer.from(String(hex), 'hex'))
}

export function textSeed(text: unknown): Uint8Array {
  return new Uint8Array(Buffer.from(String(text), 'utf8'))
}

/** What stands under a member of the cases, of their inputs and what they expect: hex where the name ends in `Hex`, else text. */
export function seedsOf(path: string, ...members: readonly string[]): readonly Uint8Array[] {
  const seeds = casesOf(path).flatMap(({ input, expected = {} }) =>
    members.flatMap((name) =>
      [input[name], expected[name]]
        .flat()
        .filter((value) => typeof value === 'string')
        .map(name.endsWith('Hex') ? fromHexSeed : textSeed),
    ),
  )
  if (seeds.length === 0) throw new Error(`${path} has no member ${members.join(' or ')}`)
  return seeds
}

/** JSON members of the cases, each as its text. */
export function jsonSeedsOf(path: string, ...members: readonly string[]): readonly Uint8Array[] {
  const values = casesOf(path).flatMap(({ input }) => members.flatMap((name) => (name in input ? [input[name]] : [])))
  if (values.length === 0) throw new Error(`${path} has no member ${members.join(' or ')}`)
  return values.map((value) => textSeed(JSON.stringify(value)))
}

/**
 * Tells whether an envelope can have been signed by who made the seeds: its signature and what is signed are in seeds, if
 * not in the same one. Whole seeds would be too strict, since some are an honest envelope with bytes behind it.
 */
export function signedIn(seeds: readonly Uint8Array[]): (envelope: Uint8Array) => boolean {
  const known = seeds.map(hexOf)
  return (envelope) => {
    const hex = hexOf(envelope)
    const parts = [hex.slice(2 * SIGNATURE.start, 2 * SIGNATURE.end), hex.slice(2 * SIGNATURE.end)]
    return parts.every((part) => known.some((seed) => seed.includes(part)))
  }
}

/** Where the signature of an envelope stands (spec 04-envelope 4.2). */
const SIGNATURE = { start: 3, end: 67 }

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** The characters of an input. What is no UTF-8 becomes a lone surrogate, which a text of JavaScript may hold. */
export function textOf(input: Uint8Array): string {
  return Buffer.from(input).toString('utf8').replaceAll('\ufffd', '\ud800')
}
