import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const TALOS = fileURLToPath(new URL('../bin/talos.js', import.meta.url))

interface Run {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

async function demo(...options: string[]): Promise<Run> {
  return await new Promise((resolve) => {
    execFile(process.execPath, [TALOS, 'demo', ...options], { timeout: 100_000 }, (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })
}

interface Report {
  readonly ok: boolean
  readonly steps: readonly { readonly step: string; readonly ok: boolean; readonly data: Record<string, unknown> }[]
}

/** The steps as README tells them. */
const README = readFileSync(fileURLToPath(new URL('../../../README.md', import.meta.url)), 'utf8')
const told = [...README.matchAll(/^[0-9]+\. \*([^*]+)\*: /gm)].map(([, step]) => step)

describe('talos demo', () => {
  it('takes every step of the journey and reports each in one object', async () => {
    const { exitCode, stdout, stderr } = await demo('--json')
    expect(stderr).toBe('')
    expect(exitCode).toBe(0)
    const { ok, steps } = JSON.parse(stdout) as Report
    expect(ok).toBe(true)
    expect(steps.map(({ step }) => step)).toEqual([
      'identities',
      'prekey bundle',
      'session',
      'messages',
      'capability',
      'allowed call',
      'call outside the folder',
      'call with ..',
      'revocation',
      'audit logs',
      'anchor',
      'proof',
      'tampered proof',
    ])
    expect(told).toEqual(steps.map(({ step }) => step))
    const dataOf = (name: string) => steps.find(({ step }) => step === name)?.data
    expect(dataOf('allowed call')).toMatchObject({ outcome: 'allow' })
    expect(dataOf('call outside the folder')).toMatchObject({ outcome: 'deny', code: 'CAPABILITY_ARGUMENT' })
    expect(dataOf('call with ..')).toMatchObject({ outcome: 'deny', code: 'CAPABILITY_ARGUMENT' })
    expect(dataOf('revocation')).toMatchObject({ outcome: 'deny', code: 'CAPABILITY_REVOKED' })
    const { anchored } = dataOf('anchor') ?? {}
    // Elsewhere the registry has no chain: the demo then says so and goes on.
    expect([true, process.platform !== 'linux' || process.arch !== 'x64' ? anchored : true]).toContain(anchored)
    expect(dataOf('proof')).toMatchObject({ exitCode: 0 })
    expect(dataOf('tampered proof')).toMatchObject({ exitCode: 1, code: 'PROOF_EXECUTION_RECEIPT' })
  }, 120_000)

  it('tells people the same, with public key material and proofs when asked, and no escape codes in a pipe', async () => {
    const { exitCode, stdout } = await demo('--verbose')
    expect(exitCode).toBe(0)
    expect(stdout).toContain('13 steps')
    expect(stdout).toContain('ML-KEM-768.Encaps')
    expect(stdout).toContain('remoteRatchetKey')
    expect(stdout).toContain('c2sp.org/tlog-proof@v1')
    expect(stdout).not.toContain('\u001b')
  }, 120_000)
})
