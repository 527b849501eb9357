/** Tables of `agent.db` for identity, since version 4. */
export const IDENTITY_TABLES = ''
