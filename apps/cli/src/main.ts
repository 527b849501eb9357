/** The entry of the `talos` command; bin/talos.js starts it on a Node.js that is new enough. */
import { TalosError } from '@talos/errors'
import { exitCodeOf } from './exit-codes.ts'
import { systemCode } from './files.ts'
import { Output } from './output.ts'
import { run } from './program.ts'

/** What a stream says when nobody reads it any more. */
const UNREAD: ReadonlySet<string | undefined> = new Set(['EPIPE', 'ERR_STREAM_DESTROYED'])

/**
 * Whoever reads the output may stop early, as `talos audit log | head` does. The command goes on unheard, since its exit
 * code is its answer: `talos proof verify FILE | head` must not pass for valid. What runs until it is stopped stops.
 */
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (!UNREAD.has(error.code)) fail(stream, error)
    process.emit('SIGINT')
  })
}

/** A result that could not be written, as to a full disk, is no result. */
function fail(stream: NodeJS.WriteStream, error: NodeJS.ErrnoException): never {
  const json = process.argv.includes('--json')
  const report = new TalosError('CLI_FILE_UNWRITABLE', { path: 'standard output', reason: systemCode(error) })
  if (stream === process.stdout) new Output({ json }).error(report)
  process.exit(exitCodeOf(report))
}

process.exitCode = await run(process.argv.slice(2))
