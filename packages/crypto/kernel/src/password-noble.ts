/** Argon2id on noble: for engines without it in `node:crypto`. Some thirty times slower, with the same result. */
import { argon2idAsync } from '@noble/hashes/argon2.js'
import type { PasswordEngine } from './engines.ts'

export const noblePassword: PasswordEngine = {
  argon2id: ({ password, salt, memoryKib, passes, parallelism, lengthBytes }) =>
    argon2idAsync(password, salt, {
      t: passes,
      m: memoryKib,
      p: parallelism,
      dkLen: lengthBytes,
    }),
}
