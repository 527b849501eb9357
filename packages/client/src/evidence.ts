/**
 * The evidence of a call, from both sides' logs, joined into one proof bundle (spec 12-proof-bundle).
 *
 * The caller holds the chain, the intent and the receipt; the executor's entries come from the executor on request, over
 * the session, and are kept: from then on the bundle can be made without it.
 */
import { Cid, decodeCbor } from '@talos/bytes'
import { openInvocation } from '@talos/capability'
import { type AppFrame, type AppFrameInclusion, type Did, parseAppFrameAnswer } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { buildProofBundle } from '@talos/proof'
import type { Agent } from './agent.ts'
import { revocationsOf, revocationsThatCount } from './chain-revocations.ts'
import { discloseFields } from './disclosure.ts'
import { isListCommand } from './execution/listing.ts'
import { encodeFrame } from './frames.ts'
import { historiesOf, partyOf } from './identity/histories.ts'
import type { SessionKeeper } from './sessions.ts'
import type { Wire } from './wire.ts'

const ANSWER_TIMEOUT_MS = 15_000
/** Questions to peers that wait for an answer. */
const MAX_QUESTIONS = 256
/** Questions of one peer that are being answered: each costs a checkpoint and an answer that the peer must take. */
const MAX_ANSWERS_PER_PEER = 4
const MAX_DELEGATIONS = 16
const MAX_REVOCATIONS = 32
const ANSWER = 'executor.answer'

type Ask = Extract<AppFrame, { t: 'ask' }>
type Answer = Extract<AppFrame, { t: 'answer' }>

export interface ExportProofOptions {
  /**
   * Parts of the call to show: `arguments:` or `output:` and an RFC 6901 pointer, or `result` for the whole response. What is
   * not named stays hidden.
   */
  readonly disclose?: readonly string[]
}

export interface EvidenceOptions {
  readonly agent: Agent
  readonly sessions: SessionKeeper
  readonly wire: Wire
  /** Sends a frame one way. */
  readonly post: (peer: Did, frame: AppFrame) => Promise<void>
}

export class EvidenceKeeper {
  readonly #options: EvidenceOptions
  readonly #questions = new Map<number, { readonly peer: Did; readonly resolve: (answer: Answer) => void }>()
  readonly #answering = new Map<Did, number>()
  #nextQuestion = 1

  constructor(options: EvidenceOptions) {
    this.#options = options
  }

  /**
   * The proof bundle of a call that this agent made.
   *
   * @param name CID of the invocation
   * @throws TalosError `EVIDENCE_MISSING`, `PROOF_OF_LIST`, `PROOF_UNSIGNED`, `PROOF_PARTS_INVALID`, `DISCLOSURE_CHOICE`,
   *   `DISCLOSURE_DISAGREES`, `REQUEST_TIMEOUT`, and what the link throws
   */
  async export(name: string, { disclose = [] }: ExportProofOptions = {}): Promise<string> {
    const { agent } = this.#options
    const cid = Cid.parse(name)
    this.#requireSigned(cid)
    const invocation = this.#require(cid, 'invocation')
    const receipt = this.#require(cid, 'receipt')
    const call = openInvocation(invocation, { kernel: agent.kernel })
    const { issuer, audience: executor, command } = call
    if (isListCommand(command)) throw new TalosError('PROOF_OF_LIST')
    const answer = await this.#answerOf(agent.identities.currentOf(executor), cid)
    const [outcome, invoked] = answer.inclusions
    const [intent] = await this.#inclusions([this.#require(cid, 'caller.invoke')])
    if (outcome === undefined || intent === undefined)
      throw new TalosError('EVIDENCE_MISSING', { missing: "the executor's entry" })
    const proofs = this.#delegations(cid)
    const recorded = answer.inclusions.map(({ entry }) => entry)
    const shown = { agent, invocation: call, intent: intent.entry, recorded, choices: disclose }
    const bundle = buildProofBundle({
      kernel: agent.kernel,
      agent: partyOf(agent, { did: issuer, logKey: agent.logKey }),
      executor: partyOf(agent, { did: executor, logKey: answer.logKey }),
      histories: historiesOf(agent, { proofs, sides: [issuer, executor] }),
      proofs,
      revocations: revocationsThatCount(answer.revocations, { ...agent, proofs }),
      invocation,
      intent,
      receipt,
      outcome,
      ...(invoked !== undefined && { invoked }),
      disclosures: discloseFields(shown),
    })
    this.#keepAnswer(cid, answer)
    return bundle
  }

