/**
 * The evidence of a call, from both sides' logs, joined into one proof bundle (spec 12-proof-bundle).
 *
 * The caller holds the chain, the intent and the receipt; the executor's entries come from the executor on request, over
 * the session, and are kept: from then on the bundle can be made without it.
 */
import { Cid, decodeCbor, encodeJcs, utf8 } from '@talos/bytes'
import { openInvocation } from '@talos/capability'
import { type AppFrame, type Did, parseAppFrameAnswer } from '@talos/contracts'
import { isTalosError, TalosError } from '@talos/errors'
import { revocationsOf } from '../chain-revocations.ts'
import { isListCommand } from '../execution/listing.ts'
import { encodeFrame } from '../frames.ts'
import type { Wire } from '../wire.ts'
import { bundleOf } from './bundle.ts'
import { listsOf } from './heads.ts'
import { type LogEvidenceOptions, logEvidence } from './own-log.ts'

const ANSWER_TIMEOUT_MS = 15_000
/** Questions to peers that wait for an answer. */
const MAX_QUESTIONS = 256
/** Questions of one peer that are being answered: each costs a checkpoint and an answer that the peer must take. */
const MAX_ANSWERS_PER_PEER = 4
const MAX_DELEGATIONS = 16
const MAX_REVOCATIONS = 32
/** Where answers are kept: one more each time that the executor had to say it again. */
const ANSWERS = ['executor.answer', 'executor.answer.2', 'executor.answer.3', 'executor.answer.4'] as const

type Ask = Extract<AppFrame, { t: 'ask' }>
type Answer = Extract<AppFrame, { t: 'answer' }>

export interface ExportProofOptions {
  /**
   * Parts of the call to show: `arguments:` or `output:` and an RFC 6901 pointer, or `result` for the whole response. What is
   * not named stays hidden.
   */
  readonly disclose?: readonly string[]
  /**
   * Whether to leave out the signed call, in which its arguments stand: then nothing of arguments and result is in the bundle but
   * what is named, and the logs of both sides speak for the call (12-proof-bundle 12.17). Where conditions of the delegations
   * depend on arguments that are not named, its verdict is `incomplete`.
   */
  readonly hideContents?: boolean
}

export interface EvidenceOptions extends LogEvidenceOptions {
  readonly wire: Pick<Wire, 'isLinked'> & { linkTo(peer: Did): Promise<unknown> }
  /** Sends a frame one way. */
  readonly post: (peer: Did, frame: AppFrame) => Promise<void>
}

