/** Backup, restore, recovery and deactivation (spec 21-identity-lifecycle): the machine is gone, the agent goes on. */
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type ClientEvent, TalosClient } from '@talos/client'
import { isTalosError } from '@talos/errors'
import { parseMcpConfig } from '@talos/mcp'
import { tempFolder } from '@talos/testkit'
import { describe, expect, it, vi } from 'vitest'
import { nextMessage, optionsFor, pairOfAgents } from '../agents.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const backupPassphrase = 'a passphrase for the safe'

const codeOf = async (run: Promise<unknown>): Promise<string> =>
  await run.then(
    () => 'none',
    (error: unknown) => (isTalosError(error) ? error.code : String(error)),
  )

describe('an agent whose machine is lost', () => {
  it('is restored with its key, its peers and its grants, begins sessions anew and another log', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid } = pair
    await alice.establishSession(bobDid)
    await alice.grantCapability({ to: bobDid, command: '/mcp/files/tool/read', expiresInS: 600, label: 'reading' })
    await alice.log.checkpoint()
    const { did, durableDid } = alice
    const checkpoint = alice.log.lastCheckpoint?.note
    await alice.close()
    const { text: backup } = await TalosClient.backupIdentity('alice', { ...optionsFor(pair.home), backupPassphrase })
    using elsewhere = tempFolder()
    const options = { ...optionsFor(elsewhere.path), backup, backupPassphrase }
    expect(await codeOf(TalosClient.restoreIdentity('alice', { ...options, backupPassphrase: 'x' }))).toBe(
      'PASSPHRASE_WRONG',
    )
    const restored = await TalosClient.restoreIdentity('alice', options)
    expect(restored).toMatchObject({ id: durableDid, did, before: did, version: 1 })
    expect(await codeOf(TalosClient.restoreIdentity('alice', options))).toBe('AGENT_EXISTS')
    await using again = await TalosClient.open('alice', optionsFor(elsewhere.path))
    expect(again.listCapabilities('issued')).toMatchObject([{ label: 'reading', peer: bobDid }])
    const opening = again.log.reader.entry(0).entry.log
    expect(opening?.origin).toMatch(new RegExp(`^talos/${did.slice(8)}/[1-9][0-9]{9,}$`))
    expect(opening?.previous).toBe(checkpoint)
    expect(again.log.reader.entry(1).entry.kind).toBe('identity.restore')
    await again.establishSession(bobDid)
    const got = nextMessage(bob)
    await again.send(bobDid, bytes('from another machine'))
    expect(await got).toMatchObject({ text: 'from another machine', peer: did })
  })

  it('is recovered with another key, and whoever has the lost one is refused', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid } = pair
    await alice.establishSession(bobDid)
    const { did: lost, durableDid } = alice
    await alice.close()
    const { text: backup } = await TalosClient.backupIdentity('alice', { ...optionsFor(pair.home), backupPassphrase })
    await TalosClient.rotateIdentity('alice', optionsFor(pair.home))
    const keyLog = readFileSync(join(pair.home, 'agents/alice/did.jsonl'), 'utf8')
    using elsewhere = tempFolder()
    const options = { ...optionsFor(elsewhere.path), backup, backupPassphrase }
    expect(await codeOf(TalosClient.restoreIdentity('alice', { ...options, keyLog }))).toBe('IDENTITY_RECOVERY')
    const recovered = await TalosClient.recoverIdentity('alice', { ...options, keyLog })
    expect(recovered).toMatchObject({ id: durableDid, version: 3 })
    await using again = await TalosClient.open('alice', optionsFor(elsewhere.path))
    const got = nextMessage(bob)
    await again.establishSession(bobDid)
    await again.send(bobDid, bytes('recovered'))
    expect((await got).peer).toBe(recovered.did)
    expect(bob.identities.standingOf(lost)).toBe('rotated')
    expect(bob.identities.standingOf(recovered.before)).toBe('compromised')
    expect(bob.identities.currentOf(lost)).toBe(recovered.did)
    const thief = await pair.reopen('alice')
    expect(await codeOf(thief.connect(bobDid))).not.toBe('none')
    expect(bob.connectedPeers().map(({ did }) => did)).not.toContain(thief.did)
    expect(again.log.reader.entry(1).entry.kind).toBe('identity.recover')
  })

  it('is not whole before its backup is read to its end, and is made whole by the same command', async () => {
    await using pair = await pairOfAgents()
    const { alice } = pair
    const { did } = alice
    await alice.close()
    const { text: backup } = await TalosClient.backupIdentity('alice', { ...optionsFor(pair.home), backupPassphrase })
    using elsewhere = tempFolder()
    const options = { ...optionsFor(elsewhere.path), backup, backupPassphrase }
    const { AgentDatabase } = await import('@talos/storage')
    const failing = vi.spyOn(AgentDatabase.prototype, 'outdateOwn').mockImplementationOnce(() => {
      throw new Error('the power fails')
    })
    await expect(TalosClient.restoreIdentity('alice', options)).rejects.toThrow('the power fails')
    failing.mockRestore()
    expect(await codeOf(TalosClient.open('alice', optionsFor(elsewhere.path)))).toBe('RESTORE_UNFINISHED')
    expect(await TalosClient.restoreIdentity('alice', options)).toMatchObject({ did })
    await using again = await TalosClient.open('alice', optionsFor(elsewhere.path))
    expect(Array.from(again.log.reader.entries({ kinds: ['identity.restore'] }))).toHaveLength(1)
    expect(again.database.peers.get(pair.bobDid)?.endpoints).toHaveLength(1)
  })

  it('is not recovered by a backup from before an emergency', async () => {
    await using pair = await pairOfAgents()
    await pair.alice.close()
    const { text: backup } = await TalosClient.backupIdentity('alice', { ...optionsFor(pair.home), backupPassphrase })
    await TalosClient.rotateIdentity('alice', { ...optionsFor(pair.home), reason: 'compromised' })
    const keyLog = readFileSync(join(pair.home, 'agents/alice/did.jsonl'), 'utf8')
    using elsewhere = tempFolder()
    const options = { ...optionsFor(elsewhere.path), backup, backupPassphrase, keyLog }
    expect(await codeOf(TalosClient.recoverIdentity('alice', options))).toBe('IDENTITY_RECOVERY')
    rmSync(join(elsewhere.path, 'agents'), { recursive: true, force: true })
  })
})