  /**
   * Answers a peer about its own calls, beside the question: the answer travels as a request of its own. About others'
   * calls it knows nothing.
   *
   * @throws TalosError `PEER_QUOTA`
   */
  answerSoon(peer: Did, ask: Ask, onFailure: () => void): void {
    this.requireRoom(peer)
    this.#answering.set(peer, (this.#answering.get(peer) ?? 0) + 1)
    void this.#answer(peer, ask)
      .catch(onFailure)
      .finally(() => {
        const left = (this.#answering.get(peer) ?? 1) - 1
        if (left === 0) this.#answering.delete(peer)
        else this.#answering.set(peer, left)
      })
  }

  /** @throws TalosError `PEER_QUOTA` when as many questions of a peer are being answered as may be */
  requireRoom(peer: Did): void {
    if ((this.#answering.get(peer) ?? 0) < MAX_ANSWERS_PER_PEER) return
    throw new TalosError('PEER_QUOTA', { what: 'questions at a time from one peer', limit: MAX_ANSWERS_PER_PEER })
  }

  async #answer(peer: Did, { request, invocation }: Ask): Promise<void> {
    const answer = await this.#findFor(peer, invocation)
    await this.#options.post(peer, { t: 'answer', request, ...answer })
  }

  /** Takes an answer to a question of ours; others are ignored. */
  take(peer: Did, answer: Answer): void {
    const question = this.#questions.get(answer.request)
    if (question?.peer !== peer) return
    this.#questions.delete(answer.request)
    question.resolve(answer)
  }

  async #answerOf(executor: Did, cid: Cid): Promise<Answer> {
    const { agent } = this.#options
    const stored = agent.database.evidence.get(cid, ANSWER)
    if (stored !== undefined) return parseAppFrameAnswer(decodeCbor(stored.bytes))
    const answer = await this.#ask(executor, cid)
    if (!answer.found) throw new TalosError('EVIDENCE_MISSING', { missing: "the executor's record of the call" })
    return answer
  }

  /** Only what made a bundle is kept: it is never asked for again. */
  #keepAnswer(invocation: Cid, answer: Answer): void {
    const { database, clock } = this.#options.agent
    if (database.evidence.get(invocation, ANSWER) !== undefined) return
    const bytes = encodeFrame(answer)
    database.evidence.put({ invocation, name: ANSWER, bytes, confidential: false, nowMs: clock.nowMs() })
  }

  async #ask(peer: Did, invocation: Cid): Promise<Answer> {
    if (this.#questions.size >= MAX_QUESTIONS) throw new TalosError('CHANNEL_LIMIT', { limit: MAX_QUESTIONS })
    const request = this.#nextQuestion++
    const answer = Promise.withResolvers<Answer>()
    this.#questions.set(request, { peer, resolve: answer.resolve })
    const late = () => answer.reject(new TalosError('REQUEST_TIMEOUT', { timeoutMs: ANSWER_TIMEOUT_MS }))
    const timer = setTimeout(late, ANSWER_TIMEOUT_MS)
    try {
      await this.#options.wire.linkTo(peer)
      await this.#options.post(peer, { t: 'ask', request, invocation })
      return await answer.promise
    } finally {
      clearTimeout(timer)
      this.#questions.delete(request)
    }
  }

  async #findFor(peer: Did, cid: Cid): Promise<Omit<Answer, 't' | 'request'>> {
    const { agent } = this.#options
    const nothing = {
      found: false,
      logKey: new Uint8Array(0),
      inclusions: [],
      revocations: [],
      heads: [],
      witnesses: [],
    }
    const invocation = agent.database.evidence.get(cid, 'invocation')?.bytes
    const invoked = agent.database.evidence.get(cid, 'executor.invoke')?.bytes
    // A call that ran ends in its result; that it was refused before or after is another matter.
    const ending = invoked === undefined ? 'executor.deny' : 'executor.result'
    const outcome = agent.database.evidence.get(cid, ending)?.bytes
    if (invocation === undefined || outcome === undefined) return nothing
    const { issuer, proofs } = openInvocation(invocation, { kernel: agent.kernel })
    if (!agent.identities.isSame(issuer, peer)) return nothing
    const inclusions = await this.#inclusions([outcome, ...(invoked === undefined ? [] : [invoked])])
    const revocations = revocationsOf(proofs, agent).slice(0, MAX_REVOCATIONS)
    return { found: true, logKey: agent.logKey, inclusions, revocations, heads: [], witnesses: [] }
  }

  /** Entries with their proofs, all under one checkpoint. */
  async #inclusions(leafHashes: readonly Uint8Array[]): Promise<AppFrameInclusion[]> {
    const { log } = this.#options.agent
    const checkpoint = await log.checkpoint()
    return leafHashes.map((leafHash) => {
      const index = log.find(leafHash)
      if (index === undefined) throw new TalosError('EVIDENCE_MISSING', { missing: 'an entry of the log' })
      return { entry: log.reader.entry(index).body, proof: log.reader.tlogProof({ index, checkpoint }) }
    })
  }

  #delegations(cid: Cid): Uint8Array[] {
    const { evidence } = this.#options.agent.database
    return Array.from(
      { length: MAX_DELEGATIONS },
      (_, index) => evidence.get(cid, `delegation.${index}`)?.bytes,
    ).filter((bytes) => bytes !== undefined)
  }

  /** A call that the session proved is a matter between the two sides: it holds its caller to nothing before others. */
  #requireSigned(cid: Cid): void {
    const { evidence } = this.#options.agent.database
    if (evidence.get(cid, 'call') === undefined) return
    throw new TalosError('PROOF_UNSIGNED', { level: 'the session alone' })
  }

  #require(cid: Cid, name: string): Uint8Array {
    const stored = this.#options.agent.database.evidence.get(cid, name)
    if (stored === undefined) throw new TalosError('EVIDENCE_MISSING', { missing: name })
    return stored.bytes
  }
}
