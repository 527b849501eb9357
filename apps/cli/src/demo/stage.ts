/** What the demo plays on: a temporary folder with real files, a real MCP server over them, and fresh passphrases. */
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { toBase64url } from '@talos/bytes'
import { TalosError } from '@talos/errors'

export const SERVER_NAME = 'files'
export const REPORT_TEXT = 'Third quarter: 1,204 invoices matched, 3 open.\n'

export interface Stage extends Disposable {
  readonly folder: string
  /** The folder that the capability will cover. */
  readonly docs: string
  readonly report: string
  /** A file beside that folder, which the server itself could read. */
  readonly salaries: string
  /** The same file, by a path that begins in the covered folder. */
  readonly detour: string
  /** mcpServers configuration. */
  readonly config: string
  home(name: string): string
  passphrase(): string
  path(name: string): string
}

/** @throws TalosError `DEMO_SERVER_MISSING` */
export function setStage(): Stage {
  const server = filesystemServer()
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'talos-demo-')))
  const docs = join(folder, 'shared', 'docs')
  mkdirSync(docs, { recursive: true })
  const report = join(docs, 'report.txt')
  const salaries = join(folder, 'shared', 'salaries.txt')
  writeFileSync(report, REPORT_TEXT)
  writeFileSync(salaries, 'Nobody outside may read this.\n')
  const config = JSON.stringify({
    mcpServers: { [SERVER_NAME]: { command: process.execPath, args: [server, join(folder, 'shared')] } },
  })
  return {
    folder,
    docs,
    report,
    salaries,
    detour: `${docs}/../salaries.txt`,
    config,
    home: (name) => join(folder, `home-${name}`),
    passphrase: () => toBase64url(randomBytes(24)),
    path: (name) => join(folder, name),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}

function filesystemServer(): string {
  try {
    return fileURLToPath(import.meta.resolve('@modelcontextprotocol/server-filesystem/dist/index.js'))
  } catch (cause) {
    throw new TalosError('DEMO_SERVER_MISSING', {}, { cause })
  }
}
