//! Words for how tenants show themselves: `chancery admin brand`.

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum BrandCommand {
    /// Show the brand at a host name of the portal; whose TLS certificate it gets is up to you
    AddHost {
        /// The reseller, by name or identifier (ten_…)
        reseller: String,
        /// The host name, such as certificates.example.com
        host: String,
    },
    /// Take the brand away with its host names; people see that of whoever is above
    Remove {
        /// The reseller or the operator, by name or identifier (ten_…)
        tenant: String,
    },
    /// Take a host name away; sessions that were opened at it are none any more
    RemoveHost {
        /// The reseller, by name or identifier (ten_…)
        reseller: String,
        /// The host name
        host: String,
    },
    /// Say how a reseller, or the operator, shows itself on pages and in mails
    Set {
        /// The reseller or the operator, by name or identifier (ten_…)
        tenant: String,
        /// What people call it
        #[arg(long)]
        name: String,
        /// Whom people ask: up to four lines of text, each given by itself
        #[arg(long)]
        contact: Vec<String>,
    },
    /// Show a brand with its host names
    Show {
        /// The reseller or the operator, by name or identifier (ten_…)
        tenant: String,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
}
