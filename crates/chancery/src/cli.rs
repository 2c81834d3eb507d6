//! The command line. Its help is the first page of documentation that an operator reads.

pub(crate) mod account;
pub(crate) mod brand;
pub(crate) mod catalog;
pub(crate) mod delegated_domain;
pub(crate) mod effect;
pub(crate) mod oidc;
pub(crate) mod organization;
pub(crate) mod tenancy;
pub(crate) mod token;

use clap::{Args, CommandFactory as _, Parser, Subcommand};

use self::account::{AccountCommand, CertificateCommand, CredentialCommand, DomainCommand};
use self::brand::BrandCommand;
use self::catalog::{CaCommand, DirectoryCommand, OfferCommand, ProductCommand, ProfileCommand};
use self::delegated_domain::DelegatedDomainCommand;
pub(crate) use self::effect::{EffectCommand, MailCommand};
use self::oidc::OidcCommand;
use self::organization::{OrganizationCommand, PreValidationCommand};
use self::tenancy::{CustomerCommand, RefusalCommand, ResellerCommand, UserCommand};
use self::token::TokenCommand;
use crate::config::Options;

/// What stands below the help of every command but the first.
const SETTINGS_ELSEWHERE: &str = "Every command also takes the settings that chancery --help shows";

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

/// The command line as it is read. Every command takes the settings, and only the first help shows them: the help of the
/// others is about what they alone take.
pub(crate) fn command() -> clap::Command {
    let command = Cli::command();
    let settings = command.get_arguments().filter(|each| each.is_global_set());
    let hidden: Vec<_> = settings.map(|each| each.clone().hide(true)).collect();
    below(command, &|below| {
        below.args(&hidden).after_help(SETTINGS_ELSEWHERE)
    })
}

/// The same with every command below it changed.
fn below(command: clap::Command, change: &dyn Fn(clap::Command) -> clap::Command) -> clap::Command {
    let names = command
        .get_subcommands()
        .map(|each| each.get_name().to_owned());
    let names: Vec<String> = names.collect();
    names.into_iter().fold(command, |command, name| {
        command.mut_subcommand(name, |each| below(change(each), change))
    })
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Resellers, people, ACME accounts, domains, certificates, jobs, limits and the catalogue
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
    /// Brands: how a reseller shows itself, and at which host names of the portal
    Brand {
        #[command(subcommand)]
        command: BrandCommand,
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
    /// EAB credentials, with which clients register
    Credential {
        #[command(subcommand)]
        command: CredentialCommand,
    },
    /// Domains whose control is proven outside of orders, and to whom they are delegated
    DelegatedDomain {
        #[command(subcommand)]
        command: DelegatedDomainCommand,
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
    /// Effects: what is done to the outside once, such as mails, and what nobody here knows of it
    Effect {
        #[command(subcommand)]
        command: EffectCommand,
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
    /// Mails: what they look like
    Mail {
        #[command(subcommand)]
        command: MailCommand,
    },
    /// Offers: what can be bought under which policies
    Offer {
        #[command(subcommand)]
        command: OfferCommand,
    },
    /// Organizations: legal entities that certificates name
    Organization {
        #[command(subcommand)]
        command: OrganizationCommand,
    },
    /// Pre-validations: what is checked of organizations before certificates name them
    PreValidation {
        #[command(subcommand)]
        command: PreValidationCommand,
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
    /// Refusals: what clients asked for and did not get
    Refusal {
        #[command(subcommand)]
        command: RefusalCommand,
    },
    /// Customers: tenants below resellers
    Customer {
        #[command(subcommand)]
        command: CustomerCommand,
    },
    /// Identity providers, at which the people of a tenant sign in by OpenID Connect
    Oidc {
        #[command(subcommand)]
        command: OidcCommand,
    },
    /// Resellers: who sells
    Reseller {
        #[command(subcommand)]
        command: ResellerCommand,
    },
    /// The key that seals secrets in the database
    SealingKey {
        #[command(subcommand)]
        command: SealingKeyCommand,
    },
    /// API tokens, by which programs act for people
    Token {
        #[command(subcommand)]
        command: TokenCommand,
    },
    /// People who sign in
    User {
        #[command(subcommand)]
        command: UserCommand,
    },
}

impl Admin {
    /// Whether an installation may begin with it. Whoever only looks is in the wrong folder where there is nothing yet.
    pub(crate) fn may_begin(&self) -> bool {
        matches!(
            self,
            Self::Bootstrap(_)
                | Self::Ca { .. }
                | Self::Directory { .. }
                | Self::Offer { .. }
                | Self::Product { .. }
                | Self::Profile { .. }
        )
    }
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
    /// Read the password from standard input; without this they get a link and choose it
    #[arg(long)]
    pub(crate) password_stdin: bool,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
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
pub(crate) enum SealingKeyCommand {
    /// Add a key to the key file, which seals from now on; then copy the file to every other node, and seal anew
    Add,
    /// Seal every secret with the newest key of the file, beside servers that run; the older keys stay in it
    Reseal,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LimitCommand {
    /// Let a reseller have what everybody has
    Clear {
        /// The limit, by its name in the list
        limit: String,
        /// The reseller, by name or identifier (ten_…)
        #[arg(long, alias = "tenant")]
        reseller: String,
    },
    /// List what is allowed, and the bounds that single resellers have
    List {
        /// The bounds of single resellers, one JSON document per line
        #[arg(long)]
        json: bool,
    },
    /// Give a reseller a bound of its own
    Set(SetLimitArgs),
    /// Show what is allowed to everybody, or to one reseller
    Show {
        /// The limit, by its name in the list
        limit: String,
        /// The reseller, by name or identifier (ten_…)
        #[arg(long, alias = "tenant")]
        reseller: Option<String>,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct SetLimitArgs {
    /// The limit, by its name in the list
    pub(crate) limit: String,
    /// The reseller, by name or identifier (ten_…)
    #[arg(long, alias = "tenant")]
    pub(crate) reseller: String,
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
        /// The jobs of this queue, in the order of their turns: bulk, crl, effect, issue or validate
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
