-- How many certificates a tenant has whose lists are too long to be counted for each page.

CREATE TABLE certificate_figures (
  tenant_id BYTEA PRIMARY KEY,
  counted_at BIGINT NOT NULL,
  valid BIGINT NOT NULL,
  expiring BIGINT NOT NULL,
  revoked BIGINT NOT NULL,
  ending TEXT NOT NULL
);
CREATE INDEX certificate_figures_by_age ON certificate_figures (counted_at);
