import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fromBase64, Secret } from '@talos/bytes'
import { portableKernel } from '@talos/kernel'
import { describe, expect, it } from 'vitest'
import { ed25519Signer, openEnvelope, signEnvelope } from '../src/index.ts'

const folder = join(import.meta.dirname, '../../../../../shared/vectors/ucan-1.0.0')
const kernel = portableKernel()

interface Fixture {
  readonly principals: Readonly<Record<string, string>>
  readonly valid: readonly { readonly name: string; readonly token: string; readonly cid: string }[]
}

describe.skipIf(!existsSync(folder))('the public UCAN 1.0 delegation', () => {
  const read = (): Fixture => JSON.parse(readFileSync(join(folder, 'delegation.json'), 'utf8')) as Fixture

  it('opens, has the published CID, and is reproduced byte for byte', async () => {
    const { principals, valid } = read()
    expect(valid.length).toBeGreaterThan(0)
    const bob = ed25519Signer({ kernel, seed: Secret.of(fromBase64(principals['bob'] ?? '').slice(2)) })
    for (const { token, cid } of valid) {
      const bytes = fromBase64(token)
      const opened = openEnvelope(bytes, { kernel, tags: ['ucan/dlg@1.0.0'] })
      expect(opened.tag).toBe('ucan/dlg@1.0.0')
      expect(opened.cid.toString()).toBe(cid)
      expect(opened.issuer).toBe(bob.did)
      const again = await signEnvelope({ tag: opened.tag, payload: opened.payload, signer: bob })
      expect(again.bytes).toEqual(bytes)
      expect(again.cid.toString()).toBe(cid)
    }
  })
})
