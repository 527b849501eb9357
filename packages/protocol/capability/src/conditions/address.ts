/**
 * IP addresses and networks in their one canonical text form (spec 07-delegation, clause 7.6.2; RFC 5952, section 4).
 *
 * IPv4-mapped IPv6 addresses, zones and every other spelling are not read at all.
 */
import { MAX_ADDRESS_LENGTH } from '../limits.ts'
import { type CompileKind, invalid, onlyOperand, stepsOf, textChoices } from './rule-parts.ts'
import { showChoices } from './show.ts'

/** A network, or an address: a network of its own. */
export interface Network {
  /** 16 bits each: two of IPv4, eight of IPv6. */
  readonly groups: readonly number[]
  /** The bits that count. */
  readonly length: number
}

const IPV4 = /^(0|[1-9][0-9]{0,2})\.(0|[1-9][0-9]{0,2})\.(0|[1-9][0-9]{0,2})\.(0|[1-9][0-9]{0,2})$/
const IPV6 = /^[0-9a-f:]{2,39}$/
const LENGTH = /^(?:0|[1-9][0-9]{0,2})$/
const IPV6_GROUPS = 8

/** An address; undefined where the text is not one in canonical form. */
export function parseAddress(text: string): Network | undefined {
  return parseIpv4(text) ?? parseIpv6(text)
}

export function parseIpv4(text: string): Network | undefined {
  const match = IPV4.exec(text)
  if (match === null) return undefined
  const [, a, b, c, d] = match
  if (Number(a) > 255 || Number(b) > 255 || Number(c) > 255 || Number(d) > 255) return undefined
  return { groups: [Number(a) * 256 + Number(b), Number(c) * 256 + Number(d)], length: 32 }
}

/** Expands the text, then writes it again: only the canonical form comes back as it was. */
export function parseIpv6(text: string): Network | undefined {
  if (!IPV6.test(text)) return undefined
  const groups = expand(text)
  if (groups === undefined || formatIpv6(groups) !== text || isMapped(groups)) return undefined
  return { groups, length: 128 }
}

/** A network, or an address alone; undefined where the text is neither, or bits behind the length are set. */
export function parseNetwork(text: string): Network | undefined {
  const slash = text.indexOf('/')
  if (slash < 0) return parseAddress(text)
  const address = parseAddress(text.slice(0, slash))
  const lengthText = text.slice(slash + 1)
  const length = Number(lengthText)
  if (address === undefined || !LENGTH.test(lengthText) || length > address.length) return undefined
  const hasRest = address.groups.some((group, index) => (group & ~maskOf(length, index)) !== 0)
  return hasRest ? undefined : { groups: address.groups, length }
}

/** Whether all of `inner` is within `outer`. */
export function isInNetwork(inner: Network, outer: Network): boolean {
  if (inner.groups.length !== outer.groups.length || inner.length < outer.length) return false
  return outer.groups.every(
    (group, index) => ((group ^ Number(inner.groups[index])) & maskOf(outer.length, index)) === 0,
  )
}

/** A network out of a token. @throws TalosError `CAPABILITY_POLICY_INVALID` */
function networkOf(text: string, path: string): Network {
  const network = parseNetwork(text)
  if (network === undefined) throw invalid(path, 'a network is not in canonical form')
  return network
}

/** `["cidr", selector, [network, ...]]` */
export const compileCidr: CompileKind = (operands, { path }) => {
  const texts = textChoices(onlyOperand(operands, path), path)
  const networks = texts.map((text) => networkOf(text, path))
  return {
    requirement: `must be an IP address or network within ${showChoices(texts)}, in canonical form`,
    judge: (value, { budget }) => {
      if (typeof value !== 'string') return false
      if (!budget.spend(networks.length + stepsOf(value, MAX_ADDRESS_LENGTH))) return false
      const network = value.length > MAX_ADDRESS_LENGTH ? undefined : parseNetwork(value)
      return network !== undefined && networks.some((outer) => isInNetwork(network, outer))
    },
  }
}

/** Every network that is not open to all: loopback, private, shared, link-local, multicast, documentation, transition. */
const NOT_PUBLIC: readonly Network[] = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  // Azure's service that tells a machine its configuration.
  '168.63.129.16/32',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
].map((text) => networkOf(text, 'public'))
const IPV4_ALL = networkOf('0.0.0.0/0', 'public')
const GLOBAL_UNICAST = networkOf('2000::/3', 'public')

/** Whether an address is public (clause 7.6.3): IPv4 and IPv6's global unicast, less {@link NOT_PUBLIC}. */
export function isPublic(address: Network): boolean {
  if (!isInNetwork(address, IPV4_ALL) && !isInNetwork(address, GLOBAL_UNICAST)) return false
  return !NOT_PUBLIC.some((network) => isInNetwork(address, network))
}

function maskOf(length: number, index: number): number {
  const bits = Math.min(Math.max(length - 16 * index, 0), 16)
  return (0xffff << (16 - bits)) & 0xffff
}

function expand(text: string): readonly number[] | undefined {
  const gap = text.indexOf('::')
  const head = groupsOf(gap < 0 ? text : text.slice(0, gap))
  const tail = groupsOf(gap < 0 ? '' : text.slice(gap + 2))
  const missing = IPV6_GROUPS - head.length - tail.length
  if (gap < 0 ? missing !== 0 : missing < 1) return undefined
  if ([...head, ...tail].some((group) => group === '' || group.length > 4)) return undefined
  return [...head, ...Array<string>(missing).fill('0'), ...tail].map((group) => Number.parseInt(group, 16))
}

function groupsOf(half: string): readonly string[] {
  return half === '' ? [] : half.split(':')
}

function isMapped(groups: readonly number[]): boolean {
  return groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff
}

function formatIpv6(groups: readonly number[]): string {
  const run = longestZeros(groups)
  const written = groups.map((group) => group.toString(16))
  if (run.length < 2) return written.join(':')
  return `${written.slice(0, run.start).join(':')}::${written.slice(run.start + run.length).join(':')}`
}

function longestZeros(groups: readonly number[]): { readonly start: number; readonly length: number } {
  let best = { start: 0, length: 0 }
  let length = 0
  for (const [index, group] of groups.entries()) {
    length = group === 0 ? length + 1 : 0
    if (length > best.length) best = { start: index + 1 - length, length }
  }
  return best
}
