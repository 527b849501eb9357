/**
 * Tables of anchoring: the log of logs with all its nodes, its heads that were sent to a chain, and transactions on their
 * way. A head is final once `chain` holds its proof, or `place` alone where its chain gives none.
 */
export const ANCHOR_TABLES = `
  CREATE TABLE anchor_leaves (
    position INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    size INTEGER NOT NULL,
    statement BLOB NOT NULL,
    note TEXT
  ) STRICT;
  CREATE INDEX anchor_leaves_by_subject ON anchor_leaves (kind, subject, position);
  CREATE TABLE anchor_nodes (
    level INTEGER NOT NULL,
    position INTEGER NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (level, position)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE anchor_heads (
    size INTEGER PRIMARY KEY,
    root BLOB NOT NULL,
    made_ms INTEGER NOT NULL,
    place TEXT,
    chain TEXT,
    is_recorded INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX anchor_heads_unfinished ON anchor_heads (size) WHERE is_recorded = 0;
  CREATE TABLE anchor_transactions (
    nonce INTEGER PRIMARY KEY,
    size INTEGER NOT NULL,
    root BLOB NOT NULL,
    attempts TEXT NOT NULL
  ) STRICT;
`
