/** Vectors of send leases (contracts/spec/06-session.md, 6.10): plays in which processes die at every kind of moment. */
import type { CaseDraft, Stage } from './session-cast.ts'
import { stage } from './session-cast.ts'
import { Script } from './session-script.ts'

const SHORT = { padding: 'none' } as const

export async function leaseCases(): Promise<readonly CaseDraft[]> {
  const given = await stage({ seed: 'lease', oneTimeIndex: 2 })
  return [
    growth(given),
    asked(given),
    middle(given),
    firstOfChain(given),
    turnAfterCrash(given),
    unstoredSeal(given),
    unstoredOpen(given),
    often(given),
    bothSides(given),
  ]
}

function growth(given: Stage): CaseDraft {
  const play = new Script('lease-growth', given)
  for (let number = 0; number < 36; number += 1) play.open('initiator', play.seal('responder', `${number}`, SHORT))
  return play.draft('6.10', 'a chain leases 1, 1, 2, 4, 8, 16 and 32 messages')
}

function asked(given: Stage): CaseDraft {
  const play = new Script('lease-asked', given)
  for (let number = 0; number < 7; number += 1) {
    play.open('initiator', play.seal('responder', `${number}`, { ...SHORT, leaseMessages: 3 }))
  }
  play.open('initiator', play.seal('responder', 'one more', SHORT))
  return play.draft('6.10', 'a sealer that asks for leases of three messages')
}

function middle(given: Stage): CaseDraft {
  const play = new Script('lease-middle', given)
  const sent = [0, 1, 2, 3, 4].map((number) => play.seal('responder', `${number}`, { leaseMessages: 8 }))
  const [first = 0, second = 0, ...late] = sent
  play.open('initiator', first).crash('responder')
  play.open('initiator', play.seal('responder', 'after the crash'), second)
  play.open('initiator', ...late.toReversed()).refuse('initiator', second, 'SESSION_DUPLICATE')
  return play.draft(
    '6.10',
    'a sender dies within its lease: numbers 5 to 7 are never sent, what left before still opens',
  )
}

function firstOfChain(given: Stage): CaseDraft {
  const play = new Script('lease-first', given)
  const first = play.seal('responder', 'begins the chain')
  play.crash('responder')
  play.open('initiator', play.seal('responder', 'goes on in it'), first)
  return play.draft('6.10', 'a sender dies after the first message of a chain and goes on in that chain')
}

function turnAfterCrash(given: Stage): CaseDraft {
  const play = new Script('lease-turn', given)
  const [one = 0, two = 0] = ['one', 'two'].map((text) => play.seal('responder', text, { leaseMessages: 6 }))
  play.open('initiator', one).crash('responder')
  play.open('responder', play.seal('initiator', 'turn'))
  play.open('initiator', play.seal('responder', 'PN is 6 and not 2'), two)
  play.open('responder', play.seal('initiator', 'turn again'))
  play.open('initiator', play.seal('responder', 'PN is 1'))
  return play.draft('6.10', 'after a crash, PN of the next chain is the end of the lease')
}

function unstoredSeal(given: Stage): CaseDraft {
  const play = new Script('lease-unstored', given)
  play.open('initiator', play.seal('responder', 'stored'))
  play.seal('responder', 'never leaves: its record was not stored', { stored: false })
  play.crash('responder')
  play.open('initiator', play.seal('responder', 'has the number, and the key, of the one that never left'))
  return play.draft('6.10', 'a sender dies before it stores the lease of a message, which therefore never left')
}

function unstoredOpen(given: Stage): CaseDraft {
  const play = new Script('lease-open', given)
  const message = play.seal('initiator', 'comes twice')
  play.openOne('responder', message, { stored: false }).crash('responder')
  play.open('responder', message).refuse('responder', message, 'SESSION_DUPLICATE')
  const turn = play.seal('responder', 'a turn that comes twice')
  play.openOne('initiator', turn, { stored: false }).crash('initiator')
  play.open('responder', play.seal('initiator', 'still of the chain before the turn'))
  play.open('initiator', turn)
  play.open('responder', play.seal('initiator', 'of the next chain'))
  return play.draft('6.10', 'a receiver dies before it stores what it opened, and opens it when it comes again')
}

function often(given: Stage): CaseDraft {
  const play = new Script('lease-often', given)
  for (let number = 0; number < 6; number += 1) {
    play.open('initiator', play.seal('responder', `${number}`, { ...SHORT, leaseMessages: 4 }))
    play.crash('responder')
  }
  return play.draft('6.10', 'a sender that dies after every message skips the rest of each lease')
}

function bothSides(given: Stage): CaseDraft {
  const play = new Script('lease-both', given)
  for (let round = 0; round < 3; round += 1) {
    const [ping = 0, late = 0] = [`ping ${round}`, `late ${round}`].map((text) => play.seal('responder', text, SHORT))
    play.crash('responder').open('initiator', ping).crash('initiator')
    const pong = play.seal('initiator', `pong ${round}`, SHORT)
    play.crash('initiator').open('responder', pong).crash('responder').open('initiator', late)
  }
  return play.draft('6.10', 'both sides die after every step')
}
