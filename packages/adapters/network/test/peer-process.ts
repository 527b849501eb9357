/** A peer in a process of its own, to be killed: listens on TLS, reads and says nothing. */
import { tlsOf } from './fixtures.ts'

/** Nothing outlives the tests, whatever happens to them. */
setTimeout(() => process.exit(3), 60_000)

const listening = await tlsOf(2).listen('tls://127.0.0.1:0', {
  onConnection: (connection) => {
    void (async () => {
      for await (const chunk of connection.incoming) if (chunk.length === 0) return
    })().catch(() => undefined)
  },
})
process.stdout.write(`${listening.endpoints[0]}\n`)
