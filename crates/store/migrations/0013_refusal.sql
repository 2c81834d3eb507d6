-- What clients asked for and did not get, before it became an order or an account: counted, not kept one by one. Rows of one
-- day are one for each account, code and name; of each tenant so many a day, then those without a name go on counting.

-- day: since 1970-01-01. subscription_id: 16 zeros where no credential is known. name: empty where it is about none.
-- sentence, eab_key_id, client_address, client_agent: as of the last time.
CREATE TABLE refusal (
  id BYTEA PRIMARY KEY,
  tenant_id BYTEA NOT NULL REFERENCES tenant (id),
  subscription_id BYTEA NOT NULL,
  day BIGINT NOT NULL,
  code TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  count BIGINT NOT NULL,
  first_at BIGINT NOT NULL,
  last_at BIGINT NOT NULL,
  sentence TEXT NOT NULL,
  eab_key_id TEXT COLLATE "C",
  client_address TEXT NOT NULL,
  client_agent TEXT NOT NULL
);
CREATE UNIQUE INDEX refusal_of_day ON refusal (tenant_id, day, subscription_id, code, name);
CREATE INDEX refusal_by_day ON refusal (day);
CREATE INDEX refusal_by_time ON refusal (tenant_id, last_at, id);
