/**
 * Vectors of exported keys (contracts/spec/06-session.md, 6.14). The keys are computed with `node:crypto` from the root key of
 * the first turn, which an initiator's first record still holds.
 */
import { createHmac } from 'node:crypto'
import { toHex, utf8 } from '@talos/bytes'
import { certifySessionKey, encodeSessionState, type SessionState } from '@talos/session'
import { actor, type CaseDraft, type CaseInput, kernel, NOW_MS, type Stage, stage } from './session-cast.ts'
import { recordOf, Script } from './session-script.ts'

const LABEL = 'talos/mac@1'
const NOT_LABELS: readonly (readonly [description: string, label: string])[] = [
  ['an empty label', ''],
  ['a label of 65 characters', 'a'.repeat(65)],
  ['a label with a capital', 'Talos'],
  ['a label that begins with a slash', '/a'],
  ['a label with a space', 'a b'],
  ['a label with a NUL', 'a\u0000'],
  ['a label with a line end', 'a\n'],
  ['a label with another script', 'à'],
]

export async function exporterCases(): Promise<readonly CaseDraft[]> {
  const oneTime = await stage({ seed: 'exporter/one-time', oneTimeIndex: 0 })
  const signedOnly = await stage({ seed: 'exporter/signed-only' })
  const certificate = await certifySessionKey({ kernel, ...actor('alice'), nowMs: NOW_MS })
  const deniable = await stage({ seed: 'exporter/deniable', deniable: { certificate } })
  const play = new Script('exporter/turns', oneTime)
  for (const side of ['responder', 'initiator', 'responder', 'initiator'] as const) {
    play.open(side === 'initiator' ? 'responder' : 'initiator', play.seal(side, side))
  }
  const turned = { initiator: play.state('initiator'), responder: play.state('responder') }
  const longest = 'z'.repeat(64)
  return [
    exported('after a handshake with a one-time pair', { given: oneTime, label: LABEL }),
    exported('another label', { given: oneTime, label: 'talos/mac@2' }),
    exported('a label of 1 character', { given: oneTime, label: '0' }),
    exported('a label of 64 characters', { given: oneTime, label: longest }),
    exported('after a handshake by the signed prekeys alone', { given: signedOnly, label: LABEL }),
    exported('after a deniable handshake', { given: deniable, label: LABEL }),
    exported('after four turns, the same as before them', { given: oneTime, label: LABEL, states: turned }),
    ...NOT_LABELS.map(([description, label]) => {
      const states = { initiator: oneTime.initiated.state, responder: oneTime.responded.state }
      return { clause: '6.14', description, input: inputOf(states, label), error: 'SESSION_ARGUMENT' }
    }),
  ]
}

interface States {
  readonly initiator: SessionState
  readonly responder: SessionState
}

function exported(
  description: string,
  { given, label, states }: { readonly given: Stage; readonly label: string; readonly states?: States },
): CaseDraft {
  const { rootKey, transcriptHash } = recordOf(given.initiated.state)
  const secret = createHmac('sha256', rootKey).update('talos/ts1/exporter').update(transcriptHash).digest()
  return {
    clause: '6.14',
    description,
    input: inputOf(states ?? { initiator: given.initiated.state, responder: given.responded.state }, label),
    expected: { keyHex: toHex(createHmac('sha256', secret).update(utf8(label)).digest()) },
  }
}

function inputOf({ initiator, responder }: States, label: string): CaseInput {
  return {
    initiatorStateHex: toHex(encodeSessionState(initiator)),
    responderStateHex: toHex(encodeSessionState(responder)),
    label,
  }
}
