/** What sessions have to reach. */
import type { RatioTarget, TargetBounds } from '../harness/targets.ts'
import { BURSTS, SUSTAINED } from './durable.ts'

function faster(bounds: Omit<RatioTarget, 'id' | 'title' | 'direction'> & { readonly what: string }): RatioTarget {
  const { what, ...rest } = bounds
  const { scenario, subject, reference } = bounds
  return {
    ...rest,
    id: `${scenario}: ${subject} / ${reference}`,
    title: `${what}: ${subject} against ${reference}`,
    direction: 'at least',
  }
}

function within(bounds: Omit<RatioTarget, 'id' | 'title' | 'direction'> & { readonly what: string }): RatioTarget {
  return { ...faster(bounds), direction: 'at most' }
}

const NATIVE = { subject: 'talos native', reference: 'libsignal' }
const PORTABLE = { subject: 'talos portable', reference: 'libsignal' }

const DURABLE = [
  { what: 'durable send in the flow of a chain', scenario: SUSTAINED },
  { what: 'durable send from the first message of a chain', scenario: BURSTS },
]

export const SESSION_TARGETS: readonly RatioTarget[] = [
  faster({ ...NATIVE, what: 'seal 1 KiB', scenario: 'seal-1k', reach: 22, must: 12 }),
  faster({ ...NATIVE, what: 'open 1 KiB', scenario: 'open-1k', reach: 22, must: 12 }),
  faster({ ...NATIVE, what: 'seal 64 KiB', scenario: 'seal-64k', reach: 8, must: 4 }),
  faster({ ...NATIVE, what: 'open 64 KiB', scenario: 'open-64k', reach: 8, must: 4 }),
  faster({ ...NATIVE, what: 'ping-pong 64 B', scenario: 'ping-pong-64', reach: 2, must: 1.6 }),
  faster({ ...NATIVE, what: 'ping-pong 1 KiB', scenario: 'ping-pong-1k', reach: 2, must: 1.6 }),
  faster({ ...NATIVE, what: 'set-up', scenario: 'set-up', reach: 2, must: 1.5 }),
  within({ ...NATIVE, reference: 'F1', what: 'seal 1 KiB', scenario: 'seal-1k', reach: 0.75, must: 1.4 }),
  within({ ...NATIVE, reference: 'F2', what: 'ping-pong 1 KiB', scenario: 'ping-pong-1k', reach: 1.15, must: 1.4 }),
  faster({ ...PORTABLE, what: 'seal 1 KiB', scenario: 'seal-1k', reach: 1.5, must: 1.1 }),
  faster({ ...PORTABLE, what: 'ping-pong 1 KiB', scenario: 'ping-pong-1k', reach: 1, must: 0.8 }),
  within({ ...PORTABLE, reference: 'noble bare step', what: 'seal 1 KiB', scenario: 'seal-1k', reach: 1.7 }),
  ...DURABLE.map(({ what, scenario }) =>
    within({
      what,
      scenario,
      subject: 'talos native, durable',
      reference: 'talos native',
      reach: 1.1,
      must: 1.3,
    }),
  ),
]

export const STEP_TARGET: TargetBounds = {
  id: 'pq-step: talos native',
  title: 'post-quantum step, shared out over 50 messages: talos native',
  direction: 'at most',
  reach: 2.5,
  must: 5,
}

export const WIRE_TARGET: TargetBounds = {
  id: 'wire',
  title: 'bytes on the wire beyond the padded content',
  direction: 'at most',
  reach: 144,
  must: 160,
}
