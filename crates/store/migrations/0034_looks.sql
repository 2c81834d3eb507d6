-- What others looked at as a tenant is listed apart from what they did, so that the one does not push away the other.
DROP INDEX audit_by_acting;
CREATE INDEX audit_by_acting ON audit (tenant_id, id) WHERE acting_as IS NOT NULL AND action <> 'acting.look';
CREATE INDEX audit_by_look ON audit (tenant_id, id) WHERE acting_as IS NOT NULL AND action = 'acting.look';
