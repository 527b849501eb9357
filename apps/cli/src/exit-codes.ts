/** What the exit code of `talos` says. */
import type { ErrorCode, TalosError } from '@talos/errors'

export const EXIT_OK = 0
/** Refused, invalid or failed. */
export const EXIT_FAILED = 1
/** The command line, a file or a setting is not as it should be; nothing was done. */
export const EXIT_USAGE = 2
/** What is there holds, and something that was asked for is missing. */
export const EXIT_INCOMPLETE = 3
/** Another process runs the agent. */
const EXIT_BUSY = 3

export const EXIT_CODES_HELP = `Exit codes

  0  done, or valid
  1  refused, invalid or failed
  2  the command line, a file or a setting is not usable; nothing was done
  3  incomplete: what is there holds, but something is missing that was asked for (each command's --help says what); or
     another process runs the agent and takes no requests

Errors are written to stderr: "error CODE: message" and what to do about it. With --json they are one object,
{"error": {"code", "message", "remedy", "details"}}, on stderr as well, so that stdout holds results only.
`

const USAGE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'CLI_USAGE',
  'CLI_NOT_CONFIRMED',
  'CLI_OPTION_INVALID',
  'CLI_AGENT_NONE',
  'CLI_AGENT_AMBIGUOUS',
  'CLI_FILE_UNREADABLE',
  'CLI_FILE_TOO_LARGE',
  'CLI_FILE_UNWRITABLE',
  'CLI_NO_SERVER',
  'CLI_EXPORT_UNREADABLE',
  'HOME_PERMISSIONS',
  'IDENTITY_LOG_MISSING',
  'STORE_READ_FAILED',
  'LIGHT_STATE_INVALID',
  'LOG_ADDRESS_INVALID',
  'LOG_ADDRESS_REFUSED',
  'LOG_FETCH_FAILED',
  'LOG_LISTEN_FAILED',
  'LOG_LISTEN_REFUSED',
  'LOG_NOT_FOUND',
  'LOG_NOT_PUBLISHED',
  'LOG_TOKEN_INVALID',
  'NOTE_KEY_INVALID',
  'WITNESS_POLICY_INVALID',
  'DISCLOSURE_CHOICE',
  'ANCHOR_CHAIN_MISMATCH',
  'ANCHOR_ENDPOINT_FAILED',
  'ANCHOR_ENDPOINTS_DISAGREE',
  'ANCHOR_ENDPOINTS_FAILED',
  'ANCHOR_ENGINE_MISSING',
  'ANCHOR_FILE_INVALID',
  'ANCHOR_KEY_INVALID',
  'ANCHOR_NOT_SET_UP',
  'ANCHOR_OPTION_INVALID',
  'AGENT_NAME_INVALID',
  'AGENT_NOT_FOUND',
  'MCP_CONFIG_INVALID',
  'INVITATION_INVALID',
  'PASSPHRASE_MISSING',
])
const BUSY: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['AGENT_LOCKED', 'CONTROL_UNREACHABLE', 'CONTROL_BUSY'])

/** The exit code that an error leads to. */
export function exitCodeOf({ code }: TalosError): number {
  if (USAGE.has(code)) return EXIT_USAGE
  if (code === 'ANCHOR_NOT_FINAL') return EXIT_INCOMPLETE
  return BUSY.has(code) ? EXIT_BUSY : EXIT_FAILED
}
