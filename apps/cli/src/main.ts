/** The entry of the `talos` command; bin/talos.js starts it on a Node.js that is new enough. */
import { run } from './program.ts'

/** What a stream says when nobody reads it any more. */
const UNREAD: ReadonlySet<string | undefined> = new Set(['EPIPE', 'ERR_STREAM_DESTROYED'])

/**
 * Whoever reads the output may stop early, as `talos audit log | head` does. The command goes on unheard, since its exit
 * code is its answer: `talos proof verify FILE | head` must not pass for valid. What runs until it is stopped stops.
 */
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (!UNREAD.has(error.code)) process.exit(1)
    process.emit('SIGINT')
  })
}

process.exitCode = await run(process.argv.slice(2))
