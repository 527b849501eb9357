/** Approvals over the control socket (spec 17-control, 17.2): what waits here, and the word of this agent's user. */
import { fromBase64url, toBase64url } from '@talos/bytes'
import type { ApprovalRequest, ApproveChoice } from '@talos/client'
import {
  type ControlRequest,
  type ControlResponse,
  type ControlResponseWaitingCall,
  parseHex32,
} from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { systemClock } from '@talos/kernel'
import type { Performer } from './performer.ts'

type ApprovalMethod = 'approve' | 'approvals' | 'approvalRequest' | 'approveAsked' | 'declineAsked' | 'takeApproval'
type ApprovalControl = Extract<ControlRequest, { readonly method: ApprovalMethod }>

/** @throws TalosError `CLI_APPROVAL_UNKNOWN`, and what the client throws */
export async function performApproval(performer: Performer, request: ApprovalControl): Promise<ControlResponse> {
  const { approvals } = performer.client
  switch (request.method) {
    case 'approve':
      return approved(await approvals.approve(fromBase64url(request.request), choiceOf(request)))
    case 'approveAsked':
      return approved(await approvals.approve(asked(performer, request.digest), choiceOf(request)))
    case 'declineAsked':
      approvals.decline(asked(performer, request.digest).digest)
      return { answer: 'declined' }
    case 'approvals':
      return waitingHere(performer)
    case 'approvalRequest': {
      const found = find(performer, request.digest)
      if (found === undefined) throw new TalosError('CLI_APPROVAL_UNKNOWN')
      return { answer: 'approvalRequest', request: toBase64url(found.bytes) }
    }
    case 'takeApproval': {
      const digest = parseHex32(approvals.receive(fromBase64url(request.bytes)))
      performer.waiting?.approved(digest)
      return { answer: 'approvalTaken', digest }
    }
  }
}

/** What several peers asked about is one call. */
function waitingHere({ client, waiting }: Performer): ControlResponse {
  const asked = Map.groupBy(client.approvals.pending(), ({ digest }) => digest)
  return {
    answer: 'approvals',
    asked: [...asked.values()].flatMap((same) => {
      const [first] = same
      return first === undefined
        ? []
        : [
            callOf(
              first,
              same.map(({ peer }) => peer),
            ),
          ]
    }),
    needed: (waiting?.list(systemClock.nowMs()) ?? []).map(({ request, approvers }) => callOf(request, approvers)),
  }
}

function callOf(
  { digest, caller, executor, command }: ApprovalRequest,
  peers: ControlResponseWaitingCall['peers'],
): ControlResponseWaitingCall {
  return { digest: parseHex32(digest), caller, executor, command, peers }
}

/** @throws TalosError `CLI_APPROVAL_UNKNOWN` */
function asked({ client }: Performer, digest: string): ApprovalRequest {
  const found = client.approvals.pending().find((one) => one.digest === digest)
  if (found === undefined) throw new TalosError('CLI_APPROVAL_UNKNOWN')
  return found
}

function find({ client, waiting }: Performer, digest: string): ApprovalRequest | undefined {
  const own = (waiting?.list(systemClock.nowMs()) ?? []).map(({ request }) => request)
  return [...client.approvals.pending(), ...own].find((one) => one.digest === digest)
}

function choiceOf({ note, expiresInS }: { readonly note?: string; readonly expiresInS?: number }): ApproveChoice {
  return { ...(note !== undefined && { note }), ...(expiresInS !== undefined && { expiresInS }) }
}

function approved(bytes: Uint8Array): ControlResponse {
  return { answer: 'approved', bytes: toBase64url(bytes) }
}
