/** Tables of anchoring: the log of logs, and its transactions on their way. */
export const ANCHOR_TABLES = ''
