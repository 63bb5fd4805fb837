-- Which commit led to a revision: what a node asks that lost its connection in the moment of a commit.
CREATE TABLE accepted (
  revision BIGINT PRIMARY KEY,
  name BYTEA NOT NULL
);
