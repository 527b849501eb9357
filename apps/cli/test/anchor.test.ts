/** talos anchor, from the setting up to a file that anybody checks, with the real command and a real local chain. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hasLocalChain, type LocalChain, startLocalChain } from '@talos/evm'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { errorOf, Home, PASSPHRASE } from './talos.ts'

/** Anvil is in the registry for some platforms alone. */
const isThere = await hasLocalChain()

interface Standing {
  readonly by: string
  readonly contract: string
  readonly final: boolean
  readonly heads: readonly { readonly state: string; readonly recorded: boolean; readonly size: number }[]
}

let home: Home
let chain: LocalChain

beforeEach(async () => {
  home = new Home()
  chain = await startLocalChain()
  await home.init('alice')
})
afterEach(async () => {
  home[Symbol.dispose]()
  await chain.close()
})

/** Endpoints that cost money have a key in their URL. */
const TOKEN = 'planted-secret-of-the-endpoint'

const wordsOf = (...more: readonly string[]) => [
  'anchor',
  'init',
  '--rpc',
  `${chain.url}/?token=${TOKEN}`,
  '--chain-id',
  String(chain.chainId),
  '--confirmations',
  '3',
  ...more,
]

/** The first attempt tells whom to fund, the second one deploys. */
async function setUp(): Promise<Standing> {
  const poor = await home.run([...wordsOf('--deploy'), '--json'])
  expect(poor.code).toBe(1)
  const address = /0x[0-9a-f]{40}/.exec(poor.stderr)?.[0] ?? 'no address was told'
  const { code } = errorOf({ ...poor, stderr: poor.stderr.split('\n').find((line) => line.startsWith('{')) ?? '' })
  expect(code).toBe('ANCHOR_FUNDS')
  await chain.fund(address, 10n ** 18n)
  const made = await home.json<Standing>(wordsOf('--deploy'))
  expect(made.by).toBe(address)
  return made
}

