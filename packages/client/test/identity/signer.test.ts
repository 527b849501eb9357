/** An identity whose key an external signer holds: everything that it signs goes through the port (spec 21.1). */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Secret } from '@talos/bytes'
import { TalosClient } from '@talos/client'
import { isTalosError } from '@talos/errors'
import { ed25519Signer, openKeyFile, openKeyFileSecrets, parseKeyFile, type Signer, sealKeyFile } from '@talos/identity'
import { portableKernel, systemRandom } from '@talos/kernel'
import { tempFolder } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { nextMessage, optionsFor, PASSPHRASE } from '../agents.ts'

const kernel = portableKernel()
const bytes = (text: string) => new TextEncoder().encode(text)

interface Device extends Signer {
  count(): number
}

/** Stands for a device: signs, and gives the key to nobody. */
function device(byte: number): Device {
  const seed = Secret.of(new Uint8Array(32).fill(byte))
  const held = ed25519Signer({ kernel, seed })
  const { did, publicKey } = held
  let count = 0
  return {
    did,
    publicKey,
    kernel,
    count: () => count,
    sign: async (message) => {
      count += 1
      return await held.sign(message)
    },
  }
}

const codeOf = async (run: Promise<unknown>): Promise<string> =>
  await run.then(
    () => 'none',
    (error: unknown) => (isTalosError(error) ? error.code : String(error)),
  )

describe('an agent with an external signer', () => {
  it('links, talks, proves and restarts by it, and has no key of its own', async () => {
    using folder = tempFolder()
    const options = optionsFor(folder.path)
    const [first, second] = [device(41), device(42)]
    await using bob = await TalosClient.create('bob', options)
    const listening = await bob.listen()
    const alice = await TalosClient.create('alice', { ...options, signer: first })
    expect(alice.did).toBe(first.did)
    const bobDid = alice.addPeer(await listening.createInvitation())
    await alice.establishSession(bobDid)
    const got = nextMessage(bob)
    const { messageHash } = await alice.send(bobDid, bytes('signed elsewhere'))
    expect((await got).peer).toBe(first.did)
    expect(bob.verifyProof(await alice.getMerkleProof(messageHash)).agent).toBe(first.did)
    expect(first.count()).toBeGreaterThan(2)
    await alice.close()
    const text = readFileSync(join(folder.path, 'agents/alice/key.json'), 'utf8')
    expect(parseKeyFile(text, kernel)).toMatchObject({ signer: 'external' })
    expect((await openKeyFileSecrets({ text, passphrase: PASSPHRASE, kernel })).identitySeed).toBeUndefined()
    expect(await codeOf(TalosClient.open('alice', options))).toBe('KEY_FILE_SIGNER')
    expect(await codeOf(TalosClient.open('alice', { ...options, signer: second }))).toBe('KEY_FILE_SIGNER')
    expect(await codeOf(TalosClient.open('bob', { ...options, signer: first }))).not.toBe('none')

    const held = { ...options, signer: first }
    expect(await codeOf(TalosClient.rotateIdentity('alice', held))).toBe('KEY_FILE_SIGNER')
    const moved = await TalosClient.rotateIdentity('alice', { ...held, nextSigner: second })
    expect(moved).toMatchObject({ before: first.did, did: second.did })
    const again = await TalosClient.open('alice', { ...options, signer: second })
    const later = nextMessage(bob)
    const sent = await again.send(bobDid, bytes('by another device'))
    expect((await later).peer).toBe(second.did)
    const proof = await again.getMerkleProof(sent.messageHash)
    expect(bob.verifyProof(proof)).toMatchObject({ agent: first.did, signer: second.did })
    const { keyLog: _, ...without } = proof
    expect(() => bob.verifyProof(without)).toThrow('another agent')
    await again.close()
    const filed = await TalosClient.rotateIdentity('alice', { ...options, signer: second, nextSigner: 'file' })
    await using last = await TalosClient.open('alice', options)
    expect([last.did, last.keyLog.version]).toEqual([filed.did, 3])
  })
})

describe('an agent of before key logs', () => {
  it('gets its key log at its first start, by the key that it has', async () => {
    using folder = tempFolder()
    const options = optionsFor(folder.path)
    const made = await TalosClient.create('alice', options)
    const { did, folder: home } = made
    await made.close()
    const secrets = await openKeyFile({ text: home.readKeyFile(), passphrase: PASSPHRASE, kernel })
    const params = { memoryKib: 64, passes: 1, parallelism: 1 }
    home.writeKeyFile(await sealKeyFile({ secrets, passphrase: PASSPHRASE, kernel, random: systemRandom, params }))
    home.removeFile('did.jsonl')
    await using again = await TalosClient.open('alice', options)
    expect(again.did).toBe(did)
    expect(again.keyLog).toMatchObject({ version: 1, signingKey: did })
    expect(parseKeyFile(again.folder.readKeyFile(), kernel)).toMatchObject({ v: 2, id: again.durableDid })
  })

  it('is refused with an old copy of its key file, of either version, and keeps its key log', async () => {
    using folder = tempFolder()
    const options = optionsFor(folder.path)
    const made = await TalosClient.create('alice', options)
    await made.close()
    const { folder: home } = made
    const old = home.readKeyFile()
    const secrets = await openKeyFile({ text: old, passphrase: PASSPHRASE, kernel })
    const params = { memoryKib: 64, passes: 1, parallelism: 1 }
    const older = await sealKeyFile({ secrets, passphrase: PASSPHRASE, kernel, random: systemRandom, params })
    const { did } = await TalosClient.rotateIdentity('alice', options)
    const [keyFile, keyLog] = [home.readKeyFile(), home.readFile('did.jsonl')]
    for (const copy of [old, older]) {
      home.writeKeyFile(copy)
      expect(await codeOf(TalosClient.open('alice', options))).toBe('IDENTITY_LOG_MISSING')
      expect(home.readFile('did.jsonl')).toEqual(keyLog)
    }
    home.writeKeyFile(keyFile)
    await using again = await TalosClient.open('alice', options)
    expect(again.did).toBe(did)
  })

  it('is refused when its key log is gone, or is another: no second one is begun', async () => {
    using folder = tempFolder()
    const options = optionsFor(folder.path)
    const alice = await TalosClient.create('alice', options)
    const bob = await TalosClient.create('bob', options)
    await alice.close()
    await bob.close()
    const own = alice.folder.readFile('did.jsonl')
    alice.folder.removeFile('did.jsonl')
    expect(await codeOf(TalosClient.open('alice', options))).toBe('IDENTITY_LOG_MISSING')
    alice.folder.writeFile('did.jsonl', bob.folder.readFile('did.jsonl'))
    expect(await codeOf(TalosClient.open('alice', options))).toBe('IDENTITY_LOG_MISSING')
    alice.folder.writeFile('did.jsonl', own)
    expect(await codeOf(TalosClient.open('alice', options).then(async (client) => await client.close()))).toBe('none')
  })
})
