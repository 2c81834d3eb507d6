-- Accounts without external account binding, which is what guests of test directories have: found to be pruned.
CREATE INDEX acme_account_guest ON acme_account (id) WHERE eab_key_id IS NULL;
