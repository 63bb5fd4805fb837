CREATE TABLE state (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  revision INTEGER NOT NULL,
  pruned INTEGER NOT NULL
) STRICT;
INSERT INTO state VALUES (1, 0, 0);
CREATE TABLE document (
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  revision INTEGER NOT NULL,
  body BLOB,
  checksum INTEGER NOT NULL,
  PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX document_by_revision ON document (revision);
