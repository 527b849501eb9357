/**
 * The SDK: one agent, its peers, and everything between them.
 *
 * This file, client-capabilities.ts and client-witness.ts are the surface and hold no rule of their own; parts.ts joins what is underneath:
 * sessions.ts seals and opens, messages.ts and channels.ts carry, authority.ts gives and takes, tool-gate.ts and
 * call-author.ts stand at both ends of a call, evidence.ts proves it.
 */

import type { AuditLog, WitnessPolicy } from '@talos/audit'
import { fromHex, toHex } from '@talos/bytes'
import type { RevocationView } from '@talos/capability'
import type { Did, DidDocument } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { didDocument, type IdentityBook, parseInvitation, type VerifiedKeyLog } from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import type { SealedChannel } from '@talos/mcp'
import { SESSION_SUITE } from '@talos/session'
import type { AgentDatabase, AgentFolder } from '@talos/storage'
import { type Agent, closeAgent, openAgent } from './agent.ts'
import type { ChannelHandler } from './channels.ts'
import { WitnessClient } from './client-witness.ts'
import { within } from './closing.ts'
import type { ClientEvent } from './events.ts'
import { Following } from './following.ts'
import {
  type BackupIdentityOptions,
  backupIdentity,
  type IdentityBackup,
  type RecoverIdentityOptions,
  type RestoreIdentityOptions,
  recoverIdentity,
  restoreIdentity,
} from './identity/backup.ts'
import {
  type ChangedIdentity,
  deactivateIdentity,
  type RotateIdentityOptions,
  rotateIdentity,
} from './identity/change.ts'
import { type Listening, startListening } from './listening.ts'
import { type MerkleProof, makeMerkleProof, type VerifiedMerkleProof, verifyMerkleProof } from './merkle-proof.ts'
import type { MessageHandler, SentMessage } from './messages.ts'
import { nowS, type TalosClientOptions } from './options.ts'
import { assemble, type Parts } from './parts.ts'
import { witnessPolicyOf } from './witness/policy-file.ts'

export interface SessionInfo {
  readonly sessionId: string
  readonly peer: Did
  /** True once the peer has answered in this session. */
  readonly confirmed: boolean
  readonly suite: string
  readonly mode: 'accountable' | 'deniable'
}

export class TalosClient extends WitnessClient implements AsyncDisposable {
  readonly #agent: Agent
  readonly #emit: (event: ClientEvent) => void
  readonly #parts: Parts
  readonly #resuming: Promise<unknown>
  readonly #following: Following
  readonly #life: { isClosing: boolean }
  #closing: Promise<void> | undefined

  private constructor(agent: Agent, options: TalosClientOptions, witnessPolicy: WitnessPolicy | undefined) {
    const { carriers, revocationIntervalMs, witness = {}, anchoring, onEvent: emit = () => undefined } = options
    const life = { isClosing: false }
    const parts = assemble({
      agent,
      emit,
      carriers,
      revocationIntervalMs,
      witness,
      witnessPolicy,
      anchoring,
      isClosing: () => life.isClosing,
    })
    const following = new Following({ agent, parts })
    super({ agent, parts, following, emit })
    this.#agent = agent
    this.#emit = emit
    this.#parts = parts
    this.#following = following
    this.#life = life
    const { restored } = agent.database
    if (restored !== undefined) this.#emit({ type: 'session.restored', sessions: restored })
    this.#parts.messenger.dropOutdated()
    // What stays is tried again with what arrives next: a store that cannot be read ends no process.
    const { effects, revocations } = this.#parts
    const resuming = [revocations.begin(), effects.resume()].map(async (one) => await one.catch(() => undefined))
    this.#resuming = Promise.all(resuming)
    this.#parts.anchors.begin()
  }

  /**
   * Opens the agent of that name, and makes it where it is missing.
   *
   * @param name `[a-z0-9][a-z0-9_-]{0,63}`
   * @throws TalosError `PASSPHRASE_MISSING`, `PASSPHRASE_WRONG`, `AGENT_LOCKED`, `AGENT_NAME_INVALID`, `WITNESS_POLICY_INVALID`, and what the
   *   key file, the database and the log throw
   */
  static async create(name: string, options: TalosClientOptions = {}): Promise<TalosClient> {
    const policy = witnessPolicyOf(options)
    return new TalosClient(await openAgent({ ...options, name, create: true }), options, policy)
  }

  /** Opens an agent that exists. @throws TalosError `AGENT_NOT_FOUND`, and the codes of `create` */
  static async open(name: string, options: TalosClientOptions = {}): Promise<TalosClient> {
    const policy = witnessPolicyOf(options)
    return new TalosClient(await openAgent({ ...options, name, create: false }), options, policy)
  }

  /** Replaces the key of an agent that does not run; see `rotateIdentity`. */
  static async rotateIdentity(name: string, options: RotateIdentityOptions = {}): Promise<ChangedIdentity> {
    return await rotateIdentity(name, options)
  }

