/**
 * What happens to an agent beside its command, told on stderr: sessions that were lost, older copies, messages given up,
 * calls that its user is asked to approve, and logs that contradict themselves.
 */
import { displayCommand } from '@talos/capability'
import type { ClientEvent } from '@talos/client'
import { jsonLine, type Output, printable } from './output.ts'
import { shorten } from './values.ts'

const TOLD = [
  'session.reset',
  'session.restored',
  'message.expired',
  'approval.asked',
  'log.fork',
  'log.rollback',
] as const

/** Events that are told by whoever runs the agent, in every command. */
export type SessionEvent = Extract<ClientEvent, { type: (typeof TOLD)[number] }>

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

export function isSessionEvent(event: ClientEvent): event is SessionEvent {
  return TOLD.some((type) => type === event.type)
}

function lineOf(event: SessionEvent): string {
  switch (event.type) {
    case 'session.reset': {
      const who = event.by === 'self' ? 'here' : 'by the peer'
      return `session lost  ${shorten(event.peer)} (noticed ${who}: ${REASONS[event.reason]}); a new one takes its place`
    }
    case 'session.restored':
      return `restored  this agent's database is older than it was or gone; sessions to replace: ${event.sessions}`
    case 'approval.asked':
      return `approval asked  ${printable(displayCommand(event.command))} by ${shorten(event.caller)}; to see it: talos capabilities approve ${event.digest}`
    case 'log.fork':
      return `FORK  the log of ${shorten(event.peer)} contradicts itself; to see it: talos audit witness forks`
    case 'log.rollback':
      return `ROLLBACK  ${shorten(event.peer)} has seen this agent's log at ${event.seen} entries as it is not here (${event.known}): it was put back or copied, and signs nothing any more`
    case 'message.expired':
      return `given up  ${printable(event.messageId)} to ${shorten(event.peer)}: nobody took it for a week`
  }
}
