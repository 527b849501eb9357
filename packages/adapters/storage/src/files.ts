/**
 * Files of an agent: private to their owner, written whole or not at all.
 *
 * A write goes to a temporary file in the same folder, is flushed, takes the name by rename, and the folder is flushed:
 * after a crash there is the old content or the new one. Left out: permissions on Windows, which has none of this kind.
 */
import { randomUUID } from 'node:crypto'
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { concatBytes } from '@talos/bytes'
import { isTalosError, TalosError } from '@talos/errors'

/** Owner only: enter, list, write. */
export const FOLDER_MODE = 0o700
/** Owner only: read, write. */
export const FILE_MODE = 0o600
/** Any access by others. */
const OTHERS = 0o077
/** Others could put something else in its place. */
const OTHERS_WRITE = 0o022
const READ_CHUNK_BYTES = 65_536
const DRAFT = /^\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp$/
const HAS_MODES = process.platform !== 'win32'

/**
 * Makes a folder with mode 0700, and those above it where they lack.
 *
 * @throws TalosError `FILE_FAILED`
 */
export function makeFolder(path: string): void {
  attempt('create', path, () => mkdirSync(path, { recursive: true, mode: FOLDER_MODE }))
}

/**
 * Refuses a folder that is not one, is a link, belongs to somebody else or is open to others.
 *
 * @throws TalosError `HOME_UNUSABLE`, `HOME_PERMISSIONS`, `FILE_FAILED`
 */
export function requirePrivateFolder(path: string): void {
  const stats = attempt('look at', path, () => lstatSync(path))
  if (!stats.isDirectory()) throw new TalosError('HOME_UNUSABLE', { path, wanted: 'folder' })
  requirePrivate(path, stats, { forbidden: OTHERS, wanted: '700' })
}

/**
 * Refuses a folder in which somebody else could replace what stands in it. Others may look: what is private lies further
 * down. Links are followed, because the user named this folder.
 *
 * @throws TalosError `HOME_UNUSABLE`, `HOME_PERMISSIONS`, `FILE_FAILED`
 */
export function requireOwnFolder(path: string): void {
  const stats = attempt('look at', path, () => statSync(path))
  if (!stats.isDirectory()) throw new TalosError('HOME_UNUSABLE', { path, wanted: 'folder' })
  requirePrivate(path, stats, { forbidden: OTHERS_WRITE, wanted: '700' })
}

/**
 * Refuses a file that is not one, is a link, belongs to somebody else or is open to others. A missing file passes.
 *
 * @throws TalosError `HOME_UNUSABLE`, `HOME_PERMISSIONS`, `FILE_FAILED`
 */
export function requirePrivateFile(path: string): void {
  const stats = attempt('look at', path, () => lstatSync(path, { throwIfNoEntry: false }))
  if (stats === undefined) return
  if (!stats.isFile()) throw new TalosError('HOME_UNUSABLE', { path, wanted: 'file' })
  requirePrivate(path, stats, { forbidden: OTHERS, wanted: '600' })
}

/**
 * Creates an empty private file where there is none, so that SQLite and others inherit its mode.
 *
 * A file that exists is looked at and never opened: closing any descriptor of a file gives up every POSIX lock that the
 * process holds on it (fcntl, "advisory record locking"), SQLite's locks and with them the agent's own included.
 *
 * @throws TalosError `FILE_FAILED`, `HOME_UNUSABLE`, `HOME_PERMISSIONS`
 */
export function ensurePrivateFile(path: string): void {
  attempt('create', path, () => {
    try {
      closeSync(openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, FILE_MODE))
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error
    }
  })
  requirePrivateFile(path)
}

/**
 * Replaces the content of a private file atomically and durably.
 *
 * @throws TalosError `FILE_FAILED`; the old content is then untouched
 */
export function writePrivateFile(path: string, content: Uint8Array): void {
  const temporary = join(dirname(path), `.${randomUUID()}.tmp`)
  attempt('write', path, () => {
    try {
      writeNew(temporary, content)
      renameSync(temporary, path)
      syncFolder(dirname(path))
    } catch (error) {
      rmSync(temporary, { force: true })
      throw error
    }
  })
}

