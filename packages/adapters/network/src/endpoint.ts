/** Endpoint URLs of the stream carriers: `scheme://host:port` and nothing else (spec 13-link-envelope, 13.1). */
import { isIPv6 } from 'node:net'
import { TalosError } from '@talos/errors'

export interface HostEndpoint {
  /** Host name, IPv4 address, or IPv6 address without its brackets. */
  readonly host: string
  /** 0 to 65,535; 0 stands for any free port and is for listening only. */
  readonly port: number
}

const PATTERN = /^\/\/(?:\[([0-9A-Fa-f:.]{2,45})\]|([0-9A-Za-z](?:[0-9A-Za-z.-]{0,251}[0-9A-Za-z])?)):([0-9]{1,5})$/
const MAX_PORT = 65_535

/**
 * Parses an endpoint of the given scheme.
 *
 * @param scheme with its colon, such as `tls:`
 * @throws TalosError `NETWORK_ENDPOINT_INVALID` for another scheme, a path, a user, a bad port or address
 */
export function parseHostEndpoint(scheme: string, endpoint: string): HostEndpoint {
  if (!endpoint.startsWith(scheme)) throw invalid(`the scheme is not ${scheme}//`)
  const match = PATTERN.exec(endpoint.slice(scheme.length))
  if (match === null) throw invalid('it is not scheme://host:port')
  const [, ipv6, name, portText] = match
  const port = Number(portText)
  if (port > MAX_PORT) throw invalid('the port is above 65535')
  if (ipv6 !== undefined && !isIPv6(ipv6)) throw invalid('the address in brackets is not IPv6')
  return { host: ipv6 ?? name ?? '', port }
}

/** The URL of an address: the inverse of {@link parseHostEndpoint}. */
export function formatHostEndpoint(scheme: string, { host, port }: HostEndpoint): string {
  return `${scheme}//${isIPv6(host) ? `[${host}]` : host}:${port}`
}

function invalid(reason: string): TalosError {
  return new TalosError('NETWORK_ENDPOINT_INVALID', { reason })
}
