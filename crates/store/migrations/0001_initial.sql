-- Words of PostgreSQL; the runner renders them for SQLite. Times are UTC microseconds, JSON is text that
-- we parse, identifiers are ours and sort by time. A list of DNS names is text separated by spaces.

CREATE TABLE setting (
  name TEXT COLLATE "C" PRIMARY KEY,
  value TEXT NOT NULL
);

-- Running processes. The prefix stands at the start of every nonce that the node gives out.
CREATE TABLE node (
  id BYTEA PRIMARY KEY,
  nonce_prefix BIGINT NOT NULL UNIQUE,
  internal_url TEXT NOT NULL,
  started_at BIGINT NOT NULL,
  seen_at BIGINT NOT NULL
);

-- path: six digits of base 32 a level, random, unique; all above a tenant are the beginnings of its path, all below it a range.
CREATE TABLE tenant (
  id BYTEA PRIMARY KEY,
  parent_id BYTEA REFERENCES tenant (id),
  path TEXT COLLATE "C" NOT NULL,
  kind TEXT NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  config TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  suspended_at BIGINT,
  billing_hold_at BIGINT,
  archived_at BIGINT
);
CREATE UNIQUE INDEX tenant_path ON tenant (path);
CREATE UNIQUE INDEX tenant_operator ON tenant (kind) WHERE kind = 'operator';
CREATE INDEX tenant_by_parent ON tenant (parent_id, id);
CREATE INDEX tenant_by_name ON tenant (name);

CREATE TABLE portal_user (
  id BYTEA PRIMARY KEY,
  tenant_id BYTEA NOT NULL REFERENCES tenant (id),
  email TEXT COLLATE "C" NOT NULL UNIQUE,
  display_name TEXT NOT NULL,
  role TEXT NOT NULL,
  status TEXT NOT NULL,
  theme TEXT NOT NULL,
  locale TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  password_changed_at BIGINT NOT NULL,
  password_initial_until BIGINT,
  created_at BIGINT NOT NULL,
  last_sign_in_at BIGINT
);
CREATE INDEX portal_user_by_tenant ON portal_user (tenant_id, id);

CREATE TABLE session (
  digest BYTEA PRIMARY KEY,
  user_id BYTEA NOT NULL REFERENCES portal_user (id),
  tenant_id BYTEA NOT NULL REFERENCES tenant (id),
  created_at BIGINT NOT NULL,
  last_seen_at BIGINT NOT NULL,
  authenticated_at BIGINT NOT NULL,
  client_address TEXT NOT NULL,
  client_agent TEXT NOT NULL
);
CREATE INDEX session_by_user ON session (user_id);
CREATE INDEX session_by_last_seen ON session (last_seen_at);

-- Failed sign-ins by a digest of what was typed as e-mail address, known or not, and of the network.
CREATE TABLE sign_in_lock (
  subject TEXT COLLATE "C" PRIMARY KEY,
  failures BIGINT NOT NULL,
  window_start BIGINT NOT NULL,
  locked_until BIGINT
);
CREATE INDEX sign_in_lock_by_window ON sign_in_lock (window_start);

CREATE TABLE subscription (
  id BYTEA PRIMARY KEY,
  tenant_id BYTEA NOT NULL REFERENCES tenant (id),
  label TEXT NOT NULL,
  product TEXT NOT NULL,
  term_years BIGINT NOT NULL,
  status TEXT NOT NULL,
  created_by BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  started_at BIGINT,
  ends_at BIGINT
);
CREATE INDEX subscription_by_tenant ON subscription (tenant_id, id);

CREATE TABLE eab_credential (
  key_id TEXT COLLATE "C" PRIMARY KEY,
  subscription_id BYTEA NOT NULL REFERENCES subscription (id),
  tenant_id BYTEA NOT NULL REFERENCES tenant (id),
  mac_key BYTEA NOT NULL,
  status TEXT NOT NULL,
  valid_until BIGINT,
  max_bindings BIGINT,
  bindings BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  last_used_at BIGINT
);
CREATE INDEX eab_credential_by_subscription ON eab_credential (subscription_id);

