/** How the anchors of a running agent stand, for the control socket (spec 17-control, 25-anchor). */
import type { AnchorOverview, TalosClient } from '@talos/client'
import {
  type ControlRequest,
  type ControlResponse,
  type ControlResponseAnchorHead,
  parseAnchorProofAddress,
  parseControlResponseAnchorHead,
} from '@talos/contracts'
import { TalosError } from '@talos/errors'

/** @throws TalosError `ANCHOR_NOT_SET_UP`, what the client throws */
export async function performAnchors(
  { anchors, name }: TalosClient,
  { now }: Extract<ControlRequest, { method: 'anchors' }>,
): Promise<ControlResponse> {
  const overview = now ? await anchors.now() : await anchors.status()
  if (overview === undefined) throw new TalosError('ANCHOR_NOT_SET_UP', { name })
  const { chainId, contract, by, heads, failure } = overview
  return {
    answer: 'anchors',
    chainId,
    contract: parseAnchorProofAddress(contract),
    by: parseAnchorProofAddress(by),
    heads: heads.map(headOf),
    ...(failure !== undefined && { failure: failure.code }),
  }
}

function headOf({
  size,
  root,
  status,
  isRecorded: recorded,
}: AnchorOverview['heads'][number]): ControlResponseAnchorHead {
  const { state } = status
  const head = { size, root, state, recorded }
  if (state === 'absent') return parseControlResponseAnchorHead(head)
  if (state === 'pending') return parseControlResponseAnchorHead({ ...head, transaction: status.transaction })
  const { place, confirmations, needed } = status
  const { transaction, blockNumber: block } = place
  return parseControlResponseAnchorHead({ ...head, transaction, block, confirmations, needed })
}