/**
 * Removes what writes in a folder left that were cut off: it may be an old key file. For the one process that writes there.
 *
 * @throws TalosError `FILE_FAILED`
 */
export function removeDrafts(folder: string): void {
  attempt('clean', folder, () => {
    for (const name of readdirSync(folder)) if (DRAFT.test(name)) rmSync(join(folder, name), { force: true })
  })
}

/**
 * Reads a private file of at most `maxBytes`.
 *
 * @throws TalosError `FILE_FAILED`, `HOME_UNUSABLE`, `HOME_PERMISSIONS`, `INPUT_TOO_LARGE`
 */
export function readPrivateFile(path: string, maxBytes: number): Uint8Array {
  return attempt('read', path, () => {
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW)
    try {
      const stats = fstatSync(descriptor)
      if (!stats.isFile()) throw new TalosError('HOME_UNUSABLE', { path, wanted: 'file' })
      requirePrivate(path, stats, { forbidden: OTHERS, wanted: '600' })
      return readAll(descriptor, maxBytes)
    } finally {
      closeSync(descriptor)
    }
  })
}

/**
 * Writes the bytes of a file over themselves and flushes them. What is read may be in the kernel's memory alone, taken for
 * written although its flush failed: only a write makes a later flush count.
 *
 * @throws TalosError `FILE_FAILED`
 */
export function writeAgain(path: string): void {
  attempt('write', path, () => {
    const descriptor = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW)
    try {
      const part = new Uint8Array(READ_CHUNK_BYTES)
      for (let offset = 0; ; ) {
        const count = readSync(descriptor, part, 0, part.length, offset)
        if (count === 0) break
        let written = 0
        while (written < count) written += writeSync(descriptor, part, written, count - written, offset + written)
        offset += count
      }
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
  })
}

/** Makes names created in, or moved into, a folder durable. */
export function syncFolder(path: string): void {
  if (!HAS_MODES) return
  const descriptor = openSync(path, constants.O_RDONLY)
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Runs a file operation; a system error becomes `FILE_FAILED` with its short reason, such as `ENOSPC`. */
export function attempt<T>(operation: string, path: string, run: () => T): T {
  try {
    return run()
  } catch (cause) {
    if (isTalosError(cause)) throw cause
    throw new TalosError('FILE_FAILED', { operation, path, reason: systemCode(cause) }, { cause })
  }
}

/** The code of a system error, such as `ENOENT`. */
export function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown'
}

interface Privacy {
  /** Permission bits that must not be set. */
  readonly forbidden: number
  /** The mode that the error advises. */
  readonly wanted: string
}

function requirePrivate(path: string, stats: Stats, { forbidden, wanted }: Privacy): void {
  if (!HAS_MODES) return
  const isOwn = stats.uid === process.geteuid?.()
  if (!isOwn || (stats.mode & forbidden) !== 0) {
    throw new TalosError('HOME_PERMISSIONS', { path, mode: (stats.mode & 0o777).toString(8), wanted })
  }
}

function writeNew(path: string, content: Uint8Array): void {
  const descriptor = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, FILE_MODE)
  try {
    // The process's umask may have taken bits away; what others may do must not depend on it either way.
    fchmodSync(descriptor, FILE_MODE)
    let written = 0
    while (written < content.length) written += writeSync(descriptor, content, written)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function readAll(descriptor: number, maxBytes: number): Uint8Array {
  const parts: Uint8Array[] = []
  let sizeBytes = 0
  for (;;) {
    const part = new Uint8Array(READ_CHUNK_BYTES)
    const count = readSync(descriptor, part)
    if (count === 0) return concatBytes(...parts)
    sizeBytes += count
    if (sizeBytes > maxBytes) throw new TalosError('INPUT_TOO_LARGE', { sizeBytes, limitBytes: maxBytes })
    parts.push(part.subarray(0, count))
  }
}
