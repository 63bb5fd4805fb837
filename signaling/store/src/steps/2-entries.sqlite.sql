CREATE TABLE entry (
  number INTEGER PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  account TEXT NOT NULL,
  actor TEXT NOT NULL,
  operation TEXT NOT NULL,
  target TEXT NOT NULL,
  detail TEXT NOT NULL
) STRICT;
CREATE INDEX entry_by_account ON entry (account, number);
CREATE INDEX entry_by_target ON entry (target, number);
CREATE INDEX entry_by_operation ON entry (operation, number);
