/** The second place of the last signed checkpoint: a small file beside the log's database, replaced atomically. */
import type { CheckpointGuard } from '@talos/audit'
import { utf8 } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import { MAX_NOTE_CHARS } from '@talos/merkle'
import { readPrivateFile, writePrivateFile } from './files.ts'

export class FileCheckpointGuard implements CheckpointGuard {
  readonly #path: string

  /** @param options `path`: absolute, in a folder that exists */
  constructor({ path }: { readonly path: string }) {
    this.#path = path
  }

  /**
   * Bytes that are no UTF-8 are read as a text that no key has signed: the log then opens for reading only.
   *
   * @throws TalosError `FILE_FAILED`, `HOME_UNUSABLE`, `HOME_PERMISSIONS`, `INPUT_TOO_LARGE`
   */
  async read(): Promise<string | undefined> {
    try {
      return new TextDecoder().decode(readPrivateFile(this.#path, MAX_NOTE_CHARS))
    } catch (error) {
      if (error instanceof TalosError && error.details['reason'] === 'ENOENT') return undefined
      throw error
    }
  }

  /** @throws TalosError `FILE_FAILED`; the earlier note is then whole */
  async write(note: string): Promise<void> {
    writePrivateFile(this.#path, utf8(note))
  }
}
