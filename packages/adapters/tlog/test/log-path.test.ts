/** Paths have one spelling (spec 22-log-service, 22.2). */
import { MAX_TREE_SIZE, tilePath } from '@talos/merkle'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseLogPath } from '../src/index.ts'

describe('a path of the log service', () => {
  test.each([
    ['/checkpoint', { kind: 'checkpoint' }],
    ['/log-key', { kind: 'log-key' }],
    ['/did.jsonl', { kind: 'key-log' }],
    ['/revocations', { kind: 'revocations', after: 0 }],
    ['/revocations/head', { kind: 'revocation-head' }],
    ['/revocations?after=0', { kind: 'revocations', after: 0 }],
    ['/revocations?after=9007199254740991', { kind: 'revocations', after: MAX_TREE_SIZE }],
    ['/add-checkpoint', { kind: 'add-checkpoint' }],
    ['/tile/0/000', { kind: 'tile', level: 0, index: 0, width: 256 }],
    ['/tile/6/000.p/255', { kind: 'tile', level: 6, index: 0, width: 255 }],
    ['/tile/0/x001/x234/067', { kind: 'tile', level: 0, index: 1_234_067, width: 256 }],
    ['/tile/0/x001/000', { kind: 'tile', level: 0, index: 1000, width: 256 }],
    ['/tile/entries/005.p/1', { kind: 'tile', level: 'entries', index: 5, width: 1 }],
  ])('%s is read', (target, expected) => {
    expect(parseLogPath(target)).toEqual(expected)
  })

  test.each([
    '',
    '/',
    'checkpoint',
    '//checkpoint',
    '/checkpoint/',
    '/checkpoint?x',
    '/checkpoint#x',
    '/%63heckpoint',
    '/Checkpoint',
    '/./checkpoint',
    '/../checkpoint',
    'http://localhost/checkpoint',
    '/constructor',
    '/__proto__',
    '/revocations?after=',
    '/revocations?after=01',
    '/revocations?after=-1',
    '/revocations?after=1e3',
    '/revocations?after=9007199254740992',
    '/revocations?after=1&after=2',
    '/revocations/',
    '/tile',
    '/tile/0',
    '/tile/0/0',
    '/tile/0/00',
    '/tile/0/0000',
    '/tile/00/000',
    '/tile/7/000',
    '/tile/64/000',
    '/tile/-1/000',
    '/tile/x/000',
    '/tile/data/000',
    '/tile/8/0/000',
    '/tile/0/x000/001',
    '/tile/0/x000/x000/001',
    '/tile/0/X001/001',
    '/tile/0/001/001',
    '/tile/0/x001',
    '/tile/0/000.p/0',
    '/tile/0/000.p/01',
    '/tile/0/000.p/256',
    '/tile/0/000.p/999',
    '/tile/0/000.p/1/',
    '/tile/0/000.p',
    '/tile/0/000.P/1',
    '/tile/0/x999/x999/x999/x999/x999/x999/999',
    '/tile/0/000\n',
    '/tile/0/٠٠٠',
    `/tile/0/${'x001/'.repeat(100)}001`,
  ])('%j is none', (target) => {
    expect(parseLogPath(target)).toBeUndefined()
  })

  test('is read where it is written as C2SP tlog-tiles says, whatever the tile', () => {
    const level = fc.oneof(fc.integer({ min: 0, max: 6 }), fc.constant('entries' as const))
    const tile = fc.record({ level, index: fc.maxSafeNat(), width: fc.integer({ min: 1, max: 256 }) })
    fc.assert(
      fc.property(tile, (id) => {
        expect(parseLogPath(`/${tilePath(id)}`)).toEqual({ kind: 'tile', ...id })
      }),
      { seed: 42, numRuns: 500 },
    )
  })

  test('is read the one way in which it is written', () => {
    const text = fc.string({
      unit: fc.constantFrom('tile', 'entries', '/', 'x', '0', '1', '9', '.p', '.', '?'),
      maxLength: 12,
    })
    fc.assert(
      fc.property(text, (target) => {
        const path = parseLogPath(target)
        expect(path?.kind === 'tile' ? `/${tilePath(path)}` : target).toBe(target)
      }),
      { seed: 42, numRuns: 20_000 },
    )
  })
})
