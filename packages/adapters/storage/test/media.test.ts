/** Media that fail: a file system that is full or read-only, and a disk that answers with errors at any of its operations. */
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { tempFolder } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { judge } from './audit-kill/judge.ts'
import { record, whyNotRecorded } from './powercut/record.ts'

const STEPS = fileURLToPath(new URL('media-steps.ts', import.meta.url))
const IN_MOUNT = 'mount -t tmpfs -o size=2m,mode=700 tmpfs "$0" && exec "$@"'

const mayMount = (() => {
  using folder = tempFolder()
  return spawnSync('unshare', ['-rm', 'sh', '-c', IN_MOUNT, folder.path, 'true']).status === 0
})()
const why = mayMount ? '' : ' (skipped: needs unshare and the right to mount in a namespace of its own)'

describe.skipIf(!mayMount)(`a small file system${why}`, () => {
  it('that is full, or read-only, refuses by name; the log goes on when it is mended, and nothing is lost', () => {
    using folder = tempFolder()
    const node = [process.execPath, '--conditions=talos-source', '--disable-warning=ExperimentalWarning']
    const command = ['-rm', 'sh', '-c', IN_MOUNT, folder.path, ...node, STEPS, folder.path]
    const { stdout, stderr } = spawnSync('unshare', command, { encoding: 'utf8', timeout: 50_000 })
    expect(stderr).toBe('')
    const { acknowledged, ...steps } = JSON.parse(stdout)
    expect(acknowledged).toBeLessThan(10_000)
    expect(steps).toEqual({
      refusal: 'AUDIT_APPEND_FAILED no',
      again: 'AUDIT_APPEND_FAILED no',
      checkpointOnFull: 'AUDIT_CHECKPOINT_FAILED',
      isKept: true,
      appendAfter: 'done',
      checkpointAfter: 'done',
      verifyAfter: 'done',
      openOnFull: 'STORE_READ_FAILED',
      openOnReadOnly: 'STORE_READ_FAILED',
      end: ['done', 'done'],
    })
  })
})

const EIO = 5
const ENOSPC = 28
const ALWAYS = 1_000_000
const suffix = whyNotRecorded === undefined ? '' : ` (skipped: ${whyNotRecorded})`

/** What fails, and by which codes a writer is told. */
const FAILURES: readonly (readonly [string, string, readonly string[]])[] = [
  [
    'a write of entries fails',
    `write audit.db-wal 30 3 ${EIO}`,
    ['AUDIT_APPEND_FAILED', 'AUDIT_CHECKPOINT_FAILED', 'AUDIT_STORE_FAILED'],
  ],
  [
    'there is no room for entries',
    `write audit.db-wal 30 3 ${ENOSPC}`,
    ['AUDIT_APPEND_FAILED', 'AUDIT_CHECKPOINT_FAILED'],
  ],
  ['a write of entries does half', 'write audit.db-wal 30 9 short', []],
  ['a flush of entries fails', `sync audit.db-wal 5 1 ${EIO}`, ['AUDIT_APPEND_FAILED', 'AUDIT_CHECKPOINT_FAILED']],
  [
    'no flush of entries goes well any more',
    `sync audit.db-wal 5 ${ALWAYS} ${EIO}`,
    ['AUDIT_APPEND_FAILED', 'AUDIT_CHECKPOINT_FAILED', 'AUDIT_STORE_FAILED'],
  ],
  ['a copy into the database fails', `write audit.db 0 ${ALWAYS} ${EIO}`, ['AUDIT_STORE_FAILED']],
  ['a flush of the database fails', `sync audit.db 0 ${ALWAYS} ${EIO}`, ['AUDIT_STORE_FAILED']],
  ['the note cannot be written', `write .tmp 0 2 ${ENOSPC}`, ['AUDIT_CHECKPOINT_FAILED']],
  ['the note cannot be flushed', `sync .tmp 0 2 ${EIO}`, ['AUDIT_CHECKPOINT_FAILED']],
  ['the note cannot take its name', `rename checkpoint.note 0 2 ${EIO}`, ['AUDIT_CHECKPOINT_FAILED']],
  ['the folder cannot be flushed', `dirsync * 1 2 ${EIO}`, ['AUDIT_CHECKPOINT_FAILED', 'AUDIT_APPEND_FAILED']],
]

describe.skipIf(whyNotRecorded !== undefined)(`a disk with errors${suffix}`, () => {
  it.each(FAILURES)('on which %s loses nothing that was acknowledged', async (_, fault, codes) => {
    using home = tempFolder()
    const life = { seed: 4, callers: 3, entries: 12, paceMs: 3, publishMs: 4, faults: [`!fault ${fault}`] }
    const { said } = await record({ home: home.path, lives: [life] })
    const { breaches, fault: stopped } = await judge(join(home.path, 'watched'), said)
    expect([breaches, stopped]).toEqual([{}, undefined])
    const told = [...said.failures.keys()]
    expect(codes).toEqual(expect.arrayContaining(told))
    expect(told.length > 0).toBe(codes.length > 0)
    expect(said.acknowledged.size).toBeGreaterThan(3)
  })

  it('goes on by itself once the disk does', async () => {
    using home = tempFolder()
    mkdirSync(join(home.path, 'compiled'))
    const faults = [`!fault sync audit.db-wal 5 3 ${EIO}`]
    const life = { seed: 4, callers: 2, entries: 40, paceMs: 3, publishMs: 20, faults }
    const { said } = await record({ home: home.path, lives: [life] })
    const lastRefused = Math.max(
      ...[...said.refused, ...said.unknown].map((name) => Number.parseInt(name.slice(-8), 16)),
    )
    const lastKept = Math.max(...[...said.acknowledged.keys()].map((name) => Number.parseInt(name.slice(-8), 16)))
    expect(lastKept).toBeGreaterThan(lastRefused)
    expect(said.acknowledged.size).toBeGreaterThan(40)
  })
})
