/** `talos identity`, as its users run it: text and JSON, exit codes, confirmation, no secret anywhere. */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { errorOf, Home, PASSPHRASE } from './talos.ts'

const BACKUP_PASSPHRASE = 'another horse for the safe'
const backing = { environment: { TALOS_BACKUP_PASSPHRASE: BACKUP_PASSPHRASE } }
const home = new Home()
const elsewhere = new Home()
let did = ''

interface Shown {
  readonly id: string
  readonly signingKey: string | null
  readonly version: number
  readonly deactivated: boolean
  readonly keys: readonly { readonly did: string; readonly standing: string }[]
}

beforeAll(async () => {
  did = await home.init('box')
})

afterAll(() => {
  home[Symbol.dispose]()
  elsewhere[Symbol.dispose]()
})

const show = async (from: Home = home) => await from.json<Shown>(['identity', 'show'], { passphrase: null })

describe('identity', () => {
  it('shows the durable name, verifies the log and gives it away, all without a passphrase', async () => {
    const shown = await show()
    expect(shown).toMatchObject({ signingKey: did, version: 1, deactivated: false })
    expect(shown.id).toMatch(/^did:talos:Qm/)
    const raw = await home.run(['identity', 'log', '--raw'], { passphrase: null })
    expect(raw.stdout).toBe(readFileSync(join(home.path, 'agents/box/did.jsonl'), 'utf8'))
    const file = join(home.path, 'copy.jsonl')
    writeFileSync(file, raw.stdout)
    expect(await home.json(['identity', 'verify', file], { passphrase: null })).toMatchObject({
      valid: true,
      id: shown.id,
    })
    writeFileSync(file, raw.stdout.replace('"versionTime":"2', '"versionTime":"3'))
    const refused = await home.run(['identity', 'verify', file, '--json'], { passphrase: null })
    expect([refused.code, errorOf(refused).code]).toEqual([1, 'KEY_LOG_TIME'])
    const text = await home.run(['identity', 'show'], { passphrase: null })
    expect(text.stdout).toContain(`id       ${shown.id}`)
  })

  it('resolves the name of the agent, a did:key, and says what it does not know', async () => {
    const { id } = await show()
    expect(await home.json(['identity', 'resolve', id])).toMatchObject({ did: id, valid: true, log: { version: 1 } })
    expect(await home.json(['identity', 'resolve', did])).toMatchObject({ document: { id: did } })
    const unknown = await home.run(['identity', 'resolve', `did:talos:Qm${'1'.repeat(44)}`, '--json'])
    expect(unknown.code).toBe(1)
  })

  it('is named by its durable name as by its key, where its key log is known', async () => {
    const { id } = await show()
    const grant = ['capabilities', 'grant', '--server', 'files', '--for', '1h', '--to']
    const granted = await home.json<{ to: string; cid: string }>([...grant, id])
    expect(granted.to).toBe(did)
    const explain = ['capabilities', 'explain', '--server', 'files', '--tool', 'read', '--from', id, '--at', id]
    expect(await home.json(explain, { passphrase: null })).toMatchObject({ outcome: 'allow' })
    const about = ['capabilities', 'revoke-all', id]
    expect(await home.json(about)).toMatchObject({ who: did, revoked: false, capabilities: [granted.cid] })
    const log = await home.json<{ entries: object[] }>(['audit', 'log', '--kind', 'cap.grant', '--peer', id])
    expect(log.entries).toMatchObject([{ entry: { peer: did } }])
    expect(await home.json(['audit', 'log', '--kind', 'cap.grant', '--peer', did])).toEqual(log)
    expect(await home.json([...grant, id, '--tool', 'drop', '--approver', id])).toMatchObject({ to: did })
    for (const name of [`did:talos:Qm${'1'.repeat(44)}`, 'did:talos:nonsense']) {
      const refused = await home.run([...grant, name, '--json'])
      expect([refused.code, errorOf(refused).code]).toEqual([2, 'CLI_OPTION_INVALID'])
    }
  })

  it('rotates, asks before an emergency, and goes on under the same name', async () => {
    const { id } = await show()
    const rotated = await home.json<{ did: string; before: string; version: number }>(['identity', 'rotate'])
    expect(rotated).toMatchObject({ before: did, version: 2 })
    const asked = await home.run(['identity', 'rotate', '--emergency', '--json'])
    expect([asked.code, errorOf(asked).code]).toEqual([2, 'CLI_NOT_CONFIRMED'])
    expect((await show()).version).toBe(2)
    await home.json(['capabilities', 'grant', '--to', id, '--server', 'git', '--for', '1h'])
    await home.json(['identity', 'rotate', '--emergency', '--since', '1m', '--yes'])
    const listed = await home.json<{ capabilities: { standing: string }[] }>(['capabilities', 'list'])
    expect(listed.capabilities.map(({ standing }) => standing)).toEqual(['key compromised', 'valid', 'valid'])
    const shown = await show()
    expect(shown).toMatchObject({ id, version: 3 })
    expect(shown.keys.map(({ standing }) => standing)).toEqual(['rotated', 'compromised', 'current'])
    const checked = await home.json<{ size: number }>(['audit', 'verify'], { passphrase: null })
    expect(checked).toBeTypeOf('object')
    expect(await home.json(['whoami'])).toMatchObject({ did: shown.signingKey })
    const before = await home.json<{ entries: object[] }>(['audit', 'log', '--kind', 'cap.grant', '--peer', id])
    expect(before.entries).toHaveLength(3)
  })

  it('backs up to a private file that is never replaced, and restores from it', async () => {
    const { id, signingKey } = await show()
    const file = join(home.path, 'box.talosbackup')
    expect(await home.json(['identity', 'backup', file], backing)).toMatchObject({ id, did: signingKey, version: 3 })
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const again = await home.run(['identity', 'backup', file, '--json'], backing)
    expect([again.code, errorOf(again).code]).toEqual([2, 'CLI_FILE_UNWRITABLE'])
    const wrong = await elsewhere.run(['identity', 'restore', file, '--json'], {
      environment: { TALOS_BACKUP_PASSPHRASE: 'wrong' },
    })
    expect([wrong.code, errorOf(wrong).code]).toEqual([1, 'PASSPHRASE_WRONG'])
    expect(existsSync(join(elsewhere.path, 'agents'))).toBe(false)
    expect(await elsewhere.json(['identity', 'restore', file, 'box'], backing)).toMatchObject({ id, did: signingKey })
    expect(await show(elsewhere)).toMatchObject({ id, signingKey, version: 3 })
    const log = await elsewhere.json<{ entries: { entry: { kind: string } }[] }>(['audit', 'log'])
    expect(log.entries.map(({ entry }) => entry.kind)).toEqual(['log.open', 'identity.restore'])
  })

  it('recovers with another key, which the old copy cannot follow', async () => {
    const file = join(home.path, 'box.talosbackup')
    const { id } = await show()
    const options = { ...backing, environment: { ...backing.environment, TALOS_AGENT: 'found' } }
    const asked = await elsewhere.run(['identity', 'recover', file, '--json'], options)
    expect([asked.code, errorOf(asked).code]).toEqual([2, 'CLI_NOT_CONFIRMED'])
    const recovered = await elsewhere.json(['identity', 'recover', file, '--yes'], options)
    expect(recovered).toMatchObject({ name: 'found', id, version: 4 })
  })

  it('ends for good, once', async () => {
    const asked = await home.run(['identity', 'deactivate', '--json'])
    expect([asked.code, errorOf(asked).code]).toEqual([2, 'CLI_NOT_CONFIRMED'])
    expect(await home.json(['identity', 'deactivate', '--yes'])).toMatchObject({ deactivated: true, version: 4 })
    expect(await show()).toMatchObject({ deactivated: true, signingKey: null })
    const again = await home.run(['identity', 'rotate', '--json'])
    expect([again.code, errorOf(again).code]).toEqual([1, 'IDENTITY_DEACTIVATED'])
  })

  it('prints no passphrase', () => {
    for (const secret of [PASSPHRASE, BACKUP_PASSPHRASE]) expect(home.printed + elsewhere.printed).not.toContain(secret)
  })
})
