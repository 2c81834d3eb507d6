-- What is done to the outside, once: its state is stored before the first byte leaves. And the mails, its first users.

-- state: intended, sent, unknown or resolved. outcome: done or refused; closed while a person has said of an unknown one
-- that it was done, and its end is not stored yet. attempt: how often it was sent. request: what its kind needs to know,
-- JSON. response: what the other side said last.
CREATE TABLE effect (
  id BYTEA PRIMARY KEY,
  tenant_id BYTEA NOT NULL REFERENCES tenant (id),
  kind TEXT COLLATE "C" NOT NULL,
  idempotency_key TEXT COLLATE "C" NOT NULL,
  state TEXT COLLATE "C" NOT NULL,
  outcome TEXT COLLATE "C",
  attempt BIGINT NOT NULL,
  sent_at BIGINT,
  resolved_at BIGINT,
  request BYTEA NOT NULL,
  response TEXT
);
CREATE UNIQUE INDEX effect_key ON effect (kind, idempotency_key);
CREATE INDEX effect_by_kind ON effect (kind, id);
CREATE INDEX effect_unresolved ON effect (id) WHERE resolved_at IS NULL;

-- body: what is sent, sealed, since a link may be a secret; it goes when the mail is sent, and after 30 days at the latest.
CREATE TABLE mail (
  id BYTEA PRIMARY KEY,
  tenant_id BYTEA NOT NULL REFERENCES tenant (id),
  kind TEXT COLLATE "C" NOT NULL,
  recipient TEXT COLLATE "C" NOT NULL,
  dedup_key TEXT COLLATE "C" NOT NULL,
  body BYTEA,
  sent_at BIGINT,
  error TEXT
);
CREATE UNIQUE INDEX mail_dedup ON mail (dedup_key, recipient);
CREATE INDEX mail_with_body ON mail (id) WHERE body IS NOT NULL;
