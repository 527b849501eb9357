/** The commitments of a call, the same on both sides: salts come from a key that the caller makes (spec 14-mcp, 14.3). */
import { type CommitPath, commitTo, deriveSalt } from '@talos/audit'
import type { Kernel } from '@talos/kernel'

/** Commits to the exact bytes of a request (`params`) or a response (`result`); 32 bytes. */
export function commitToCall(options: {
  /** 32 bytes; kept confidential by both sides. */
  readonly saltKey: Uint8Array
  readonly path: Extract<CommitPath, 'params' | 'result'>
  readonly bytes: Uint8Array
  readonly kernel: Kernel
}): Uint8Array {
  const { saltKey, path, bytes, kernel } = options
  return commitTo({ path, bytes, salt: deriveSalt({ saltKey, index: 0, path, kernel }), kernel })
}
