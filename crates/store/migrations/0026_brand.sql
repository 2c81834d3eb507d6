-- How tenants show themselves to their people, and at which host names of the portal.

-- contact: whom people ask, a few lines of text; empty for nobody.
CREATE TABLE brand (
  tenant_id BYTEA PRIMARY KEY REFERENCES tenant (id),
  name TEXT NOT NULL,
  contact TEXT NOT NULL,
  changed_at BIGINT NOT NULL
);

-- A host name shows one brand in the whole installation.
CREATE TABLE brand_host (
  host TEXT COLLATE "C" PRIMARY KEY,
  tenant_id BYTEA NOT NULL REFERENCES brand (tenant_id),
  added_at BIGINT NOT NULL
);
CREATE INDEX brand_host_by_tenant ON brand_host (tenant_id, added_at, host);

-- The host name at which a session was opened; none at the URL of the settings.
ALTER TABLE session ADD COLUMN host TEXT COLLATE "C";

-- Since when a person does not want to see the list of first steps.
ALTER TABLE portal_user ADD COLUMN first_steps_hidden_at BIGINT;