describe.skipIf(!isThere)('talos anchor', () => {
  it('sets up, anchors, waits, exports, and verifies offline and online', async () => {
    expect(errorOf(await home.run(['anchor', 'status', '--json']))).toMatchObject({ code: 'ANCHOR_NOT_SET_UP' })
    const { contract, by } = await setUp()
    const sent = await home.run(['anchor', 'now', '--no-wait', '--json'])
    expect(sent.code).toBe(3)
    expect(JSON.parse(sent.stdout)).toMatchObject({ contract, by, final: false, heads: [{ size: 2 }] })
    const file = join(home.path, 'log.talosanchor')
    const early = await home.run(['anchor', 'export', '--out', file])
    expect([early.code, early.stderr]).toEqual([3, expect.stringContaining('ANCHOR_NOT_FINAL')])
    await chain.mine(3)
    const standing = await home.json<Standing>(['anchor', 'status'])
    expect(standing).toMatchObject({ final: true, heads: [{ state: 'final', recorded: true }] })

    await home.json(['anchor', 'export', '--out', file])
    const offline = await home.run(['anchor', 'verify', file])
    expect(offline.code).toBe(0)
    expect(offline.stdout).toContain('it holds if this block is one of the chain')
    const facts = await home.json<{ blockHash: string; trusted: string; signer: string }>(['anchor', 'verify', file])
    expect(facts).toMatchObject({ trusted: 'unverified-header', signer: expect.stringMatching(/^did:key:/) })
    const known = await home.json(['anchor', 'verify', file, '--block-hash', facts.blockHash])
    expect(known).toMatchObject({ trusted: 'header' })
    const other = await home.run(['anchor', 'verify', file, '--block-hash', `0x${'00'.repeat(32)}`])
    expect([other.code, other.stderr]).toEqual([1, expect.stringContaining('ANCHOR_BLOCK_UNKNOWN')])

    const online = ['anchor', 'verify', file, '--rpc', chain.url, '--confirmations']
    expect((await home.run([...online, '3'])).stdout).toContain('final')
    const shallow = await home.run([...online, '1000'])
    expect([shallow.code, shallow.stdout]).toEqual([3, expect.stringContaining('not final yet')])
    await using fork = await startLocalChain()
    await fork.mine(20)
    const elsewhere = await home.run(['anchor', 'verify', file, '--rpc', fork.url, '--confirmations', '3'])
    expect([elsewhere.code, elsewhere.stdout]).toEqual([1, expect.stringContaining('another block at this height')])

    expect((await home.run(['audit', 'log'])).stdout).toContain('checkpoint.anchor')
    expect(home.printed).not.toContain(PASSPHRASE)
    expect(home.printed).not.toContain(TOKEN)
    const folder = join(home.path, 'agents', 'alice')
    for (const name of readdirSync(folder)) expect(readFileSync(join(folder, name)).includes(TOKEN)).toBe(false)
  }, 120_000)

  it('anchors by itself from a process that runs the agent, which answers for it', async () => {
    await setUp()
    await using running = home.start(['listen'])
    await running.lines(1)
    const lastMs = performance.now() + 20_000
    for (;;) {
      await chain.mine(1)
      const { heads } = JSON.parse((await home.run(['anchor', 'status', '--json'])).stdout) as Standing
      if (heads[0]?.recorded) break
      if (performance.now() > lastMs) throw new Error('it did not become final')
    }
    expect(await running.stop()).toBe(0)
  }, 60_000)

  it('refuses what was changed in a file, and says of another thing that it is no anchor', async () => {
    await setUp()
    await home.run(['anchor', 'now', '--no-wait'])
    await chain.mine(3)
    await home.json(['anchor', 'status'])
    const file = join(home.path, 'log.talosanchor')
    await home.json(['anchor', 'export', '--out', file])
    const whole = readFileSync(file, 'utf8')
    const cases: [string, number, string][] = [
      [whole.replace(/"size":([0-9]+)/, '"size":999'), 1, 'ANCHOR_LEAF_UNPROVEN'],
      [whole.replace('"checkpoint":"talos/', '"checkpoint":"taloz/'), 1, 'NOTE_'],
      [whole.replace('"log":0', '"log":1'), 1, 'ANCHOR_EVENT_MISMATCH'],
      [whole.replace(`"chainId":${chain.chainId}`, '"chainId":-1'), 2, 'ANCHOR_FILE_INVALID'],
      ['{}', 2, 'ANCHOR_FILE_INVALID'],
    ]
    for (const [index, [text, code, name]] of cases.entries()) {
      expect(text).not.toBe(whole)
      const path = join(home.path, `changed-${index}`)
      writeFileSync(path, text)
      const ran = await home.run(['anchor', 'verify', path])
      expect([ran.code, ran.stderr]).toEqual([code, expect.stringContaining(name)])
    }
  }, 60_000)

  it('takes a key from a file that its owner alone can read, or from the environment, and prints neither', async () => {
    const key = 'c4'.repeat(32)
    const path = join(home.path, 'key')
    writeFileSync(path, key, { mode: 0o644 })
    const open = await home.run(wordsOf('--deploy', '--key-file', path))
    expect([open.code, open.stderr]).toEqual([2, expect.stringContaining('ANCHOR_KEY_INVALID')])
    writeFileSync(join(home.path, 'own'), key, { mode: 0o600 })
    const poor = await home.run(wordsOf('--deploy', '--key-file', join(home.path, 'own')))
    const address = /0x[0-9a-f]{40}/.exec(poor.stderr)?.[0] ?? ''
    const other = await home.run(wordsOf('--deploy'), { environment: { TALOS_ANCHOR_KEY: key } })
    expect(other.stderr).toContain(address)
    await chain.fund(address, 10n ** 18n)
    await home.json(wordsOf('--deploy', '--key-file', join(home.path, 'own')))
    expect(home.printed).not.toContain(key)
  }, 60_000)

  it('refuses a command line that makes no sense before it opens anything', async () => {
    for (const words of [
      wordsOf(),
      wordsOf('--contract', '0xABC'),
      wordsOf('--deploy', '--contract', `0x${'00'.repeat(20)}`),
      wordsOf('--deploy', '--max-fee', '0'),
      wordsOf('--deploy', '--interval', 'soon'),
      ['anchor', 'verify', 'nowhere'],
    ]) {
      expect((await home.run(words)).code).toBe(2)
    }
    const missing = await home.run(wordsOf('--contract', `0x${'12'.repeat(20)}`))
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining('ANCHOR_CONTRACT_MISSING')])
  }, 60_000)
})
