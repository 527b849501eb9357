/**
 * Where agents live on this machine.
 *
 *     <root>/agents/<name>/          0700
 *         key.json                   0600  the key file (spec 03-identity, 3.6)
 *         did.jsonl                  0600  the agent's own key log (spec 18-key-log)
 *         agent.db, audit.db, ...    0600  the databases
 *         owner.lock                 0600  held by the one process that runs the agent
 *
 * The root is the option, else the variable TALOS_HOME, else `.talos` in the user's home folder.
 */
import { randomUUID } from 'node:crypto'
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { fromUtf8, utf8 } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import { AgentLock } from './agent-lock.ts'
import {
  attempt,
  makeFolder,
  readPrivateFile,
  removeDrafts,
  requireOwnFolder,
  requirePrivateFile,
  requirePrivateFolder,
  syncFolder,
  systemCode,
  writePrivateFile,
} from './files.ts'

/** Name of the environment variable that moves the root. */
export const HOME_VARIABLE = 'TALOS_HOME'
/** Larger than any file that {@link AgentFolder.readFile} is meant for. */
export const AGENT_FILE_MAX_BYTES = 2_097_152
const AGENT_NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/
const FILE_NAME = /^[a-z0-9][a-z0-9_-]{0,63}\.[a-z0-9]{1,8}$/
const KEY_FILE = 'key.json'

export interface AgentHomeOptions {
  /** The root folder; goes before the environment. */
  readonly root?: string | undefined
  /** The process's environment unless given. */
  readonly environment?: Readonly<Record<string, string | undefined>>
}

export class AgentHome {
  /** Absolute path of the root. It need not exist before an agent is created. */
  readonly root: string

  constructor(options: AgentHomeOptions = {}) {
    const { root, environment = process.env } = options
    this.root = resolve(root || environment[HOME_VARIABLE] || join(homedir(), '.talos'))
  }

