//! Where a request came, if that is a host name of a brand: whom it shows, and who signs in there.

use std::sync::Arc;

use base::{DnsName, TenantPath};
use tenancy::tenant::brand::Brand;

/// A host name of the portal that shows a brand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The name.
    pub host: DnsName,
    /// Where browsers reach it, without a final slash.
    pub origin: String,
    /// Whom it shows.
    pub brand: Arc<Brand>,
    /// Where its tenant stands.
    pub(crate) path: TenantPath,
}

impl Place {
    /// Whether people of a tenant sign in here: those of whoever shows the brand, and of all below.
    pub fn admits(&self, path: &TenantPath) -> bool {
        self.path.contains(path)
    }
}
