/**
 * Vectors of the kernel (`contracts/spec/20-kernel.md`). The RFC cases are typed in; the others are computed from the
 * specification with `node:crypto` and the arithmetic of `edwards.ts`, never with the kernel that they test.
 */
import { chainCases } from './kernel-chain.ts'
import { ed25519Cases } from './kernel-ed25519.ts'
import { evidenceCases } from './kernel-evidence.ts'
import { handshakeCases } from './kernel-handshake.ts'
import { argon2idCases, mlkem768Cases } from './kernel-kem.ts'
import { ratchetCases } from './kernel-ratchet.ts'
import { aeadCases, hashCases, x25519Cases } from './kernel-rfc.ts'
import { treeCases } from './kernel-tree.ts'
import type { VectorFile } from './vector-file.ts'

export function kernelVectors(): VectorFile[] {
  return [
    vectorFile('hash', 'SHA-256, HMAC, HKDF and the tree hashes', hashCases()),
    vectorFile('aead', 'ChaCha20-Poly1305', aeadCases()),
    vectorFile('ed25519', 'Ed25519 by the one rule', ed25519Cases()),
    vectorFile('x25519', 'X25519', x25519Cases()),
    vectorFile('mlkem768', 'ML-KEM-768', mlkem768Cases()),
    vectorFile('argon2id', 'Argon2id', argon2idCases()),
    vectorFile('ratchet', 'The fused ratchet steps', [...ratchetCases(), ...chainCases()]),
    vectorFile('handshake', 'The handshake of both sides', handshakeCases()),
    vectorFile('evidence', 'Envelopes, signed entries and appended leaves', evidenceCases()),
    vectorFile('tree', 'Bundles appended to a tree, and tiles', treeCases()),
  ]
}

function vectorFile(name: string, subject: string, cases: readonly object[]): VectorFile {
  const numbered = cases.map((one, index) => ({ id: `${name}-${String(index + 1).padStart(3, '0')}`, ...one }))
  return {
    path: `kernel/${name}.json`,
    file: { format: 'talos-vectors/1', subject, spec: '20-kernel', cases: numbered },
  }
}
