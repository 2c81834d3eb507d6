-- Tokens by which programs act for a person.

-- scopes: permissions between spaces. networks: from where it works, anywhere when empty; seen_networks: from where it was
-- used, 16 at most; both between spaces. last_used_at: to the hour.
CREATE TABLE api_token (
  id BYTEA PRIMARY KEY,
  tenant_id BYTEA NOT NULL REFERENCES tenant (id),
  user_id BYTEA NOT NULL REFERENCES portal_user (id),
  name TEXT NOT NULL,
  digest BYTEA NOT NULL,
  scopes TEXT NOT NULL,
  networks TEXT NOT NULL,
  seen_networks TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  expires_at BIGINT NOT NULL,
  last_used_at BIGINT,
  revoked_at BIGINT
);
CREATE UNIQUE INDEX api_token_by_digest ON api_token (digest);
CREATE INDEX api_token_by_user ON api_token (tenant_id, user_id, id);
CREATE INDEX api_token_by_end ON api_token (expires_at);
CREATE INDEX api_token_revoked ON api_token (revoked_at) WHERE revoked_at IS NOT NULL;
