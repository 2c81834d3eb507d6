-- Certificates that ended long ago go, and so does what was proven for them; how many there were stays.

-- How many of a tenant's certificates of a month, such as 2026-11 in UTC, were deleted. The month is the one in which they were
-- made; what a test CA signed is not counted. Added to in the transaction that deletes.
CREATE TABLE certificate_month (
  tenant_id BYTEA NOT NULL,
  month TEXT COLLATE "C" NOT NULL,
  certificates BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, month)
); -- clustered

-- Certificates end in another order than they are made in, as soon as there are two lengths of them, so that their ids do not
-- say which may go. Whatever is issued by one profile stands at the end of this index: issuances share its page. PostgreSQL
-- builds it outside of this transaction.
-- sqlite: CREATE INDEX certificate_by_end ON certificate (not_after)
