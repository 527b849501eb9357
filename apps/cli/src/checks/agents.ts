/** Checks of the home and of each agent in it. */
import { existsSync } from 'node:fs'
import { openAgentReader } from '@talos/client'
import { isTalosError } from '@talos/errors'
import { parseKeyFile } from '@talos/identity'
import { loadKernel } from '@talos/kernel'
import { AGENT_DATABASE_FILE, type AgentFolder, type AgentHome } from '@talos/storage'
import type { Output } from '../output.ts'
import { Progress } from '../progress.ts'
import { type Finding, finding } from './finding.ts'

export async function checkAgents(home: AgentHome, output: Output): Promise<Finding[]> {
  const findings = [await finding('home', () => checkHome(home))]
  if (findings.some(({ status }) => status !== 'ok')) return findings
  for (const name of home.list()) findings.push(...(await checkAgent(home, { name, output })))
  return findings
}

function checkHome(home: AgentHome): string | Finding {
  const names = existsSync(home.root) ? home.list() : []
  if (names.length > 0) return `${home.root}, agents: ${names.join(', ')}`
  const remedy = 'Create an agent with talos init NAME, or point --home or TALOS_HOME to where yours live.'
  return { name: 'home', status: 'warn', detail: `${home.root} holds no agent`, remedy }
}

async function checkAgent(
  home: AgentHome,
  { name, output }: { readonly name: string; readonly output: Output },
): Promise<Finding[]> {
  const keys = await finding(`${name} keys`, () => checkKeys(home.open(name)))
  if (keys.status === 'fail') return [keys]
  const owner = await finding(`${name} process`, () => checkOwner(home.open(name)))
  if (!existsSync(home.open(name).filePath(AGENT_DATABASE_FILE))) return [keys, owner, databaseGone(name)]
  return [keys, owner, await finding(`${name} log`, async () => await checkLog(home, { name, output }))]
}

function databaseGone(name: string): Finding {
  const detail = 'gone, with sessions, capabilities and messages that waited'
  const remedy =
    'Put the whole folder back from a backup; or start the agent: it makes another one, and peers begin anew.'
  return { name: `${name} database`, status: 'warn', detail, remedy }
}

function checkKeys(folder: AgentFolder): string {
  return `${parseKeyFile(folder.readKeyFile(), loadKernel()).did}, only you can read them`
}

/** The lock is taken for a moment to see whether somebody has it. */
function checkOwner(folder: AgentFolder): string {
  try {
    folder.lock().release()
    return 'none runs the agent now'
  } catch (error) {
    if (isTalosError(error, 'AGENT_LOCKED')) return 'one runs the agent now'
    throw error
  }
}

async function checkLog(home: AgentHome, { name, output }: { readonly name: string; readonly output: Output }) {
  const progress = new Progress(output, `${name} log: checked`)
  using reader = openAgentReader(name, { home: home.root })
  try {
    const report = await reader.verifyLog(({ checked, size }) => progress.update({ done: checked, total: size }))
    return `${report.size} entries and ${report.checkpoints} checkpoints, all as they were written`
  } finally {
    progress.end()
  }
}
