/** What became of sessions beside the command, told on stderr: lost ones, older copies, messages given up. */
import type { ClientEvent } from '@talos/client'
import { jsonLine, type Output, printable } from './output.ts'
import { shorten } from './values.ts'

type SessionEvent = Extract<ClientEvent, { type: 'session.reset' | 'session.restored' | 'message.expired' }>

const REASONS: { readonly [reason in Extract<SessionEvent, { type: 'session.reset' }>['reason']]: string } = {
  missing: 'it is not there any more',
  header: 'its messages do not open',
  authentication: 'its messages do not open',
  exhausted: 'it is used up',
  rollback: 'one side is an older copy of itself',
}

export function tellSession(output: Output, event: ClientEvent): void {
  if (!isSessionEvent(event)) return
  const { type, ...facts } = event
  output.note(output.json ? jsonLine({ event: type, ...facts }) : lineOf(event))
}

function isSessionEvent(event: ClientEvent): event is SessionEvent {
  return event.type === 'session.reset' || event.type === 'session.restored' || event.type === 'message.expired'
}

function lineOf(event: SessionEvent): string {
  switch (event.type) {
    case 'session.reset': {
      const who = event.by === 'self' ? 'here' : 'by the peer'
      return `session lost  ${shorten(event.peer)} (noticed ${who}: ${REASONS[event.reason]}); a new one takes its place`
    }
    case 'session.restored':
      return `restored  this agent's database is older than it was or gone; sessions to replace: ${event.sessions}`
    case 'message.expired':
      return `given up  ${printable(event.messageId)} to ${shorten(event.peer)}: nobody took it for a week`
  }
}
