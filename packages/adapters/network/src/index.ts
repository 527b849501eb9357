export { formatHostEndpoint, type HostEndpoint, parseHostEndpoint } from './endpoint.ts'
export type { MessageHandler, RequestHandler } from './link/dispatcher.ts'
export type { Link } from './link/link.ts'
export { type OpenLinkOptions, openLink } from './link/open-link.ts'
export { type LinkTimers, systemTimers } from './link/timers.ts'
export { type MemoryCarrierOptions, MemoryNetwork, memoryCarrier } from './memory/memory-carrier.ts'
export {
  type KeyedCarrier,
  type LinkSettings,
  NetworkNode,
  type NetworkNodeOptions,
  type NodeDialOptions,
  type NodeListener,
  type NodeListenOptions,
  type PeerAddress,
} from './node.ts'
export {
  BOX_TAG_BYTES,
  boxTag,
  MESSAGE_ID_BYTES,
  openFromRoute,
  type RoutingEnvelopeParts,
  sealForRoute,
  sizeClassOf,
} from './routing-envelope.ts'
export { type TlsCarrier, type TlsCarrierOptions, tlsCarrier } from './tls/tls-carrier.ts'
