//! Words for identity providers.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum OidcCommand {
    /// Set the provider of a reseller or of the operator, in place of the one it had
    Set(SetProviderArgs),
    /// Show the provider of a reseller or of the operator
    Show {
        #[command(flatten)]
        of: ProviderOwner,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// Take the provider away; everybody signs in with their password
    Remove {
        #[command(flatten)]
        of: ProviderOwner,
    },
    /// Unlink a person from their account at the provider, so that they can link another
    Unlink {
        /// The e-mail address of the person
        #[arg(long)]
        user: String,
    },
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct ProviderOwner {
    /// The reseller, by name or identifier (ten_…)
    #[arg(long)]
    pub(crate) reseller: Option<String>,
    /// The operator's own people
    #[arg(long)]
    pub(crate) operator: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SetProviderArgs {
    #[command(flatten)]
    pub(crate) of: ProviderOwner,
    /// By what people name their organisation when they sign in
    #[arg(long)]
    pub(crate) short_name: String,
    /// The issuer's URL, exactly as the provider writes it
    #[arg(long)]
    pub(crate) issuer: String,
    /// What the provider calls this portal
    #[arg(long)]
    pub(crate) client_id: String,
    /// A file with the client secret; without it the one that is stored stays
    #[arg(long)]
    pub(crate) client_secret_file: Option<PathBuf>,
    /// Whoever is linked signs in at the provider only, but for those who manage people
    #[arg(long)]
    pub(crate) required: bool,
}
