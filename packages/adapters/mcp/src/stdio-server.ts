/**
 * An MCP server as a child process: its own process group, lines over stdin and stdout, a bounded end, and no orphan
 * even where this process is killed (clause 14.4 of contracts/spec/14-mcp.md).
 */
import type { ChildProcess } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { TalosError } from '@talos/errors'
import spawn from 'cross-spawn'
import type { StdioServerConfig } from './config.ts'
import { STDERR_TAIL_BYTES, STOP_GRACE_MS } from './limits.ts'
import { LineWriter, readLines } from './lines.ts'
import { startWatchdog, type Watchdog } from './watchdog.ts'

/** The variables that a server gets from this process. Everything else, such as a passphrase, stays here. */
const INHERITED =
  process.platform === 'win32'
    ? 'APPDATA HOMEDRIVE HOMEPATH LOCALAPPDATA PATH PATHEXT PROCESSOR_ARCHITECTURE PROGRAMFILES SYSTEMDRIVE SYSTEMROOT TEMP USERNAME USERPROFILE'
    : 'HOME LANG LC_ALL LOGNAME PATH SHELL TERM TMPDIR TZ USER'

const ON_POSIX = process.platform !== 'win32'
const CONTROL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

export interface StartOptions {
  readonly server: StdioServerConfig
  readonly serverName: string
}

export class StdioServer {
  readonly pid: number
  /** Resolves with how the process ended, once its whole group is gone. */
  readonly exited: Promise<string>
  readonly #child: ChildProcess
  readonly #input: LineWriter
  readonly #output: Readable
  readonly #watchdog: Watchdog | undefined
  #stderr = Buffer.alloc(0)
  #stopping: Promise<string> | undefined

  /**
   * Starts the child and resolves once it runs.
   *
   * @throws MCP_SERVER_START_FAILED {server, reason}
   */
  static async start({ server, serverName }: StartOptions): Promise<StdioServer> {
    const child = launch(server, serverName)
    const { pid, stdin, stdout, stderr } = await started(child, serverName)
    return new StdioServer(child, { pid, stdin, stdout, stderr })
  }

  private constructor(child: ChildProcess, { pid, stdin, stdout, stderr }: StartedStreams) {
    this.pid = pid
    this.#child = child
    this.#input = new LineWriter(stdin)
    this.#output = stdout
    this.#watchdog = ON_POSIX ? startWatchdog(pid) : undefined
    stderr.on('data', (chunk: Buffer) => {
      this.#stderr = Buffer.concat([this.#stderr, chunk]).subarray(-STDERR_TAIL_BYTES)
    })
    stderr.on('error', () => undefined)
    this.exited = this.#untilGone()
  }

  /** The server's lines. One reader only; ends with the server's stdout. */
  lines(): AsyncGenerator<Uint8Array, void, void> {
    return readLines(this.#output)
  }

  /** Writes one message; resolves when the server takes more, or is gone. */
  send(message: Uint8Array): Promise<void> {
    return this.#input.write(message)
  }

  /** The last lines of stderr, at most STDERR_TAIL_BYTES, without control characters. */
  get stderrTail(): string {
    const lines = this.#stderr.toString('utf8').split(/\r?\n/)
    return lines
      .map((line) => line.replaceAll(CONTROL, ''))
      .join('\n')
      .trim()
  }

  /** Ends stdin, then sends SIGTERM, then SIGKILL to the group, with STOP_GRACE_MS between. Resolves like `exited`. */
  stop(): Promise<string> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<string> {
    this.#input.end()
    if (await this.#goneWithin(STOP_GRACE_MS)) return this.exited
    signalGroup(this.#child, 'SIGTERM')
    if (await this.#goneWithin(STOP_GRACE_MS)) return this.exited
    signalGroup(this.#child, 'SIGKILL')
    return this.exited
  }

  async #goneWithin(timeoutMs: number): Promise<boolean> {
    const timer = new AbortController()
    const late = sleep(timeoutMs, false, { signal: timer.signal }).catch(() => false)
    const gone = await Promise.race([this.exited.then(() => true), late])
    timer.abort()
    return gone
  }

  /** When the leader has exited, what it left behind in its group is given a moment to write and is then killed. */
  async #untilGone(): Promise<string> {
    const closed = new Promise<void>((resolve) => this.#child.once('close', () => resolve()))
    const reason = await new Promise<string>((resolve) => {
      this.#child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`))
    })
    const timer = new AbortController()
    await Promise.race([closed, sleep(STOP_GRACE_MS, undefined, { signal: timer.signal }).catch(() => undefined)])
    timer.abort()
    signalGroup(this.#child, 'SIGKILL')
    this.#watchdog?.release()
    this.#output.destroy()
    return reason
  }
}

interface StartedStreams {
  readonly pid: number
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
}

function launch({ command, args, env, cwd }: StdioServerConfig, serverName: string): ChildProcess {
  try {
    return spawn(command, [...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...inherited(), ...env },
      detached: ON_POSIX,
      windowsHide: true,
      ...(cwd !== undefined && { cwd }),
    })
  } catch (cause) {
    throw startFailed(serverName, cause)
  }
}

function started(child: ChildProcess, serverName: string): Promise<StartedStreams> {
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => reject(startFailed(serverName, cause)))
    child.once('spawn', () => {
      const { pid, stdin, stdout, stderr } = child
      if (pid === undefined || stdin === null || stdout === null || stderr === null) {
        reject(startFailed(serverName, undefined))
        return
      }
      // A later error, such as a signal that could not be sent, changes nothing: the exit is what counts.
      child.on('error', () => undefined)
      resolve({ pid, stdin, stdout, stderr })
    })
  })
}

const START_REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'the command or its folder does not exist',
  EACCES: 'the command may not be executed',
  E2BIG: 'its arguments and variables are too long',
  EAGAIN: 'the system starts no further process',
}

function startFailed(server: string, cause: unknown): TalosError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const reason = START_REASONS[code] ?? 'the system refuses it'
  return new TalosError('MCP_SERVER_START_FAILED', { server, reason }, { cause })
}

function inherited(): Record<string, string> {
  const pairs = INHERITED.split(' ').map((name) => [name, process.env[name]] as const)
  return Object.fromEntries(pairs.filter((pair): pair is [string, string] => pair[1] !== undefined))
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (!ON_POSIX || child.pid === undefined) {
    child.kill(signal)
    return
  }
  try {
    process.kill(-child.pid, signal)
  } catch {
    // No process is left in the group, which is what the signal was for.
  }
}
