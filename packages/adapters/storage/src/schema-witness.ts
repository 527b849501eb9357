/**
 * Tables of witnessing: what was seen of others' logs, what others cosigned of ours, and evidence of forks.
 *
 * `changed` counts changes over all logs, so that the newest are found without a clock.
 */
export const WITNESS_TABLES = `
  CREATE TABLE witness_logs (
    origin TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    changed INTEGER NOT NULL UNIQUE,
    introducer TEXT NOT NULL,
    keys TEXT NOT NULL,
    size INTEGER NOT NULL,
    note TEXT,
    heads TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX witness_logs_by_introducer ON witness_logs (introducer);
  CREATE TABLE witness_forks (
    origin TEXT PRIMARY KEY REFERENCES witness_logs (origin),
    evidence TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE witnesses (
    vkey TEXT PRIMARY KEY,
    peer TEXT NOT NULL,
    delegation BLOB NOT NULL,
    size INTEGER NOT NULL,
    time_s INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX witnesses_by_time ON witnesses (time_s);
  CREATE TABLE witnessed_heads (
    size INTEGER PRIMARY KEY,
    note TEXT NOT NULL
  ) STRICT;
`
