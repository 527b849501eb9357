/** `talos audit witness`: peers that cosign, policies, and evidence, between processes of the built command. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { encodeJcs, Secret, toBase64url } from '@talos/bytes'
import { delegateLogKey, ed25519Signer } from '@talos/identity'
import { portableKernel } from '@talos/kernel'
import {
  formatVerifierKey,
  NOTE_COSIGNATURE,
  NOTE_ED25519,
  openNote,
  parseVerifierKey,
  signCheckpoint,
  treeSize,
  verifierKey,
} from '@talos/merkle'
import { repoVectors } from '@talos/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { errorOf, Home, type Running } from './talos.ts'

interface Status {
  readonly size: number
  readonly witnessed: number | null
  readonly policy: string | null
  readonly witnesses: readonly { readonly peer: string; readonly vkey: string; readonly size: number }[]
  readonly forks: number
}

const home = new Home()
let bob = ''
let owner: Running

const alice = ['--agent', 'alice'] as const
const status = async () => await home.json<Status>(['audit', 'witness', ...alice])
const fileOf = (name: string, text: string) => {
  const path = join(home.path, name)
  writeFileSync(path, text)
  return path
}

beforeAll(async () => {
  await home.init('alice')
  bob = await home.init('bob')
  owner = home.start(['listen', '--json', '--agent', 'bob'])
  const [line] = await owner.lines(1)
  const { invitation } = JSON.parse(String(line)) as { readonly invitation: string }
  await home.json(['send', invitation, 'Hello!', ...alice])
}, 60_000)

afterAll(async () => {
  await owner.stop('SIGKILL')
  home[Symbol.dispose]()
})

describe('witnesses on the command line', () => {
  it('are asked, listed, and enough where nobody said otherwise', async () => {
    expect(await status()).toMatchObject({ witnessed: null, policy: null, witnesses: [], forks: 0 })
    const asked = await home.json<{ readonly size: number }>(['audit', 'witness', '--peer', bob, ...alice])
    const { size, witnessed, witnesses } = await status()
    expect([witnessed, witnesses.map(({ peer }) => peer)]).toEqual([asked.size, [bob]])
    expect(size).toBe(asked.size)
    const shown = await home.run(['audit', 'witness', ...alice])
    expect([shown.code, shown.stdout]).toEqual([0, expect.stringContaining(bob)])
    expect(shown.stdout).toContain('any one witness')
  })

  it('are held to a policy, which is checked before it is set', async () => {
    const [witness] = (await status()).witnesses
    const policy = (quorum: string) => `witness B ${witness?.vkey}\ngroup all 1 B\nquorum ${quorum}\n`
    const bad = await home.run(['audit', 'witness', 'policy', fileOf('bad', policy('nobody')), '--json', ...alice])
    expect([bad.code, errorOf(bad).code]).toEqual([2, 'WITNESS_POLICY_INVALID'])
    await home.json(['audit', 'witness', 'policy', fileOf('good', policy('all')), ...alice])
    expect((await home.run(['audit', 'witness', 'policy', ...alice])).stdout).toBe(policy('all'))
    expect(await status()).toMatchObject({ policy: 'all: 1 of 1 (1 witnesses)' })
    const other = policy('B').replace(/\+[0-9a-f]{8}\+\S+/, '+00000000+AAAA')
    expect((await home.run(['audit', 'witness', 'policy', fileOf('other', other), ...alice])).code).toBe(2)
    const unmet = fileOf('unmet', `witness X ${vkeyOfNobody()}\nquorum X\n`)
    await home.json(['audit', 'witness', 'policy', unmet, ...alice])
    const ran = await home.run(['audit', 'witness', '--json', ...alice])
    expect([ran.code, JSON.parse(ran.stdout).witnessed]).toEqual([1, null])
    await home.json(['audit', 'witness', 'policy', fileOf('none', 'quorum none\n'), ...alice])
    expect((await home.run(['audit', 'witness', ...alice])).code).toBe(0)
  })

  it('check evidence that a log forked, with nothing but the file', async () => {
    const path = fileOf('evidence.json', await evidence())
    const valid = await home.json<{ readonly first: { readonly size: number } }>(['audit', 'witness', 'check', path])
    expect(valid).toMatchObject({ valid: true, first: { size: 2 } })
    expect((await home.run(['audit', 'witness', 'check', path])).stdout).toContain('FORK')
    const other = fileOf('other.json', (await evidence()).replace('"proof":[]', `"proof":["${'A'.repeat(43)}="]`))
    const refused = await home.run(['audit', 'witness', 'check', other, '--json'])
    expect([refused.code, errorOf(refused).code]).toEqual([1, 'FORK_INVALID'])
    expect((await home.run(['audit', 'witness', 'check', join(home.path, 'missing')])).code).toBe(2)
  })

  it('check evidence that an agent signed two lists of revocations', async () => {
    const { cases } = repoVectors('light/revocation-fork.json')
    const check = async (description: string, ...words: readonly string[]) => {
      const found = cases.find((one) => one.description === description)
      return await home.run([
        'audit',
        'witness',
        'check',
        fileOf('list.json', `${String(found?.input['text'])}\n`),
        ...words,
      ])
    }
    const { code, stdout } = await check('a longer list that is no continuation', '--json')
    expect([code, JSON.parse(stdout)]).toMatchObject([
      0,
      { valid: true, of: 'revocations', agent: null, first: { items: 4 }, second: { items: 6 } },
    ])
    const shown = async (description: string) => (await check(description)).stdout
    expect(await shown('a longer list that is no continuation')).toContain('neither is the beginning of the other')
    expect(await shown('a shorter list that was signed later')).toContain('revocations were taken back')
    expect(await shown('a key that was lost, by the key log')).toContain('may have been a thief')
    const refused = await check('a list and its continuation', '--json')
    expect([refused.code, errorOf(refused).code]).toEqual([1, 'FORK_INVALID'])
  })

  it('list no fork where there is none, and write none', async () => {
    expect(await home.json(['audit', 'witness', 'forks', ...alice])).toEqual({ forks: [], revocations: [] })
    const ran = await home.run(['audit', 'witness', 'forks', '--json', '--out', join(home.path, 'fork.json'), ...alice])
    expect([ran.code, errorOf(ran).code]).toEqual([1, 'CLI_EVIDENCE_NONE'])
    const trusted = await home.run(['audit', 'witness', 'trust', 'nothing', '--json', ...alice])
    expect([trusted.code, errorOf(trusted).code]).toEqual([2, 'NOTE_KEY_INVALID'])
  })

  it('list and write what running agents kept of two lists by one key', async () => {
    const { cases } = repoVectors('light/revocation-fork.json')
    const keep = (description: string, issuer: string) => {
      const found = cases.find((one) => one.description === description)
      const { heads } = JSON.parse(String(found?.input['text'])) as { readonly heads: readonly string[] }
      const [bytes, contradiction] = heads.map((head) => Buffer.from(head, 'base64url')) as [Buffer, Buffer]
      using database = new DatabaseSync(join(home.path, 'agents', 'alice', 'agent.db'))
      const insert = 'INSERT INTO revocation_heads (issuer, bytes, contradiction) VALUES (?, ?, ?)'
      database.prepare(insert).run(issuer, bytes, contradiction)
      return () => {
        using again = new DatabaseSync(join(home.path, 'agents', 'alice', 'agent.db'))
        again.prepare('DELETE FROM revocation_heads WHERE issuer = ?').run(issuer)
      }
    }
    const forks = ['audit', 'witness', 'forks', ...alice]
    const key = 'did:key:z6MkOne'
    const [later, unshown] = [
      keep('a shorter list that was signed later', key),
      keep('a longer list that is no continuation', 'did:key:z6MkTwo'),
    ]
    const listed = await home.json<{ revocations: readonly object[] }>(forks)
    expect(listed.revocations).toMatchObject([{ hasEvidence: true }, { hasEvidence: false }])
    const text = await home.run(forks)
    expect(text.stdout).toContain('the shorter one later: revocations were taken back')
    expect(text.stdout).toContain('What shows it to others was not kept.')
    expect(await status()).toMatchObject({ forks: 2 })
    const path = join(home.path, 'lists.json')
    expect(await home.json([...forks, '--issuer', key, '--out', path])).toMatchObject({ of: 'revocations' })
    expect((await home.run(['audit', 'witness', 'check', path])).stdout).toContain('revocations were taken back')
    const none = await home.run([...forks, '--json', '--issuer', 'did:key:z6MkTwo', '--out', `${path}.2`])
    expect([none.code, errorOf(none).code]).toEqual([1, 'CLI_EVIDENCE_NONE'])
    for (const forget of [later, unshown]) forget()
  })

  it('let a log sign that is held, at the owner’s word', async () => {
    expect(await home.json(['audit', 'witness', '--resume', ...alice])).toEqual({ resumed: true })
  })

  it('cosign logs of other projects over HTTP, whose keys their owner wrote down', async () => {
    const agent = ['--agent', 'bob'] as const
    const origin = 'log.example/a'
    const publicKey = kernel.ed25519PublicKey(seedOf(5))
    const vkey = formatVerifierKey(verifierKey({ name: origin, type: NOTE_ED25519, publicKey, kernel }))
    const signer = { publicKey, sign: async (text: Uint8Array) => kernel.ed25519Sign(seedOf(5), text) }
    const serving = home.start(['audit', 'serve', '--witness', '--json', ...agent])
    const [line] = await serving.lines(1)
    const { url } = JSON.parse(String(line)) as { readonly url: string }
    const post = async (root: number) => {
      const note = await signCheckpoint({ origin, size: treeSize(2), root: seedOf(root), signer, kernel })
      const old = root === 3 ? 0 : 2
      const body = `old ${old}\n\n${note}`
      const answer = await fetch(new URL('add-checkpoint', url), { method: 'POST', body })
      return [answer.status, note, await answer.text()] as const
    }
    expect((await post(3))[0]).toBe(404)
    expect(await home.json(['audit', 'witness', 'trust', vkey, ...agent], { passphrase: null })).toEqual({ origin })
    const [status, note, cosignature] = await post(3)
    expect(status).toBe(200)
    const [witness] = (await home.json<Status>(['audit', 'witness', '--agent', 'alice'])).witnesses
    const key = parseVerifierKey(witness?.vkey ?? '', kernel)
    expect(openNote(`${note}${cosignature}`, { keys: [key], kernel }).signatures).toHaveLength(1)
    const [other, , text] = await post(4)
    expect([other, text]).toEqual([409, '2\n'])
    const bad = await home.run(['audit', 'witness', 'trust', witness?.vkey ?? '', '--json', ...agent])
    expect(errorOf(bad).code).toBe('WITNESS_LOG_KEY')
    await serving.stop()
  })

  it('are no names of anybody', async () => {
    const ran = await home.run(['audit', 'witness', '--peer', 'bob', ...alice])
    expect([ran.code, ran.stderr]).toEqual([2, expect.stringContaining('CLI_OPTION_INVALID')])
  })
})

describe('docs/witnesses.md', () => {
  const doc = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'witnesses.md'), 'utf8')
  const lines = doc.split('\n').filter((line) => /^ {4}talos audit /.test(line))

  it.each(lines.map((line) => line.trim()))('says what can be run: %s', async (line) => {
    const publicKey = kernel.ed25519PublicKey(seedOf(6))
    const values: Readonly<Record<string, string>> = {
      $PEER: bob,
      $KEY: formatVerifierKey(verifierKey({ name: 'log.example/b', type: NOTE_ED25519, publicKey, kernel })),
      'quorum.txt': fileOf('quorum.txt', 'quorum none\n'),
      'evidence.json': fileOf('evidence.json', await evidence()),
    }
    const words = line.split(' ').slice(1)
    expect((await home.run([...words.map((word) => values[word] ?? word), ...alice])).code).toBe(0)
  })

  it('is about all of it', () => {
    const known = ['policy', 'forks', 'check', 'trust', '--peer']
    expect(known.filter((word) => !lines.some((line) => line.includes(` ${word}`)))).toEqual([])
  })
})

const kernel = portableKernel()
const seedOf = (byte: number) => new Uint8Array(32).fill(byte)

function vkeyOfNobody(): string {
  const publicKey = kernel.ed25519PublicKey(seedOf(9))
  return formatVerifierKey(verifierKey({ name: 'nobody.example', type: NOTE_COSIGNATURE, publicKey, kernel }))
}

/** Two checkpoints of one size. */
async function evidence(): Promise<string> {
  const agent = ed25519Signer({ kernel, seed: Secret.of(seedOf(1)) })
  const signer = {
    publicKey: kernel.ed25519PublicKey(seedOf(2)),
    sign: async (text: Uint8Array) => kernel.ed25519Sign(seedOf(2), text),
  }
  const origin = `talos/${agent.did.slice('did:key:'.length)}/1`
  const { bytes } = await delegateLogKey({ signer: agent, logPublicKey: signer.publicKey, origin, issuedAtS: 1 })
  const note = (byte: number) => signCheckpoint({ origin, size: treeSize(2), root: seedOf(byte), signer, kernel })
  const [first, second] = [await note(3), await note(4)].sort()
  return encodeJcs({
    format: 'talos-fork/v1',
    origin,
    logKeys: [toBase64url(bytes)],
    history: [],
    first: String(first),
    second: String(second),
    proof: [],
  })
}
