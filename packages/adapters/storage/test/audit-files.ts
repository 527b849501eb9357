/** An audit log on disk for the tests: the same identity, keys and files in every process. */
import { join } from 'node:path'
import type { AuditLogOptions } from '@talos/audit'
import type { Did } from '@talos/contracts'
import { portableKernel, systemClock, systemRandom } from '@talos/kernel'
import { FileCheckpointGuard, SqliteAuditIndex, SqliteAuditStore } from '../src/index.ts'

const kernel = portableKernel()
const seed = new Uint8Array(32).fill(1)

export function auditFiles(folder: string): AuditLogOptions {
  const store = SqliteAuditStore.open({ path: join(folder, 'audit.db') })
  let index: SqliteAuditIndex
  try {
    index = SqliteAuditIndex.open({ path: join(folder, 'audit-index.db') })
  } catch (error) {
    store.close()
    throw error
  }
  return {
    store,
    guard: new FileCheckpointGuard({ path: join(folder, 'checkpoint.note') }),
    index,
    kernel,
    clock: systemClock,
    random: systemRandom,
    signer: { publicKey: kernel.ed25519PublicKey(seed), sign: async (message) => kernel.ed25519Sign(seed, message) },
    agent: 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK' as Did,
    origin: 'talos/z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK/1',
    logKeyDelegation: Uint8Array.of(1, 2, 3),
  }
}