CREATE TABLE enrolled_domain (
  id BYTEA PRIMARY KEY,
  subscription_id BYTEA NOT NULL REFERENCES subscription (id),
  tenant_id BYTEA NOT NULL REFERENCES tenant (id),
  name TEXT COLLATE "C" NOT NULL,
  companion_of BYTEA,
  status TEXT NOT NULL,
  added_at BIGINT NOT NULL,
  added_by TEXT NOT NULL,
  removed_at BIGINT
);
CREATE UNIQUE INDEX enrolled_domain_active ON enrolled_domain (subscription_id, name) WHERE status = 'active';
-- Holds all that a search looks at, so that it reads nothing else.
CREATE INDEX enrolled_domain_by_name ON enrolled_domain (tenant_id, name, id, subscription_id, companion_of, status)
  WHERE status = 'active';
CREATE INDEX enrolled_domain_counted ON enrolled_domain (tenant_id, subscription_id, companion_of, status) WHERE status = 'active';
CREATE INDEX enrolled_domain_by_companion ON enrolled_domain (companion_of) WHERE companion_of IS NOT NULL;

-- Counts the changes to a tenant's enrolled domains, so that a copy of their names can be known to be right.
CREATE TABLE enrollment_version (
  tenant_id BYTEA PRIMARY KEY REFERENCES tenant (id),
  version BIGINT NOT NULL
);

CREATE TABLE acme_account (
  id BYTEA PRIMARY KEY,
  directory TEXT COLLATE "C" NOT NULL,
  tenant_id BYTEA NOT NULL REFERENCES tenant (id),
  subscription_id BYTEA NOT NULL REFERENCES subscription (id),
  eab_key_id TEXT COLLATE "C" NOT NULL REFERENCES eab_credential (key_id),
  external_account_binding TEXT NOT NULL,
  thumbprint TEXT COLLATE "C" NOT NULL,
  jwk TEXT NOT NULL,
  status TEXT NOT NULL,
  contact TEXT NOT NULL,
  terms_agreed_at BIGINT,
  created_at BIGINT NOT NULL,
  client_address TEXT NOT NULL,
  client_agent TEXT NOT NULL
);
CREATE UNIQUE INDEX acme_account_by_key ON acme_account (directory, thumbprint);
CREATE INDEX acme_account_by_subscription ON acme_account (subscription_id);

-- Rows of an issuance have no foreign keys: what they name is never deleted, was read in the same transaction, and would be
-- locked by every issuance at once.
CREATE TABLE acme_order (
  id BYTEA PRIMARY KEY,
  account_id BYTEA NOT NULL,
  tenant_id BYTEA NOT NULL,
  subscription_id BYTEA NOT NULL,
  status TEXT NOT NULL,
  names TEXT COLLATE "C" NOT NULL,
  authorizations BYTEA NOT NULL,
  not_before BIGINT,
  not_after BIGINT,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  finalized_at BIGINT,
  ended_at BIGINT,
  certificate_id BYTEA,
  error TEXT,
  client_address TEXT NOT NULL,
  client_agent TEXT NOT NULL
);
CREATE INDEX acme_order_by_account ON acme_order (account_id, id);
CREATE INDEX acme_order_by_tenant ON acme_order (tenant_id, id);
CREATE INDEX acme_order_failed ON acme_order (tenant_id, id) WHERE status = 'invalid';
-- Those that are pending. The conditions are not the guard of any change by id: on an empty table PostgreSQL would plan to
-- find the row by walking this index.
CREATE INDEX acme_order_pending ON acme_order (account_id, names) WHERE finalized_at IS NULL AND ended_at IS NULL;
CREATE INDEX acme_order_unfinished ON acme_order (expires_at) WHERE finalized_at IS NULL AND ended_at IS NULL AND certificate_id IS NULL;

-- One row holds the token that all its challenges share and the set of types on offer.
CREATE TABLE acme_authorization (
  id BYTEA PRIMARY KEY,
  account_id BYTEA NOT NULL REFERENCES acme_account (id),
  tenant_id BYTEA NOT NULL,
  subscription_id BYTEA NOT NULL,
  order_id BYTEA NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  is_wildcard BOOLEAN NOT NULL,
  status TEXT NOT NULL,
  token TEXT NOT NULL,
  challenge_types BIGINT NOT NULL,
  chosen_type TEXT,
  created_at BIGINT NOT NULL,
  begun_at BIGINT,
  validated_at BIGINT,
  expires_at BIGINT NOT NULL,
  error TEXT,
  evidence TEXT
);
CREATE INDEX acme_authorization_reusable ON acme_authorization (account_id, name) WHERE status = 'valid';
CREATE INDEX acme_authorization_unfinished ON acme_authorization (expires_at) WHERE validated_at IS NULL AND error IS NULL;

