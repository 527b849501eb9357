/**
 * This agent's own list of revocations (spec 09-receipt-revocation, clause 9.9).
 *
 * A revocation holds here at once; its place is durable before a head is signed, and the head before it leaves: a process that
 * dies in between signs the same list again. A database that is an older copy may lack what was signed before: then nothing
 * is signed until it is known again, and what is revoked meanwhile waits for its place.
 */
import { Cid } from '@talos/bytes'
import {
  openRevocation,
  type RevocationList,
  type RevocationTarget,
  revoke,
  signRevocationHead,
  type VerifiedRevocation,
  type VerifiedRevocationHead,
} from '@talos/capability'
import type { AppFrame } from '@talos/contracts'
import type { Agent } from './agent.ts'
import { nowS } from './options.ts'
import { targetOf, targetText } from './revocation-book.ts'

export interface RevokeChoice {
  /** For people; 1 to 256 characters. Everybody who follows this agent's list can read it. */
  readonly reason?: string
  /** SHA-256 of what shows the reason, 32 bytes. */
  readonly evidence?: Uint8Array
}

/** A revocation, and what its followers are told. */
export interface MadeRevocation {
  readonly revocation: VerifiedRevocation
  readonly frame: AppFrame
}

export class OwnRevocations {
  readonly #agent: Agent
  readonly #list: RevocationList
  /** One step at a time: what a head covers is durable before the next one is made. */
  #last: Promise<unknown> = Promise.resolve()
  /** A step failed, and whether it was stored is not known. */
  #isInDoubt = false
  /** Everything that was revoked has its place. */
  #isComplete = false

  constructor(agent: Agent) {
    this.#agent = agent
    this.#list = agent.revocations.listOf(agent.did)
    this.resume()
  }

  /** Whether no head is signed, as some may have been that are not known. */
  get isSuspended(): boolean {
    return this.#agent.database.revocations.suspended() !== undefined
  }

  /** Revokes; durable and in effect here when it resolves. @throws TalosError signer and store codes, `REVOCATION_FULL` */
  async add(target: RevocationTarget, choice: RevokeChoice): Promise<MadeRevocation> {
    return await this.#inTurn(async () => await this.#add(target, choice))
  }

