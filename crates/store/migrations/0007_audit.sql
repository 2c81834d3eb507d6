-- What an entry is about has a kind and may be part of something with a page of its own; who acted for whom, and with what.

ALTER TABLE audit RENAME COLUMN detail TO change;
ALTER TABLE audit ADD COLUMN customer_id BYTEA;
ALTER TABLE audit ADD COLUMN acting_as TEXT;
ALTER TABLE audit ADD COLUMN object_kind TEXT;
ALTER TABLE audit ADD COLUMN parent TEXT COLLATE "C";
ALTER TABLE audit ADD COLUMN client_agent TEXT;
DROP INDEX audit_revocation;
CREATE INDEX audit_by_object ON audit (tenant_id, object, id);
CREATE INDEX audit_by_parent ON audit (tenant_id, parent, id) WHERE parent IS NOT NULL;

-- Entries that were sealed together, in a chain: each holds what the one before it has come to. No entry is touched, so
-- that appending meets no common row.
CREATE TABLE audit_seal (
  number BIGINT PRIMARY KEY,
  from_id BYTEA NOT NULL,
  to_id BYTEA NOT NULL,
  entries BIGINT NOT NULL,
  root BYTEA NOT NULL,
  previous BYTEA NOT NULL,
  signature BYTEA,
  sealed_at BIGINT NOT NULL
);
