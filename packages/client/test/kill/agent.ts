/**
 * An agent that is killed: it sends without a pause, answers nobody, and writes down each step before it. Its parent gives
 * it the peer's invitation and kills it.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { utf8 } from '@talos/bytes'
import { TalosClient } from '@talos/client'
import { isTalosError } from '@talos/errors'
import { optionsFor } from '../agents.ts'
import { Journal } from './journal.ts'
import { watched } from './watched.ts'

/** What a parent tells its agent. `last`: send one more message and tell its id; no other is sent any more. */
export type ToAgent = { readonly peer: string } | { readonly last: true }

export type FromAgent =
  | { readonly invitation: string }
  | { readonly sessionId: string }
  | { readonly last: string }
  /** Messages that wait for the peer, and for the application. */
  | { readonly waiting: number }
  | { readonly event: string }

const SEND_EVERY_MS = 4
/** What waits above this lets the sender wait as well. */
const MAX_WAITING = 50

const [name = '', home = '', journalPath = '', establishes = ''] = process.argv.slice(2)
const journal = new Journal(journalPath)
const tell = (message: FromAgent) => process.send?.(message)
const world = watched((commitment, hash) => journal.note('left', commitment, hash))

journal.note('start')
const client = await TalosClient.create(
  name,
  optionsFor(home, {
    ...world,
    onEvent: (event) => {
      const details =
        'code' in event ? event.code : 'reason' in event && event.type === 'session.reset' ? event.reason : ''
      if (event.type !== 'link.up' && event.type !== 'link.down') tell({ event: `${event.type} ${details}`.trim() })
    },
  }),
)
client.onMessage(({ messageId }) => journal.note('got', messageId))
const listening = await client.listen()
let isOver = false
/** The session of which the parent knows that there is a link for it. */
let told: string | undefined
let peer: ReturnType<TalosClient['addPeer']> | undefined

process.on('message', (message: ToAgent) => {
  void take(message).catch((error: unknown) => tell({ event: isTalosError(error) ? error.code : 'failed' }))
})
tell({ invitation: await listening.createInvitation() })

for (let count = 0; ; count += 1) {
  await sleep(SEND_EVERY_MS)
  if (peer === undefined) continue
  tell({ waiting: client.database.messages.outgoing(peer).length + client.database.messages.incoming().length })
  const session = client.session(peer)
  if (session !== undefined && session.sessionId !== told && client.connectedPeers().length > 0) {
    told = session.sessionId
    tell({ sessionId: told })
  }
  if (session === undefined || isOver || client.database.messages.outgoing(peer).length > MAX_WAITING) continue
  // Sending while the link is gone is a part of it; one at a time waits for nobody.
  void send(peer, `${name} ${count}`).catch(() => undefined)
}

async function take(message: ToAgent): Promise<void> {
  if ('last' in message) {
    isOver = true
    if (peer !== undefined) tell({ last: await send(peer, 'last') })
    return
  }
  peer = client.addPeer(message.peer)
  for (const { wire } of client.database.messages.outgoing(peer)) world.remember(wire)
  await connect(peer)
  if (client.session(peer) === undefined && establishes !== '') await client.establishSession(peer)
}

/** Both dial at once, and one may not listen yet: tries until there is a link. */
async function connect(to: ReturnType<TalosClient['addPeer']>): Promise<void> {
  while (client.connectedPeers().length === 0) {
    await client.connect(to).catch((error: unknown) => tell({ event: isTalosError(error) ? error.code : 'failed' }))
    await sleep(SEND_EVERY_MS)
  }
}

async function send(to: ReturnType<TalosClient['addPeer']>, text: string): Promise<string> {
  const { messageId, delivered } = await client.send(to, utf8(text))
  journal.note('kept', messageId)
  if (delivered) journal.note('acked', messageId)
  return messageId
}
