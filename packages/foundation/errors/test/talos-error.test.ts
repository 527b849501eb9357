import { ERROR_TABLE, type ErrorCode, isTalosError, TalosError } from '@talos/errors'
import { describe, expect, test } from 'vitest'

const codes = Object.keys(ERROR_TABLE) as ErrorCode[]

describe('a Talos error', () => {
  test('says what is wrong with the details in their places, and what to do about it', () => {
    const error = new TalosError('INPUT_TOO_LARGE', { sizeBytes: 11, limitBytes: 10 })
    expect(error.message).not.toMatch(/[{}?]/)
    expect(error.message).toContain('11')
    expect(error.remedy).toBe(ERROR_TABLE.INPUT_TOO_LARGE.remedy)
    expect(error.area).toBe(ERROR_TABLE.INPUT_TOO_LARGE.area)
    expect(error.name).toBe('TalosError')
  })

  test('shows a question mark for a detail that is missing', () => {
    expect(new TalosError('INPUT_TOO_LARGE').message).toContain('?')
    expect(new TalosError('INPUT_TOO_LARGE').message).not.toMatch(/[{}]|undefined|function/)
  })

  test('prints as data without its cause and its stack, which may hold more than is said', () => {
    const cause = new Error('the password is hunter2')
    const error = new TalosError('INPUT_TOO_LARGE', { sizeBytes: 11 }, { cause })
    expect(error.cause).toBe(cause)
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      code: 'INPUT_TOO_LARGE',
      message: error.message,
      remedy: error.remedy,
      details: { sizeBytes: 11 },
    })
  })

  test('is told from other errors, and by its code', () => {
    const error = new TalosError('INPUT_TOO_LARGE')
    expect(isTalosError(error)).toBe(true)
    expect(isTalosError(error, 'INPUT_TOO_LARGE')).toBe(true)
    expect(isTalosError(error, 'INPUT_TOO_DEEP')).toBe(false)
    expect(isTalosError(Object.assign(new Error('no'), { code: 'INPUT_TOO_LARGE' }))).toBe(false)
    expect(isTalosError(undefined)).toBe(false)
  })
})

describe('the table of codes', () => {
  test('gives every code an area, a message of one line without a full stop, and a remedy', () => {
    const odd = codes.filter((code) => {
      const { area, message, remedy } = ERROR_TABLE[code]
      const named = /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/.test(code) && /^[a-z]+$/.test(area)
      return !(named && /^[^\n]*[^\n.]$/.test(message) && /^[^\n]+[.?]$/.test(remedy))
    })
    expect(codes.length).toBeGreaterThan(100)
    expect(odd).toEqual([])
  })
})
