import { isTalosError, type TalosError } from '@talos/errors'
import { describe, expect, test } from 'vitest'
import {
  anyJson,
  array,
  boolean,
  type Check,
  MAX_CHECK_DEPTH,
  nullable,
  object,
  Place,
  run,
  variant,
} from '../src/check.ts'

function refusalOf(action: () => void): TalosError['details'] | undefined {
  try {
    action()
    return undefined
  } catch (error) {
    if (isTalosError(error, 'SCHEMA_INVALID')) return error.details
    throw error
  }
}

describe('the checks under generated validators', () => {
  test('a refusal names the schema, the place and the reason', () => {
    const check = object({ list: array(nullable(boolean), { minItems: 0, maxItems: 3 }) })
    expect(refusalOf(() => run('some-schema', check, { list: [true, null, 1] }))).toEqual({
      schema: 'some-schema',
      path: '$.list[2]',
      reason: 'expected a boolean',
    })
  })

  test('a place goes as deep as the limit and no deeper', () => {
    const at = new Place('deep')
    const descend =
      (levels: number): Check =>
      (value, place) => {
        if (levels > 0) place.step('.x', value, descend(levels - 1))
      }
    expect(refusalOf(() => descend(MAX_CHECK_DEPTH)(0, at))).toBeUndefined()
    expect(refusalOf(() => descend(MAX_CHECK_DEPTH + 1)(0, at))?.['reason']).toBe('nests too deeply')
  })

  test('a discriminator or a member that only the prototype has does not count', () => {
    const check = variant('constructor', { a: object({ constructor: anyJson }) })
    expect(refusalOf(() => run('x', check, {}))).toEqual({ schema: 'x', path: '$.constructor', reason: 'is missing' })
    expect(refusalOf(() => run('x', check, { constructor: 'a' }))).toBeUndefined()
    expect(refusalOf(() => run('x', object({ toString: anyJson }), {}))?.['reason']).toBe('is missing')
    expect(refusalOf(() => run('x', object({}), JSON.parse('{"__proto__": 1}')))?.['reason']).toBe(
      'has an unknown member',
    )
  })
})
