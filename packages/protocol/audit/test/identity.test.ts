/** The log with a real identity: entry 0 lets a stranger go from the agent's DID to the key that signs checkpoints. */
import { AuditLog } from '@talos/audit'
import { fromBase64url, Secret } from '@talos/bytes'
import { delegateLogKey, ed25519Signer, openLogKeyDelegation } from '@talos/identity'
import { leafHash, logVerifierKey, verifyTlogProof } from '@talos/merkle'
import { expect, it } from 'vitest'
import { kernel, recorded, START_MS, setup } from './fixtures.ts'

it('an entry is proven from the DID alone: delegation, checkpoint, inclusion', async () => {
  const identity = ed25519Signer({ kernel, seed: Secret.of(new Uint8Array(32).fill(21)) })
  const signer = ed25519Signer({ kernel, seed: Secret.of(new Uint8Array(32).fill(22)) })
  const origin = `talos/${identity.did.split(':').at(-1)}/1`
  const issuedAtS = START_MS / 1000
  const delegation = await delegateLogKey({ signer: identity, logPublicKey: signer.publicKey, origin, issuedAtS })
  const options = setup({ agent: identity.did, signer, origin, logKeyDelegation: delegation.bytes })
  const log = await AuditLog.open(options)
  const { index } = await recorded(log.append({ kind: 'key.prekeys' }))
  const [opening, entry] = [await log.prove(0), await log.prove(index)]

  const { log: said } = log.reader.entry(0).entry
  const opened = openLogKeyDelegation(fromBase64url(said?.delegation ?? ''), { kernel })
  expect(opened).toMatchObject({ issuer: identity.did, origin })
  const logKey = logVerifierKey({ origin: opened.origin, publicKey: opened.logPublicKey, kernel })
  for (const { body, proof } of [opening, entry]) {
    const verified = verifyTlogProof(proof, { logKey, leafHash: leafHash(kernel, body), kernel })
    expect(verified.checkpoint.origin).toBe(origin)
  }
})
