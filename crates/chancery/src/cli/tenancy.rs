//! Words for resellers and people.

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum RefusalCommand {
    /// List what was refused before it became an order or an account, the last first, with the next step
    List(ListRefusalArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ListRefusalArgs {
    /// Only of this reseller, by name or identifier (ten_…); otherwise of all, and what is nobody's
    #[arg(long)]
    pub(crate) reseller: Option<String>,
    /// Of so many days
    #[arg(long, default_value_t = 7)]
    pub(crate) days: u32,
    /// One JSON document per line
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ResellerCommand {
    /// List the resellers, oldest first
    List {
        /// One JSON document per line
        #[arg(long)]
        json: bool,
    },
    /// Let a suspended reseller go on
    Resume {
        /// The reseller, by name or identifier (ten_…)
        reseller: String,
    },
    /// Show a reseller with its people
    Show {
        /// The reseller, by name or identifier (ten_…)
        reseller: String,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// Stop a reseller: its people cannot sign in, its ACME accounts get no certificates
    Suspend {
        /// The reseller, by name or identifier (ten_…)
        reseller: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// List the people of a reseller, or of all
    List {
        /// Only of this reseller, by name or identifier (ten_…)
        #[arg(long)]
        reseller: Option<String>,
        /// One JSON document per line
        #[arg(long)]
        json: bool,
    },
    /// Give a user a generated password that has to be replaced at the next sign-in
    ResetPassword {
        /// Their e-mail address
        #[arg(long)]
        email: String,
    },
    /// Show a user, and whether they are locked out
    Show {
        /// Their e-mail address
        email: String,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// Lift the lock that follows failed sign-ins, of a person or of a whole network
    Unlock {
        /// Their e-mail address
        #[arg(long, required_unless_present = "network", conflicts_with = "network")]
        email: Option<String>,
        /// An address of the network that locked itself out (IPv6: all of its /64)
        #[arg(long)]
        network: Option<std::net::IpAddr>,
    },
}
