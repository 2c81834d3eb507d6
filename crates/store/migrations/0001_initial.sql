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

-- Who issues: builtin is this server itself.
CREATE TABLE authority (
  id BYTEA PRIMARY KEY,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  config TEXT NOT NULL,
  created_at BIGINT NOT NULL
);

CREATE TABLE product (
  code TEXT COLLATE "C" PRIMARY KEY,
  name TEXT NOT NULL,
  level TEXT NOT NULL,
  config TEXT NOT NULL,
  created_at BIGINT NOT NULL
);

CREATE TABLE directory (
  slug TEXT COLLATE "C" PRIMARY KEY,
  product_code TEXT COLLATE "C" NOT NULL REFERENCES product (code),
  is_test BOOLEAN NOT NULL,
  config TEXT NOT NULL,
  created_at BIGINT NOT NULL
);

-- What can be bought. The seller of what a database is seeded with is the operator, who is not there yet: NULL.
CREATE TABLE offer (
  id BYTEA PRIMARY KEY,
  seller_id BYTEA REFERENCES tenant (id),
  authority_id BYTEA NOT NULL REFERENCES authority (id),
  product_code TEXT COLLATE "C" NOT NULL REFERENCES product (code),
  slug TEXT COLLATE "C" NOT NULL,
  name TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX offer_slug ON offer (seller_id, slug) WHERE seller_id IS NOT NULL;
CREATE UNIQUE INDEX offer_slug_of_operator ON offer (slug) WHERE seller_id IS NULL;

-- A set of policies. Never changed: another one is a new row, and those who bought before keep theirs.
CREATE TABLE offer_version (
  id BYTEA PRIMARY KEY,
  offer_id BYTEA NOT NULL REFERENCES offer (id),
  number BIGINT NOT NULL,
  policy TEXT NOT NULL,
  policy_digest BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL
);
CREATE UNIQUE INDEX offer_version_number ON offer_version (offer_id, number);

-- covered_until: the end of the last term, kept here so that admission reads one row. term: how long the first term runs,
-- P1Y; it is here because that term begins with the first domain and has no row before. The names are counted by the
-- transactions that enrol and remove; enrollment_version rises with each of them.
CREATE TABLE subscription (
  id BYTEA PRIMARY KEY,
  tenant_id BYTEA NOT NULL REFERENCES tenant (id),
  customer_id BYTEA,
  offer_version_id BYTEA NOT NULL REFERENCES offer_version (id),
  product_code TEXT COLLATE "C" NOT NULL,
  label TEXT NOT NULL,
  zone TEXT NOT NULL,
  term TEXT NOT NULL,
  auto_renews BOOLEAN NOT NULL,
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  started_at BIGINT,
  covered_until BIGINT,
  suspended_at BIGINT,
  cancelled_at BIGINT,
  paid_names BIGINT NOT NULL,
  free_names BIGINT NOT NULL,
  enrollment_version BIGINT NOT NULL
);
CREATE INDEX subscription_by_tenant ON subscription (tenant_id, id);
CREATE INDEX subscription_by_customer ON subscription (customer_id, id) WHERE customer_id IS NOT NULL;
CREATE INDEX subscription_by_end ON subscription (covered_until) WHERE covered_until IS NOT NULL;

-- mac_key is sealed. reveal: who may see the key how often. directory: NULL is any of the product.
CREATE TABLE eab_credential (
  key_id TEXT COLLATE "C" PRIMARY KEY,
  tenant_id BYTEA NOT NULL REFERENCES tenant (id),
  customer_id BYTEA,
  subscription_id BYTEA REFERENCES subscription (id),
  directory TEXT COLLATE "C",
  mac_key BYTEA,
  reveal TEXT NOT NULL,
  max_bindings BIGINT,
  bindings BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  revealed_at BIGINT,
  valid_until BIGINT,
  suspended_at BIGINT,
  revoked_at BIGINT,
  last_bound_at BIGINT
);
CREATE INDEX eab_credential_by_subscription ON eab_credential (subscription_id);
CREATE INDEX eab_credential_by_tenant ON eab_credential (tenant_id, created_at);

-- A name in a subscription. One that was removed and is added again is a new row. tenant_id: the reseller; customer_id: its
-- customer, if the subscription is for one. rname: the labels from the top down, com.example.www or com.example.*.
CREATE TABLE enrolled_domain (
  id BYTEA PRIMARY KEY,
  added_at BIGINT NOT NULL,
  activated_at BIGINT,
  removed_at BIGINT,
  subscription_id BYTEA NOT NULL REFERENCES subscription (id),
  tenant_id BYTEA NOT NULL REFERENCES tenant (id),
  customer_id BYTEA,
  companion_of_id BYTEA,
  rname TEXT COLLATE "C" NOT NULL,
  added_by TEXT NOT NULL,
  removed_by TEXT
);
CREATE UNIQUE INDEX enrolled_domain_active ON enrolled_domain (subscription_id, rname) WHERE removed_at IS NULL;
-- Lists and searches read nothing but this index; id is the cursor. SQLite wants the column of the condition in it too, and
-- a policy of rows asks for the customer.
CREATE INDEX enrolled_domain_by_name ON enrolled_domain (tenant_id, rname, id, subscription_id, customer_id, companion_of_id, removed_at)
  WHERE removed_at IS NULL;
CREATE INDEX enrolled_domain_by_customer ON enrolled_domain (customer_id, rname, id) WHERE removed_at IS NULL AND customer_id IS NOT NULL;
CREATE INDEX enrolled_domain_by_companion ON enrolled_domain (companion_of_id) WHERE companion_of_id IS NOT NULL;
-- Both columns, so that the planner, which may choose it to admit a name, still finds one row.
CREATE INDEX enrolled_domain_everywhere ON enrolled_domain (rname, subscription_id) WHERE removed_at IS NULL;

-- Who proved what for which account. tenant_id and subscription_id are NULL in a directory without external account binding.
CREATE TABLE acme_account (
  id BYTEA PRIMARY KEY,
  directory TEXT COLLATE "C" NOT NULL,
  thumbprint BYTEA NOT NULL,
  tenant_id BYTEA,
  customer_id BYTEA,
  subscription_id BYTEA,
  eab_key_id TEXT COLLATE "C",
  external_account_binding TEXT,
  jwk TEXT NOT NULL,
  contact TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  terms_agreed_at BIGINT,
  suspended_at BIGINT,
  deactivated_at BIGINT,
  client_address TEXT NOT NULL,
  client_agent TEXT NOT NULL
);
CREATE UNIQUE INDEX acme_account_by_key ON acme_account (directory, thumbprint);
CREATE INDEX acme_account_by_subscription ON acme_account (subscription_id, id);

-- Rows of an issuance have no foreign keys: what they name is never deleted, was read in the same transaction, and would be
-- locked by every issuance at once. Facts, not states: an order is pending, processing (finalized_at), valid or invalid (ended_at,
-- error). lineage_id: see there; it is also the identity of the set of names. Kept 90 days after the end, pruned by id.
CREATE TABLE acme_order (
  id BYTEA PRIMARY KEY,
  expires_at BIGINT NOT NULL,
  finalized_at BIGINT,
  ended_at BIGINT,
  not_before BIGINT,
  not_after BIGINT,
  account_id BYTEA NOT NULL,
  tenant_id BYTEA NOT NULL,
  customer_id BYTEA,
  subscription_id BYTEA,
  lineage_id BYTEA NOT NULL,
  certificate_id BYTEA,
  error TEXT,
  client_address TEXT NOT NULL,
  client_agent TEXT NOT NULL
);
CREATE INDEX acme_order_by_account ON acme_order (account_id, id);
CREATE INDEX acme_order_by_tenant ON acme_order (tenant_id, id);
CREATE INDEX acme_order_failed ON acme_order (tenant_id, id) WHERE error IS NOT NULL;
-- postgres: ALTER TABLE acme_order SET (fillfactor = 75)

-- The orders that have not been finalized, found by their names; a row goes when its order is finalized, ends or expires. It has what
-- changes, so that no partial index of acme_order has to.
CREATE TABLE acme_order_pending (
  account_id BYTEA NOT NULL,
  lineage_id BYTEA NOT NULL,
  order_id BYTEA NOT NULL,
  expires_at BIGINT NOT NULL,
  name_count BIGINT NOT NULL,
  PRIMARY KEY (account_id, lineage_id, order_id)
); -- clustered
CREATE INDEX acme_order_pending_expiry ON acme_order_pending (expires_at);

-- A name of an order and its proof, which may be gone before the order; pruned by the order's id once that is gone.
CREATE TABLE order_identifier (
  order_id BYTEA NOT NULL,
  position BIGINT NOT NULL,
  authorization_id BYTEA NOT NULL,
  kind TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (order_id, position)
); -- clustered

-- One row holds the token that its challenges share and the set of types on offer. State follows from the facts: outcome says how it
-- ended (invalid, deactivated, revoked). The evidence of a failure is here, that of a success is a domain_validation. Kept 90 days after
-- no order can use it any more, pruned by id.
CREATE TABLE acme_authorization (
  id BYTEA PRIMARY KEY,
  challenge_types BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  begun_at BIGINT,
  validated_at BIGINT,
  ended_at BIGINT,
  is_wildcard BOOLEAN NOT NULL,
  account_id BYTEA NOT NULL,
  tenant_id BYTEA NOT NULL,
  order_id BYTEA,
  token TEXT NOT NULL,
  validation_id BYTEA,
  kind TEXT NOT NULL,
  value TEXT COLLATE "C" NOT NULL,
  chosen_type TEXT,
  outcome TEXT,
  error TEXT,
  evidence TEXT
);
CREATE INDEX acme_authorization_reusable ON acme_authorization (account_id, value, is_wildcard, expires_at) WHERE validated_at IS NOT NULL;
-- postgres: ALTER TABLE acme_authorization SET (fillfactor = 70)

-- The evidence that control of one name was proven, once. Append-only; kept as long as the rules ask.
CREATE TABLE domain_validation (
  id BYTEA PRIMARY KEY,
  validated_at BIGINT NOT NULL,
  valid_until BIGINT NOT NULL,
  tenant_id BYTEA NOT NULL,
  account_id BYTEA,
  name TEXT NOT NULL,
  method TEXT NOT NULL,
  rules TEXT NOT NULL,
  evidence TEXT NOT NULL
);

-- A CA key with its certificate. Sealed: private_key; NULL where it stays elsewhere.
CREATE TABLE ca (
  id BYTEA PRIMARY KEY,
  parent_id BYTEA REFERENCES ca (id),
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  certificate BYTEA NOT NULL,
  private_key BYTEA,
  created_at BIGINT NOT NULL,
  retired_at BIGINT
);

-- What a certificate looks like. Versions are immutable.
CREATE TABLE profile_version (
  id BYTEA PRIMARY KEY,
  name TEXT COLLATE "C" NOT NULL,
  number BIGINT NOT NULL,
  config TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX profile_version_number ON profile_version (name, number);

-- All certificates of one owner for exactly one set of names, and which of them counts now. id = the last 3 bytes of tenant_id,
-- then the first 13 of SHA-256(tenant_id, customer_id or 16 zeros, the sorted identifiers with their kind): computed, so that
-- nothing has to be looked up, and those of one tenant lie together. Lists, alerts and "replaced" live here. not_after and
-- issued_at are those of the current certificate; certificate_id is NULL once every one of them is revoked.
CREATE TABLE lineage (
  id BYTEA PRIMARY KEY,
  not_before BIGINT NOT NULL,
  not_after BIGINT NOT NULL,
  issued_at BIGINT NOT NULL,
  issued_count BIGINT NOT NULL,
  certificate_id BYTEA,
  tenant_id BYTEA NOT NULL,
  customer_id BYTEA,
  subscription_id BYTEA,
  name_count BIGINT NOT NULL,
  names TEXT NOT NULL
);
CREATE INDEX lineage_by_expiry ON lineage (tenant_id, not_after, id, not_before, certificate_id);
-- postgres: ALTER TABLE lineage SET (fillfactor = 80)

-- Found within a tenant only, so that the names of one that issues much lie together. Who has a name anywhere would be an index.
CREATE TABLE lineage_name (
  tenant_id BYTEA NOT NULL,
  rname TEXT COLLATE "C" NOT NULL,
  lineage_id BYTEA NOT NULL,
  PRIMARY KEY (tenant_id, rname, lineage_id)
); -- clustered

-- A certificate is inserted once, when it is signed, and never updated. What it may have from other sources is nullable.
CREATE TABLE certificate (
  id BYTEA PRIMARY KEY,
  not_before BIGINT NOT NULL,
  not_after BIGINT NOT NULL,
  crl_shard BIGINT,
  lineage_id BYTEA NOT NULL,
  tenant_id BYTEA NOT NULL,
  customer_id BYTEA,
  subscription_id BYTEA,
  account_id BYTEA,
  order_id BYTEA,
  ca_id BYTEA,
  profile_version_id BYTEA,
  serial BYTEA,
  validation_ids BYTEA,
  source TEXT NOT NULL,
  der BYTEA
);
CREATE UNIQUE INDEX certificate_serial ON certificate (serial, ca_id);
CREATE INDEX certificate_by_lineage ON certificate (lineage_id, not_after);
CREATE INDEX certificate_by_tenant ON certificate (tenant_id, id);

-- Written before anything is signed, gone in the transaction that stores the certificate. fence is the attempt that may store it.
CREATE TABLE signing_intent (
  certificate_id BYTEA PRIMARY KEY,
  order_id BYTEA,
  tenant_id BYTEA NOT NULL,
  ca_id BYTEA NOT NULL,
  profile_version_id BYTEA NOT NULL,
  serial BYTEA NOT NULL,
  step TEXT NOT NULL,
  fence BIGINT NOT NULL,
  tbs BYTEA NOT NULL,
  created_at BIGINT NOT NULL
); -- clustered

CREATE TABLE revocation (
  certificate_id BYTEA PRIMARY KEY,
  revoked_at BIGINT NOT NULL,
  reason BIGINT NOT NULL,
  not_after BIGINT NOT NULL,
  crl_shard BIGINT,
  ca_id BYTEA,
  tenant_id BYTEA NOT NULL,
  customer_id BYTEA,
  serial BYTEA,
  requested_by TEXT NOT NULL
);
-- All that a CRL says, in its order.
CREATE INDEX revocation_listed ON revocation (ca_id, crl_shard, serial, revoked_at, reason, not_after);
CREATE INDEX revocation_by_tenant ON revocation (tenant_id, revoked_at, certificate_id);

-- Keys that may not be certified again: their certificate was revoked for keyCompromise, or an operator listed them.
CREATE TABLE blocked_key (
  key_digest BYTEA PRIMARY KEY,
  reason TEXT NOT NULL,
  created_at BIGINT NOT NULL
); -- clustered

CREATE TABLE crl (
  ca_id BYTEA NOT NULL REFERENCES ca (id),
  shard BIGINT NOT NULL,
  number BIGINT NOT NULL,
  der BYTEA NOT NULL,
  entries BIGINT NOT NULL,
  this_update BIGINT NOT NULL,
  next_update BIGINT NOT NULL,
  PRIMARY KEY (ca_id, shard, number)
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
); -- clustered
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
