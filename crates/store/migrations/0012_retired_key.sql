-- Keys that accounts gave up for other ones (keyChange). Nobody opens an account of the directory with one, nor changes to it: whoever
-- got hold of the key would come back with it. Kept as long as accounts are. thumbprint: RFC 7638, as acme_account has it.

CREATE TABLE retired_key (
  directory TEXT COLLATE "C" NOT NULL,
  thumbprint BYTEA NOT NULL,
  account_id BYTEA NOT NULL,
  retired_at BIGINT NOT NULL,
  PRIMARY KEY (directory, thumbprint)
); -- clustered
