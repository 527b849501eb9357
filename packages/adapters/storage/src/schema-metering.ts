/** Tables of `agent.db` for metering, since version 4. */
export const METERING_TABLES = ''