CREATE TABLE ca (
  id BYTEA PRIMARY KEY,
  parent_id BYTEA REFERENCES ca (id),
  kind TEXT NOT NULL,
  status TEXT NOT NULL,
  subject TEXT NOT NULL,
  certificate BYTEA NOT NULL,
  private_key BYTEA NOT NULL,
  created_at BIGINT NOT NULL
);

-- While the status is 'intended', der holds the TBSCertificate that is about to be signed. A certificate is replaced when
-- another one for the same names is issued and ends later.
CREATE TABLE certificate (
  id BYTEA PRIMARY KEY,
  serial TEXT COLLATE "C" NOT NULL UNIQUE,
  ca_id BYTEA NOT NULL,
  tenant_id BYTEA NOT NULL,
  subscription_id BYTEA NOT NULL,
  account_id BYTEA NOT NULL,
  order_id BYTEA NOT NULL,
  status TEXT NOT NULL,
  profile TEXT NOT NULL,
  names TEXT COLLATE "C" NOT NULL,
  not_before BIGINT NOT NULL,
  not_after BIGINT NOT NULL,
  der BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  issued_at BIGINT,
  is_replaced BOOLEAN NOT NULL,
  revoked_at BIGINT,
  revocation_reason BIGINT
);
CREATE INDEX certificate_by_tenant ON certificate (tenant_id, id);
-- SQLite answers from an index alone only when the column of its condition is in it too.
CREATE INDEX certificate_by_expiry ON certificate (tenant_id, not_after, id, status) WHERE status = 'issued';
CREATE INDEX certificate_by_names ON certificate (tenant_id, names, not_after, id, serial, status) WHERE status = 'issued';
CREATE INDEX certificate_newest ON certificate (tenant_id, not_after, id) WHERE status = 'issued' AND NOT is_replaced;
CREATE INDEX certificate_revoked_by_tenant ON certificate (tenant_id, not_after, id) WHERE status = 'revoked';
CREATE INDEX certificate_revoked ON certificate (ca_id, serial) WHERE status = 'revoked';

-- Keys that may not be certified again: their certificate was revoked for keyCompromise, or an operator listed them.
CREATE TABLE blocked_key (
  fingerprint BYTEA PRIMARY KEY,
  reason TEXT NOT NULL,
  created_at BIGINT NOT NULL
);

CREATE TABLE crl (
  ca_id BYTEA NOT NULL REFERENCES ca (id),
  number BIGINT NOT NULL,
  der BYTEA NOT NULL,
  entries BIGINT NOT NULL,
  this_update BIGINT NOT NULL,
  next_update BIGINT NOT NULL,
  PRIMARY KEY (ca_id, number)
);

-- Work that outlives its request. due_at is when the next node may take it: while one works on it, the end of its lease.
CREATE TABLE job (
  id BYTEA PRIMARY KEY,
  kind TEXT NOT NULL,
  subject TEXT COLLATE "C" NOT NULL,
  due_at BIGINT NOT NULL,
  leased_by BYTEA,
  attempts BIGINT NOT NULL,
  last_error TEXT,
  created_at BIGINT NOT NULL
);
CREATE INDEX job_due ON job (due_at);
-- Of the same work one job waits at most.
CREATE UNIQUE INDEX job_waiting ON job (kind, subject) WHERE leased_by IS NULL;

CREATE TABLE audit (
  id BYTEA PRIMARY KEY,
  at BIGINT NOT NULL,
  tenant_id BYTEA NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  object TEXT NOT NULL,
  detail TEXT NOT NULL,
  client_address TEXT NOT NULL,
  request_id TEXT NOT NULL
);
CREATE INDEX audit_by_tenant ON audit (tenant_id, id);
CREATE INDEX audit_revocation ON audit (tenant_id, object) WHERE action = 'certificate.revoke';
