/** The benchmark commands run on a machine that has neither libsignal nor a compiler for the native kernel. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'

const FOLDER = join(import.meta.dirname, '..')

async function run(file: string, ...words: string[]) {
  const node = ['--conditions=talos-source', join(FOLDER, file)]
  return await promisify(execFile)(process.execPath, [...node, ...words])
}

interface Json {
  readonly scenarios: readonly { readonly id: string; readonly subjects: readonly { readonly name: string }[] }[]
  readonly targets: readonly { readonly met: string }[]
  readonly notes: readonly string[]
}

describe('a benchmark command', () => {
  test('measures sessions of Talos alone, without libsignal', async () => {
    const { stdout } = await run('session.ts', '--quick', '--only', 'talos portable,seal-64', '--json')
    const { scenarios, targets, notes }: Json = JSON.parse(stdout)
    expect(scenarios.map(({ id }) => id)).toEqual(['seal-64', 'seal-64k'])
    for (const { subjects } of scenarios) expect(subjects.map(({ name }) => name)).toEqual(['talos portable'])
    expect(targets.length).toBeGreaterThan(0)
    expect(notes).toContain('libsignal was not measured.')
  })

  test('measures calls of the kernel', async () => {
    const { stdout } = await run('kernel.ts', '--quick', '--only', 'portable,boundary')
    expect(stdout).toMatch(/^Nothing: ratchetForward by 0\n.*us\/op/)
    expect(stdout).toContain('not measured')
  })

  test('measures a small log, and says what was left out', async () => {
    const words = ['--quick', '--no-install', '--only', 'talos portable,checkpoint', '--json']
    const { stdout } = await run('audit.ts', ...words)
    const { scenarios, targets }: Json = JSON.parse(stdout)
    expect(scenarios.map(({ id }) => id)).toEqual(['checkpoint'])
    expect(scenarios[0]?.subjects.map(({ name }) => name)).toEqual(['talos portable'])
    expect(targets.length).toBeGreaterThan(0)
  })

  test.each(['session.ts', 'kernel.ts', 'audit.ts'])(
    '%s explains itself, and a wrong word is one line with exit code 2',
    async (file) => {
      const { stdout } = await run(file, '--help')
      expect(stdout).toContain('Examples:')
      await expect(run(file, '--only', 'nobody')).rejects.toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/^--only nobody: .*\n$/),
      })
    },
  )
})
