/** What every command works with: the output, the home, and the agent that was named or is the only one. */

import { TalosError } from '@talos/errors'
import { type AgentFolder, AgentHome } from '@talos/storage'
import type { Command } from 'commander'
import type { Output } from './output.ts'
import { obtainPassphrase } from './passphrase.ts'

/** Name of the environment variable that names the agent. */
const AGENT_VARIABLE = 'TALOS_AGENT'

/** One run of the program. */
export interface Shell {
  readonly output: Output
  /** Set by a command whose answer is no; an error sets its own. */
  exitCode: number
}

interface GlobalOptions {
  readonly home?: string
  readonly agent?: string
  readonly passphraseFile?: string
}

export class Context {
  readonly output: Output
  readonly home: AgentHome
  readonly #options: GlobalOptions
  #passphrase: string | undefined

  constructor(shell: Shell, command: Command) {
    this.#options = command.optsWithGlobals<GlobalOptions>()
    this.output = shell.output
    this.home = new AgentHome({ root: this.#options.home })
  }

  /**
   * The agent that is named by --agent or TALOS_AGENT, else the only one.
   *
   * @throws TalosError `CLI_AGENT_NONE`, `CLI_AGENT_AMBIGUOUS`, `FILE_FAILED`
   */
  get agentName(): string {
    const named = this.namedAgent
    if (named) return named
    const names = this.home.list()
    const [only] = names
    const home = this.home.root
    if (only === undefined) throw new TalosError('CLI_AGENT_NONE', { home })
    if (names.length > 1) throw new TalosError('CLI_AGENT_AMBIGUOUS', { count: names.length, home })
    return only
  }

  /** The agent that is named by --agent or TALOS_AGENT. */
  get namedAgent(): string | undefined {
    return this.#options.agent ?? process.env[AGENT_VARIABLE]
  }

  /** @throws TalosError of {@link agentName} and `AgentHome.open` */
  openFolder(): AgentFolder {
    return this.home.open(this.agentName)
  }

  /** Asked for once in one run of the program. @throws TalosError of `obtainPassphrase` */
  async passphrase(options: { readonly name: string; readonly isNew?: boolean }): Promise<string> {
    this.#passphrase ??= await obtainPassphrase({ ...options, file: this.#options.passphraseFile })
    return this.#passphrase
  }
}
