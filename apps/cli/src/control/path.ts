/**
 * Where the control socket of an agent lies (spec 17-control, 17.1): in the agent's folder, or, where that path is too
 * long for a socket, in a folder of its own under the temporary directory. Only this user may enter either.
 *
 * Left out: Windows, whose named pipes have no such folder.
 */
import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TalosError } from '@talos/errors'
import { systemCode } from '../files.ts'

/** Systems take 104 to 108 bytes, the closing zero among them (17.1). */
export const SOCKET_PATH_MAX_BYTES = 100
const SOCKET_NAME = 'control.sock'
const FOLDER_MODE = 0o700
const OTHERS = 0o077
const NAME_HEX_CHARS = 32

/** The path and whether a folder must be made for it. @throws TalosError `CONTROL_SOCKET` */
function locate(folder: string): { readonly path: string; readonly outside: string | undefined } {
  if (process.platform === 'win32') throw new TalosError('CONTROL_SOCKET', { reason: 'this system has none' })
  const inside = join(folder, SOCKET_NAME)
  if (fits(inside)) return { path: inside, outside: undefined }
  const name = createHash('sha256').update(folder).digest('hex').slice(0, NAME_HEX_CHARS)
  const outside = join(tmpdir(), `talos-${name}`)
  const path = join(outside, SOCKET_NAME)
  if (!fits(path)) throw new TalosError('CONTROL_SOCKET', { reason: 'the path of the temporary folder is too long' })
  return { path, outside }
}

/**
 * The path for the owner to listen on, its folder made.
 *
 * @param folder absolute path of the agent's folder
 * @throws TalosError `CONTROL_SOCKET`
 */
export function prepareSocketPath(folder: string): string {
  const { path, outside } = locate(folder)
  if (outside !== undefined) {
    try {
      mkdirSync(outside, { mode: FOLDER_MODE })
    } catch (cause) {
      if (systemCode(cause) !== 'EEXIST')
        throw new TalosError('CONTROL_SOCKET', { reason: systemCode(cause) }, { cause })
    }
    requirePrivate(outside)
  }
  return path
}

/** The path to dial, or undefined where nobody listens. @throws TalosError `CONTROL_SOCKET` (a folder by somebody else) */
export function findSocketPath(folder: string): string | undefined {
  const { path, outside } = locate(folder)
  if (outside !== undefined && lstatSync(outside, { throwIfNoEntry: false }) === undefined) return undefined
  if (outside !== undefined) requirePrivate(outside)
  return lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true ? path : undefined
}

/** Anybody can make a folder in the temporary directory, so it must be ours alone. */
function requirePrivate(path: string): void {
  const stats = lstatSync(path)
  if (!stats.isDirectory() || stats.uid !== process.getuid?.() || (stats.mode & OTHERS) !== 0) {
    throw new TalosError('CONTROL_SOCKET', { reason: 'its folder does not belong to this user alone' })
  }
}

function fits(path: string): boolean {
  return Buffer.byteLength(path) <= SOCKET_PATH_MAX_BYTES
}
