-- The catalogue as data: what stands in which directory, and one number that tells all nodes that something has changed.

-- Counters that nodes watch; one row for each, raised by whoever changes what it is about.
CREATE TABLE version (
  name TEXT COLLATE "C" PRIMARY KEY,
  value BIGINT NOT NULL
); -- clustered

-- Who believes a CA: public, private, or test, which nobody does. A test CA stands in test directories only.
ALTER TABLE ca ADD COLUMN trust TEXT NOT NULL DEFAULT 'private';
ALTER TABLE directory ADD COLUMN retired_at BIGINT;
ALTER TABLE product ADD COLUMN retired_at BIGINT;
ALTER TABLE offer ADD COLUMN retired_at BIGINT;

-- The first by position signs.
CREATE TABLE directory_ca (
  directory TEXT COLLATE "C" NOT NULL REFERENCES directory (slug),
  ca_id BYTEA NOT NULL REFERENCES ca (id),
  position BIGINT NOT NULL,
  PRIMARY KEY (directory, ca_id)
); -- clustered

-- The version that certificates are made by now.
CREATE TABLE directory_profile (
  directory TEXT COLLATE "C" NOT NULL REFERENCES directory (slug),
  profile_name TEXT COLLATE "C" NOT NULL,
  profile_version_id BYTEA NOT NULL REFERENCES profile_version (id),
  is_default BOOLEAN NOT NULL,
  PRIMARY KEY (directory, profile_name)
); -- clustered

-- What a database from before has: one directory, with the CA that issues and the newest version of the one profile.
INSERT INTO version (name, value) VALUES ('catalog', 1);
INSERT INTO directory_ca (directory, ca_id, position)
  SELECT d.slug, c.id, 0 FROM directory d, ca c WHERE c.kind = 'issuing' AND c.retired_at IS NULL;
INSERT INTO directory_profile (directory, profile_name, profile_version_id, is_default)
  SELECT d.slug, p.name, p.id, 1 = 1 FROM directory d, profile_version p
  WHERE NOT EXISTS (SELECT 1 FROM profile_version n WHERE n.name = p.name AND n.number > p.number);
