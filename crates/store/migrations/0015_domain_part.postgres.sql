-- Names by their parts. Only the tenant as an expression and a part meet in this index, so that what others have of a part is
-- never looked at. Both extensions come with PostgreSQL, and whoever owns the database may create them; where that is not so, a
-- search walks the tenant's names. They are the database's and not of this schema, which may be one of several.
DO $$
DECLARE
  trgm TEXT;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('chancery extensions'));
  CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public;
  CREATE EXTENSION IF NOT EXISTS btree_gin SCHEMA public;
  SELECT n.nspname INTO trgm FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_trgm';
  EXECUTE format('CREATE INDEX enrolled_domain_by_part ON enrolled_domain
    USING GIN ((tenant_id || %L::bytea), rname %I.gin_trgm_ops) WHERE removed_at IS NULL', '', trgm);
EXCEPTION WHEN insufficient_privilege OR undefined_file OR undefined_object OR feature_not_supported OR invalid_schema_name THEN
  RAISE WARNING 'searches will walk all names of a tenant: pg_trgm and btree_gin cannot be had: %', SQLERRM;
END
$$;
