/** Vectors of decisions with all that an executor knows and asks (8.5, 8.9 to 8.11): proof, epochs, freshness, keys, approvals. */
import { createHash } from 'node:crypto'
import {
  alice,
  allows,
  bob,
  COMMAND,
  carol,
  EARLIER,
  grant,
  type Level,
  type Made,
  made,
  NOW,
  nonce,
  owner,
  type Payload,
  refers,
  refuses,
  resetNonces,
  TOOL,
} from './capability-decision-scene.ts'
import { type Agent, cbor, linkText, token } from './capability-tokens.ts'

export function decisionCases(): readonly object[] {
  resetNonces()
  return [
    ...byLevel(),
    ...bySession(),
    ...byEpoch(),
    ...byRisk(),
    ...byFreshness(),
    ...byKey(),
    ...byApproval(),
    ...byState(),
  ]
}

function byLevel(): readonly object[] {
  const levels: readonly Level[] = ['channel', 'mac', 'signature']
  return levels.flatMap((tool) =>
    levels.flatMap((need) => {
      const link = grant({ need })
      return levels.map((level) => {
        const scene = {
          clause: '8.3',
          call: made(level, [link]),
          proofs: [link],
          input: { tool: { ...TOOL, proof: tool } },
        }
        const what = `the tool asks for ${tool}, the link for ${need}, the call brings ${level}`
        const isEnough = levels.indexOf(level) >= Math.max(levels.indexOf(tool), levels.indexOf(need))
        return isEnough ? allows(what, scene) : refuses(['CAPABILITY_PROOF_LEVEL'], what, scene)
      })
    }),
  )
}

function bySession(): readonly object[] {
  const link = grant()
  const proofs = [link]
  const byMac = made('mac', proofs)
  const byChannel = made('channel', proofs)
  const signed = made('signature', proofs)
  const holder = bob.did
  const other = (call: Made, changes: object): Made => ({ ...call, proof: { ...call.proof, ...changes } })
  const dlg = token(owner, 'ucan/dlg@1.0.0', {
    aud: alice.did,
    sub: owner.did,
    cmd: COMMAND,
    pol: [],
    nonce: nonce(),
    exp: null,
  })
  return [
    refuses(['CAPABILITY_PROOF_INVALID'], 'by channel in the session of somebody else', {
      call: other(byChannel, { holder }),
      proofs,
    }),
    refuses(['CAPABILITY_PROOF_INVALID'], 'by mac in the session of somebody else', {
      call: other(byMac, { holder }),
      proofs,
    }),
    refuses(['CAPABILITY_PROOF_INVALID'], 'signed, in the session of somebody else', {
      call: other(signed, { holder }),
      proofs,
    }),
    allows('signed, in the session of its issuer', { call: other(signed, { holder: alice.did }), proofs }),
    refuses(['CAPABILITY_PROOF_INVALID'], 'a code under another key', {
      call: other(byMac, { keyHex: '0a'.repeat(32) }),
      proofs,
    }),
    refuses(['CAPABILITY_PROOF_INVALID'], 'the code is judged before the call is read', {
      call: other(byMac, { callHex: 'ff' }),
      proofs,
    }),
    refuses(['CAPABILITY_INVOCATION_INVALID', 'CBOR_INVALID'], 'a call by channel that cannot be read', {
      call: other(byChannel, { callHex: 'ff' }),
      proofs,
    }),
    refuses(['CAPABILITY_PROOF_LEVEL'], 'UCAN’s own delegation is invoked by signature', {
      call: made('mac', [dlg]),
      proofs: [dlg],
    }),
    allows('the owner by channel', { call: made('channel', [], {}, owner), proofs: [] }),
    refuses(['CAPABILITY_MISSING'], 'anybody else without a chain', { call: made('channel', []), proofs: [] }),
  ]
}

function byEpoch(): readonly object[] {
  const link = grant()
  const proofs = [link]
  const old = Buffer.concat([EARLIER, nonce()])
  const byMac = made('mac', proofs, { nonce: old })
  const used = made('mac', proofs)
  return [
    refuses(['CAPABILITY_EPOCH'], 'by mac for an earlier epoch, whatever its chain is worth', {
      clause: '8.6',
      call: byMac,
      proofs: [],
    }),
    refuses(['CAPABILITY_EPOCH'], 'signed for an earlier epoch', {
      clause: '8.6',
      call: made('signature', proofs, { nonce: old }),
      proofs,
    }),
    allows('by channel for an earlier epoch', { clause: '8.6', call: made('channel', proofs, { nonce: old }), proofs }),
    allows('for an epoch that ended 601 seconds ago', {
      clause: '8.6',
      call: byMac,
      proofs,
      input: { earlier: [{ epochHex: EARLIER.toString('hex'), endedS: NOW - 601 }] },
    }),
    refuses(['CAPABILITY_REPLAY'], 'by mac a second time', {
      clause: '8.6',
      call: used,
      proofs,
      input: { used: [used.cid] },
    }),
    allows('by channel a second time: the session refuses that', {
      clause: '8.6',
      call: { proof: { ...used.proof, level: 'channel' }, cid: used.cid },
      proofs,
      input: { used: [used.cid] },
    }),
  ]
}

