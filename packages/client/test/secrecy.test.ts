import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { toBase64, toBase64url, toHex, utf8 } from '@talos/bytes'
import { TalosClient } from '@talos/client'
import { isTalosError } from '@talos/errors'
import { type AgentSecrets, openKeyFile } from '@talos/identity'
import { AgentHome } from '@talos/storage'
import { describe, expect, it } from 'vitest'
import { nextMessage, optionsFor, PASSPHRASE, type Pair, pairOfAgents } from './agents.ts'

const PLANTED = 'the planted contents of one message, 4f1c'

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

/** The forms in which a secret could be printed or stored. */
function formsOf(secret: Uint8Array): Buffer[] {
  const texts = [toHex(secret), toBase64(secret), toBase64url(secret), [...secret].join(','), [...secret].join(', ')]
  return [Buffer.from(secret), ...texts.map((text) => Buffer.from(text))]
}

async function secretsOf(client: TalosClient): Promise<Uint8Array[]> {
  const text = client.folder.readKeyFile()
  const secrets: AgentSecrets = await openKeyFile({ text, passphrase: PASSPHRASE, kernel: client.kernel })
  return Object.values(secrets).map((secret) => secret.use((bytes: Uint8Array) => bytes.slice()))
}

async function exchange({ alice, bob, bobDid }: Pair): Promise<void> {
  await alice.establishSession(bobDid)
  const atBob = nextMessage(bob)
  await alice.send(bobDid, utf8(PLANTED))
  await atBob
  await bob.close()
  // One more stays in the outbox, with its plaintext sealed.
  await alice.send(bobDid, utf8(PLANTED))
}

describe('what an agent leaves behind and prints', () => {
  it('holds neither contents, keys nor the passphrase in any file of the home', async () => {
    await using pair = await pairOfAgents()
    await exchange(pair)
    const secrets = [...(await secretsOf(pair.alice)), ...(await secretsOf(pair.bob))]
    const forms = [...secrets.flatMap(formsOf), Buffer.from(PLANTED), Buffer.from(PASSPHRASE)]
    const files = filesBelow(pair.home)
    expect(files.length).toBeGreaterThan(6)
    for (const file of files) {
      const bytes = readFileSync(file)
      for (const form of forms) expect(bytes.includes(form), `${file} holds a secret`).toBe(false)
    }
    // The search finds what is there: the public DID stands in the key file.
    const keyFile = readFileSync(join(new AgentHome({ root: pair.home }).open('alice').path, 'key.json'))
    expect(keyFile.includes(Buffer.from(pair.alice.did))).toBe(true)
  })

  it('prints no secret by inspect, JSON or text, of the client, a session, events or errors', async () => {
    await using pair = await pairOfAgents()
    await exchange(pair)
    const { alice, bobDid, events } = pair
    const failure: unknown = await TalosClient.open('alice', optionsFor(pair.home, { passphrase: 'wrong one' })).catch(
      (error: unknown) => error,
    )
    expect(isTalosError(failure)).toBe(true)
    const things = [alice, alice.describeSession(bobDid), alice.database, alice.log, events, failure]
    const printed = things
      .flatMap((thing) => [inspect(thing, { depth: 12, showHidden: true }), String(thing), jsonOf(thing)])
      .join('\n')
    const forms = (await secretsOf(alice)).flatMap(formsOf)
    for (const form of [...forms, Buffer.from(PLANTED), Buffer.from(PASSPHRASE)]) {
      expect(Buffer.from(printed).includes(form)).toBe(false)
    }
    expect(printed).toContain(alice.did)
  })
})

function jsonOf(thing: unknown): string {
  try {
    return JSON.stringify(thing)
  } catch {
    return ''
  }
}
