/** The launcher on a Node.js that is too old, which is played by telling the real one another version number. */
import { spawnSync } from 'node:child_process'
import { copyFileSync, linkSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { tempFolder } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { LAUNCHER } from './talos.ts'

const AGED = `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.19.0'}})`

/** The same program under another path. */
function otherNode(folder: string): string {
  const path = join(folder, 'node')
  try {
    linkSync(process.execPath, path)
  } catch {
    copyFileSync(process.execPath, path)
  }
  return path
}

describe('the launcher', () => {
  it('starts again on the node that the repository brings', () => {
    using folder = tempFolder()
    const { status, stdout, stderr } = spawnSync(otherNode(folder.path), ['--import', AGED, LAUNCHER, '--version'], {
      encoding: 'utf8',
    })
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  it('passes on the exit code', () => {
    using folder = tempFolder()
    const { status } = spawnSync(otherNode(folder.path), ['--import', AGED, LAUNCHER, 'frobnicate'])
    expect(status).toBe(2)
  })

  it('says what is missing where there is no other node', () => {
    using folder = tempFolder()
    mkdirSync(join(folder.path, 'bin'))
    const alone = join(folder.path, 'bin', 'talos.mjs')
    copyFileSync(LAUNCHER, alone)
    const { status, stderr } = spawnSync(process.execPath, ['--import', AGED, alone], { encoding: 'utf8' })
    expect(status).toBe(1)
    expect(stderr).toMatch(/^error: talos needs Node\.js 24\.7 or later, this is 20\.19\.0\n {2}Run npm ci/)
  })

  it('says so where the command is not built', () => {
    using folder = tempFolder()
    const alone = join(folder.path, 'talos.mjs')
    copyFileSync(LAUNCHER, alone)
    const { status, stderr } = spawnSync(process.execPath, [alone], { encoding: 'utf8' })
    expect([status, stderr]).toEqual([1, 'error: talos is not built\n  Run npm run build in the repository.\n'])
  })
})
