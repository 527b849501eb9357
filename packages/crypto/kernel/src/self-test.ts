/**
 * Known answers for every method of a kernel, to be checked before it is trusted: a broken build, a miscompiled native
 * module or a patched OpenSSL shows here and not in somebody's session. The answers are those of the RFCs where they
 * have one (4231, 5869, 7748, 8032, 8439), else those of `contracts/vectors/kernel`.
 */
import { fromHex, utf8 } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import type { Kernel } from './kernel.ts'
import { is, type KnownAnswer } from './known-answer.ts'
import { FUSED_ANSWERS } from './known-answers-fused.ts'
import { PRIMITIVE_ANSWERS } from './known-answers-primitive.ts'
import { TREE_ANSWERS } from './known-answers-tree.ts'

/** Checks that lean on another method come after its own, so that the method at fault is the one named. */
const KNOWN_ANSWERS: readonly KnownAnswer[] = [...PRIMITIVE_ANSWERS, ...FUSED_ANSWERS, ...TREE_ANSWERS]
const ARGON2ID_ANSWER = 'ac44ba054e146f1b0e9f51220c66dec296f93608692ccaba8aabe7adc5d4b64b'

/**
 * Runs all synchronous methods; takes a few milliseconds.
 *
 * @throws TalosError `KERNEL_SELF_TEST` with the name of the first check that fails
 */
export function selfTest(kernel: Kernel): void {
  for (const { check, holds } of KNOWN_ANSWERS) {
    if (!answers(holds, kernel)) throw new TalosError('KERNEL_SELF_TEST', { backend: kernel.name, check })
  }
}

/**
 * The same for Argon2id, the one asynchronous method, with its smallest parameters.
 *
 * @throws TalosError `KERNEL_SELF_TEST`
 */
export async function selfTestArgon2id(kernel: Kernel): Promise<void> {
  const key = await kernel.argon2id({
    password: utf8('correct horse battery staple'),
    salt: fromHex('0102030405060708090a0b0c0d0e0f10'),
    memoryKib: 8,
    passes: 1,
    parallelism: 1,
    lengthBytes: 32,
  })
  if (!is(key, ARGON2ID_ANSWER)) throw new TalosError('KERNEL_SELF_TEST', { backend: kernel.name, check: 'argon2id' })
}

/** A kernel that throws where an answer is due has failed like one that answers wrongly. */
function answers(holds: KnownAnswer['holds'], kernel: Kernel): boolean {
  try {
    return holds(kernel)
  } catch {
    return false
  }
}
