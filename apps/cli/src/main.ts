/** The entry of the `talos` command; bin/talos.js starts it on a Node.js that is new enough. */
import { run } from './program.ts'

/** Whoever reads the output may stop early, as `talos audit log | head` does: that is no failure of ours. */
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? 0 : 1)
  })
}

process.exitCode = await run(process.argv.slice(2))
