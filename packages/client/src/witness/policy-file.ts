/** The policy in the agent's folder that says what counts as witnessed (spec 23-witness, 23.5). */
import { parseWitnessPolicy, type WitnessPolicy } from '@talos/audit'
import { fromUtf8, utf8 } from '@talos/bytes'
import type { Agent } from '../agent.ts'
import { type TalosClientOptions, worldOf } from '../options.ts'

export const WITNESS_POLICY_FILE = 'witness.policy'

/** @throws TalosError `WITNESS_POLICY_INVALID`, `FILE_FAILED` */
export function readWitnessPolicy({ folder, kernel }: Pick<Agent, 'folder' | 'kernel'>): WitnessPolicy | undefined {
  if (!folder.hasFile(WITNESS_POLICY_FILE)) return undefined
  return parseWitnessPolicy(fromUtf8(folder.readFile(WITNESS_POLICY_FILE)), { kernel })
}

/** Checks a policy and puts it in the place of the one before. @throws TalosError `WITNESS_POLICY_INVALID`, `FILE_FAILED` */
export function writeWitnessPolicy({ folder, kernel }: Pick<Agent, 'folder' | 'kernel'>, text: string): WitnessPolicy {
  const policy = parseWitnessPolicy(text, { kernel })
  folder.writeFile(WITNESS_POLICY_FILE, utf8(text))
  return policy
}

/** The program's policy, where it gives one. @throws TalosError `WITNESS_POLICY_INVALID` */
export function witnessPolicyOf(options: TalosClientOptions): WitnessPolicy | undefined {
  const { witnessPolicy: text } = options
  return text === undefined ? undefined : parseWitnessPolicy(text, worldOf(options))
}