  /**
   * The head of the whole list, signed again where it is older than `maxAgeS`; undefined while the list is suspended.
   *
   * @throws TalosError signer and store codes
   */
  async head(maxAgeS: number): Promise<VerifiedRevocationHead | undefined> {
    return await this.#inTurn(async () => {
      if (this.isSuspended) return undefined
      this.#placeAll()
      const { head, size } = this.#list
      const isDue = head === undefined || head.n < size || nowS(this.#agent.clock) - head.atS > maxAgeS
      return isDue ? await this.#sign() : head
    })
  }

  /**
   * What this agent revoked by earlier keys, said again by its present one: who follows it follows one list. Tells what was new.
   *
   * @throws TalosError signer and store codes, `REVOCATION_FULL`
   */
  async carryOver(): Promise<readonly MadeRevocation[]> {
    const { kernel, database, did, identities } = this.#agent
    const former = (identities.find(did)?.keys ?? []).map((key) => key.did).filter((key) => key !== did)
    return await this.#inTurn(async () => {
      const rows = former.flatMap((key) => database.revocations.by(key))
      const said = new Set(rows.length === 0 ? [] : database.revocations.by(did).map(({ target }) => target))
      const made: MadeRevocation[] = []
      // Of one audience the last counts.
      for (const { target, bytes } of rows.toSorted((one, other) => other.atS - one.atS)) {
        if (said.has(target)) continue
        said.add(target)
        const { reason, evidence, atS } = openRevocation(bytes, { kernel })
        const choice = { ...(reason !== undefined && { reason }), ...(evidence !== undefined && { evidence }) }
        made.push(await this.#add(targetOf(target), choice, atS))
      }
      return made
    })
  }

  /** More than is known here was signed: nothing is, until it is known. @throws TalosError `STORE_WRITE_FAILED` */
  suspend(ahead: number): void {
    this.#agent.database.revocations.suspend(ahead)
  }

  /** Goes on where everything is known that the log names and that peers have seen. Tells whether it does. */
  resume(): boolean {
    const { revocations } = this.#agent.database
    const ahead = revocations.suspended()
    if (ahead === undefined) return true
    if (this.#list.conflict !== undefined || this.#list.size < ahead || this.#isMissing()) return false
    revocations.resume()
    return true
  }

  async #add(target: RevocationTarget, { reason, evidence }: RevokeChoice, saidS?: number): Promise<MadeRevocation> {
    const { signer, kernel, clock, database, revocations: book, did } = this.#agent
    const known = this.#known(target)
    if (known !== undefined) return known
    const { cid, bytes } = await revoke({
      signer,
      atS: saidS ?? nowS(clock),
      ...target,
      ...(reason !== undefined && { reason }),
      ...(evidence !== undefined && { evidence }),
    })
    const revocation = openRevocation(bytes, { kernel })
    book.put(revocation)
    const { atS } = revocation
    const isSuspended = this.isSuspended
    if (!isSuspended) this.#placeAll()
    this.#isComplete &&= !isSuspended
    this.#isInDoubt = true
    database.transaction(() => {
      database.revocations.put({ cid, issuer: did, target: targetText(target), reason, bytes, atS })
      if (!isSuspended) database.revocations.place({ issuer: did, after: this.#list.size, names: [cid] })
    })
    this.#isInDoubt = false
    if (isSuspended) return { revocation, frame: withoutPlace(bytes) }
    this.#list.append(cid)
    const head = await this.#sign()
    if (head === undefined) return { revocation, frame: withoutPlace(bytes) }
    const after = head.n - 1
    return { revocation, frame: { t: 'revocations', issuer: did, after, items: [bytes], head: head.bytes } }
  }

  /** One delegation is revoked once. Whoever asks for it again may have lost the first answer. */
  #known({ revokes }: RevocationTarget): MadeRevocation | undefined {
    const { kernel, database, did } = this.#agent
    const known = revokes && database.revocations.of(revokes).find(({ issuer }) => issuer === did)
    if (known === undefined) return undefined
    const { bytes } = known
    return { revocation: openRevocation(bytes, { kernel }), frame: withoutPlace(bytes) }
  }

  /** What was revoked while the list was suspended gets its place, and what has one that was not known to be stored is known. */
  #placeAll(): void {
    const { database, did } = this.#agent
    if (this.#isInDoubt) {
      for (const name of database.revocations.names(did).slice(this.#list.size)) this.#list.append(name)
      this.#isInDoubt = false
    }
    if (this.#isComplete) return
    const names = database.revocations.unplaced(did)
    this.#isInDoubt = true
    if (names.length > 0) database.revocations.place({ issuer: did, after: this.#list.size, names })
    for (const name of names) this.#list.append(name)
    this.#isInDoubt = false
    this.#isComplete = true
  }

  /** Signs the list as it is; nothing where it was suspended meanwhile. */
  async #sign(): Promise<VerifiedRevocationHead | undefined> {
    const { signer, clock, database, did: issuer } = this.#agent
    const { size: n, digest, head: last } = this.#list
    const earliestS = last === undefined ? 0 : last.atS + (last.n === n ? 1 : 0)
    const facts = { n, digest, atS: Math.max(nowS(clock), earliestS) }
    const { cid, bytes } = await signRevocationHead({ signer, ...facts })
    if (this.isSuspended) return undefined
    database.revocations.putHead({ issuer, bytes })
    const head = { ...facts, cid, bytes, issuer }
    this.#list.apply({ issuer, head, confirmed: [], stage: undefined, next: undefined })
    return head
  }

  /** Whether the log names a revocation that is not known: the database is older than the log. */
  #isMissing(): boolean {
    const { log, database } = this.#agent
    for (const { entry } of log.reader.entries({ kinds: ['cap.revoke'] })) {
      if (entry.ref !== undefined && database.revocations.find(Cid.parse(entry.ref)) === undefined) return true
    }
    return false
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const running = this.#last.then(work, work)
    this.#last = running.catch(() => undefined)
    return await running
  }
}

/** A revocation on its own: it counts, and waits for its place. */
function withoutPlace(bytes: Uint8Array): AppFrame {
  return { t: 'authority', kind: 'revocation', label: '', bytes }
}
