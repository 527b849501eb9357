/** What the audit log and everything made of it never holds: contents, parameters, results, keys, addresses and ports. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { toBase64, toBase64url, toHex, utf8 } from '@talos/bytes'
import { type AgentSecrets, openKeyFile } from '@talos/identity'
import { describe, expect, it } from 'vitest'
import { nextMessage, PASSPHRASE, pairOfAgents } from './agents.ts'

const CONTENT = 'the planted words of one message, 7b2e'

/** The forms in which bytes could be written. */
function formsOf(secret: Uint8Array): Buffer[] {
  return [
    Buffer.from(secret),
    ...[toHex(secret), toBase64(secret), toBase64url(secret)].map((text) => Buffer.from(text)),
  ]
}

describe('the audit log of an agent', () => {
  it('holds no content, key, address or port: not in its database, its WAL, its index, its guard nor in what is given away', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid, invitation } = pair
    await alice.establishSession(bobDid)
    const atBob = nextMessage(bob)
    const sent = await alice.send(bobDid, utf8(CONTENT))
    await atBob
    await alice.log.checkpoint()
    alice.log.search.catchUp()
    const text = alice.folder.readKeyFile()
    const secrets: AgentSecrets = await openKeyFile({ text, passphrase: PASSPHRASE, kernel: alice.kernel })
    const keys = Object.values(secrets).flatMap((secret) => secret.use((bytes: Uint8Array) => formsOf(bytes.slice())))
    const places = addressesIn(invitation)
    const planted = [...keys, ...formsOf(utf8(CONTENT)), ...places, Buffer.from(PASSPHRASE)]

    const names = readdirSync(alice.folder.path).filter((name) => /^(audit|checkpoint|auditindex)/.test(name))
    expect(names).toEqual(expect.arrayContaining(['audit.db', 'audit.db-wal', 'checkpoint.txt']))
    const files = names.map((name) => readFileSync(join(alice.folder.path, name)))
    const entries = Array.from(alice.log.reader.entries(), ({ body }) => Buffer.from(body))
    const proof = Buffer.from(JSON.stringify(await alice.getMerkleProof(sent.messageHash)))
    const { reader } = alice.log
    const served = [
      Buffer.from(reader.bundle({ index: 0, width: reader.size })),
      Buffer.from(reader.tile({ level: 0, index: 0, width: reader.size })),
    ]
    for (const bytes of [...files, ...entries, ...served, proof]) {
      for (const form of planted) expect(bytes.includes(form)).toBe(false)
    }
    // The search finds what is there.
    expect(files.some((bytes) => bytes.includes(Buffer.from(bobDid)))).toBe(true)
    expect(places.length).toBeGreaterThan(0)
  })
})

/** Host and port as an invitation names them, together: a short number alone is anywhere. */
function addressesIn(invitation: string): Buffer[] {
  const payload = invitation.split(/[:/?#.]/).map((part) => Buffer.from(part, 'base64url').toString('latin1'))
  const found = [invitation, ...payload].flatMap((part) => part.match(/(?:127\.0\.0\.1|localhost|\[::1\]):\d+/g) ?? [])
  return found.map((place) => Buffer.from(place))
}