const SERVERS = JSON.stringify({ mcpServers: { files: { command: 'none' } } })

describe('an agent that is deactivated', () => {
  it('does nothing but tell its peers, who refuse everything of it', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid } = pair
    await alice.establishSession(bobDid)
    const { did, durableDid } = alice
    await alice.close()
    expect(await TalosClient.deactivateIdentity('alice', optionsFor(pair.home))).toMatchObject({
      id: durableDid,
      version: 2,
    })
    expect(await codeOf(TalosClient.deactivateIdentity('alice', optionsFor(pair.home)))).toBe('IDENTITY_DEACTIVATED')
    expect(await codeOf(TalosClient.rotateIdentity('alice', optionsFor(pair.home)))).toBe('IDENTITY_DEACTIVATED')
    const again = await pair.reopen('alice')
    expect(await codeOf(again.send(bobDid, bytes('x')))).toBe('IDENTITY_DEACTIVATED')
    expect(await codeOf(again.establishSession(bobDid))).toBe('IDENTITY_DEACTIVATED')
    expect(await codeOf(again.grantCapability({ to: bobDid, command: '/x/y', expiresInS: 60 }))).toBe(
      'IDENTITY_DEACTIVATED',
    )
    expect(await codeOf((async () => again.serveMcp(parseMcpConfig(SERVERS)))())).toBe('IDENTITY_DEACTIVATED')
    await again.tellPeers()
    expect(bob.identities.standingOf(did)).toBe('deactivated')
    expect(await codeOf(bob.send(did, bytes('x')))).toBe('PEER_DEACTIVATED')
    expect(await codeOf(bob.send(durableDid, bytes('x')))).toBe('PEER_DEACTIVATED')
    const events = pair.events.filter(({ type }: ClientEvent) => type === 'identity.ended')
    expect(events).toEqual([{ type: 'identity.ended', peer: did, id: durableDid }])
    expect(Array.from(again.log.reader.entries({ kinds: ['identity.deactivate'] }))).toHaveLength(1)
    expect(Array.from(bob.log.reader.entries({ kinds: ['identity.deactivate'] }))).toHaveLength(1)
  })
})
