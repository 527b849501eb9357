/** Every case of the vectors of key files with a reserve, backups and continuity. */
import { type Secret, toHex } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { describe, expect, it } from 'vitest'
import { IdentityBook, openBackup, openKeyFileSecrets, openKeyReserve, verifyKeyLog } from '../src/index.ts'
import { casesOf, kernel, outcomeOf } from './vector-input.ts'

const hexOf = (secret: Secret) => secret.use(toHex)

describe('key file vectors, version 2', () => {
  it.each(casesOf('identity/key-file-v2.json'))('$title', async ({ input, wanted }) => {
    const run = async () => {
      const given = { text: input.text('text'), passphrase: input.text('passphrase'), kernel }
      const { identitySeed, ...secrets } = await openKeyFileSecrets(given)
      const { nextSeed, recoverySeed } = await openKeyReserve(given)
      return {
        ...(identitySeed !== undefined && { identitySeedHex: hexOf(identitySeed) }),
        sessionKeyHex: hexOf(secrets.sessionKey),
        logSeedHex: hexOf(secrets.logSeed),
        transportSeedHex: hexOf(secrets.transportSeed),
        storageKeyHex: hexOf(secrets.storageKey),
        nextSeedHex: hexOf(nextSeed),
        recoverySeedHex: hexOf(recoverySeed),
      }
    }
    expect(await outcomeOf(run)).toEqual(wanted)
  })
})

describe('backup vectors', () => {
  it.each(casesOf('identity/backup.json'))('$title', async ({ input, wanted }) => {
    const run = async () => {
      const opened = await openBackup({ text: input.text('text'), passphrase: input.text('passphrase'), kernel })
      const { identitySeed, log, nextSeed, recoverySeed, peers } = opened
      return {
        ...(identitySeed !== undefined && { identitySeedHex: toHex(identitySeed) }),
        log,
        nextSeedHex: toHex(nextSeed),
        recoverySeedHex: toHex(recoverySeed),
        peers: peers.length,
      }
    }
    expect(await outcomeOf(run)).toEqual(wanted)
  })
})

describe('continuity vectors', () => {
  it.each(casesOf('identity/continuity.json'))('$title', async ({ input, wanted }) => {
    const run = () => {
      const book = new IdentityBook()
      let change = ''
      for (const text of input.texts('logs')) {
        change = book.put(verifyKeyLog({ kernel, text, nowMs: 1_800_000_000_000 })).change
      }
      const asked = input.texts('ask') as readonly Did[]
      return {
        change,
        current: asked.map((did) => book.currentOf(did)),
        standings: asked.map((did) => book.standingOf(did)),
      }
    }
    expect(await outcomeOf(run)).toEqual(wanted)
  })
})
