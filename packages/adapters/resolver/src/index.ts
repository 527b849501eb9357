export { isPublicAddress } from './addresses.ts'
export { dnsLookup, type Fetcher, type FetchOptions, fetchFile, type Lookup } from './fetch.ts'
export { KNOWN_LOGS_MAX, type KnownLogs, memoryKnownLogs } from './known-logs.ts'
export {
  createResolver,
  DEFAULT_CACHE_ENTRIES,
  DEFAULT_FETCH_TIMEOUT_MS,
  type LogSource,
  type LogToVerify,
  MAX_QUESTIONS,
  MAX_TTL_MS,
  type ResolverOptions,
  WEB_TTL_MS,
} from './resolver.ts'