function byRisk(): readonly object[] {
  const link = grant()
  const proofs = [link]
  const input = { tool: { ...TOOL, risk: 'high' } }
  const meta = { justification: 'because' }
  return [
    allows('high risk, signed, with a reason', { call: made('signature', proofs, { meta }), proofs, input }),
    refuses(['CAPABILITY_JUSTIFICATION'], 'high risk, signed, without one', {
      call: made('signature', proofs),
      proofs,
      input,
    }),
    refuses(['CAPABILITY_PROOF_LEVEL'], 'high risk, by mac, with a reason', {
      call: made('mac', proofs, { meta }),
      proofs,
      input,
    }),
  ]
}

function byFreshness(): readonly object[] {
  const proofs = [grant({ aud: bob.did, depth: 2 }), grant({ aud: carol.did, depth: 1 }, bob), grant({}, carol)]
  const table: readonly (readonly ['read' | 'write', number | null, number | null, number | null, string])[] = [
    ['write', 60, 60, 60, 'fresh'],
    ['write', 60, 61, 60, 'CAPABILITY_STALE'],
    ['write', 60, null, 60, 'CAPABILITY_STALE'],
    ['read', 60, 61, 60, 'stale'],
    ['read', 60, 61, null, 'CAPABILITY_STALE'],
    ['read', 60, null, null, 'CAPABILITY_STALE'],
    ['write', 0, 0, 0, 'fresh'],
    ['write', 0, -300, 0, 'fresh'],
    ['write', 60, -301, 0, 'CAPABILITY_STALE'],
    ['read', 60, -301, 0, 'stale'],
    ['write', null, -301, 0, 'fresh'],
    ['write', null, 1_000_000, 0, 'fresh'],
    ['write', null, null, 0, 'unknown'],
    ['read', null, null, null, 'unknown'],
  ]
  const cases = table.map(([effect, maxStaleS, ofBob, ofCarol, answer]) => {
    const ages = [
      [bob.did, ofBob],
      [carol.did, ofCarol],
    ] as const
    const known = Object.fromEntries(ages.flatMap(([did, age]) => (age === null ? [] : [[did, NOW - age]])))
    const tool = { ...TOOL, effect, ...(maxStaleS === null ? {} : { maxStaleS }) }
    const scene = { clause: '8.11', call: made('channel', proofs), proofs, input: { tool, known } }
    const told = (age: number | null) => (age === null ? 'unknown' : `${age} s old`)
    const what = `a ${effect} with ${maxStaleS ?? 'no'} seconds; what is known is ${told(ofBob)} and ${told(ofCarol)}`
    return answer === 'CAPABILITY_STALE' ? refuses([answer], what, scene) : allows(what, scene, { revocation: answer })
  })
  const own = grant()
  const tool = { ...TOOL, maxStaleS: 0 }
  const outside = made('channel', proofs, { cmd: '/other' })
  return [
    ...cases,
    allows('the executor’s own revocations are always known', {
      clause: '8.11',
      call: made('channel', [own]),
      proofs: [own],
      input: { tool },
    }),
    refuses(['CAPABILITY_STALE'], 'before the scope is looked at', {
      clause: '8.11',
      call: outside,
      proofs,
      input: { tool },
    }),
    refuses(['CAPABILITY_REVOKED'], 'after what is revoked', {
      clause: '8.11',
      call: outside,
      proofs,
      input: { tool, revoked: proofs.slice(2).map(({ link }) => linkText(link)) },
    }),
  ]
}

function byKey(): readonly object[] {
  const clause = '8.10'
  const toAlice = grant({ depth: 1 })
  const chain = [grant({ aud: bob.did, depth: 1 }), grant({}, bob)]
  const agents = [[carol.did, alice.did]]
  const byCarol = made('channel', [toAlice], {}, carol)
  const standing = (of: Agent, is: string) => ({ standing: { [of.did]: is } })
  const scene = { clause, call: made('channel', chain), proofs: chain }
  return [
    allows('a key that took the place of the holder’s', {
      clause,
      call: byCarol,
      proofs: [toAlice],
      input: { agents },
    }),
    refuses(['CAPABILITY_DELEGATION'], 'the same two keys, nothing known of them', {
      clause,
      call: byCarol,
      proofs: [toAlice],
    }),
    allows(
      'a link by a key that was replaced',
      { ...scene, input: standing(bob, 'rotated') },
      { revocation: 'unknown' },
    ),
    refuses(['CAPABILITY_KEY'], 'a link by a key that is in other hands', {
      ...scene,
      input: standing(bob, 'compromised'),
    }),
    refuses(['CAPABILITY_KEY'], 'a link by an agent that is no more', {
      ...scene,
      input: standing(bob, 'deactivated'),
    }),
    refuses(['CAPABILITY_KEY'], 'a call by a key that was replaced', { ...scene, input: standing(alice, 'rotated') }),
    refuses(['CAPABILITY_KEY'], 'before the chain is looked at', {
      clause,
      call: made('channel', []),
      proofs: [],
      input: standing(alice, 'compromised'),
    }),
    allows('a call to the earlier DID of the executor', {
      clause,
      call: made('channel', [toAlice]),
      proofs: [toAlice],
      input: { executor: carol.did, former: [owner.did] },
    }),
    refuses(['CAPABILITY_KEY'], 'a call by the earlier DID of the executor, which is the subject', {
      clause,
      call: made('channel', [], { aud: carol.did, sub: carol.did }, owner),
      proofs: [],
      input: { executor: carol.did, former: [owner.did] },
    }),
    refuses(['CAPABILITY_AUDIENCE'], 'a call to somebody else', {
      clause,
      call: made('channel', [toAlice]),
      proofs: [toAlice],
      input: { executor: carol.did },
    }),
  ]
}

