-- A refused binding says which account holds the credential.
CREATE INDEX acme_account_by_credential ON acme_account (eab_key_id, id) WHERE eab_key_id IS NOT NULL;
