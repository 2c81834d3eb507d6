-- Of which organizations and departments of a tenant somebody's roles are; of all of it if there is no row.

-- part: organization and department as one text, which tells the rows of a user apart.
CREATE TABLE role_binding (
  user_id BYTEA NOT NULL REFERENCES portal_user (id),
  part TEXT COLLATE "C" NOT NULL,
  tenant_id BYTEA NOT NULL REFERENCES tenant (id),
  organization_id BYTEA NOT NULL REFERENCES organization (id),
  department_id BYTEA REFERENCES department (id),
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  PRIMARY KEY (user_id, part)
);
CREATE INDEX role_binding_by_department ON role_binding (department_id) WHERE department_id IS NOT NULL;

-- What is for an organization, for who is bound to it.
CREATE INDEX subscription_by_organization ON subscription (organization_id) WHERE organization_id IS NOT NULL;
