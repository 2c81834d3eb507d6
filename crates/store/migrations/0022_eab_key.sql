-- When the MAC key went for good.
ALTER TABLE eab_credential ADD COLUMN erased_at BIGINT;

-- Sealed keys that go once they have bound what they may (reveal = until_bound). All others stay in their credential's row. They
-- stand apart so that the files can be rid of one: a small table is soon written anew. PostgreSQL would keep some of them among
-- its statistics.
CREATE TABLE eab_key (
  key_id TEXT COLLATE "C" PRIMARY KEY REFERENCES eab_credential (key_id),
  mac_key BYTEA NOT NULL
); -- clustered

INSERT INTO eab_key (key_id, mac_key)
  SELECT key_id, mac_key FROM eab_credential
  WHERE reveal = 'until_bound' AND mac_key IS NOT NULL AND (max_bindings IS NULL OR bindings < max_bindings);
-- postgres: ALTER TABLE eab_key ALTER COLUMN mac_key SET STATISTICS 0;
-- postgres: UPDATE eab_credential SET erased_at = (EXTRACT(EPOCH FROM now()) * 1000000)::BIGINT WHERE reveal = 'until_bound' AND bindings >= max_bindings;
-- postgres: UPDATE eab_credential SET mac_key = NULL WHERE reveal = 'until_bound';
-- sqlite: UPDATE eab_credential SET erased_at = CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER) WHERE reveal = 'until_bound' AND bindings >= max_bindings;
-- sqlite: UPDATE eab_credential SET mac_key = NULL WHERE reveal = 'until_bound';
