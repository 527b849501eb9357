export { formatHostEndpoint, type HostEndpoint, parseHostEndpoint } from './endpoint.ts'
export { type MemoryCarrierOptions, MemoryNetwork, memoryCarrier } from './memory/memory-carrier.ts'
export { type TlsCarrier, type TlsCarrierOptions, tlsCarrier } from './tls/tls-carrier.ts'
