/** Approvals of a call: those that its tool and the links of its chain ask for (spec 08-invocation, clause 8.5; 19-approval). */
import type { Did } from '@talos/contracts'
import { type DenialCause, denial } from '../denial.ts'
import type { SingleUse } from '../replay.ts'
import { callDigest, type VerifiedApproval } from '../statements/approval.ts'
import { checkApprovals, receiveApprovals } from '../statements/approval-check.ts'
import type { Matter } from './matter.ts'
import type { ApprovalDemand } from './ready-chain.ts'
import type { Settings } from './settings.ts'

/** Whose approvals are missing for one demand. */
export interface MissingApprovals {
  /** Who asks: `the tool`, `delegation 1`. */
  readonly what: string
  readonly missing: number
  /** Whose would count. */
  readonly askable: readonly Did[]
}

export type Approving =
  /** Approvals that are used up by the call. */
  | { readonly uses: readonly SingleUse[]; readonly refused?: undefined }
  | { readonly uses?: undefined; readonly refused: Refused }

interface Refused {
  readonly cause: DenialCause
  /** What approvers are to sign: 32 bytes. */
  readonly digest: Uint8Array
  readonly missing: readonly MissingApprovals[]
}

const NO_NONCE = new Uint8Array(0)
const NOTHING_ASKED: Approving = { uses: [] }

/** Whether every demand is met. One approval may count for several, and is used up once. */
export function checkDemands(matter: Matter, approvals: readonly Uint8Array[], settings: Settings): Approving {
  const demands = demandsOf(matter)
  if (demands.length === 0 || settings.lookingBack) return NOTHING_ASKED
  const { caller, audience, chain, command, args, clock } = matter
  const { kernel, identities, replay, leewayS } = settings
  const digest = callDigest({ issuer: caller, audience, subject: chain.subject, command, args }, kernel)
  const received = receiveApprovals(approvals, { kernel })
  const isUsed = (approval: VerifiedApproval): boolean => replay.peek(useOf(approval, leewayS), clock.nowS) !== 'new'
  const counted = new Map<string, SingleUse>()
  const missing: MissingApprovals[] = []
  const causes: DenialCause[] = []
  for (const { what, terms } of demands) {
    const about = { approvals: received, terms, what, digest, caller, ...clock, used: isUsed, identities }
    const verdict = checkApprovals(about)
    if (verdict.met) {
      for (const approval of verdict.counted) counted.set(approval.cid.toString(), useOf(approval, leewayS))
    } else {
      missing.push({ what, missing: verdict.missing, askable: verdict.askable })
      causes.push(verdict.cause)
    }
  }
  const [first, ...others] = causes
  if (first === undefined) return { uses: [...counted.values()] }
  const cause = others.length === 0 ? first : denial(first.code, { details: first.details, causes })
  return { refused: { cause, digest, missing } }
}

function demandsOf({ chain, requirements }: Matter): readonly ApprovalDemand[] {
  const { approvals: terms } = requirements
  return terms === undefined ? chain.approvals : [{ what: 'the tool', terms }, ...chain.approvals]
}

/** An approval outlives the executor's memory, so it goes to the durable record: it names no epoch. */
function useOf({ cid, issuer, expiresS }: VerifiedApproval, leewayS: number): SingleUse {
  return { cid, issuer, nonce: NO_NONCE, expiresS: expiresS + leewayS }
}
