-- Somebody of the operator who acts as a tenant: as which one, why, and until when. The session stays theirs. Who looks after
-- a tenant below their own has no reason and no end.
ALTER TABLE session ADD COLUMN acting_tenant_id BYTEA REFERENCES tenant (id);
ALTER TABLE session ADD COLUMN acting_reason TEXT;
ALTER TABLE session ADD COLUMN acting_until BIGINT;
-- What others did as a tenant is shown to it.
CREATE INDEX audit_by_acting ON audit (tenant_id, id) WHERE acting_as IS NOT NULL;
