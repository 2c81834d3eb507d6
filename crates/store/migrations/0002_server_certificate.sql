-- Certificates for the server's own names, from a CA of their own. Each start and each day makes one; pruned when they end.
CREATE TABLE server_certificate (
  serial BYTEA PRIMARY KEY,
  ca_id BYTEA NOT NULL REFERENCES ca (id),
  certificate BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  not_after BIGINT NOT NULL
);
CREATE INDEX server_certificate_by_end ON server_certificate (not_after);
