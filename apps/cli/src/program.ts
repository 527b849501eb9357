/** The command line: its commands, its options, and what its failures look like. */
import { readFileSync } from 'node:fs'
import { TalosError } from '@talos/errors'
import { Command, CommanderError } from 'commander'
import { addAnchor } from './commands/anchor/index.ts'
import { addAudit } from './commands/audit/index.ts'
import { addCapabilities } from './commands/capabilities/index.ts'
import { addDoctor } from './commands/doctor.ts'
import { addHelp } from './commands/help.ts'
import { addIdentity } from './commands/identity/index.ts'
import { addInit } from './commands/init.ts'
import { addMcp } from './commands/mcp.ts'
import { addListen, addSend } from './commands/messages.ts'
import { addProof } from './commands/proof/index.ts'
import { addWhoami } from './commands/whoami.ts'
import type { Shell } from './context.ts'
import { demoCommand } from './demo/command.ts'
import { EXIT_OK, EXIT_USAGE, exitCodeOf } from './exit-codes.ts'
import { Output, reportOf } from './output.ts'

const AFTER_HELP = `
Examples:
  $ talos demo                                  the whole story on this machine
  $ talos init tool-box && talos mcp serve mcp.json
  $ talos proof verify call.talosproof

Environment: TALOS_HOME (where agents live, ~/.talos), TALOS_AGENT (which one), TALOS_PASSPHRASE (opens its keys),
TALOS_DEBUG (stack traces), NO_COLOR.
Results go to stdout, errors to stderr, also with --json. Exit codes: talos help exit-codes.`

/**
 * Runs one command line.
 *
 * @param words what stands after the program's name
 * @returns the exit code
 */
export async function run(words: readonly string[]): Promise<number> {
  const shell: Shell = { output: new Output({ json: wantsJson(words) }), exitCode: EXIT_OK }
  try {
    await buildProgram(shell).parseAsync(words, { from: 'user' })
    return shell.exitCode
  } catch (error) {
    if (error instanceof CommanderError) return endOf(error, shell)
    shell.output.error(error)
    return exitCodeOf(reportOf(error))
  }
}

function buildProgram(shell: Shell): Command {
  const program = new Command('talos')
  program
    .description('The secure communication and trust layer for autonomous AI agents')
    .version(versionOf(), '--version', 'show the version')
    .option('--home <folder>', 'where agents live (default: TALOS_HOME, else ~/.talos)')
    .option('--agent <name>', 'which agent (default: TALOS_AGENT, else the only one)')
    .option('--passphrase-file <file>', 'read the passphrase from its first line (default: TALOS_PASSPHRASE, else ask)')
    .option('--json', 'results as JSON, one object; errors as {"error": {…}} on stderr')
    // Options of a group, such as those of `talos audit witness`, are not those of its commands.
    .configureHelp({
      showGlobalOptions: true,
      visibleGlobalOptions: (command) => (command === program ? [] : [...program.options]),
    })
    .configureOutput({
      writeErr: (help) => (shell.output.json ? undefined : shell.output.note(help.trimEnd())),
      outputError: () => undefined,
    })
    .exitOverride()
    .addHelpText('after', AFTER_HELP)
  demoCommand(program, shell)
  addInit(program, shell)
  addWhoami(program, shell)
  addIdentity(program, shell)
  addListen(program, shell)
  addSend(program, shell)
  addMcp(program, shell)
  addCapabilities(program, shell)
  addAudit(program, shell)
  addProof(program, shell)
  addAnchor(program, shell)
  addDoctor(program, shell)
  addHelp(program, shell)
  return program
}

/** Known before the options are parsed, so that errors in them take the right form as well. */
function wantsJson(words: readonly string[]): boolean {
  const end = words.indexOf('--')
  return words.slice(0, end < 0 ? words.length : end).includes('--json')
}

/** Help and version end without an error; a group without a command, and everything else, is a wrong command line. */
function endOf(error: CommanderError, { output }: Shell): number {
  if (error.exitCode === 0) return EXIT_OK
  const reason = error.code === 'commander.help' ? 'a command is missing' : withoutValues(error.message)
  output.error(new TalosError('CLI_USAGE', { reason }))
  return EXIT_USAGE
}

/** What was typed after `=` may be a secret that does not belong there. */
function withoutValues(message: string): string {
  return message
    .replace(/^error: /, '')
    .replace(/\n\((.*)\)$/, '; $1')
    .replace(/(--[a-z-]+)=[^']*/g, '$1=…')
}

function versionOf(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { readonly version: string }).version
}
