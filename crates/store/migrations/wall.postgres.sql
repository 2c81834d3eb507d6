-- Run after all migrations, whatever there is already: a table that a migration has brought is found by its columns. Policies
-- hold whoever does not own the tables; the owner, by whom the work of the server itself is done, passes them.
-- Each table is locked for others until the end: it waits for none of them longer than all of them may take together.
SET LOCAL lock_timeout = '25ms';
DO $$
DECLARE
  -- Asked once a statement and not once a row. A setting that was never made, or whose transaction has ended, is nobody's.
  own CONSTANT TEXT := '(SELECT decode(current_setting(''chancery.tenant'', true), ''hex''))';
  -- Nearly all rows, as far as the planner can tell: of a bare comparison it takes a tenant's share once more for each table
  -- that is joined, finds that too few for the rows of a page, and sorts all instead of walking an index.
  condition CONSTANT TEXT := 'CASE WHEN %I = ' || own || ' THEN TRUE END IS NOT NULL';
  -- By key, and never all orders of a tenant at once, as EXISTS may.
  by_order CONSTANT TEXT := '(SELECT TRUE FROM acme_order o WHERE o.id = order_id)';
  by_credential CONSTANT TEXT := '(SELECT TRUE FROM eab_credential e WHERE e.key_id = eab_key.key_id)';
  found RECORD;
BEGIN
  FOR found IN
    SELECT c.relname AS name, c.relrowsecurity AS is_enabled,
      EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'own_tenant') AS has_policy,
      CASE c.relname
        WHEN 'tenant' THEN format(condition, 'id')
        WHEN 'acme_order_pending' THEN by_order
        WHEN 'eab_key' THEN by_credential
        WHEN 'order_identifier' THEN by_order
        ELSE format(condition, 'tenant_id')
      END AS rule
    FROM pg_class c
    WHERE c.relnamespace = to_regnamespace(quote_ident(current_schema())) AND c.relkind = 'r'
      AND (c.relname IN ('tenant', 'acme_order_pending', 'eab_key', 'order_identifier')
        OR EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped))
  LOOP
    IF NOT found.has_policy THEN
      EXECUTE format('CREATE POLICY own_tenant ON %I USING (%s)', found.name, found.rule);
    END IF;
    IF NOT found.is_enabled THEN
      EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', found.name);
    END IF;
  END LOOP;
END
$$;
-- The role is the cluster's: another database of it may make the same one at this moment. Who may make none is told what to do.
DO $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'chancery_portal') THEN
    CREATE ROLE chancery_portal NOLOGIN;
  END IF;
EXCEPTION
  WHEN duplicate_object OR unique_violation OR insufficient_privilege THEN NULL;
END
$$;
DO $$
BEGIN
  -- Since release 16 who made a role is a member of it and may yet not take it.
  IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'chancery_portal') AND NOT pg_has_role(current_user, 'chancery_portal',
    CASE WHEN current_setting('server_version_num')::INTEGER >= 160000 THEN 'SET' ELSE 'MEMBER' END) THEN
    GRANT chancery_portal TO CURRENT_USER;
  END IF;
EXCEPTION
  -- The last is what two get who write the same row of a catalogue.
  WHEN unique_violation OR insufficient_privilege OR internal_error THEN NULL;
END
$$;
DO $$
DECLARE
  found RECORD;
BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'chancery_portal') THEN
    RETURN;
  END IF;
  IF NOT has_schema_privilege('chancery_portal', current_schema(), 'USAGE') THEN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO chancery_portal', current_schema());
  END IF;
  FOR found IN
    SELECT c.relname AS name FROM pg_class c
    WHERE c.relnamespace = to_regnamespace(quote_ident(current_schema())) AND c.relkind = 'r'
      AND pg_has_role(c.relowner, 'MEMBER') AND c.relname NOT LIKE 'schema\_%'
      AND NOT (has_table_privilege('chancery_portal', c.oid, 'SELECT') AND has_table_privilege('chancery_portal', c.oid, 'INSERT')
        AND has_table_privilege('chancery_portal', c.oid, 'UPDATE') AND has_table_privilege('chancery_portal', c.oid, 'DELETE'))
  LOOP
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO chancery_portal', found.name);
  END LOOP;
EXCEPTION
  WHEN insufficient_privilege THEN NULL;
END
$$;