  /** Ends the identity of an agent that does not run, for good; see `deactivateIdentity`. */
  static async deactivateIdentity(name: string, options: TalosClientOptions = {}): Promise<ChangedIdentity> {
    return await deactivateIdentity(name, options)
  }

  /** The encrypted backup of an agent that does not run; see `backupIdentity`. */
  static async backupIdentity(name: string, options: BackupIdentityOptions): Promise<IdentityBackup> {
    return await backupIdentity(name, options)
  }

  /** Makes an agent anew from its backup, with the key that it had; see `restoreIdentity`. */
  static async restoreIdentity(name: string, options: RestoreIdentityOptions): Promise<ChangedIdentity> {
    return await restoreIdentity(name, options)
  }

  /** Makes an agent anew from its backup, with another key in place of the lost one; see `recoverIdentity`. */
  static async recoverIdentity(name: string, options: RecoverIdentityOptions): Promise<ChangedIdentity> {
    return await recoverIdentity(name, options)
  }

  get name(): string {
    return this.#agent.name
  }

  /** The agent's durable name, `did:talos:<SCID>`: it outlives its keys. */
  get durableDid(): Did {
    return this.#agent.keyLog.name
  }

  /** The agent's own key log, verified. */
  get keyLog(): VerifiedKeyLog {
    return this.#agent.keyLog
  }

  /** The keys of this agent and of its peers, by the key logs that are known here. */
  get identities(): IdentityBook {
    return this.#agent.identities
  }

  get did(): Did {
    return this.#agent.did
  }

  get folder(): AgentFolder {
    return this.#agent.folder
  }

  get kernel(): Kernel {
    return this.#agent.kernel
  }

  /** This agent's audit log. */
  get log(): AuditLog {
    return this.#agent.log
  }

  get database(): AgentDatabase {
    return this.#agent.database
  }

  /** What is known here of revocations, as of now. */
  get revocations(): RevocationView {
    return this.#agent.revocations
  }

  /** The W3C DID document, with the session identity key as key agreement. */
  didDocument(): DidDocument {
    const { did, secrets, kernel } = this.#agent
    return didDocument({ did, keyAgreement: secrets.sessionKey.use((key) => kernel.x25519PublicKey(key)) })
  }

  /** A prekey bundle to hand to one peer: it holds a one-time pair that is given out once. */
  async getPrekeyBundle(): Promise<Uint8Array> {
    this.#following.live(this.did)
    return await this.#parts.prekeys.serve()
  }

