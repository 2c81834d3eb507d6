-- Organizations that certificates name, their departments, and what was checked of them.

-- name: the legal name as it stands in fields, for lists. fields: what certificates shall say, JSON of pki::SubjectFields.
-- contacts: whom reviewers ask, JSON.
CREATE TABLE organization (
  id BYTEA PRIMARY KEY,
  tenant_id BYTEA NOT NULL REFERENCES tenant (id),
  name TEXT COLLATE "C" NOT NULL,
  fields TEXT NOT NULL,
  contacts TEXT NOT NULL,
  created_by TEXT NOT NULL,
  changed_at BIGINT NOT NULL
);
CREATE INDEX organization_by_tenant ON organization (tenant_id, id);

CREATE TABLE department (
  id BYTEA PRIMARY KEY,
  tenant_id BYTEA NOT NULL REFERENCES tenant (id),
  organization_id BYTEA NOT NULL REFERENCES organization (id),
  name TEXT COLLATE "C" NOT NULL,
  created_by TEXT NOT NULL
);
CREATE UNIQUE INDEX department_name ON department (organization_id, name);

-- Where it stands follows from the moments. evidence: what each check stands on, JSON.
CREATE TABLE pre_validation (
  id BYTEA PRIMARY KEY,
  tenant_id BYTEA NOT NULL REFERENCES tenant (id),
  organization_id BYTEA NOT NULL REFERENCES organization (id),
  kind TEXT COLLATE "C" NOT NULL,
  anchor TEXT COLLATE "C" NOT NULL,
  fields TEXT NOT NULL,
  evidence TEXT NOT NULL,
  requested_by TEXT NOT NULL,
  reviewed_at BIGINT,
  reviewed_by BYTEA REFERENCES portal_user (id),
  decided_at BIGINT,
  decided_by BYTEA REFERENCES portal_user (id),
  valid_until BIGINT,
  refusal TEXT,
  ended_at BIGINT
);
CREATE UNIQUE INDEX pre_validation_anchor ON pre_validation (anchor);
CREATE INDEX pre_validation_by_organization ON pre_validation (tenant_id, organization_id, id);
CREATE INDEX pre_validation_by_end ON pre_validation (valid_until) WHERE valid_until IS NOT NULL;
CREATE UNIQUE INDEX pre_validation_waiting ON pre_validation (organization_id, kind)
  WHERE decided_at IS NULL AND ended_at IS NULL;
CREATE INDEX pre_validation_queue ON pre_validation (id) WHERE decided_at IS NULL AND ended_at IS NULL;

-- Whom its certificates name.
ALTER TABLE subscription ADD COLUMN organization_id BYTEA REFERENCES organization (id);
