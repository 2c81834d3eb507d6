-- How much was used of what is limited, where it comes near its bound, and bounds that a tenant has for itself.

-- What nodes tell each other: one moment for each limit and subject, its theoretical arrival time (GCRA). Decided in
-- memory, written once a second; may be lost. Nothing is left of it once that moment is past.
CREATE TABLE rate_limit (
  bucket BYTEA PRIMARY KEY,
  arrival_at BIGINT NOT NULL,
  changed_at BIGINT NOT NULL
);
CREATE INDEX rate_limit_by_change ON rate_limit (changed_at);
CREATE INDEX rate_limit_by_arrival ON rate_limit (arrival_at);
-- postgres: ALTER TABLE rate_limit SET UNLOGGED
-- postgres: ALTER TABLE rate_limit SET (fillfactor = 70)

-- every_micros 0: so many at the same time.
CREATE TABLE limit_override (
  tenant_id BYTEA NOT NULL REFERENCES tenant (id),
  name TEXT COLLATE "C" NOT NULL,
  count BIGINT NOT NULL,
  every_micros BIGINT NOT NULL,
  burst BIGINT NOT NULL,
  ends_at BIGINT,
  reason TEXT NOT NULL,
  PRIMARY KEY (tenant_id, name)
); -- clustered
