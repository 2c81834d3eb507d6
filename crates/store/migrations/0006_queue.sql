-- Jobs in queues, each with what it needs to run; what could not be done; and what comes again and again.

ALTER TABLE job RENAME TO job_before;
DROP INDEX job_due;
DROP INDEX job_waiting;

-- due_at is when the next node may take it: while one works on it, the end of its lease. share_of is the tenant in
-- whose share of its queue it counts.
CREATE TABLE job (
  id BYTEA PRIMARY KEY,
  due_at BIGINT NOT NULL,
  priority BIGINT NOT NULL,
  attempt BIGINT NOT NULL,
  max_attempts BIGINT NOT NULL,
  leased_by BYTEA,
  share_of BYTEA,
  queue TEXT COLLATE "C" NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  dedup_key TEXT COLLATE "C",
  payload TEXT NOT NULL,
  last_error TEXT
); -- clustered
CREATE INDEX job_by_turn ON job (queue, priority, due_at);
-- Of the same work one job waits at most.
CREATE UNIQUE INDEX job_dedup ON job (kind, dedup_key) WHERE leased_by IS NULL AND dedup_key IS NOT NULL;
-- postgres: ALTER TABLE job SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000)

-- Given up after its last attempt. An operator tries it again or drops it; otherwise it goes after 90 days.
CREATE TABLE job_dead (
  id BYTEA PRIMARY KEY,
  died_at BIGINT NOT NULL,
  attempt BIGINT NOT NULL,
  max_attempts BIGINT NOT NULL,
  priority BIGINT NOT NULL,
  share_of BYTEA,
  queue TEXT COLLATE "C" NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  dedup_key TEXT COLLATE "C",
  payload TEXT NOT NULL,
  error TEXT NOT NULL
); -- clustered
CREATE INDEX job_dead_by_time ON job_dead (died_at);

-- What comes again and again: each time a job of that kind is inserted.
CREATE TABLE schedule (
  name TEXT COLLATE "C" PRIMARY KEY,
  queue TEXT COLLATE "C" NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  payload TEXT NOT NULL,
  every_seconds BIGINT NOT NULL,
  next_at BIGINT NOT NULL,
  last_at BIGINT
); -- clustered

-- What was waiting goes on waiting. What came by itself comes by its schedule from now on, and at once.
INSERT INTO job (id, due_at, priority, attempt, max_attempts, leased_by, queue, kind, payload, last_error)
  SELECT id, due_at, 1, attempts, 8, leased_by, CASE kind WHEN 'end_orders' THEN 'bulk' ELSE kind END, kind,
    CASE kind
      WHEN 'end_orders' THEN '{"domain":"' || subject || '"}'
      WHEN 'issue' THEN '{"order":"' || subject || '"}'
      ELSE '{"authorization":"' || subject || '"}'
    END, last_error
  FROM job_before WHERE kind IN ('end_orders', 'issue', 'validate');
DROP TABLE job_before;
