/** A key in a real token, SoftHSM's: on its own, misused, and as the identity of an agent that grants and signs receipts. */
import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { Cid, Secret, utf8 } from '@talos/bytes'
import { openDelegation, openReceipt, ReceiptSigner } from '@talos/capability'
import { TalosClient } from '@talos/client'
import { ed25519Signer } from '@talos/identity'
import { loadKernel } from '@talos/kernel'
import { parseMcpConfig } from '@talos/mcp'
import { tempFolder } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { MAX_SIGNED_BYTES, MAX_WAITING_SIGNATURES, pkcs11Signer } from '../src/index.ts'
import { MISSING, PIN, softHsm, TOKEN } from './softhsm.ts'

const kernel = loadKernel('portable')
const SEED = new Uint8Array(32).fill(9)
const known = ed25519Signer({ kernel, seed: Secret.of(SEED) })
const SKIPPED = MISSING.length === 0 ? '' : `: skipped, without ${MISSING.join(' and ')}`

describe.skipIf(MISSING.length > 0)(`a key in SoftHSM${SKIPPED}`, () => {
  it('signs as the same key does in this process', async () => {
    using hsm = softHsm(kernel, SEED)
    using signer = await pkcs11Signer(hsm.options())
    expect(signer.did).toBe(known.did)
    for (const message of [new Uint8Array(0), utf8('a message'), new Uint8Array(MAX_SIGNED_BYTES).fill(7)]) {
      expect(await signer.sign(message)).toEqual(await known.sign(message))
    }
    await expect(signer.sign(new Uint8Array(MAX_SIGNED_BYTES + 1))).rejects.toMatchObject({ code: 'INPUT_TOO_LARGE' })
  })

  it('signs what many ask for at once, each its own, and refuses those that are too many', async () => {
    using hsm = softHsm(kernel, SEED)
    using signer = await pkcs11Signer(hsm.options())
    const messages = Array.from({ length: 50 }, (_, index) => utf8(String(index)))
    const signatures = await Promise.all(messages.map((message) => signer.sign(message)))
    expect(signatures).toEqual(await Promise.all(messages.map((message) => known.sign(message))))
    const asked = Array.from({ length: MAX_WAITING_SIGNATURES + 1 }, () => signer.sign(utf8('again')))
    const results = await Promise.allSettled(asked)
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(MAX_WAITING_SIGNATURES)
    expect(results.at(-1)).toMatchObject({
      reason: { code: 'SIGNER_BUSY', details: { limit: MAX_WAITING_SIGNATURES } },
    })
  })

  it('signs receipts of many calls with few signatures', async () => {
    using hsm = softHsm(kernel, SEED)
    using signer = await pkcs11Signer(hsm.options())
    let signatures = 0
    const counted = {
      ...signer,
      did: signer.did,
      sign: async (message: Uint8Array) => {
        signatures += 1
        return await signer.sign(message)
      },
    }
    const receipts = new ReceiptSigner({ signer: counted, nowMs: Date.now })
    const invocation = Cid.fromSha256(SEED)
    const base = { invocation, outcome: 'allow', requestCommitment: SEED } as const
    const made = await Promise.all(Array.from({ length: 100 }, (_, atMs) => receipts.issue({ ...base, atMs }, 'batch')))
    for (const [atMs, { bytes }] of made.entries()) {
      expect(openReceipt(bytes, { kernel })).toMatchObject({ issuer: known.did, atMs })
    }
    expect(signatures).toBeLessThan(5)
  })

  it('is refused with what is wrong, and a wrong PIN is not tried twice', async () => {
    using hsm = softHsm(kernel, SEED)
    hsm.add({ seed: new Uint8Array(32).fill(1), label: 'twice', id: '02' })
    hsm.add({ seed: new Uint8Array(32).fill(2), label: 'twice', id: '03' })
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' })
    hsm.addFile({ pem: String(rsa), label: 'rsa', id: '04' })
    hsm.addFile({ pem: ed448(), label: 'ed448', id: '05' })
    const cases = [
      [{ module: '/nonexistent.so' }, 'SIGNER_MODULE', 'NOT_LOADED'],
      [{ module: '/etc/passwd' }, 'SIGNER_MODULE', 'NOT_LOADED'],
      [{ tokenLabel: 'another' }, 'SIGNER_TOKEN', 'NONE'],
      [{ keyLabel: 'another' }, 'SIGNER_KEY', 'NONE'],
      [{ keyLabel: 'twice' }, 'SIGNER_KEY', 'SEVERAL'],
      [{ keyLabel: 'rsa' }, 'SIGNER_KEY', 'NONE'],
      [{ keyLabel: 'ed448' }, 'SIGNER_KEY', 'CURVE'],
      [{ pin: Secret.of(utf8('4712')) }, 'SIGNER_PIN', 'PinIncorrect'],
    ] as const
    for (const [change, code, reason] of cases) {
      await expect(pkcs11Signer(hsm.options(change)), code).rejects.toMatchObject({ code, details: { reason } })
    }
    hsm.util('--init-token', '--free', '--label', TOKEN, '--so-pin', PIN, '--pin', PIN)
    await expect(pkcs11Signer(hsm.options())).rejects.toMatchObject({
      code: 'SIGNER_TOKEN',
      details: { reason: 'SEVERAL' },
    })
  })

  it('is signed with no more when the signer is closed', async () => {
    using hsm = softHsm(kernel, SEED)
    const signer = await pkcs11Signer(hsm.options())
    const waiting = Promise.allSettled([signer.sign(SEED), signer.sign(SEED)])
    signer.close()
    for (const result of await waiting) expect(result).toMatchObject({ reason: { code: 'SIGNER_CLOSED' } })
    await expect(signer.sign(SEED)).rejects.toMatchObject({ code: 'SIGNER_CLOSED' })
  })

  it('shows its PIN to nobody who looks at the signer, its errors or the command line', async () => {
    using hsm = softHsm(kernel, SEED)
    const pin = 'S3cretP1N'
    const wrong = pkcs11Signer(hsm.options({ pin: Secret.of(utf8(pin)) }))
    const error: unknown = await wrong.catch((reason: unknown) => reason)
    using signer = await pkcs11Signer(hsm.options())
    const shown = [error, signer].map((value) => inspect(value, { depth: 12, showHidden: true }))
    expect(JSON.stringify(error) + shown.join()).not.toContain(pin)
    expect(shown.join()).not.toContain(Buffer.from(PIN).toString('hex'))
    const lines = commandLines().join()
    expect(lines).toContain('talos-pkcs11')
    expect(lines).not.toContain(PIN)
  })

  it('is the identity of an agent that opens sessions, grants, and signs receipts', async () => {
    using hsm = softHsm(kernel, SEED)
    using folder = tempFolder()
    using signer = await pkcs11Signer(hsm.options())
    const quick = { memoryKib: 64, passes: 1, parallelism: 1 }
    const options = { home: folder.path, passphrase: 'a passphrase of this test', keyFileParameters: quick }
    const alice = await TalosClient.create('alice', options)
    const bob = await TalosClient.create('bob', { ...options, signer })
    try {
      const docs = join(realpathSync(folder.path), 'docs')
      mkdirSync(docs)
      writeFileSync(join(docs, 'note.txt'), 'The meeting is on Monday.\n')
      const servers = { files: { command: process.execPath, args: [FILE_SERVER, docs] } }
      bob.serveMcp(parseMcpConfig(JSON.stringify({ mcpServers: servers })))
      const bobDid = alice.addPeer(await (await bob.listen()).createInvitation())
      expect(bobDid).toBe(known.did)
      await alice.establishSession(bobDid)
      const tool = { server: 'files', tool: 'read_text_file' }
      const grant = await bob.grantCapability({ to: alice.did, tool, expiresInS: 60 })
      await bob.sendCapability(alice.did, grant.cid)
      expect(openDelegation(grant.bytes, { kernel }).issuer).toBe(known.did)
      const path = join(docs, 'note.txt')
      const { outcome, receipt } = await alice.invokeTool(bobDid, { ...tool, arguments: { path } })
      expect(outcome).toBe('allow')
      expect(openReceipt(receipt, { kernel })).toMatchObject({ issuer: known.did, outcome: 'allow' })
    } finally {
      await alice.close()
      await bob.close()
    }
  })
})

const FILE_SERVER = createRequire(new URL('../../../../apps/cli/package.json', import.meta.url)).resolve(
  '@modelcontextprotocol/server-filesystem/dist/index.js',
)

/** Of this process's children, where Linux shows them. */
function commandLines(): readonly string[] {
  if (process.platform !== 'linux') return ['talos-pkcs11']
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ')
  return children.map((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
}

function ed448(): string {
  return String(generateKeyPairSync('ed448').privateKey.export({ type: 'pkcs8', format: 'pem' }))
}
