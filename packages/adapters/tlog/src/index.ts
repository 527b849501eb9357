export { TOKEN_MAX_CHARS, TOKEN_MIN_CHARS } from './access.ts'
export {
  ADD_CHECKPOINT_MAX_BYTES,
  ADD_CHECKPOINT_MAX_HASHES,
  type CheckpointRequest,
  type CheckpointWitness,
  formatAddCheckpoint,
  parseAddCheckpoint,
} from './add-checkpoint.ts'
export { createLogHandler, type LogHandlerOptions, MAX_COSIGNING, MAX_OPEN_BYTES } from './handler.ts'
export { DEFAULT_SOURCE_TIMEOUT_MS, HttpLogSource, type HttpLogSourceOptions } from './http-source.ts'
export { type LogPath, parseLogPath } from './log-path.ts'
export { PublishedLog, type PublishedLogOptions } from './published-log.ts'
export { firstPage, REVOCATION_PAGE_MAX_BYTES, REVOCATION_PAGE_MAX_ITEMS } from './revocation-page.ts'
export { LogServer, type LogServerOptions, MAX_CONNECTIONS } from './server.ts'
