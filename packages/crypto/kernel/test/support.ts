/** What the kernel's tests share: the kernels under test and readers for vector files. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isTalosError } from '@talos/errors'
import { publicVectors } from '@talos/testkit'
import { chooseKernel, type Kernel, nobleKernel, portableKernel } from '../src/index.ts'

/** The native kernel, where it is built. */
const native = chooseKernel('')
export const NATIVE: Kernel | undefined = native.kernel.name === 'native' ? native.kernel : undefined
/** For the title of what is skipped without it. */
export const NATIVE_NOTE = NATIVE === undefined ? ` (skipped: the native kernel does not serve, ${native.reason})` : ''

/** Each test of behaviour runs on all paths: `node:crypto` mixed with noble, noble alone, and native where it is built. */
export const KERNELS: ReadonlyArray<readonly [path: string, kernel: Kernel]> = [
  ['node', portableKernel()],
  ['noble', nobleKernel()],
  ...(NATIVE === undefined ? [] : [['native', NATIVE] as const]),
]

export function bytes(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'))
}

export function hex(data: Uint8Array): string {
  return Buffer.from(data).toString('hex')
}

/** The code that `work` is refused with, `undefined` where it is not; foreign errors pass through. */
export function refusal(work: () => unknown): string | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    if (isTalosError(error)) return error.code
    throw error
  }
}

interface WycheproofGroup<Test> {
  readonly tests: readonly Test[]
}

/** A Wycheproof file's groups, `undefined` where the folder is missing. */
export function wycheproof<Group extends WycheproofGroup<unknown>>(name: string): readonly Group[] | undefined {
  const folder = publicVectors('wycheproof')
  if (folder === undefined) return undefined
  const file: { readonly testGroups: readonly Group[] } = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'))
  return file.testGroups
}
