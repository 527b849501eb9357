/** Argon2id on `node:crypto` (OpenSSL 3.2, Node 24.7), off the main thread. */
import type { argon2 } from 'node:crypto'
import { promisify } from 'node:util'
import type { PasswordEngine } from './engines.ts'

/** The function that older versions of Node lack. */
export interface NodePasswordFunctions {
  readonly argon2?: typeof argon2
}

/** The engine, or `undefined` where this Node has no Argon2. */
export function nodePassword(functions: NodePasswordFunctions): PasswordEngine | undefined {
  if (functions.argon2 === undefined) return undefined
  const derive = promisify(functions.argon2)
  return {
    argon2id: async ({ password, salt, memoryKib, passes, parallelism, lengthBytes }) =>
      new Uint8Array(
        await derive('argon2id', {
          message: password,
          nonce: salt,
          memory: memoryKib,
          passes,
          parallelism,
          tagLength: lengthBytes,
        }),
      ),
  }
}
