/** Proofs are checked without a home, keys or a passphrase. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { repoVectors, tempFolder, type VectorCase } from '@talos/testkit'
import { afterAll, describe, expect, it } from 'vitest'
import { Home } from './talos.ts'

const home = new Home()
const folder = tempFolder()
const nowhere = { passphrase: null, environment: { TALOS_HOME: join(folder.path, 'nowhere') } }

afterAll(() => {
  home[Symbol.dispose]()
  folder[Symbol.dispose]()
})

function write(name: string, content: string | Uint8Array): string {
  const file = join(folder.path, name)
  writeFileSync(file, content)
  return file
}

function caseOf(file: string, id: string): VectorCase & { readonly bundle: string } {
  const found = repoVectors(file).cases.find((vector) => vector.id === id)
  if (found === undefined) throw new Error(`no vector ${id}`)
  return { ...found, bundle: String(found.input['bundle']) }
}

describe('proof verify', () => {
  const valid = caseOf('proof/valid.json', 'valid-001')

  it('accepts a proof, as text and as JSON', async () => {
    const file = write('call.talosproof', valid.bundle)
    const text = await home.run(['proof', 'verify', file], nowhere)
    expect(text).toMatchObject({ code: 0, stderr: '' })
    expect(text.stdout).toMatch(/^VALID: proves a call and its outcome\n/)
    const json = await home.run(['proof', 'verify', file, '--json'], nowhere)
    expect(JSON.parse(json.stdout)).toMatchObject({ valid: true, proves: 'execution', code: null })
  })

  it.each(['layers-001', 'layers-030', 'layers-056'])('refuses %s with its code and exit code 1', async (id) => {
    const vector = caseOf('proof/layers.json', id)
    const ran = await home.run(['proof', 'verify', write(`${id}.talosproof`, vector.bundle), '--json'], nowhere)
    expect(ran.code).toBe(1)
    expect(JSON.parse(ran.stdout)).toMatchObject({ valid: false, code: vector.valid ? undefined : vector.error })
  })

  it('answers by its exit code also when nobody reads what it prints', async () => {
    const refused = write('refused.talosproof', caseOf('proof/layers.json', 'layers-001').bundle)
    const accepted = write('accepted.talosproof', valid.bundle)
    expect((await home.run(['proof', 'verify', refused], { ...nowhere, isUnread: true })).code).toBe(1)
    expect((await home.run(['proof', 'verify', accepted], { ...nowhere, isUnread: true })).code).toBe(0)
    expect(
      (await home.run(['proof', 'verify', join(folder.path, 'missing')], { ...nowhere, isUnread: true })).code,
    ).toBe(2)
  })

  it('tells files that are no proof from proofs that fail by exit code 2', async () => {
    for (const content of ['', '{}', 'hello', '\u0000', valid.bundle.slice(0, -1), `${valid.bundle}\n`]) {
      const ran = await home.run(['proof', 'verify', write('bad.talosproof', content), '--json'], nowhere)
      expect([ran.code, JSON.parse(ran.stdout)]).toMatchObject([2, { valid: false, code: 'PROOF_FORM_INVALID' }])
    }
    const missing = await home.run(['proof', 'verify', join(folder.path, 'missing'), '--json'], nowhere)
    expect([missing.code, missing.stdout]).toEqual([2, ''])
    const endless = await home.run(['proof', 'verify', '/dev/zero', '--json'], nowhere)
    expect(endless.code).toBe(2)
    expect(endless.stderr).toContain('CLI_FILE_TOO_LARGE')
  })
})

describe('proof show', () => {
  it('shows every check, and the same exit code', async () => {
    const good = await home.run(['proof', 'show', write('a', caseOf('proof/valid.json', 'valid-010').bundle)], nowhere)
    expect(good.code).toBe(0)
    expect(good.stdout).toMatch(/^VALID: proves a refusal\n/)
    expect(good.stdout).toMatch(/^ {2}ok {4}identity\.agent\.document\n/m)
    expect(good.stdout).toMatch(/^ {2}no {4}authority\.allowed\n/m)
    const bad = await home.run(['proof', 'show', write('b', caseOf('proof/layers.json', 'layers-001').bundle)], nowhere)
    expect(bad.code).toBe(1)
    expect(bad.stdout).toMatch(/^ {2}FAIL .*\[PROOF_INTENT_INVOCATION\]/m)
  })
})

describe('proof html', () => {
  it('writes a proof as one page, also one that is not valid, and never over another file', async () => {
    const [good, bad] = [caseOf('proof/valid.json', 'valid-001'), caseOf('proof/layers.json', 'layers-001')]
    for (const [name, { bundle }] of Object.entries({ good, bad })) {
      const page = join(folder.path, `${name}.html`)
      const ran = await home.run(
        ['proof', 'html', write(`${name}.talosproof`, bundle), '--out', page, '--json'],
        nowhere,
      )
      expect(ran).toMatchObject({ code: 0, stderr: '' })
      const html = readFileSync(page, 'utf8')
      expect(JSON.parse(ran.stdout)).toEqual({ file: page, sizeBytes: Buffer.byteLength(html) })
      expect(html).toMatch(/^<!doctype html>\n/)
      expect(html).toContain("default-src 'none'; script-src 'sha256-")
      const [, data = ''] = /id="bundle">([^<]*)</.exec(html) ?? []
      expect(JSON.parse(data)).toBe(bundle)
    }
    const again = await home.run(
      ['proof', 'html', join(folder.path, 'good.talosproof'), '--out', join(folder.path, 'good.html')],
      nowhere,
    )
    expect(again).toMatchObject({ code: 2, stdout: '' })
    expect(again.stderr).toContain('CLI_FILE_UNWRITABLE')
  })
})
