-- The number of the pre-validation that a name stands on, where its certificates name an organization. It stays when that
-- pre-validation goes.
ALTER TABLE enrolled_domain ADD COLUMN anchor TEXT;
