/** Files that the user names on the command line: bounded when read, never overwritten when written. */
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { TalosError } from '@talos/errors'

const CHUNK_BYTES = 65_536

/**
 * Reads a file, or what a pipe or device of that name gives, up to a limit.
 *
 * @throws TalosError `CLI_FILE_UNREADABLE`, `CLI_FILE_TOO_LARGE`
 */
export function readUserFile(path: string, limitBytes: number): Buffer {
  let descriptor: number | undefined
  try {
    descriptor = openSync(path, 'r')
    if (fstatSync(descriptor).isDirectory()) throw unreadable(path, 'EISDIR')
    return readUpTo(descriptor, { path, limitBytes })
  } catch (error) {
    throw error instanceof TalosError ? error : unreadable(path, systemCode(error), error)
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}

/**
 * Writes a new file.
 *
 * @throws TalosError `CLI_FILE_UNWRITABLE`, also when it exists
 */
export function writeNewFile(path: string, content: string | Uint8Array): void {
  try {
    writeFileSync(path, content, { flag: 'wx', mode: 0o600 })
  } catch (cause) {
    throw new TalosError('CLI_FILE_UNWRITABLE', { path, reason: systemCode(cause) }, { cause })
  }
}

/**
 * Writes a file in the place of the one that is there, if any: whoever reads it finds the one or the other whole.
 *
 * @throws TalosError `CLI_FILE_UNWRITABLE`
 */
export function replaceUserFile(path: string, content: string): void {
  const temporary = `${path}.${process.pid}.tmp`
  try {
    const file = openSync(temporary, 'wx', 0o600)
    try {
      writeFileSync(file, content)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(temporary, path)
  } catch (cause) {
    rmSync(temporary, { force: true })
    throw new TalosError('CLI_FILE_UNWRITABLE', { path, reason: systemCode(cause) }, { cause })
  }
}

/** Found out before there is something to write. @throws TalosError `CLI_FILE_UNWRITABLE` */
export function requireAbsent(path: string): void {
  if (existsSync(path)) throw new TalosError('CLI_FILE_UNWRITABLE', { path, reason: 'EEXIST' })
}

/** Reads a stream to its end. @throws TalosError `INPUT_TOO_LARGE` */
export async function readStream(stream: AsyncIterable<Uint8Array | string>, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk as Uint8Array)
    sizeBytes += bytes.length
    if (sizeBytes > limitBytes) throw new TalosError('INPUT_TOO_LARGE', { sizeBytes, limitBytes })
    chunks.push(bytes)
  }
  return Buffer.concat(chunks)
}

/** The system's short word for a failure, such as ENOENT. */
export function systemCode(error: unknown): string {
  return (error as NodeJS.ErrnoException | undefined)?.code ?? 'unknown'
}

function readUpTo(descriptor: number, { path, limitBytes }: { readonly path: string; readonly limitBytes: number }) {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for (;;) {
    const chunk = Buffer.alloc(CHUNK_BYTES)
    const count = readSync(descriptor, chunk)
    if (count === 0) return Buffer.concat(chunks)
    sizeBytes += count
    if (sizeBytes > limitBytes) throw new TalosError('CLI_FILE_TOO_LARGE', { path, limitBytes })
    chunks.push(chunk.subarray(0, count))
  }
}

function unreadable(path: string, reason: string, cause?: unknown): TalosError {
  return new TalosError('CLI_FILE_UNREADABLE', { path, reason }, { cause })
}
