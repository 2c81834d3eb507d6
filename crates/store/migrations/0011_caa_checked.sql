-- When CAA records were last asked for, for an authorization that is valid; NULL if never. A certificate needs an answer of less than
-- seven hours. What the answer was stands in domain_validation: with the proof, or in a row of its own with the method 'caa'.

ALTER TABLE acme_authorization ADD COLUMN caa_checked_at BIGINT;
