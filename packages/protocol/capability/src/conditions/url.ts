/** The rule `url` (spec 07-delegation, clause 7.6.3): which hosts, ports and paths a URL may name. */
import type { IpldValue } from '@talos/bytes'
import { MAX_URL_LENGTH } from '../limits.ts'
import { isInNetwork, isPublic, type Network, parseNetwork } from './address.ts'
import { type CompileKind, choices, flagOf, invalid, onlyOperand, stepsOf, termsOf, textChoices } from './rule-parts.ts'
import { showChoices } from './show.ts'
import { isHostName, type JudgedUrl, judgeUrl, judgeUrlPath, MAX_PORT, SCHEME_PORTS, type UrlHost } from './url-form.ts'

interface Hosts {
  readonly names: ReadonlySet<string>
  /** With the dot in front. */
  readonly suffixes: readonly string[]
  readonly networks: readonly Network[]
  /** `*`: every name that is not a local one, every public address. */
  readonly any: boolean
}

interface Terms {
  readonly hosts: Hosts
  readonly schemes: ReadonlySet<string>
  /** Undefined: the scheme's own. */
  readonly ports: ReadonlySet<number> | undefined
  /** Without the slash at the end. */
  readonly paths: readonly string[]
  readonly query: boolean
  /** Steps that trying hosts and paths takes. */
  readonly steps: number
}

const MEMBERS: ReadonlySet<string> = new Set(['hosts', 'schemes', 'ports', 'paths', 'query'])
/** Names that stand for a local network (RFC 6761, 6762 appendix G, 8375, ICANN's `internal`). */
const LOCAL_NAME = /^[^.]+$|\.(?:localhost|local|internal|intranet|private|corp|home|lan)$|^home\.arpa$|\.home\.arpa$/

/** `["url", selector, terms]` */
export const compileUrl: CompileKind = (operands, { path }) => {
  const given = termsOf(onlyOperand(operands, path), MEMBERS, path)
  const hostTexts = textChoices(given['hosts'], path)
  const schemes = given['schemes'] === undefined ? ['https'] : textChoices(given['schemes'], path)
  if (schemes.length > SCHEME_PORTS.size || !schemes.every((scheme) => SCHEME_PORTS.has(scheme))) {
    throw invalid(path, 'the schemes are not some of those that can be judged')
  }
  const ports = given['ports'] === undefined ? undefined : portsOf(given['ports'], path)
  const pathTexts = given['paths'] === undefined ? ['/'] : textChoices(given['paths'], path)
  const paths = pathTexts.map((text) => pathOf(text, path))
  const query = flagOf(given['query'], path)
  const terms: Terms = {
    hosts: hostsOf(hostTexts, path),
    schemes: new Set(schemes),
    ports: ports === undefined ? undefined : new Set(ports),
    paths,
    query,
    steps: hostTexts.length + paths.length,
  }
  return {
    requirement: [
      `must be a plain URL (${showChoices(schemes)}) of the host ${showChoices(hostTexts)}`,
      ports === undefined ? 'on its usual port' : `on port ${showChoices(ports.map(String))}`,
      `at or below ${showChoices(pathTexts)}, ${query ? 'with or without' : 'without'} a query`,
    ].join(', '),
    judge: (value, { budget }) => {
      if (typeof value !== 'string' || !budget.spend(terms.steps + stepsOf(value, MAX_URL_LENGTH))) return false
      const url = judgeUrl(value)
      return url !== undefined && isWithinTerms(url, terms)
    },
  }
}

function isWithinTerms(url: JudgedUrl, { schemes, ports, hosts, paths, query }: Terms): boolean {
  if (!schemes.has(url.scheme) || (url.hasQuery && !query)) return false
  if (ports === undefined ? url.port !== SCHEME_PORTS.get(url.scheme) : !ports.has(url.port)) return false
  if (!allowsHost(hosts, url.host)) return false
  return paths.some((path) => url.path === path || url.path.startsWith(`${path}/`))
}

function allowsHost({ names, suffixes, networks, any }: Hosts, host: UrlHost): boolean {
  if (host.kind === 'address') {
    return networks.some((network) => isInNetwork(host.address, network)) || (any && isPublic(host.address))
  }
  const { name } = host
  if (names.has(name) || suffixes.some((suffix) => name.endsWith(suffix))) return true
  return any && !LOCAL_NAME.test(name)
}

function hostsOf(texts: readonly string[], path: string): Hosts {
  const names = new Set<string>()
  const suffixes: string[] = []
  const networks: Network[] = []
  for (const text of texts) {
    const network = parseNetwork(text)
    if (network !== undefined) networks.push(network)
    else if (isHostName(text)) names.add(text)
    else if (text.startsWith('*.') && isHostName(text.slice(2))) suffixes.push(text.slice(1))
    else if (text !== '*') throw invalid(path, 'a host is not a plain name, address or network')
  }
  return { names, suffixes, networks, any: texts.includes('*') }
}

function portsOf(value: IpldValue, path: string): readonly number[] {
  return choices(value, path).map((port) => {
    if (typeof port !== 'number' || port < 1 || port > MAX_PORT) {
      throw invalid(path, `a port is not an integer from 1 to ${MAX_PORT}`)
    }
    return port
  })
}

const PATH_FORM = /^\/[\w.~!$&'()*+,=:@%/-]*$/

function pathOf(text: string, path: string): string {
  const judged = PATH_FORM.test(text) && (text === '/' || !text.endsWith('/')) ? judgeUrlPath(text) : undefined
  if (judged === undefined) throw invalid(path, 'a path of a URL cannot be judged')
  return judged
}
