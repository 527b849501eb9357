/** Tables of `agent.db` for revocation, since version 4. */
export const REVOCATION_TABLES = ''
