import { existsSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { manualClock, publicVectors, repoVectors, seededRandom, tempFolder } from '@talos/testkit'
import { afterEach, describe, expect, it, vi } from 'vitest'

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('seededRandom', () => {
  it('repeats for one seed and differs for another', () => {
    expect(seededRandom(1).bytes(100)).toEqual(seededRandom(1).bytes(100))
    expect(seededRandom(1).bytes(100)).not.toEqual(seededRandom(2).bytes(100))
  })

  it('gives one stream however the draws are cut', () => {
    const whole = seededRandom('cut').bytes(97)
    const parts = seededRandom('cut')
    const joined = [1, 0, 31, 33, 32].flatMap((length) => [...parts.bytes(length)])
    expect(joined).toEqual([...whole])
  })

  it('gives arrays that share no memory', () => {
    const random = seededRandom('own')
    const first = random.bytes(4)
    first.fill(0)
    expect(random.bytes(4)).toEqual(seededRandom('own').bytes(8).subarray(4))
  })
})

describe('manualClock', () => {
  it('stands still until it is moved', () => {
    const clock = manualClock(1_000)
    expect(clock.nowMs()).toBe(1_000)
    clock.advance(250)
    expect(clock.nowMs()).toBe(1_250)
    clock.advance(-500)
    expect(clock.nowMs()).toBe(750)
  })
})

describe('tempFolder', () => {
  it('is gone with its files after disposal', () => {
    let path: string
    {
      using folder = tempFolder()
      path = folder.path
      writeFileSync(join(path, 'file'), 'x')
      expect(existsSync(join(path, 'file'))).toBe(true)
    }
    expect(existsSync(path)).toBe(false)
  })
})

describe('publicVectors', () => {
  it('looks below TALOS_VECTORS where that is set', () => {
    using folder = tempFolder()
    vi.stubEnv('TALOS_VECTORS', folder.path)
    expect(publicVectors('.')).toBe(folder.path)
    expect(publicVectors('missing')).toBeUndefined()
  })

  it('looks beside the repository otherwise', () => {
    vi.stubEnv('TALOS_VECTORS', undefined)
    expect(publicVectors('no-such-folder')).toBeUndefined()
  })
})

describe('repoVectors', () => {
  it('reads a file with unique ids', () => {
    const { cases, spec } = repoVectors('canonical/cbor.json')
    expect(spec).toBe('02-canonical')
    expect(cases.some(({ valid }) => valid)).toBe(true)
    expect(cases.some(({ valid }) => !valid)).toBe(true)
  })

  it.each([
    ['of another format', { format: 'other/1', cases: [{ id: 'a' }] }, /talos-vectors/],
    ['without a case', { format: 'talos-vectors/1', cases: [] }, /no case/],
    ['with a repeated id', { format: 'talos-vectors/1', cases: [{ id: 'a' }, { id: 'a' }] }, /repeats an id/],
  ])('refuses a file %s', (_, document, message) => {
    using folder = tempFolder()
    const path = join(folder.path, 'file.json')
    writeFileSync(path, JSON.stringify(document))
    const fromVectors = join(import.meta.dirname, '..', '..', '..', 'contracts', 'vectors')
    expect(() => repoVectors(relative(fromVectors, path))).toThrow(message)
  })
})