  /** Takes links from peers; on a free port of loopback unless told otherwise. */
  async listen(
    options: { readonly endpoint?: string; readonly advertise?: readonly string[] } = {},
  ): Promise<Listening> {
    return await startListening({ agent: this.#agent, wire: this.#parts.wire }, options)
  }

  /**
   * Checks an invitation and remembers the peer.
   *
   * @throws TalosError `INVITATION_INVALID`, `INVITATION_EXPIRED`; `PEER_KEY_OUTDATED`, `PEER_DEACTIVATED` by a key that its agent
   *   gave up; `IDENTITY_CONFLICT` where the key belongs to another key log than it says
   */
  addPeer(invitation: string): Did {
    const { kernel, clock, database } = this.#agent
    const {
      issuer: did,
      endpoints,
      transportKey,
      name,
      id,
    } = parseInvitation({ text: invitation, kernel, nowS: nowS(clock) })
    if (did === this.#agent.did) throw new TalosError('PEER_IS_SELF')
    this.#parts.exchange.requireInviter(did, id)
    database.transaction(() => {
      if (id !== undefined) database.identities.expect(did, id)
      database.peers.put({ did, endpoints, transportKey, name }, clock.nowMs())
    })
    return did
  }

  /** Opens a link to a peer, or uses the one that is open. @throws TalosError `PEER_UNKNOWN`, and what dialling throws */
  async connect(peer: Did): Promise<Did> {
    return await this.#following.to(peer, async (current) => (await this.#parts.wire.linkTo(current)).peerDid)
  }

  /**
   * Opens a link to every peer that can be dialled, so that it hears of this agent's newest key; says who was told. Who is away
   * is told at the next link.
   */
  async tellPeers(): Promise<{ readonly told: readonly Did[]; readonly missing: readonly Did[] }> {
    const peers = this.#agent.database.peers.list().map(({ did }) => did)
    const isTold = await Promise.all(peers.map(async (peer) => await this.#parts.wire.tell(peer)))
    return { told: peers.filter((_, index) => isTold[index]), missing: peers.filter((_, index) => !isTold[index]) }
  }

  /** Peers with an open link. */
  connectedPeers(): { readonly did: Did; readonly address: string }[] {
    return this.#parts.wire.peers()
  }

  /** A prekey bundle from the peer itself, over the link. */
  async fetchPrekeyBundle(peer: Did): Promise<Uint8Array> {
    return await this.#following.to(peer, async (current) => await this.#parts.wire.fetchBundle(current))
  }

  /**
   * Begins a session: X3DH with ML-KEM-768, then the Double Ratchet. The session is confirmed when the peer was reached.
   *
   * @param bundle the peer's prekey bundle; fetched from the peer unless given
   * @throws TalosError what the bundle's checks throw; `PEER_REFUSED`, and what the link throws (the session and its
   *   first flight stay and are sent again when a link is up)
   */
  async establishSession(
    peer: Did,
    bundle?: Uint8Array,
    options: { readonly deniable?: boolean } = {},
  ): Promise<SessionInfo> {
    if (this.identities.isSame(peer, this.did)) throw new TalosError('PEER_IS_SELF')
    const deniable = options.deniable === true
    return await this.#following.to(peer, async (current) => {
      // A bundle of before a change of keys is nobody's any more.
      const given = current === peer ? bundle : undefined
      const sessionId = await this.#parts.healer.establish({ peer: current, bundle: given, deniable })
      const unconfirmed = {
        sessionId,
        peer: current,
        confirmed: false,
        suite: SESSION_SUITE,
        mode: 'accountable',
      } as const
      return this.session(current) ?? unconfirmed
    })
  }

  /** The session that sends to a peer, or none. */
  session(did: Did): SessionInfo | undefined {
    const peer = this.identities.currentOf(did)
    const state = this.#parts.sessions.active(peer)
    if (state === undefined) return undefined
    const { confirmed, mode } = state
    return { sessionId: toHex(state.sessionId), peer, confirmed, suite: SESSION_SUITE, mode }
  }

  /** Public facts of the session's ratchet, for people: counters and public keys, no secret. */
  describeSession(peer: Did): object | undefined {
    const state = this.#parts.sessions.active(this.identities.currentOf(peer))
    return state === undefined ? undefined : { ...state.toJSON(), transcriptHash: toHex(state.transcriptHash) }
  }

  /** Seals a message and hands it to the peer, or keeps it until a link is up. @throws TalosError `SESSION_MISSING`, … */
  async send(peer: Did, bytes: Uint8Array): Promise<SentMessage> {
    return await this.#following.to(peer, async (current) => await this.#parts.messenger.send(current, bytes))
  }

  /** Registers a handler for messages. Returns what removes it. */
  onMessage(handler: MessageHandler): () => void {
    return this.#parts.messenger.onMessage(handler)
  }

  /**
   * Proof that this agent's log holds the entry of a message.
   *
   * @param messageHash 64 hex digits, as `send` and `onMessage` give it
   * @throws TalosError `MESSAGE_UNKNOWN`, `MESSAGE_NOT_RECORDED` where the agent's audit level leaves messages out, and what the
   *   log throws
   */
  async getMerkleProof(messageHash: string): Promise<MerkleProof> {
    const { log, logKey, keyLog } = this.#agent
    const index = /^[0-9a-f]{64}$/.test(messageHash) ? log.find(fromHex(messageHash)) : undefined
    if (index === undefined) {
      if (log.level === 'minimal') throw new TalosError('MESSAGE_NOT_RECORDED', { level: log.level })
      throw new TalosError('MESSAGE_UNKNOWN')
    }
    const history = keyLog.version > 1 && { keyLog: keyLog.text }
    return makeMerkleProof({ ...(await log.prove(index)), logKey, ...history })
  }

  /** Verifies anybody's proof, offline, and returns what was verified. @throws TalosError `MERKLE_PROOF_INVALID` */
  verifyProof(proof: MerkleProof): VerifiedMerkleProof {
    return verifyMerkleProof(proof, this.kernel)
  }

  async openChannel(peer: Did, options: { readonly protocol: string; readonly name: string }): Promise<SealedChannel> {
    return await this.#following.to(peer, async (current) => await this.#parts.channels.open(current, options))
  }

  /** Serves a protocol on channels that peers open. Returns what takes it back. */
  onChannel(protocol: string, handler: ChannelHandler): () => void {
    return this.#parts.channels.serve(protocol, handler)
  }

  /** Closes links, log and database, and forgets the keys. Idempotent. */
  async close(): Promise<void> {
    this.#life.isClosing = true
    this.#closing ??= this.#close()
    await this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** Every step is bounded: neither a peer nor a handler of the program can hold up the end. */
  async #close(): Promise<void> {
    this.#parts.healer.stop()
    this.#parts.revocations.stop()
    this.#parts.witnessing.stop()
    await within(this.#parts.anchors.stop())
    await within(this.#parts.tools.close())
    await within(Promise.all([...this.#parts.serving].map(async (serving) => await serving.close())))
    await within(this.#parts.wire.close())
    await within(Promise.all([this.#parts.messenger.stop(), this.#resuming]))
    try {
      this.#parts.executor.close()
    } finally {
      await closeAgent(this.#agent)
    }
  }
}
