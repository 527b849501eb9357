/** Tables of `agent.db` for metering and for the epochs of the replay set, since version 4. */
export const METERING_TABLES = `
  CREATE TABLE meters (
    key TEXT PRIMARY KEY,
    tree TEXT NOT NULL,
    value INTEGER NOT NULL,
    until_s INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX meters_of_tree ON meters (tree);
  CREATE INDEX meters_by_end ON meters (until_s) WHERE until_s IS NOT NULL;
  CREATE TABLE meters_forgotten (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    before_s INTEGER NOT NULL
  ) STRICT;
  INSERT INTO meters_forgotten (id, before_s) VALUES (1, 0);

  CREATE TABLE epochs (
    epoch BLOB PRIMARY KEY,
    until_s INTEGER
  ) STRICT, WITHOUT ROWID;
`
