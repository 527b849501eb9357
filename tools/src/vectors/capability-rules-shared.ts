/** What the generators of rules share: JSON values, and cases that judge arguments by the rules of one `talos/cap@1`. */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

export const UCAN = 'ucan/dlg@1.0.0'
export const TALOS = 'talos/cap@1'

/** Judges a value, as the argument `v`, by one rule of a kind. */
export interface RuleCases {
  readonly holds: (operand: Json, value: Json, description: string) => object
  readonly fails: (operand: Json, value: Json, description: string) => object
  /** Arguments as they are written, for values that JSON.stringify would change. */
  readonly judged: (operand: Json, valueJson: string, outcome: { allowed: boolean; description: string }) => object
  /** Rules that refuse the whole token. */
  readonly refused: (rules: Json, description: string) => object
}

/** @param kind of rule; its operand stands behind the selector `.v` */
export function ruleCasesOf(kind: string, clause: string): RuleCases {
  const judged: RuleCases['judged'] = (operand, valueJson, { allowed, description }) => ({
    clause,
    description,
    valid: true,
    input: { payload: TALOS, policy: [], rules: [[kind, '.v', operand]], argumentsJson: `{"v":${valueJson}}` },
    expected: { allowed },
  })
  return {
    judged,
    holds: (operand, value, description) => judged(operand, JSON.stringify(value), { allowed: true, description }),
    fails: (operand, value, description) => judged(operand, JSON.stringify(value), { allowed: false, description }),
    refused: (rules, description) => ({
      clause,
      description,
      valid: false,
      input: { payload: TALOS, policy: [], rules, argumentsJson: '{}' },
      error: 'CAPABILITY_POLICY_INVALID',
    }),
  }
}
