/**
 * Ends a server's process group when this process can no longer do so. A shell of a few hundred kilobytes waits for the
 * end of a pipe that only this process holds: the kernel closes the pipe however we die, SIGKILL included. The server's
 * stdin closes at the same moment, so well-behaved servers are gone before the first signal. POSIX only.
 */
import { spawn } from 'node:child_process'

/** A word on the pipe releases the watchdog; its end without one makes it act. Not every shell takes `kill -TERM --`. */
const SCRIPT =
  'read -r word && exit 0; sleep 1; kill -s TERM -- "-$1" 2>/dev/null; sleep 1; kill -s KILL -- "-$1" 2>/dev/null'

export interface Watchdog {
  /** To be called once the group is gone, so that a later group of the same number is left alone. */
  release(): void
}

/** Watches over the process group of that number. */
export function startWatchdog(group: number): Watchdog {
  const shell = spawn('/bin/sh', ['-c', SCRIPT, 'talos-watchdog', String(group)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    cwd: '/',
    env: { PATH: '/usr/local/bin:/usr/bin:/bin' },
  })
  // Without a shell there is no watchdog; a server that heeds the end of its stdin still ends with us.
  shell.on('error', () => undefined)
  shell.stdin.on('error', () => undefined)
  shell.unref()
  return {
    release: () => {
      shell.stdin.end('released\n')
    },
  }
}
