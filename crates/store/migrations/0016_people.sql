-- What people may do, how they prove who they are, and the links by which they set a password.

-- A user holds several roles in the tenant for which they act.
CREATE TABLE role_assignment (
  user_id BYTEA NOT NULL REFERENCES portal_user (id),
  tenant_id BYTEA NOT NULL REFERENCES tenant (id),
  role TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  PRIMARY KEY (user_id, role)
);
CREATE INDEX role_assignment_by_tenant ON role_assignment (tenant_id, role);

INSERT INTO role_assignment (user_id, tenant_id, role, created_at, created_by)
SELECT u.id, u.tenant_id,
  CASE WHEN t.kind = 'operator' THEN
    CASE u.role WHEN 'admin' THEN 'owner' WHEN 'member' THEN 'support' ELSE 'auditor' END
  ELSE
    CASE u.role WHEN 'member' THEN 'manager' ELSE u.role END
  END,
  u.created_at, 'system'
FROM portal_user u JOIN tenant t ON t.id = u.tenant_id;

-- Everything by which a user proves who they are. lookup tells those of one kind apart and is empty for what a user has
-- one of; proof: a password's hash; secret: sealed; counter: the last step of a one-time code that was taken.
CREATE TABLE credential (
  user_id BYTEA NOT NULL REFERENCES portal_user (id),
  tenant_id BYTEA NOT NULL REFERENCES tenant (id),
  kind TEXT COLLATE "C" NOT NULL,
  lookup TEXT COLLATE "C" NOT NULL,
  proof TEXT,
  secret BYTEA,
  counter BIGINT,
  created_at BIGINT NOT NULL,
  changed_at BIGINT NOT NULL,
  confirmed_at BIGINT,
  last_used_at BIGINT,
  PRIMARY KEY (user_id, kind, lookup)
);

-- A password that somebody else chose is not taken over: who had one gets a link.
INSERT INTO credential (user_id, tenant_id, kind, lookup, proof, created_at, changed_at, confirmed_at)
SELECT id, tenant_id, 'password', '', password_hash, created_at, password_changed_at, password_changed_at
FROM portal_user WHERE password_initial_until IS NULL;
UPDATE portal_user SET status = 'invited' WHERE password_initial_until IS NOT NULL AND status = 'active';
DELETE FROM session WHERE user_id IN (SELECT id FROM portal_user WHERE status = 'invited');

ALTER TABLE portal_user DROP COLUMN role;
ALTER TABLE portal_user DROP COLUMN password_hash;
ALTER TABLE portal_user DROP COLUMN password_changed_at;
ALTER TABLE portal_user DROP COLUMN password_initial_until;

-- Links that set a password, the first or a new one, found by the digest of their token.
CREATE TABLE invitation (
  digest BYTEA PRIMARY KEY,
  user_id BYTEA NOT NULL REFERENCES portal_user (id),
  tenant_id BYTEA NOT NULL REFERENCES tenant (id),
  purpose TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at BIGINT
);
CREATE INDEX invitation_by_user ON invitation (user_id, created_at);
CREATE INDEX invitation_by_end ON invitation (expires_at);