const NOTHING: Omit<Answer, 't' | 'request'> = {
  found: false,
  logKey: new Uint8Array(0),
  inclusions: [],
  revocations: [],
  heads: [],
  witnesses: [],
  anchors: [],
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
   *   `DISCLOSURE_DISAGREES`, `EVIDENCE_OUTDATED`, `REQUEST_TIMEOUT`, and what the link throws
   */
  async export(name: string, { disclose = [], hideContents = false }: ExportProofOptions = {}): Promise<string> {
    const { agent } = this.#options
    const cid = Cid.parse(name)
    this.#requireSigned(cid)
    const invocation = this.#require(cid, 'invocation')
    const call = openInvocation(invocation, { kernel: agent.kernel })
    if (isListCommand(call.command)) throw new TalosError('PROOF_OF_LIST')
    const executor = agent.identities.currentOf(call.audience)
    const own = await logEvidence([this.#require(cid, 'caller.invoke')], this.#options)
    const made = { agent, call, invocation, receipt: this.#require(cid, 'receipt'), proofs: this.#delegations(cid) }
    const { answer, isNew } = await this.#answerOf(executor, cid)
    const build = (said: Answer): string => bundleOf({ ...made, own, answer: said, disclose, hideContents })
    try {
      const bundle = build(answer)
      if (isNew) this.#keepAnswer(cid, answer)
      return bundle
    } catch (error) {
      const kept = isNew ? this.#keptAnswer(cid) : undefined
      // What is new and does not hold costs nothing that held before.
      if (kept !== undefined) return build(kept)
      if (isNew || !isOutdated(error)) throw error
      return await this.#exportAgain(build, { cid, executor })
    }
  }

  /** What was kept is signed by a key that was lost since: the executor says it again, or nobody can. */
  async #exportAgain(
    build: (answer: Answer) => string,
    { cid, executor }: { readonly cid: Cid; readonly executor: Did },
  ): Promise<string> {
    let answer: Answer
    try {
      answer = await this.#ask(executor, cid)
    } catch (cause) {
      throw new TalosError('EVIDENCE_OUTDATED', {}, { cause })
    }
    const bundle = build(requireFound(answer))
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

  /** What is kept; asked for anew where nothing is, or where it was not witnessed or anchored then and the executor is there. */
  async #answerOf(executor: Did, cid: Cid): Promise<{ readonly answer: Answer; readonly isNew: boolean }> {
    const kept = this.#keptAnswer(cid)
    const isPoor = kept !== undefined && richnessOf(kept) < RICHEST && this.#options.wire.isLinked(executor)
    if (kept !== undefined && !isPoor) return { answer: kept, isNew: false }
    try {
      const answer = requireFound(await this.#ask(executor, cid))
      const isRicher = kept === undefined || richnessOf(answer) > richnessOf(kept)
      return isRicher ? { answer, isNew: true } : { answer: kept, isNew: false }
    } catch (error) {
      if (kept === undefined || !isTalosError(error)) throw error
      return { answer: kept, isNew: false }
    }
  }

  /** The last answer of those that are kept. */
  #keptAnswer(cid: Cid): Answer | undefined {
    const { evidence } = this.#options.agent.database
    const kept = ANSWERS.map((name) => evidence.get(cid, name)).findLast((stored) => stored !== undefined)
    return kept && parseAppFrameAnswer(decodeCbor(kept.bytes))
  }

  /** Only what made a bundle is kept, and the newest of it counts; when all places are taken, the last answer stays. */
  #keepAnswer(invocation: Cid, answer: Answer): void {
    const { database, clock } = this.#options.agent
    const name = ANSWERS.find((one) => database.evidence.get(invocation, one) === undefined)
    if (name === undefined) return
    const bytes = encodeFrame(answer)
    database.evidence.put({ invocation, name, bytes, confidential: false, nowMs: clock.nowMs() })
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
    const invocation = agent.database.evidence.get(cid, 'invocation')?.bytes
    const invoked = agent.database.evidence.get(cid, 'executor.invoke')?.bytes
    // A call that ran ends in its result; that it was refused before or after is another matter.
    const ending = invoked === undefined ? 'executor.deny' : 'executor.result'
    const outcome = agent.database.evidence.get(cid, ending)?.bytes
    if (invocation === undefined || outcome === undefined) return NOTHING
    const { issuer, proofs } = openInvocation(invocation, { kernel: agent.kernel })
    if (!agent.identities.isSame(issuer, peer)) return NOTHING
    const leafHashes = [outcome, ...(invoked === undefined ? [] : [invoked])]
    const { inclusions, log, witnesses, anchors } = await logEvidence(leafHashes, this.#options)
    return {
      found: true,
      logKey: agent.logKey,
      inclusions,
      revocations: revocationsOf(proofs, agent).slice(0, MAX_REVOCATIONS),
      heads: listsOf(cid, agent),
      ...(log !== undefined && { log }),
      witnesses,
      anchors: anchors.map((proof) => utf8(encodeJcs(proof))),
    }
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

const RICHEST = 2

/** How many of those who may have seen an executor's log its answer shows: witnesses, a chain. */
function richnessOf({ witnesses, anchors }: Answer): number {
  return Number(witnesses.length > 0) + Number(anchors.length > 0)
}

/** @throws TalosError `EVIDENCE_MISSING` */
function requireFound(answer: Answer): Answer {
  if (!answer.found) throw new TalosError('EVIDENCE_MISSING', { missing: "the executor's record of the call" })
  return answer
}

/** Whether the executor's part is signed by a key that does not count any more. */
function isOutdated(error: unknown): boolean {
  return isTalosError(error, 'PROOF_PARTS_INVALID') && error.details['reason'] === 'PROOF_IDENTITY_LOG_KEY'
}
