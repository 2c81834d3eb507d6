//! Words for ACME accounts and what hangs on them: credentials, clients, domains, certificates.

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// List the clients that registered with its credentials, newest first
    Clients {
        /// The ACME account, by its identifier (sub_…)
        account: String,
        /// One JSON document per line
        #[arg(long)]
        json: bool,
    },
    /// End an ACME account for good
    Deactivate {
        /// The ACME account, by its identifier (sub_…)
        account: String,
    },
    /// Extend an ACME account by another term, which begins where the last one ends; nothing is charged yet
    Extend {
        /// The ACME account, by its identifier (sub_…)
        account: String,
    },
    /// List the ACME accounts of a reseller, or of all, newest first
    List {
        /// Only of this reseller, by name or identifier (ten_…)
        #[arg(long, alias = "tenant")]
        reseller: Option<String>,
        /// One JSON document per line
        #[arg(long)]
        json: bool,
    },
    /// Open an ACME account and show its credentials
    #[command(alias = "create")]
    Open {
        /// The reseller, by name or identifier (ten_…)
        #[arg(long, alias = "tenant")]
        reseller: String,
        /// What the reseller calls it
        #[arg(long, default_value = "")]
        label: String,
        /// What is bought; without one, what is sold first
        #[arg(long)]
        offer: Option<String>,
        /// The organization that its certificates name, by its identifier (org_…)
        #[arg(long)]
        organization: Option<String>,
        /// The department of that organization that it is for, by name
        #[arg(long, requires = "organization")]
        department: Option<String>,
        /// How many years it runs: 1, 2 or 3, as its offer allows
        #[arg(long, default_value_t = 1)]
        years: i64,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// Say which organization its certificates name from now on
    SetOrganization {
        /// The ACME account, by its identifier (sub_…)
        account: String,
        /// The organization, by its identifier (org_…)
        organization: String,
        /// The department of that organization that it is for, by name; all of it, if left out
        #[arg(long)]
        department: Option<String>,
    },
    /// Give back the binding that a client holds, and revoke the client
    Release {
        /// The client, by its identifier (acc_…)
        client: String,
    },
    /// Let a suspended ACME account go on
    Resume {
        /// The ACME account, by its identifier (sub_…)
        account: String,
    },
    /// End a client for good; its binding stays used up
    RevokeClient {
        /// The client, by its identifier (acc_…)
        client: String,
    },
    /// As `credential revoke`, which it was before
    #[command(hide = true)]
    RevokeCredential {
        /// Its EAB key ID
        #[arg(allow_hyphen_values = true)]
        key_id: String,
    },
    /// As `credential rotate`, which it was before
    #[command(hide = true)]
    Rotate(RotateArgs),
    /// Show an ACME account with its credentials
    Show {
        /// The ACME account, by its identifier (sub_…)
        account: String,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// Put an ACME account on hold
    Suspend {
        /// The ACME account, by its identifier (sub_…)
        account: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum CredentialCommand {
    /// List the credentials of an ACME account: the one in use, then the others, newest first
    List {
        /// The ACME account, by its identifier (sub_…)
        account: String,
        /// One JSON document per line
        #[arg(long)]
        json: bool,
    },
    /// Withdraw a credential for good; clients that it has bound go on
    Revoke {
        /// Its EAB key ID
        #[arg(allow_hyphen_values = true)]
        key_id: String,
    },
    /// Replace the credential of an ACME account and show the new one
    Rotate(RotateArgs),
    /// Show a credential, without its MAC key
    Show {
        /// Its EAB key ID
        #[arg(allow_hyphen_values = true)]
        key_id: String,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct RotateArgs {
    /// The ACME account, by its identifier (sub_…)
    pub(crate) account: String,
    /// For how many hours the old credential binds further clients, 720 at most, if its policy lets it
    #[arg(long, default_value_t = 24)]
    pub(crate) overlap_hours: u32,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DomainCommand {
    /// Enrol names, each with its free companion
    Add(AddDomainArgs),
    /// List the names of an ACME account
    List {
        /// The ACME account, by its identifier (sub_…)
        account: String,
        /// One JSON document per line
        #[arg(long)]
        json: bool,
    },
    /// Take a name out of an ACME account, with its free companion; certificates stay as they are
    Remove {
        /// The ACME account, by its identifier (sub_…)
        account: String,
        /// The name
        name: String,
    },
    /// Show a name of an ACME account
    Show {
        /// The ACME account, by its identifier (sub_…)
        account: String,
        /// The name
        name: String,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct AddDomainArgs {
    /// The ACME account, by its identifier (sub_…)
    #[arg(required_unless_present = "old_account")]
    pub(crate) account: Option<String>,
    /// The names, such as example.com or *.example.com
    #[arg(required_unless_present = "old_name")]
    pub(crate) names: Vec<String>,
    /// The ACME account, as it was given before
    #[arg(long = "account", hide = true, conflicts_with = "account")]
    pub(crate) old_account: Option<String>,
    /// The names with commas between them, as they were given before
    #[arg(long = "name", hide = true, conflicts_with = "names")]
    pub(crate) old_name: Option<String>,
    /// The anchor number of the pre-validation that they stand on, where certificates name an organization
    #[arg(long)]
    pub(crate) anchor: Option<String>,
    /// Enrol only these names, without their companions
    #[arg(long)]
    pub(crate) only: bool,
    /// One JSON document per line
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CertificateCommand {
    /// List every certificate, oldest first
    List {
        /// One JSON document per line
        #[arg(long)]
        json: bool,
    },
    /// Revoke a certificate
    Revoke {
        /// Its serial number or its identifier (crt_…)
        certificate: String,
        /// Why: unspecified, keyCompromise, affiliationChanged, superseded or cessationOfOperation
        #[arg(long, default_value = "unspecified")]
        reason: String,
    },
    /// Show a certificate
    Show {
        /// Its serial number or its identifier (crt_…)
        certificate: String,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
}
