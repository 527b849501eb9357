/** Parts of a call shown to others, between real agents with a real MCP server (spec 10-audit-entry 10.8, 12-proof-bundle 12.9). */

import { decodeEntry } from '@talos/audit'
import { Cid, decodeJcs, fromBase64url, fromUtf8 } from '@talos/bytes'
import { type ProofBundle, parseProofBundle } from '@talos/contracts'
import { isTalosError } from '@talos/errors'
import { verifyProofBundle } from '@talos/proof'
import { describe, expect, it } from 'vitest'
import { discloseFields } from '../src/disclosure.ts'
import { Stage } from './stage.ts'

function read(bundle: string): ProofBundle {
  return parseProofBundle(decodeJcs(bundle))
}

async function codeOf(run: () => Promise<unknown>): Promise<string> {
  try {
    await run()
    return 'accepted'
  } catch (error) {
    return isTalosError(error) ? error.code : String(error)
  }
}

describe('a proof that shows parts of a call', () => {
  it('shows those that were chosen, and holds nothing else of the result', async () => {
    await using stage = await Stage.with(['alice'])
    await stage.grant('alice')
    const alice = stage.of('alice')
    const { invocation } = await stage.call('alice', 'say', { arguments: { words: 'planted-secret' } })
    const hidden = await alice.exportProof(invocation)
    expect(read(hidden).disclosures).toEqual([])
    expect(read(hidden).execution).toBeDefined()
    const bundle = await alice.exportProof(invocation, { disclose: ['output:/content/0/type', 'arguments:/words'] })
    expect(verifyProofBundle(bundle, { kernel: alice.kernel })).toMatchObject({
      valid: true,
      disclosures: { verdict: 'valid' },
    })
    const { disclosures, execution, intent } = read(bundle)
    expect(disclosures.map(({ layer, path, pointer, value }) => [layer, path, pointer, value])).toEqual([
      ['execution', 'output', '/content/0/type', 'text'],
      ['intent', 'arguments', '/words', 'planted-secret'],
    ])
    const roots = [intent?.inclusion, execution?.invoked].map(
      (inclusion) => decodeEntry(fromBase64url(inclusion?.entry ?? '')).commit?.arguments,
    )
    expect(new Set(roots).size).toBe(1)
    expect(roots[0]).toMatch(/^[0-9a-f]{64}$/)
    const withoutArguments = JSON.stringify({ execution, shown: disclosures.slice(0, 1) })
    expect(withoutArguments).not.toContain('planted-secret')
    expect(Buffer.from(withoutArguments).toString('latin1')).not.toContain(
      Buffer.from('planted-secret').toString('base64url'),
    )
  })

  it('opens all parts below a pointer, and the whole response', async () => {
    await using stage = await Stage.with(['alice'])
    await stage.grant('alice')
    const alice = stage.of('alice')
    const { invocation } = await stage.call('alice', 'say')
    const bundle = await alice.exportProof(invocation, { disclose: ['output:', 'arguments:', 'result'] })
    expect(verifyProofBundle(bundle, { kernel: alice.kernel })).toMatchObject({ valid: true })
    const { disclosures } = read(bundle)
    expect(disclosures.map(({ pointer }) => pointer)).toEqual(['/content/0/text', '/content/0/type', '', undefined])
    const [whole] = disclosures.slice(-1)
    expect(JSON.parse(fromUtf8(fromBase64url(String(whole?.bytes)))).result.content[0].text).toBe('hello')
  })

  it('shows nothing that is not a part, or was not kept', async () => {
    await using stage = await Stage.with(['alice'])
    await stage.grant('alice')
    const alice = stage.of('alice')
    const small = await stage.call('alice', 'say')
    const large = await stage.call('alice', 'large', { arguments: { size: 262_144 } })
    const code = async (invocation: string, ...disclose: string[]) =>
      await codeOf(async () => await alice.exportProof(invocation, { disclose }))
    for (const choice of [
      'output:/content/1',
      'output:/content/0/text/x',
      'arguments:/words',
      'output',
      'request',
      'x:/y',
      '',
    ]) {
      expect([choice, await code(small.invocation, choice)]).toEqual([choice, 'DISCLOSURE_CHOICE'])
    }
    for (const choice of ['output:/content/0/text', 'result']) {
      expect([choice, await code(large.invocation, choice)]).toEqual([choice, 'DISCLOSURE_CHOICE'])
    }
    expect(await code(large.invocation, 'arguments:/size')).toBe('accepted')
    const many = Array.from({ length: 65 }, () => 'output:/content/0/type')
    expect(await code(small.invocation, ...many)).toBe('DISCLOSURE_CHOICE')
    expect(await code(small.invocation, ...many.slice(1))).toBe('accepted')
  })

  it('keeps what it needs for that sealed, and nothing of calls that prove nothing to others', async () => {
    await using stage = await Stage.with(['alice'], { talos: { servers: { tools: { proof: 'channel' } } } })
    await stage.grant('alice', { need: 'channel' })
    const { invocation } = await stage.call('alice', 'say')
    const alice = stage.of('alice')
    expect(await codeOf(async () => await alice.exportProof(invocation))).toBe('PROOF_UNSIGNED')
    const entries = ['alice', 'bob'] as const
    for (const name of entries) {
      const { log } = stage.of(name)
      const bodies = Array.from({ length: log.size }, (_, index) => decodeEntry(log.reader.entry(index).body))
      expect(
        bodies
          .filter(({ tool }) => tool?.endsWith('/say'))
          .every(({ commit }) => commit?.arguments === undefined && commit?.output === undefined),
      ).toBe(true)
    }
  })

  it('is not made where the executor committed to something else than was sent or got', async () => {
    await using stage = await Stage.with(['alice'])
    await stage.grant('alice')
    const alice = stage.of('alice')
    const { invocation } = await stage.call('alice', 'say', { arguments: { words: 'x' } })
    const { intent, execution } = read(await alice.exportProof(invocation))
    const entry = (text: string | undefined) => fromUtf8(fromBase64url(text ?? ''))
    const [asked, begun, done] = [intent?.inclusion.entry, execution?.invoked?.entry, execution?.inclusion.entry].map(
      entry,
    )
    const forged = (body: string, name: string) =>
      new TextEncoder().encode(body.replace(new RegExp(`("${name}":")[0-9a-f]{64}`), `$1${'0'.repeat(64)}`))
    const evidence = new Map([
      ['caller.salt', new Uint8Array(32)],
      ['caller.response', new TextEncoder().encode('{"jsonrpc":"2.0","id":1,"result":{}}')],
    ])
    const input = (recorded: readonly Uint8Array[]) => ({
      agent: {
        kernel: alice.kernel,
        database: { evidence: { get: (_cid: Cid, name: string) => ({ bytes: evidence.get(name) }) } },
      } as never,
      invocation: { cid: Cid.parse(invocation), args: { words: 'x' } },
      intent: new TextEncoder().encode(asked),
      recorded,
      choices: [],
    })
    for (const [body, name] of [
      [begun, 'arguments'],
      [done, 'output'],
    ] as const) {
      expect(await codeOf(async () => discloseFields(input([forged(String(body), name)])))).toBe('DISCLOSURE_DISAGREES')
    }
  })
})
