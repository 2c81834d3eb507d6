-- Domains whose control is proven outside of orders, and to whom they are delegated.

-- rname: the labels from the top down. challenge_…: what has to be shown, if it was asked for. proof_…: that it was shown, the
-- last time; proof_id: its row of domain_validation. missed: why the last look found nothing, for people.
CREATE TABLE domain (
  id BYTEA PRIMARY KEY,
  tenant_id BYTEA NOT NULL REFERENCES tenant (id),
  rname TEXT COLLATE "C" NOT NULL,
  created_by TEXT NOT NULL,
  challenge_token TEXT,
  challenge_value TEXT,
  challenge_until BIGINT,
  proof_method TEXT,
  proven_at BIGINT,
  valid_until BIGINT,
  proof_id BYTEA,
  missed_at BIGINT,
  missed TEXT
);
CREATE UNIQUE INDEX domain_name ON domain (tenant_id, rname);

-- department_id: the only part of the organization that may use it. types: for which certificates, words.
CREATE TABLE delegation (
  id BYTEA PRIMARY KEY,
  tenant_id BYTEA NOT NULL REFERENCES tenant (id),
  domain_id BYTEA NOT NULL REFERENCES domain (id),
  organization_id BYTEA NOT NULL REFERENCES organization (id),
  department_id BYTEA REFERENCES department (id),
  types TEXT NOT NULL,
  created_by TEXT NOT NULL
);
CREATE UNIQUE INDEX delegation_to_organization ON delegation (domain_id, organization_id) WHERE department_id IS NULL;
CREATE UNIQUE INDEX delegation_to_department ON delegation (domain_id, department_id) WHERE department_id IS NOT NULL;
CREATE INDEX delegation_by_organization ON delegation (tenant_id, organization_id);
CREATE INDEX delegation_by_department ON delegation (department_id) WHERE department_id IS NOT NULL;

-- The part of its organization that it is for.
ALTER TABLE subscription ADD COLUMN department_id BYTEA REFERENCES department (id);
