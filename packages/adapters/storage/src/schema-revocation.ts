/**
 * Tables of `agent.db` for revocation, since version 4: what was revoked, the places in the lists of its issuers, the newest
 * head of each list, and whether this agent's own list is suspended.
 *
 * What an earlier version kept has no name of its own yet (`cid` is NULL): the agent names it when it starts.
 */
export const REVOCATION_TABLES = `
  ALTER TABLE revocations RENAME TO revocations_before;
  CREATE TABLE revocations (
    id INTEGER PRIMARY KEY,
    cid TEXT UNIQUE,
    issuer TEXT NOT NULL,
    target TEXT NOT NULL,
    reason TEXT,
    bytes BLOB NOT NULL,
    at_s INTEGER NOT NULL
  ) STRICT;
  INSERT INTO revocations (issuer, target, bytes, at_s)
    SELECT issuer, revoked, bytes, at_s FROM revocations_before ORDER BY at_s, revoked, issuer;
  DROP TABLE revocations_before;
  CREATE INDEX revocations_of_target ON revocations (target, at_s);
  CREATE INDEX revocations_by_issuer ON revocations (issuer, id);

  CREATE TABLE revocation_places (
    issuer TEXT NOT NULL,
    position INTEGER NOT NULL CHECK (position >= 1),
    cid TEXT NOT NULL REFERENCES revocations (cid),
    PRIMARY KEY (issuer, position)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX revocation_places_of ON revocation_places (cid);
  CREATE TABLE revocation_heads (
    issuer TEXT PRIMARY KEY,
    bytes BLOB NOT NULL,
    contradiction BLOB
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE revocation_suspension (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    ahead INTEGER NOT NULL
  ) STRICT;

  CREATE INDEX grants_by_peer ON grants (peer);
`

/**
 * Since version 6: of a list that contradicts a known one, the names behind the position `after`, 32 bytes of each. With the names
 * that are known up to there they lead to the head that was offered.
 */
export const REVOCATION_FORK_TABLES = `
  CREATE TABLE revocation_forks (
    issuer TEXT PRIMARY KEY,
    after INTEGER NOT NULL CHECK (after >= 0),
    names BLOB NOT NULL CHECK (length(names) % 32 = 0)
  ) STRICT, WITHOUT ROWID;
`
