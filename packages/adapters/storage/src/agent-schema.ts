/** The tables of `agent.db`. Published migrations never change; a new version is a new entry at the end. */
import type { Migrations } from './database.ts'
import { ANCHOR_TABLES } from './schema-anchor.ts'
import { IDENTITY_TABLES } from './schema-identity.ts'
import { METERING_TABLES } from './schema-metering.ts'
import { REVOCATION_FORK_TABLES, REVOCATION_TABLES } from './schema-revocation.ts'
import { WITNESS_TABLES } from './schema-witness.ts'

const VERSION_1 = `
  CREATE TABLE sessions (
    session_id BLOB PRIMARY KEY,
    peer TEXT NOT NULL,
    instance TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('active', 'receive-only')),
    version INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX sessions_one_active ON sessions (peer, instance) WHERE role = 'active';
  CREATE INDEX sessions_of_peer ON sessions (peer, instance, created_ms);

  CREATE TABLE prekey_bundles (
    serial INTEGER PRIMARY KEY AUTOINCREMENT,
    bundle_hash BLOB NOT NULL UNIQUE,
    bundle BLOB NOT NULL,
    sealed BLOB NOT NULL,
    created_ms INTEGER NOT NULL,
    keep_until_ms INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE one_time_prekeys (
    serial INTEGER NOT NULL REFERENCES prekey_bundles (serial) ON DELETE CASCADE,
    key_index INTEGER NOT NULL,
    published BLOB NOT NULL,
    sealed BLOB NOT NULL,
    served INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (serial, key_index)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE first_flights (
    transcript_hash BLOB PRIMARY KEY,
    expires_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX first_flights_by_expiry ON first_flights (expires_ms);

  CREATE TABLE outbox (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    peer TEXT NOT NULL,
    message_id TEXT NOT NULL,
    session_id BLOB NOT NULL,
    content_type INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    wire BLOB NOT NULL,
    created_ms INTEGER NOT NULL,
    UNIQUE (peer, message_id)
  ) STRICT;
  CREATE TABLE inbox_ids (
    peer TEXT NOT NULL,
    message_id TEXT NOT NULL,
    received_ms INTEGER NOT NULL,
    PRIMARY KEY (peer, message_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX inbox_ids_by_time ON inbox_ids (received_ms);
  CREATE TABLE inbox (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    peer TEXT NOT NULL,
    message_id TEXT NOT NULL,
    session_id BLOB NOT NULL,
    content_type INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    received_ms INTEGER NOT NULL,
    UNIQUE (peer, message_id)
  ) STRICT;

  CREATE TABLE grants (
    cid TEXT PRIMARY KEY,
    direction TEXT NOT NULL CHECK (direction IN ('issued', 'received')),
    peer TEXT NOT NULL,
    label TEXT NOT NULL,
    bytes BLOB NOT NULL,
    created_ms INTEGER NOT NULL,
    revoked_ms INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX grants_by_direction ON grants (direction, created_ms);
  CREATE TABLE revocations (
    revoked TEXT NOT NULL,
    issuer TEXT NOT NULL,
    bytes BLOB NOT NULL,
    at_s INTEGER NOT NULL,
    PRIMARY KEY (revoked, issuer)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX revocations_by_issuer ON revocations (issuer, at_s);
  CREATE TABLE invocations_seen (
    cid TEXT PRIMARY KEY,
    issuer TEXT NOT NULL,
    expires_s INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX invocations_seen_by_issuer ON invocations_seen (issuer);
  CREATE INDEX invocations_seen_by_expiry ON invocations_seen (expires_s);
  CREATE TABLE replay_clock (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    highest_s INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE evidence (
    invocation TEXT NOT NULL,
    name TEXT NOT NULL,
    is_sealed INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (invocation, name)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE peers (
    did TEXT PRIMARY KEY,
    name TEXT,
    endpoints TEXT NOT NULL,
    transport_key BLOB,
    updated_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE peer_bundles (
    did TEXT NOT NULL,
    instance TEXT NOT NULL,
    serial INTEGER NOT NULL,
    PRIMARY KEY (did, instance)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    is_sealed INTEGER NOT NULL,
    value BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
`

/** Sessions that seal nothing any more; frames that act; the count of openings that an older copy is known by. */
const VERSION_2 = `
  ALTER TABLE sessions ADD COLUMN standing TEXT NOT NULL DEFAULT 'whole'
    CHECK (standing IN ('whole', 'reset', 'frozen'));
  ALTER TABLE inbox ADD COLUMN kind TEXT NOT NULL DEFAULT 'message' CHECK (kind IN ('message', 'effect'));
  CREATE INDEX inbox_by_kind ON inbox (kind, position);
  CREATE INDEX outbox_by_time ON outbox (created_ms);
  CREATE TABLE generation (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    value INTEGER NOT NULL
  ) STRICT;
  INSERT INTO generation (id, value) VALUES (1, 0);
`

/**
 * How many ids of each peer are kept: counting them at each message would cost more than storing it. And what the sessions
 * add up to, beside the count that an older copy is known by.
 */
const VERSION_3 = `
  CREATE TABLE inbox_id_counts (
    peer TEXT PRIMARY KEY,
    n INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  INSERT INTO inbox_id_counts (peer, n) SELECT peer, count(*) FROM inbox_ids GROUP BY peer;
  CREATE TRIGGER inbox_ids_added AFTER INSERT ON inbox_ids BEGIN
    INSERT INTO inbox_id_counts (peer, n) VALUES (NEW.peer, 1) ON CONFLICT (peer) DO UPDATE SET n = n + 1;
  END;
  CREATE TRIGGER inbox_ids_removed AFTER DELETE ON inbox_ids BEGIN
    UPDATE inbox_id_counts SET n = n - 1 WHERE peer = OLD.peer;
  END;

  ALTER TABLE generation ADD COLUMN session_count INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE generation ADD COLUMN session_versions INTEGER NOT NULL DEFAULT 0;
  UPDATE generation SET session_count = (SELECT count(*) FROM sessions),
    session_versions = (SELECT coalesce(sum(version), 0) FROM sessions);
  CREATE TRIGGER sessions_added AFTER INSERT ON sessions BEGIN
    UPDATE generation SET session_count = session_count + 1, session_versions = session_versions + NEW.version;
  END;
  CREATE TRIGGER sessions_removed AFTER DELETE ON sessions BEGIN
    UPDATE generation SET session_count = session_count - 1, session_versions = session_versions - OLD.version;
  END;
  CREATE TRIGGER sessions_stepped AFTER UPDATE OF version ON sessions BEGIN
    UPDATE generation SET session_versions = session_versions + NEW.version - OLD.version;
  END;
`

/** What capabilities and identities need beyond the first versions; each part's tables stand in a file of their own. */
const VERSION_4 = [REVOCATION_TABLES, METERING_TABLES, IDENTITY_TABLES].join('\n')

/** What witnessing and anchoring need. */
const VERSION_5 = [WITNESS_TABLES, ANCHOR_TABLES].join('\n')

export const AGENT_MIGRATIONS: Migrations = [
  VERSION_1,
  VERSION_2,
  VERSION_3,
  VERSION_4,
  VERSION_5,
  REVOCATION_FORK_TABLES,
]
