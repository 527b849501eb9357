import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type JsonNode, scanJson, stringOf, textOf } from '../src/json-scan.ts'
import { MAX_MESSAGE_BYTES, MAX_MESSAGE_DEPTH, MAX_OBJECT_MEMBERS } from '../src/limits.ts'
import { bytes } from './fixtures.ts'

const scan = (text: string, uniqueNames = true) => scanJson(bytes(text), { uniqueNames, keepLevels: 100 })

/** Rebuilds the value from the nodes, each leaf by JSON.parse of its span. */
function rebuilt(text: Uint8Array, node: JsonNode): unknown {
  if (node.kind === 'array') return node.items.map((item) => rebuilt(text, item))
  if (node.kind === 'string') return stringOf(text, node)
  if (node.kind !== 'object') return JSON.parse(textOf(text, node))
  return Object.fromEntries(Array.from(node.members, ([name, member]) => [name, rebuilt(text, member)]))
}

describe('the scan', () => {
  it('finds in any JSON text the value that JSON.parse finds', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(undefined, 1, '\t'), (value, indent) => {
        const text = bytes(JSON.stringify(value, undefined, indent))
        expect(rebuilt(text, scanJson(text, { uniqueNames: true, keepLevels: 100 }))).toEqual(
          JSON.parse(JSON.stringify(value)),
        )
      }),
      { seed: 42, numRuns: 500 },
    )
  })

  it('takes of damaged JSON texts exactly those that JSON.parse takes', () => {
    const alphabet = fc.constantFrom(...Array.from('{}[]",:\\0-1.eE+ntrufalse \n\u0001é'))
    fc.assert(
      fc.property(fc.json(), fc.nat(), alphabet, fc.boolean(), (json, where, character, replace) => {
        const at = where % (json.length + 1)
        const text = json.slice(0, at) + character + json.slice(at + (replace ? 1 : 0))
        if (!text.isWellFormed()) return
        const accepts = (read: () => unknown) => {
          try {
            read()
            return true
          } catch {
            return false
          }
        }
        const ours = accepts(() => scanJson(bytes(text), { uniqueNames: false, keepLevels: 0 }))
        expect([text, ours]).toEqual([text, accepts(() => JSON.parse(text))])
      }),
      { seed: 42, numRuns: 2_000 },
    )
  })

  it('takes sizes, depths and counts up to their limits, and nothing past them', () => {
    const sized = (sizeBytes: number) => () =>
      scanJson(bytes(`"${'x'.repeat(sizeBytes - 2)}"`), { uniqueNames: true, keepLevels: 0 })
    const deep = (depth: number) => () => scan('['.repeat(depth) + ']'.repeat(depth))
    const wide = (count: number) => () => scan(`{${Array.from({ length: count }, (_, n) => `"${n}":0`).join()}}`)
    const long = (count: number) => () => scan(`[${Array(count).fill(0).join()}]`)
    for (const [make, limit] of [
      [sized, MAX_MESSAGE_BYTES],
      [deep, MAX_MESSAGE_DEPTH],
      [wide, MAX_OBJECT_MEMBERS],
      [long, MAX_OBJECT_MEMBERS],
    ] as const) {
      expect(make(limit)()).toBeTruthy()
      expect(make(limit + 1)).toThrow(expect.objectContaining({ code: 'MCP_MESSAGE_INVALID' }))
    }
  })

  it('takes repeated names only where it is told to, and never in what it keeps', () => {
    const shallow = (text: string, uniqueNames: boolean) => () => scanJson(bytes(text), { uniqueNames, keepLevels: 1 })
    expect(shallow('{"a":{"b":1,"b":2}}', false)()).toBeTruthy()
    expect(shallow('{"a":{"b":1,"b":2}}', true)).toThrow('a repeated name')
    expect(shallow('{"a":1,"a":2}', false)).toThrow('a repeated name')
  })
})
