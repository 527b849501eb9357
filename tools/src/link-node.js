/**
 * Puts the Node that the packages bring on the PATH of every npm script: `node_modules/.bin/node`.
 *
 * npm links it by itself, but before npm 11 it deletes the link again when it drops the Nodes of the other platforms, which
 * have a command of the same name. Runs after installation, on whatever Node npm has; elsewhere than on these platforms that
 * Node serves.
 */
import { copyFileSync, existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'

const modules = join(import.meta.dirname, '..', '..', 'node_modules')
const windows = process.platform === 'win32'
const brought = join(`node-${windows ? 'win' : process.platform}-${process.arch}`, 'bin', windows ? 'node.exe' : 'node')
const link = join(modules, '.bin', windows ? 'node.exe' : 'node')

if (existsSync(join(modules, brought)) && !existsSync(link)) {
  mkdirSync(join(modules, '.bin'), { recursive: true })
  if (windows) copyFileSync(join(modules, brought), link)
  else symlinkSync(join('..', brought), link)
}
