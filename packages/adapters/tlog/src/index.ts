export { type LogPath, parseLogPath } from './log-path.ts'
