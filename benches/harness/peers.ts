/**
 * Other people's implementations, to measure against. They are an npm project of their own (`benches/peers`), outside the
 * workspaces, so that neither their weight nor their licences enter the product; installed when a benchmark asks for them.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const FOLDER = join(import.meta.dirname, '..', 'peers')

/** The version that `benches/peers/package.json` names. */
export function wantedVersion(name: string): string {
  return JSON.parse(readFileSync(join(FOLDER, 'package.json'), 'utf8')).dependencies[name]
}

export function isInstalled(name: string): boolean {
  const manifest = join(FOLDER, 'node_modules', name, 'package.json')
  return existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).version === wantedVersion(name)
}

/** Installs what the lockfile names, with a line that says so. False where that fails, such as without a network. */
export function installPeers(name: string): boolean {
  process.stderr.write(
    `Installing ${name} ${wantedVersion(name)} and the other peers into benches/peers (about 200 MB, once; not part of Talos)\n`,
  )
  try {
    const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
    const stdio: readonly ['ignore', 'ignore', 'inherit'] = ['ignore', 'ignore', 'inherit']
    execFileSync(npm, ['ci', '--no-audit', '--no-fund'], {
      cwd: FOLDER,
      stdio: [...stdio],
      shell: process.platform === 'win32',
    })
    return isInstalled(name)
  } catch {
    return false
  }
}

/** Imports a module of `benches/peers/entries`, which names what is measured of a peer; the caller says what it is. */
export async function importEntry<Module>(name: string): Promise<Module> {
  return (await import(pathToFileURL(join(FOLDER, 'entries', `${name}.js`)).href)) as Module
}

/** Imports a peer; the caller says what it is. */
export async function importPeer<Module>(name: string): Promise<Module> {
  const path = createRequire(join(FOLDER, 'package.json')).resolve(name)
  return (await import(pathToFileURL(path).href)) as Module
}
