//! The brand of a tenant as whoever manages it sees it.

use base::DnsName;
use store::ReadTx;
use store::tenancy::brand;
use tenancy::tenant::brand::Brand;

use crate::{App, Caller};

/// The brand of a tenant with its host names.
#[derive(Clone, Debug, Default)]
pub struct OwnBrand {
    /// How it shows itself; none until it says so.
    pub brand: Option<Brand>,
    /// Its host names, from the oldest on.
    pub hosts: Vec<DnsName>,
}

/// Shows what the caller's tenant has.
pub async fn show_brand(app: &App, caller: &Caller) -> Result<OwnBrand, store::Error> {
    app.store(caller).read((), load).await
}

async fn load(tx: &mut ReadTx, (): &()) -> Result<OwnBrand, store::Error> {
    Ok(OwnBrand {
        brand: brand::of_tenant(tx, &()).await?,
        hosts: brand::hosts_of_tenant(tx, &()).await?,
    })
}
