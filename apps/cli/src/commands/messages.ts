/** `talos listen` and `talos send`: sealed messages between two agents. */
import { fromUtf8, toBase64 } from '@talos/bytes'
import { MESSAGE_MAX_BYTES, type ReceivedMessage } from '@talos/client'
import { isTalosError } from '@talos/errors'
import type { Command } from 'commander'
import { Context, type Shell } from '../context.ts'
import { EXIT_FAILED } from '../exit-codes.ts'
import { readStream } from '../files.ts'
import { fields, printable } from '../output.ts'
import { own, untilStopped } from '../owner.ts'
import { peerOf, reach } from '../peer.ts'
import { addListening, type ListeningOptions, startListening } from './listening.ts'

const LISTEN_HELP = `
Examples:
  $ talos listen
  $ talos listen --endpoint tls://0.0.0.0:4433 --advertise tls://box.example.org:4433
  $ talos listen --json | jq .

Prints an invitation, then every message. With --json one object per line: {"event": "listening", …}, then
{"event": "message", "peer", "text", "base64", "messageId", "messageHash"}; text is null where the bytes are no UTF-8.
Ctrl-C ends it.`

const SEND_HELP = `
Examples:
  $ talos send 'talos1:…' 'Hello!'
  $ git diff | talos send did:key:z6Mk… -

The peer is named by its invitation, or by its DID once an invitation of it was used. Without a message, or with -, the
message is read from standard input. Exit code 1 when the peer is away: the message then waits in the outbox.`

export function addListen(program: Command, shell: Shell): void {
  addListening(program.command('listen').description('receive messages until Ctrl-C'))
    .addHelpText('after', LISTEN_HELP)
    .action(async (options: ListeningOptions, command: Command) => {
      const context = new Context(shell, command)
      const { output } = shell
      const stopped = untilStopped()
      await using agent = await own(context, { command: 'listen' })
      const { client } = agent
      await using listening = await startListening(client, options)
      const { endpoints, invitation } = listening
      output.result({ event: 'listening', did: client.did, endpoints, invitation }, () => [invitation])
      if (!output.json) output.note(`listening on ${endpoints.join(', ')} as ${client.did}`)
      client.onMessage((message) => output.result(messageJson(message), () => [messageLine(message)]))
      await stopped
    })
}

export function addSend(program: Command, shell: Shell): void {
  program
    .command('send')
    .argument('<peer>', 'an invitation, or the DID of a peer that is known')
    .argument('[message]', 'the text; - or nothing reads standard input')
    .description('send one message')
    .addHelpText('after', SEND_HELP)
    .action(async (peerText: string, message: string | undefined, _options: object, command: Command) => {
      const context = new Context(shell, command)
      const bytes = await bytesOf(message)
      await using agent = await own(context, { command: 'send' })
      const { client } = agent
      const peer = peerOf(client, peerText)
      try {
        await reach(client, peer)
      } catch (error) {
        // With a session the message can wait; without one nothing can be sealed.
        if (!isTalosError(error) || client.session(peer) === undefined) throw error
      }
      const sent = await client.send(peer, bytes)
      if (!sent.delivered) shell.exitCode = EXIT_FAILED
      shell.output.result({ peer, ...sent }, () => [
        ...fields([
          ['message', sent.messageHash || 'not in the log (audit level minimal)'],
          ['to', peer],
          ['log entry', String(sent.logIndex ?? '-')],
        ]),
        sent.delivered ? 'The peer has it.' : 'The peer is away; the message waits in the outbox.',
      ])
    })
}

async function bytesOf(message: string | undefined): Promise<Uint8Array> {
  if (message !== undefined && message !== '-') return Buffer.from(message, 'utf8')
  return await readStream(process.stdin, MESSAGE_MAX_BYTES)
}

function messageJson({ peer, bytes, messageId, messageHash }: ReceivedMessage): object {
  return { event: 'message', peer, text: textOf(bytes) ?? null, base64: toBase64(bytes), messageId, messageHash }
}

function messageLine({ peer, bytes }: ReceivedMessage): string {
  return `${peer}: ${printable(textOf(bytes) ?? `${bytes.length} bytes in base64: ${toBase64(bytes)}`)}`
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return fromUtf8(bytes)
  } catch {
    return undefined
  }
}
