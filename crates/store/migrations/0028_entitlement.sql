-- Which products a tenant may buy, by their codes with spaces between them; whatever is sold where nothing is said. A tenant
-- below may buy no more.
ALTER TABLE tenant ADD COLUMN products TEXT;
