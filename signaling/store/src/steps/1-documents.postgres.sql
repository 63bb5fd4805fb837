CREATE TABLE state (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  revision BIGINT NOT NULL,
  pruned BIGINT NOT NULL
);
INSERT INTO state VALUES (1, 0, 0);
CREATE TABLE document (
  kind TEXT COLLATE "C" NOT NULL,
  id TEXT COLLATE "C" NOT NULL,
  revision BIGINT NOT NULL,
  body BYTEA,
  checksum BIGINT NOT NULL,
  PRIMARY KEY (kind, id)
);
CREATE INDEX document_by_revision ON document (revision);
