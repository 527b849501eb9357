/** Small helpers on byte arrays that hold keys. */

/**
 * Overwrites what a step leaves behind. JavaScript promises no more than that: the engine may have copied the bytes
 * while it moved them, and noble and OpenSSL keep copies of their own until they are collected.
 */
export function wipe(...secrets: readonly Uint8Array[]): void {
  for (const secret of secrets) secret.fill(0)
}
