-- Who suspended a tenant: what whoever runs the server has suspended, nobody below lets go on.
ALTER TABLE tenant ADD COLUMN suspended_by TEXT;
