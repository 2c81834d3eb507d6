-- A sign-in whose password was right, and whose second factor is still to come.
CREATE TABLE sign_in_step (
  digest BYTEA PRIMARY KEY,
  user_id BYTEA NOT NULL REFERENCES portal_user (id),
  tenant_id BYTEA NOT NULL REFERENCES tenant (id),
  password_changed_at BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX sign_in_step_by_user ON sign_in_step (user_id);
CREATE INDEX sign_in_step_by_end ON sign_in_step (expires_at);
