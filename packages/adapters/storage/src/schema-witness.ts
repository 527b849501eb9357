/** Tables of witnessing: what was seen of others' logs, what others cosigned of ours, and evidence of forks. */
export const WITNESS_TABLES = ''
