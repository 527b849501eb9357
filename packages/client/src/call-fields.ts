/**
 * Commitments to the parts of a call's arguments and of its result, the same on both sides (spec 10-audit-entry 10.8,
 * 14-mcp 14.3): salts come from the key that the caller makes for the call.
 */
import { type FieldsName, FieldTree, isExactObject, readFields } from '@talos/audit'
import { toHex } from '@talos/bytes'
import type { Kernel } from '@talos/kernel'

interface Common {
  /** 32 bytes; kept confidential by both sides. */
  readonly saltKey: Uint8Array
  readonly kernel: Kernel
}

/** Over the exact bytes of a call's arguments; `undefined` where they cannot be split: then they are proven as a whole alone. */
export function fieldsOfArguments({ json, ...common }: Common & { readonly json: Uint8Array }): FieldTree | undefined {
  const value = readFields(json)
  return value === undefined ? undefined : new FieldTree({ name: 'arguments', value, ...common })
}

/** Over the member `result` of the JSON-RPC response that the caller gets; `undefined` for an error response as well. */
export function fieldsOfOutput(options: Common & { readonly response: Uint8Array }): FieldTree | undefined {
  const { response, ...common } = options
  const message = readFields(response)
  const value = message !== undefined && isExactObject(message) ? message.get('result') : undefined
  return value === undefined ? undefined : new FieldTree({ name: 'output', value, ...common })
}

/** The member of an entry's `commit`; none where there is no tree. */
export function committedFields(
  name: FieldsName,
  tree: FieldTree | undefined,
): { readonly [member in FieldsName]?: { readonly commitment: string } } {
  return tree === undefined ? {} : { [name]: { commitment: toHex(tree.root) } }
}
