/** The newest log of each identity that was seen: what protects from being shown an older one (spec 18-key-log, 18.15). */
import type { VerifiedKeyLog } from '@talos/identity'

/** Where known logs are kept; a durable one protects across restarts. */
export interface KnownLogs {
  get(scid: string): VerifiedKeyLog | undefined
  set(log: VerifiedKeyLog): void
}

/** Enough for an organization's agents; at most 4 GiB when every log has its greatest size, usually a few MiB. */
export const KNOWN_LOGS_MAX = 1_024

/** Keeps the logs that were used last, in memory. */
export function memoryKnownLogs(maxLogs = KNOWN_LOGS_MAX): KnownLogs {
  const logs = new Map<string, VerifiedKeyLog>()
  return {
    get: (scid) => logs.get(scid),
    set(log) {
      logs.delete(log.scid)
      logs.set(log.scid, log)
      for (const scid of logs.keys()) {
        if (logs.size <= maxLogs) break
        logs.delete(scid)
      }
    },
  }
}
