/** What a vector of proof bundles is verified with. */
import { parseWitnessPolicy } from '@talos/audit'
import { toHex } from '@talos/bytes'
import type { Kernel } from '@talos/kernel'
import { readKeyLog, VALIDATION_LEVELS, type VerifyProofOptions } from '@talos/proof'

interface Block {
  readonly chainId: number
  readonly number: number
  readonly hashHex: string
}

/** The options that the members of an input stand for. */
export function optionsOf(input: Readonly<Record<string, unknown>>, kernel: Kernel): VerifyProofOptions {
  const { nowS, level, policy, blocks, keyLogs } = input
  const known = (blocks ?? []) as readonly Block[]
  const asked = VALIDATION_LEVELS.find((one) => one === level)
  return {
    kernel,
    nowS: Number(nowS),
    ...(asked !== undefined && { level: asked }),
    ...(typeof policy === 'string' && { policy: parseWitnessPolicy(policy, { kernel }) }),
    ...(Array.isArray(keyLogs) && { keyLogs: keyLogs.map((text) => readKeyLog(String(text), kernel)) }),
    chains: {
      has: ({ chainId, number, hash }) =>
        known.some((block) => block.chainId === chainId && block.number === number && block.hashHex === toHex(hash)),
    },
  }
}
