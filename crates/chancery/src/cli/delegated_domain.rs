//! Words for domains whose control is proven outside of orders, and to whom they are delegated.

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum DelegatedDomainCommand {
    /// Add a domain to a reseller, and show what proves control of it
    Add(DomainArgs),
    /// Ask for a new proof: show values that take the place of those before; a proof that counts counts on
    Ask(DomainArgs),
    /// Look for the proof: in the DNS, or on the web server of the domain
    Check {
        #[command(flatten)]
        of: DomainArgs,
        /// Where: dns or http; a file counts for that name alone, the DNS also for what is below it
        #[arg(long, default_value = "dns")]
        by: String,
    },
    /// Delegate a domain to an organization, or to one department of it
    Delegate {
        #[command(flatten)]
        of: DomainArgs,
        #[command(flatten)]
        to: PartArgs,
        /// For which certificates: words such as "dv ov"; all, if left out
        #[arg(long)]
        types: Option<String>,
    },
    /// List the domains of a reseller
    List {
        /// The reseller, by name or identifier (ten_…)
        #[arg(long)]
        reseller: String,
        /// One JSON document per line
        #[arg(long)]
        json: bool,
    },
    /// Send a mail to whom the domain belongs to, who confirms by its link; counts for what is below the domain too
    Mail {
        #[command(flatten)]
        of: DomainArgs,
        /// To whom: admin, administrator, hostmaster, postmaster or webmaster at the domain, or dns for the contacts that it names
        #[arg(long)]
        to: String,
    },
    /// Remove a domain with its delegations; certificates that were issued stay
    Remove(DomainArgs),
    /// Show a domain: its proof, and to whom it is delegated
    Show(DomainArgs),
    /// End a delegation; certificates that were issued stay
    Undelegate {
        #[command(flatten)]
        of: DomainArgs,
        #[command(flatten)]
        to: PartArgs,
    },
}

#[derive(Debug, Args)]
pub(crate) struct DomainArgs {
    /// The domain, such as example.com
    pub(crate) name: String,
    /// The reseller, by name or identifier (ten_…)
    #[arg(long)]
    pub(crate) reseller: String,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PartArgs {
    /// The organization, by its identifier (org_…)
    #[arg(long)]
    pub(crate) organization: String,
    /// Its only department, by name; all of the organization, if left out
    #[arg(long)]
    pub(crate) department: Option<String>,
}
