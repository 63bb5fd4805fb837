CREATE TABLE entry (
  number BIGINT PRIMARY KEY,
  at_ms BIGINT NOT NULL,
  account TEXT COLLATE "C" NOT NULL,
  actor TEXT COLLATE "C" NOT NULL,
  operation TEXT COLLATE "C" NOT NULL,
  target TEXT COLLATE "C" NOT NULL,
  detail TEXT COLLATE "C" NOT NULL
);
CREATE INDEX entry_by_account ON entry (account, number);
CREATE INDEX entry_by_target ON entry (target, number);
CREATE INDEX entry_by_operation ON entry (operation, number);
