-- A job tells the request that caused it, so that what it does is found by the name that the client was given.

ALTER TABLE job ADD COLUMN request_id BYTEA;
ALTER TABLE job_dead ADD COLUMN request_id BYTEA;
