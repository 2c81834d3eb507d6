-- Proof of a domain by mail: the link that went out last. mail_digest: what its token is found by. mail_to: the addresses.
-- mail_seen: what was seen when they were chosen, which becomes the evidence.
ALTER TABLE domain ADD COLUMN mail_digest BYTEA;
ALTER TABLE domain ADD COLUMN mail_to TEXT;
ALTER TABLE domain ADD COLUMN mail_seen TEXT;
ALTER TABLE domain ADD COLUMN mail_until BIGINT;
CREATE UNIQUE INDEX domain_by_mail ON domain (mail_digest) WHERE mail_digest IS NOT NULL;
