//! Who vouches for the people of a tenant, one for a tenant. The client's secret is sealed.

use base::{TenantId, Timestamp};
use tenancy::oidc::{ClientId, Issuer, ProviderShortName};

use crate::seal::{SealContext, SealError, Sealer};
use crate::{Error, ReadTx, WriteTx, columns, sql, text_columns, values};

columns! {
    "identity_provider" identity_provider => IdentityProvider {
        tenant = "tenant_id", short_name, issuer, client = "client_id", sealed_secret = "client_secret", is_required,
        created_at, changed_at
    }
}
text_columns!(ClientId, Issuer, ProviderShortName);

/// An identity provider as a tenant has set it.
#[derive(Clone, PartialEq, Eq)]
pub struct IdentityProvider {
    /// Whose.
    pub tenant: TenantId,
    /// By what people name their organisation.
    pub short_name: ProviderShortName,
    /// Who vouches.
    pub issuer: Issuer,
    /// What it calls this portal.
    pub client: ClientId,
    /// What proves to it who asks, sealed for this row.
    pub sealed_secret: Vec<u8>,
    /// Whether whoever it knows signs in by it and by nothing else, but for those who manage people.
    pub is_required: bool,
    /// When it was set first.
    pub created_at: Timestamp,
    /// When it was set last.
    pub changed_at: Timestamp,
}

/// Without the secret, sealed as it is.
impl std::fmt::Debug for IdentityProvider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IdentityProvider")
            .field("tenant", &self.tenant)
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

fn context(tenant: &str) -> SealContext<'_> {
    SealContext {
        table: "identity_provider",
        column: "client_secret",
        row: tenant,
        tenant,
    }
}

/// The secret of a tenant's provider, sealed for its row.
pub fn seal_secret(
    tenant: TenantId,
    secret: &str,
    with: (&Sealer, &dyn base::Random),
) -> Result<Vec<u8>, SealError> {
    let tenant = tenant.to_string();
    with.0.seal(context(&tenant), secret.as_bytes(), with.1)
}

impl IdentityProvider {
    /// The secret in the clear.
    pub fn open_secret(&self, sealer: &Sealer) -> Result<String, SealError> {
        let tenant = self.tenant.to_string();
        let opened = sealer.open(context(&tenant), &self.sealed_secret)?;
        Ok(String::from_utf8_lossy(&opened).into_owned())
    }

    /// The secret under the newest sealing key; `None` when it is already.
    pub fn reseal(
        &self,
        sealer: &Sealer,
        random: &dyn base::Random,
    ) -> Result<Option<Vec<u8>>, SealError> {
        let tenant = self.tenant.to_string();
        sealer.reseal(context(&tenant), &self.sealed_secret, random)
    }
}

/// Stores what a tenant has set, in place of what it had.
pub async fn put(tx: &mut WriteTx, provider: &IdentityProvider) -> Result<(), Error> {
    delete(tx, &()).await?;
    tx.insert(provider).await
}

/// Takes the tenant's provider away; `false` when there is none.
pub async fn delete(tx: &mut WriteTx, (): &()) -> Result<bool, Error> {
    let delete = sql!(tenant: "DELETE FROM identity_provider WHERE tenant_id = $1");
    Ok(tx.execute(delete, &[]).await? == 1)
}

/// The tenant's provider.
pub async fn own(tx: &mut ReadTx, (): &()) -> Result<Option<IdentityProvider>, Error> {
    let statement = sql!(
        tenant: "SELECT ", identity_provider!(), " FROM identity_provider WHERE tenant_id = $1"
    );
    tx.record(statement, &[]).await
}

/// The provider of the tenant whose people name it so.
pub async fn by_short_name(
    tx: &mut ReadTx,
    name: &ProviderShortName,
) -> Result<Option<IdentityProvider>, Error> {
    let statement = sql!(
        system: "SELECT ", identity_provider!(), " FROM identity_provider WHERE short_name = $1"
    );
    tx.record(statement, &values![name.as_str()]).await
}

/// Whether any tenant has one.
pub async fn any(tx: &mut ReadTx, (): &()) -> Result<bool, Error> {
    let statement = sql!(system: "SELECT tenant_id FROM identity_provider LIMIT 1");
    Ok(tx.row(statement, &[]).await?.is_some())
}

/// Providers after a tenant, in the order of tenants; to seal their secrets anew.
pub async fn page(
    tx: &mut ReadTx,
    (after, limit): &(TenantId, i64),
) -> Result<Vec<IdentityProvider>, Error> {
    let page = sql!(
        system: "SELECT ", identity_provider!(), " FROM identity_provider
         WHERE tenant_id > $1 ORDER BY tenant_id LIMIT $2"
    );
    tx.records(page, &values![after, *limit]).await
}

/// Stores a secret as it is sealed anew, unless that was done meanwhile.
pub async fn reseal(
    tx: &mut WriteTx,
    (old, sealed): &(IdentityProvider, Vec<u8>),
) -> Result<(), Error> {
    let reseal = sql!(
        system: "UPDATE identity_provider SET client_secret = $3 WHERE tenant_id = $1 AND client_secret = $2"
    );
    let values = values![old.tenant, old.sealed_secret.as_slice(), sealed.as_slice()];
    tx.execute(reseal, &values).await.map(drop)
}
