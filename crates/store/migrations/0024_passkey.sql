-- What a person calls a passkey.
ALTER TABLE credential ADD COLUMN label TEXT;
-- Whoever signs in by a passkey alone is found by it; one is of one person.
CREATE UNIQUE INDEX credential_by_passkey ON credential (lookup) WHERE kind = 'passkey';

-- A challenge that a browser is to have signed by a passkey; used once.
CREATE TABLE passkey_challenge (
  digest BYTEA PRIMARY KEY,
  purpose TEXT COLLATE "C" NOT NULL,
  user_id BYTEA REFERENCES portal_user (id),
  handle TEXT COLLATE "C",
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX passkey_challenge_by_user ON passkey_challenge (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX passkey_challenge_by_end ON passkey_challenge (expires_at);
