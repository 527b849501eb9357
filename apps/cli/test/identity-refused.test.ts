/** An agent whose log refuses, without any earlier backup: backed up as it is, made anew, and followed over both logs. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ProofWorld } from './proof-world.ts'
import { errorOf } from './talos.ts'

const opened = { environment: { TALOS_BACKUP_PASSPHRASE: 'another long sentence to remember' } }
let world: ProofWorld
let signedSize = 0

const path = (name: string) => join(world.box.path, name)
const folder = (name: string) => path(join('agents', name))
const run = async (...words: readonly string[]) => await world.box.run(words, opened)

const originOf = (name: string) => readFileSync(join(folder(name), 'checkpoint.txt'), 'utf8').split('\n')[0]

async function followed(name: string, state: string) {
  const ran = await run('audit', 'follow', folder(name), '--state', path(state), '--did', world.boxDid, '--json')
  return ran.stdout === '' ? [ran.code, errorOf(ran).code] : [ran.code, JSON.parse(ran.stdout) as object]
}

async function proofOf(call: string, name: string): Promise<object> {
  const file = join(world.agent.path, name)
  await world.agent.json(['proof', 'export', call, '--out', file])
  return await verified(name)
}

async function verified(name: string): Promise<object> {
  const nowhere = { passphrase: null, environment: { TALOS_HOME: path('nowhere') } }
  return await world.agent.json<object>(['proof', 'verify', join(world.agent.path, name)], nowhere)
}

beforeAll(async () => {
  world = await ProofWorld.begin()
  await proofOf(world.allowed, 'before.talosproof')
  await world.stop()
  const earlier = readFileSync(path('agents/box/audit.db'))
  const words = ['--to', world.agentDid, '--server', 'other', '--for', '15m']
  await world.box.json(['capabilities', 'grant', '--agent', 'box', ...words])
  await world.box.json(['audit', 'root', '--sign', '--agent', 'box'])
  signedSize = Number(readFileSync(path('agents/box/checkpoint.txt'), 'utf8').split('\n')[1])
  await world.box.json(['audit', 'follow', folder('box'), '--state', path('state.json')])
  writeFileSync(path('agents/box/audit.db'), earlier)
}, 120_000)

afterAll(async () => await world[Symbol.asyncDispose]())

describe('an agent whose log was set back', () => {
  it('is backed up with a warning, and nothing is written or signed', async () => {
    const before = [readFileSync(path('agents/box/checkpoint.txt')), (await run('audit', 'log', '--json')).stdout]
    const text = await run('identity', 'backup', path('text.talosbackup'), '--agent', 'box')
    expect(text.code).toBe(0)
    expect(text.stderr).toMatch(/^warning AUDIT_ROLLBACK: .*\n {2}.*talos identity backup/)
    expect(text.stdout).toContain(`not recorded in it; its last checkpoint is known (${signedSize} entries)`)
    const json = await run('identity', 'backup', path('box.talosbackup'), '--agent', 'box', '--json')
    expect(JSON.parse(json.stdout)).toMatchObject({ did: world.boxDid, log: { recorded: false, signedSize } })
    expect(JSON.parse(json.stderr)).toMatchObject({ warning: { code: 'AUDIT_ROLLBACK' } })
    const after = [readFileSync(path('agents/box/checkpoint.txt')), (await run('audit', 'log', '--json')).stdout]
    expect(after).toEqual(before)
  })

  it('goes on with a log that names the last checkpoint of the refused one', async () => {
    const checkpoint = readFileSync(path('agents/box/checkpoint.txt'), 'utf8')
    expect((await run('identity', 'restore', path('box.talosbackup'), 'again', '--json')).code).toBe(0)
    expect((await run('audit', 'verify', '--agent', 'again')).code).toBe(0)
    const opening = ['audit', 'show', '0', '--agent', 'again']
    const shown = await world.box.json<{ entry: { log: { previous: string; origin: string } } }>(opening)
    expect(shown.entry.log.previous).toBe(checkpoint)
    expect(shown.entry.log.origin).not.toBe(checkpoint.split('\n')[0])
    const sound = await run('identity', 'backup', path('again.talosbackup'), '--agent', 'again', '--json')
    expect([sound.stderr, JSON.parse(sound.stdout)]).toMatchObject(['', { log: { recorded: true } }])
    const kinds = await world.box.json<{ entries: { entry: { kind: string } }[] }>(['audit', 'log', '--agent', 'again'])
    expect(kinds.entries.map(({ entry }) => entry.kind)).toEqual(['log.open', 'identity.restore', 'identity.backup'])
  })

  it('is followed as two logs: the refused one was set back, and the new one is another', async () => {
    await run('audit', 'root', '--sign', '--agent', 'again')
    expect(await followed('box', 'state.json')).toEqual([1, 'LIGHT_ROLLBACK'])
    expect(await followed('again', 'state.json')).toEqual([1, 'LIGHT_OTHER_LOG'])
    expect(await followed('again', 'new.json')).toMatchObject([0, { verdict: 'followed', before: null }])
  })

  it('has proofs of both logs: those of before hold as they are, and calls go on', async () => {
    const before = await verified('before.talosproof')
    const call = await world.goOnAs('again')
    expect(call).not.toBe(world.allowed)
    const after = await proofOf(call, 'after.talosproof')
    expect([before, after]).toMatchObject([
      { valid: true, facts: { executionLog: { origin: originOf('box') } } },
      { valid: true, facts: { executionLog: { origin: originOf('again') } } },
    ])
    expect(originOf('again')).not.toBe(originOf('box'))
  })
})