/** The approval of a call by Alice to the owner, and the digest that it is over (19.1). */
function approval(by: Agent, args: Payload): { readonly hex: string; readonly digestHex: string } {
  const call = { iss: alice.did, aud: owner.did, sub: owner.did, cmd: COMMAND, args }
  const digest = createHash('sha256')
    .update(cbor({ 'talos/call@1': call }))
    .digest()
  const terms = { call: digest, atS: NOW, exp: NOW + 600, nonce: nonce() }
  return { hex: token(by, 'talos/approve@1', terms).bytes.toString('hex'), digestHex: digest.toString('hex') }
}

function byApproval(): readonly object[] {
  const args = { n: 1 }
  const approvals = { m: 1, of: [bob.did, carol.did] }
  const plain = grant()
  const bound = grant({ approvals })
  const given = approval(carol, args)
  const other = approval(carol, { n: 2 })
  const tool = { ...TOOL, approvals }
  const scene = { call: made('mac', [plain], { args }), proofs: [plain] }
  const missing = [{ what: 'the tool', missing: 1, askable: approvals.of }]
  const refused = { digestHex: given.digestHex, missing }
  return [
    refers('the tool asks for an approval', { ...scene, input: { tool } }, refused),
    allows('and has it', { ...scene, input: { tool, approvalsHex: [given.hex] } }),
    refers('one of another call', { ...scene, input: { tool, approvalsHex: [other.hex] } }, refused),
    refers(
      'a link asks for one',
      { call: made('channel', [bound], { args }), proofs: [bound] },
      { digestHex: given.digestHex, missing: [{ ...missing[0], what: 'delegation 0' }] },
    ),
    allows('one serves the tool and the link', {
      call: made('channel', [bound], { args }),
      proofs: [bound],
      input: { tool, approvalsHex: [given.hex] },
    }),
    refuses(['CAPABILITY_UNKNOWN_TOOL'], 'nobody is asked about a tool that is not there', {
      ...scene,
      input: { tool, commands: [] },
    }),
    refuses(['CAPABILITY_REPLAY'], 'nor about a call that was used', {
      ...scene,
      input: { tool, used: [scene.call.cid] },
    }),
    refuses(['CAPABILITY_LIMIT'], 'more than 32 approvals', {
      ...scene,
      input: { tool, approvalsHex: Array.from({ length: 33 }, () => given.hex) },
    }),
  ]
}

function byState(): readonly object[] {
  const plain = grant()
  const limited = grant({ limits: [['calls', 1]] })
  const placed = grant({ when: [['env', 'zone', ['a']]], rules: [['enum', '.n', [1]]] })
  const scene = { call: made('mac', [limited]), proofs: [limited] }
  const args = { n: 2 }
  return [
    allows('a limit with room', scene),
    refuses(['CAPABILITY_CALLS'], 'a limit without', { ...scene, input: { charged: 1 } }),
    refuses(['CAPABILITY_UNMETERED'], 'a limit, and nobody counts', { ...scene, input: { metered: false } }),
    allows('no limit, and nobody counts', { call: made('mac', [plain]), proofs: [plain], input: { metered: false } }),
    refuses(['CAPABILITY_ENVIRONMENT'], 'the environment comes before the arguments', {
      call: made('mac', [placed], { args }),
      proofs: [placed],
    }),
    refuses(['CAPABILITY_ARGUMENTS', 'CAPABILITY_ARGUMENT'], 'the arguments come before the policy', {
      call: made('mac', [placed], { args }),
      proofs: [placed],
      input: { environment: { zone: 'a' }, policy: 'deny' },
    }),
    refuses(['CAPABILITY_POLICY_DENIED'], 'the policy comes before the tool', {
      call: made('mac', [placed], { args: { n: 1 } }),
      proofs: [placed],
      input: { environment: { zone: 'a' }, policy: 'deny', commands: [] },
    }),
  ]
}
