-- Who vouches for the people of a tenant, where it has set that.
CREATE TABLE identity_provider (
  tenant_id BYTEA PRIMARY KEY REFERENCES tenant (id),
  short_name TEXT COLLATE "C" NOT NULL,
  issuer TEXT COLLATE "C" NOT NULL,
  client_id TEXT COLLATE "C" NOT NULL,
  client_secret BYTEA NOT NULL,
  is_required BOOLEAN NOT NULL,
  created_at BIGINT NOT NULL,
  changed_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX identity_provider_by_short_name ON identity_provider (short_name);
-- Who signs in by a provider is found by what it calls them; one is of one person of a tenant.
CREATE UNIQUE INDEX credential_by_identity ON credential (tenant_id, lookup) WHERE kind = 'oidc';

-- A browser that was sent to a provider and is to come back; used once.
CREATE TABLE identity_request (
  digest BYTEA PRIMARY KEY,
  tenant_id BYTEA NOT NULL REFERENCES tenant (id),
  user_id BYTEA REFERENCES portal_user (id),
  browser BYTEA NOT NULL,
  issuer TEXT COLLATE "C" NOT NULL,
  nonce BYTEA NOT NULL,
  verifier TEXT COLLATE "C" NOT NULL,
  next TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX identity_request_by_user ON identity_request (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX identity_request_by_end ON identity_request (expires_at);

-- By whom the first step was proven, where it was no password.
ALTER TABLE sign_in_step ADD COLUMN identity TEXT COLLATE "C";
