/** `talos audit follow`: growth, and what is refused, with real agents that are set back, replaced and forked. */
import { chmodSync, cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { errorOf, Home } from './talos.ts'

const home = new Home()
const folder = (name: string) => join(home.path, 'agents', name)
const state = join(home.path, 'state.json')
let did = ''

beforeAll(async () => {
  did = await home.init('box')
  await sign()
})

afterAll(() => home[Symbol.dispose]())

function copy(from: string, to: string): void {
  cpSync(folder(from), folder(to), { recursive: true })
  chmodSync(folder(to), 0o700)
}

async function sign(): Promise<void> {
  await home.run(['audit', 'root', '--sign', '--agent', 'box'])
}

/** One more entry. */
async function grant(server: string): Promise<string> {
  const words = ['capabilities', 'grant', '--agent', 'box', '--to', did, '--server', server, '--for', '15m']
  return (await home.json<{ cid: string }>(words)).cid
}

async function follow(...words: readonly string[]) {
  const ran = await home.run(['audit', 'follow', folder('box'), '--state', state, '--json', ...words])
  return ran.stdout === '' ? [ran.code, errorOf(ran).code] : [ran.code, JSON.parse(ran.stdout) as object]
}

describe('audit follow', () => {
  it('follows what is added: entries, keys and revocations', async () => {
    const cid = await grant('one')
    await sign()
    expect(await follow('--did', did)).toMatchObject([
      0,
      { verdict: 'followed', before: null, keyEvents: [{ number: 1 }] },
    ])
    const before = readFileSync(state, 'utf8')
    expect(await follow()).toMatchObject([0, { verdict: 'followed', keyEvents: [], revocations: [] }])
    expect(readFileSync(state, 'utf8')).toBe(before)
    await home.json(['capabilities', 'revoke', '--agent', 'box', cid])
    await home.json(['identity', 'rotate', '--agent', 'box'])
    await sign()
    const [code, update] = await follow()
    expect([code, update]).toMatchObject([0, { keyEvents: [{ number: 2 }] }])
    expect(readFileSync(state).length).toBeLessThan(4096)
  })

  it('refuses an agent that it was not told of, and says what cannot be used', async () => {
    await home.init('other')
    await home.run(['audit', 'root', '--sign', '--agent', 'other'])
    const run = async (...words: readonly string[]) => {
      const ran = await home.run(['audit', 'follow', ...words, '--json'])
      return [ran.code, errorOf(ran).code]
    }
    const other = folder('other')
    expect(await run(other, '--did', did)).toEqual([1, 'LIGHT_OTHER_LOG'])
    expect(await run(other, '--state', state)).toEqual([1, 'LIGHT_OTHER_LOG'])
    expect(await run(join(home.path, 'nowhere'))).toEqual([2, 'CLI_OPTION_INVALID'])
    expect(await run('http://127.0.0.1:1')).toEqual([2, 'LOG_FETCH_FAILED'])
    expect(await run('http://example.org/x')).toEqual([2, 'LOG_ADDRESS_INVALID'])
    expect(await run(other, '--did', 'x')).toEqual([2, 'CLI_OPTION_INVALID'])
    expect(await run(other, '--every', 'x')).toEqual([2, 'CLI_OPTION_INVALID'])
    writeFileSync(join(home.path, 'bad.json'), '{}')
    expect(await run(other, '--state', join(home.path, 'bad.json'))).toEqual([2, 'LIGHT_STATE_INVALID'])
    expect(await run(other, '--policy', join(home.path, 'bad.json'))).toEqual([2, 'WITNESS_POLICY_INVALID'])
  })

  it('refuses a log that was set back, and one that went on otherwise, with evidence that anybody can check', async () => {
    copy('box', 'copy')
    await grant('two')
    await sign()
    expect(await follow()).toMatchObject([0, { verdict: 'followed' }])
    const kept = readFileSync(state, 'utf8')
    rmSync(folder('box'), { recursive: true })
    copy('copy', 'box')
    expect(await follow()).toEqual([1, 'LIGHT_ROLLBACK'])
    await grant('three')
    await sign()
    const words = ['audit', 'follow', folder('box'), '--state', state]
    const ran = await home.run(words)
    expect([ran.code, ran.stdout]).toEqual([1, ''])
    expect(ran.stderr).toContain('LIGHT_FORK')
    const evidence = `${state}.evidence.json`
    expect(ran.stderr).toContain(`talos audit witness check ${evidence}`)
    const nobody = { passphrase: null, environment: { TALOS_HOME: join(home.path, 'nobody') } }
    expect(await home.json(['audit', 'witness', 'check', evidence], nobody)).toMatchObject({ of: 'log', agent: did })
    const again = await home.run(words)
    expect([again.code, again.stdout]).toEqual([1, readFileSync(evidence, 'utf8')])
    expect(readFileSync(state, 'utf8')).toBe(kept)
  })

  it('refuses two lists of revocations by one key, with evidence that anybody can check', async () => {
    const lists = join(home.path, 'lists.json')
    await home.init('one')
    const revoke = async (name: string, server: string) => {
      const words = ['--agent', name, '--to', did, '--server', server, '--for', '15m']
      const { cid } = await home.json<{ cid: string }>(['capabilities', 'grant', ...words])
      await home.json(['capabilities', 'revoke', '--agent', name, cid])
    }
    await home.run(['audit', 'root', '--sign', '--agent', 'one'])
    copy('one', 'two')
    for (const name of ['one', 'two']) await revoke(name, name)
    const followed = async () => await home.run(['audit', 'follow', folder('one'), '--state', lists, '--json'])
    expect((await followed()).code).toBe(0)
    // The same log, and the revocations of the other copy.
    cpSync(join(folder('two'), 'agent.db'), join(folder('one'), 'agent.db'))
    const ran = await followed()
    expect([ran.code, errorOf({ ...ran, stderr: ran.stderr.split('\n').at(-2) ?? '' }).code]).toEqual([
      1,
      'LIGHT_REVOCATIONS_FORK',
    ])
    const words = ['audit', 'witness', 'check', `${lists}.evidence.json`]
    const fork = { of: 'revocations', first: { items: 1 }, second: { items: 1 } }
    expect(await home.json(words, { passphrase: null })).toMatchObject(fork)
  })

  it('goes on until Ctrl-C, over what does not answer, and ends at what is refused', async () => {
    const watched = join(home.path, 'watched.json')
    const words = ['--state', watched, '--watch', '--every', '1s', '--json']
    await using watching = home.start(['audit', 'follow', folder('box'), ...words])
    await watching.lines(1)
    await grant('four')
    await sign()
    await watching.lines(2)
    expect(await watching.stop()).toBe(0)
    expect(existsSync(watched)).toBe(true)
    await using waiting = home.start(['audit', 'follow', 'http://127.0.0.1:1', ...words])
    await waiting.until(() => waiting.stderr.split('LOG_FETCH_FAILED').length > 2)
    expect(await waiting.stop()).toBe(0)
    await using ending = home.start(['audit', 'follow', folder('copy'), ...words])
    expect(await ending.ended()).toBe(1)
    expect(ending.stderr).toContain('LIGHT_')
  })
})
