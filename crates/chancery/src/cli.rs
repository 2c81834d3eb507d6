//! The command line. Its help is the first page of documentation that an operator reads.

pub(crate) mod catalog;

use clap::{Args, Parser, Subcommand};

use self::catalog::{CaCommand, DirectoryCommand, OfferCommand, ProductCommand, ProfileCommand};
use crate::config::Options;

/// Certificates as a Service: a reseller portal, an ACME server and a certificate authority.
///
/// Settings are given in a TOML file named by --config. Those of an address, a place or the lab are also flags and
/// variables (CHANCERY_…), those of the file's sections also variables (CHANCERY__SECTION__KEY). A flag counts more than a
/// variable, a variable more than the file; chancery config show says what is in force.
///
/// To see it work: chancery demo. To run it: chancery serve, after chancery admin bootstrap has made the first
/// reseller.
#[derive(Debug, Parser)]
#[command(name = "chancery", version, max_term_width = 110)]
#[cfg_attr(
    feature = "pebble",
    command(
        after_help = "This build can stand in for the test server Pebble: chancery pebble -help"
    )
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) settings: Options,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make resellers, accounts and domains, list certificates, unlock users
    Admin {
        #[command(subcommand)]
        command: Admin,
    },
    /// See which settings are in force, and where each comes from
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Run with sample data on loopback, until Ctrl-C
    ///
    /// Makes an operator, a reseller, an ACME account and the domain example.test, obtains a first certificate, and
    /// prints where to go and a certbot command that works. Started again, it goes on with its data.
    Demo,
    /// Look for what is wrong with the settings, the database, the keys and the clock
    Doctor,
    /// Bring the database up to date and say what was done
    Migrate,
    /// Run the server
    Serve,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Admin {
    /// ACME accounts of a reseller: a subscription with its EAB credential
    Account {
        #[command(subcommand)]
        command: AccountCommand,
    },
    /// CAs: who signs
    Ca {
        #[command(subcommand)]
        command: CaCommand,
    },
    /// Make a reseller and its first administrator
    Bootstrap(BootstrapArgs),
    /// Certificates that were issued
    Certificate {
        #[command(subcommand)]
        command: CertificateCommand,
    },
    /// ACME directories: what is ordered where, by which rules
    Directory {
        #[command(subcommand)]
        command: DirectoryCommand,
    },
    /// Domains of an ACME account
    Domain {
        #[command(subcommand)]
        command: DomainCommand,
    },
    /// Say whether an order for these names would be admitted now, and if not, why
    Explain {
        /// The ACME account, by its identifier (sub_…)
        account: String,
        /// The names of the order
        #[arg(required = true)]
        names: Vec<String>,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// Jobs: what is done beside requests, and what was given up
    Job {
        #[command(subcommand)]
        command: JobCommand,
    },
    /// Limits: how often something may be done, and bounds of single resellers
    Limit {
        #[command(subcommand)]
        command: LimitCommand,
    },
    /// Offers: what can be bought under which policies
    Offer {
        #[command(subcommand)]
        command: OfferCommand,
    },
    /// Products: the kinds of certificate that there are
    Product {
        #[command(subcommand)]
        command: ProductCommand,
    },
    /// Profiles: what certificates look like
    Profile {
        #[command(subcommand)]
        command: ProfileCommand,
    },
    /// People who sign in
    User {
        #[command(subcommand)]
        command: UserCommand,
    },
}

#[derive(Debug, Args)]
pub(crate) struct BootstrapArgs {
    /// The operator's name, if there is none yet
    #[arg(long, default_value = "Operator")]
    pub(crate) operator: String,
    /// The reseller's name
    #[arg(long)]
    pub(crate) reseller: String,
    /// The e-mail address that its administrator signs in with
    #[arg(long)]
    pub(crate) email: String,
    /// What the administrator is called
    #[arg(long, default_value = "Administrator")]
    pub(crate) name: String,
    /// Read the password from standard input; without this one is generated and shown once
    #[arg(long)]
    pub(crate) password_stdin: bool,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

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
    /// Open an ACME account and show its credentials
    Create {
        /// The reseller, by name or identifier
        #[arg(long)]
        tenant: String,
        /// What the reseller calls it
        #[arg(long, default_value = "")]
        label: String,
        /// What is bought; without one, what is sold first
        #[arg(long)]
        offer: Option<String>,
        /// How many years it runs: 1, 2 or 3, as its offer allows
        #[arg(long, default_value_t = 1)]
        years: i64,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// Give back the binding that a client holds, and revoke the client
    Release {
        /// The client, by its identifier (acc_…)
        client: String,
    },
    /// End a client for good; its binding stays used up
    RevokeClient {
        /// The client, by its identifier (acc_…)
        client: String,
    },
    /// Withdraw a credential for good; clients that it has bound go on
    RevokeCredential {
        /// Its EAB key ID
        #[arg(allow_hyphen_values = true)]
        key_id: String,
    },
    /// Replace its credential and show the new one
    Rotate {
        /// The ACME account, by its identifier (sub_…)
        account: String,
        /// For how many hours the old credential binds further clients, 720 at most, if its policy lets it
        #[arg(long, default_value_t = 24)]
        overlap_hours: u32,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum CertificateCommand {
    /// List every certificate, oldest first
    List {
        /// One JSON document per line
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print every setting with its source; passwords are left out
    Show {
        /// One JSON document per line
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum DomainCommand {
    /// Enrol a name, with its free companion
    Add {
        /// The ACME account, by its identifier (sub_…)
        #[arg(long)]
        account: String,
        /// The name, such as example.com or *.example.com; several are separated by commas
        #[arg(long)]
        name: String,
        /// Enrol only this name, without its companion
        #[arg(long)]
        only: bool,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Give a user a generated password that has to be replaced at the next sign-in
    ResetPassword {
        /// Their e-mail address
        #[arg(long)]
        email: String,
    },
    /// Lift the lock that follows failed sign-ins
    Unlock {
        /// Their e-mail address
        #[arg(long)]
        email: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum LimitCommand {
    /// Let a reseller have what everybody has
    Clear {
        /// The limit, by its name in the list
        limit: String,
        /// The reseller, by its name or identifier
        #[arg(long)]
        tenant: String,
    },
    /// List what is allowed, and the bounds that single resellers have
    List {
        /// The bounds of single resellers, one JSON document per line
        #[arg(long)]
        json: bool,
    },
    /// Give a reseller a bound of its own
    Set(SetLimitArgs),
}

#[derive(Debug, Args)]
pub(crate) struct SetLimitArgs {
    /// The limit, by its name in the list
    pub(crate) limit: String,
    /// The reseller, by its name or identifier
    #[arg(long)]
    pub(crate) tenant: String,
    /// How many are allowed
    #[arg(long)]
    pub(crate) count: u32,
    /// In which time, such as 90s, 3h or 7d; as usual if it is not given
    #[arg(long)]
    pub(crate) every: Option<String>,
    /// How many at once; as many as are allowed in that time if it is not given
    #[arg(long)]
    pub(crate) burst: Option<u32>,
    /// Until when: a moment such as 2027-01-31T00:00:00Z, or a time from now such as 7d; for good if it is not given
    #[arg(long)]
    pub(crate) until: Option<String>,
    /// Why, for those who read it later
    #[arg(long)]
    pub(crate) reason: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum JobCommand {
    /// Take a job away that was given up, or that waits; what it was for is not done
    Drop {
        /// The job, by its identifier (job_…)
        id: String,
    },
    /// List the queues; the jobs of one; those that were given up; or what comes again and again
    List {
        /// The jobs of this queue, in the order of their turns: bulk, crl, issue or validate
        #[arg(long, conflicts_with_all = ["dead", "schedules"])]
        queue: Option<String>,
        /// The jobs that were given up, the last first
        #[arg(long, conflicts_with = "schedules")]
        dead: bool,
        /// What comes again and again, and when next
        #[arg(long)]
        schedules: bool,
        /// One JSON document per line
        #[arg(long)]
        json: bool,
    },
    /// Begin a job again that was given up, or let one that waits come at once
    Retry {
        /// The job, by its identifier (job_…)
        id: String,
    },
    /// Show all of a job
    Show {
        /// The job, by its identifier (job_…)
        id: String,
    },
}
