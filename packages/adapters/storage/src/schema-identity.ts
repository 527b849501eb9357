/**
 * Tables of `agent.db` for identity, since version 4: the key logs of peers, which of their keys belong to which log, and
 * which version of the agent's own log a peer has been told.
 */
export const IDENTITY_TABLES = `
  CREATE TABLE identities (
    id TEXT PRIMARY KEY,
    signing_key TEXT,
    is_deactivated INTEGER NOT NULL,
    version_ids TEXT NOT NULL,
    log TEXT NOT NULL,
    updated_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE identity_keys (
    did TEXT PRIMARY KEY,
    id TEXT NOT NULL REFERENCES identities (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    from_ms INTEGER NOT NULL,
    to_ms INTEGER,
    standing TEXT NOT NULL CHECK (standing IN ('current', 'rotated', 'compromised', 'deactivated')),
    compromised_from_ms INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX identity_keys_of ON identity_keys (id, position);
  CREATE TABLE identity_expected (
    did TEXT PRIMARY KEY,
    id TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE identity_told (
    peer TEXT PRIMARY KEY,
    version_id TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
`