  /**
   * Names of the agents, sorted.
   *
   * @throws TalosError `FILE_FAILED`
   */
  list(): string[] {
    if (!existsSync(this.#agents)) return []
    const entries = attempt('list', this.#agents, () => readdirSync(this.#agents, { withFileTypes: true }))
    return entries
      .filter((entry) => entry.isDirectory() && AGENT_NAME.test(entry.name))
      .map((entry) => entry.name)
      .sort()
  }

  /** Whether an agent of that name exists. @throws TalosError `AGENT_NAME_INVALID` */
  has(name: string): boolean {
    return existsSync(this.#pathOf(name))
  }

  /**
   * Makes the folder of a new agent with its key file in it, all or nothing.
   *
   * @throws TalosError `AGENT_NAME_INVALID`, `AGENT_EXISTS`, `HOME_PERMISSIONS`, `HOME_UNUSABLE`, `FILE_FAILED`
   */
  create(options: {
    readonly name: string
    readonly keyFile: string
    /** Further files that are there from the beginning, by their plain names. */
    readonly files?: Readonly<Record<string, Uint8Array>>
  }): AgentFolder {
    const { name, keyFile, files = {} } = options
    const path = this.#pathOf(name)
    makeFolder(this.#agents)
    this.#requirePrivate()
    const draft = join(this.#agents, `.new-${randomUUID()}`)
    try {
      makeFolder(draft)
      writePrivateFile(join(draft, KEY_FILE), utf8(keyFile))
      const folder = new AgentFolder({ home: this, name, path: draft })
      for (const [file, content] of Object.entries(files)) folder.writeFile(file, content)
      this.#publish({ name, draft, path })
    } catch (error) {
      rmSync(draft, { recursive: true, force: true })
      throw error
    }
    return new AgentFolder({ home: this, name, path })
  }

  /**
   * Opens the folder of an agent and checks that nobody else can.
   *
   * @throws TalosError `AGENT_NAME_INVALID`, `AGENT_NOT_FOUND`, `HOME_PERMISSIONS`, `HOME_UNUSABLE`, `FILE_FAILED`
   */
  open(name: string): AgentFolder {
    const path = this.#pathOf(name)
    if (!this.has(name)) throw new TalosError('AGENT_NOT_FOUND', { name, home: this.root })
    this.#requirePrivate()
    requirePrivateFolder(path)
    return new AgentFolder({ home: this, name, path })
  }

  get #agents(): string {
    return join(this.root, 'agents')
  }

  #pathOf(name: string): string {
    if (!AGENT_NAME.test(name)) throw new TalosError('AGENT_NAME_INVALID')
    return join(this.#agents, name)
  }

  #requirePrivate(): void {
    requireOwnFolder(this.root)
    requirePrivateFolder(this.#agents)
  }

  /** A folder that is not empty is never replaced by rename, so of two creators one wins whole. */
  #publish({ name, draft, path }: { readonly name: string; readonly draft: string; readonly path: string }): void {
    try {
      renameSync(draft, path)
    } catch (cause) {
      if (existsSync(path)) throw new TalosError('AGENT_EXISTS', { name }, { cause })
      throw new TalosError('FILE_FAILED', { operation: 'create', path, reason: systemCode(cause) }, { cause })
    }
    attempt('flush', this.#agents, () => syncFolder(this.#agents))
  }
}

/** One agent's folder. */
export class AgentFolder {
  readonly home: AgentHome
  readonly name: string
  readonly path: string

  constructor(options: { readonly home: AgentHome; readonly name: string; readonly path: string }) {
    this.home = options.home
    this.name = options.name
    this.path = options.path
  }

  /**
   * Absolute path of a file in the folder, such as `audit.db`; refuses one that is open to others.
   *
   * @throws TalosError `HOME_UNUSABLE` (a name that is not a plain file name, or no file), `HOME_PERMISSIONS`
   */
  filePath(name: string): string {
    const path = join(this.path, name)
    if (!FILE_NAME.test(name)) throw new TalosError('HOME_UNUSABLE', { path: this.path, wanted: 'plain file name' })
    requirePrivateFile(path)
    return path
  }

  /** The text of the key file. @throws TalosError `FILE_FAILED`, `HOME_PERMISSIONS`, `HOME_UNUSABLE` */
  readKeyFile(): string {
    return fromUtf8(this.readFile(KEY_FILE))
  }

  /** Replaces the key file, such as for another passphrase. @throws TalosError `FILE_FAILED` */
  writeKeyFile(text: string): void {
    this.writeFile(KEY_FILE, utf8(text))
  }

  /** Whether there is a file of that name. @throws TalosError `HOME_PERMISSIONS`, `HOME_UNUSABLE` */
  hasFile(name: string): boolean {
    return existsSync(this.filePath(name))
  }

  /** Removes a file, durably; nothing happens where there is none. @throws TalosError `FILE_FAILED` */
  removeFile(name: string): void {
    const path = this.filePath(name)
    attempt('remove', path, () => {
      rmSync(path, { force: true })
      syncFolder(this.path)
    })
  }

  /** @throws TalosError `FILE_FAILED`, `HOME_PERMISSIONS`, `HOME_UNUSABLE`, `INPUT_TOO_LARGE` */
  readFile(name: string): Uint8Array {
    return readPrivateFile(this.filePath(name), AGENT_FILE_MAX_BYTES)
  }

  /** Atomic and durable. @throws TalosError `FILE_FAILED`, `HOME_PERMISSIONS`, `HOME_UNUSABLE` */
  writeFile(name: string, content: Uint8Array): void {
    writePrivateFile(this.filePath(name), content)
  }

  /**
   * Becomes the one process that runs this agent, until the lock is released or the process ends, however it ends. Files
   * that an earlier one had not written to their end are removed.
   *
   * @throws TalosError `AGENT_LOCKED`, `FILE_FAILED`, `HOME_PERMISSIONS`
   */
  lock(): AgentLock {
    const lock = AgentLock.acquire({ name: this.name, path: this.filePath('owner.lock') })
    try {
      removeDrafts(this.path)
      return lock
    } catch (error) {
      lock.release()
      throw error
    }
  }
}
