//! The words of `chancery admin ca|product|profile|directory|offer`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `KEY=VALUE`.
pub(crate) fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write it as KEY=VALUE")?;
    Ok((key.trim().to_owned(), value.to_owned()))
}

#[derive(Debug, Subcommand)]
pub(crate) enum CaCommand {
    /// Make a CA with a key of its own; it signs once it stands in a directory
    Create {
        /// Its subject, such as "CN=Example Issuing CA 1, O=Example Oy, C=FI"
        #[arg(long)]
        name: String,
        /// The kind of its key: p256, p384, rsa2048, rsa3072 or rsa4096
        #[arg(long, default_value = "p256")]
        key: String,
        /// The CA above it (ca_…); without one it is a root
        #[arg(long)]
        parent: Option<String>,
        /// A certificate policy of what it issues, such as 2.23.140.1.2.2; repeat it for more, the reserved one of the public
        /// web first. Without any it may issue by every policy; a root has none
        #[arg(long = "policy", requires = "parent")]
        policies: Vec<String>,
        /// Who shall believe it: private, or test for a test directory
        #[arg(long, default_value = "private")]
        trust: String,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// Take over a root and an issuing CA that were made elsewhere
    Import(CaImport),
    /// List every CA
    List {
        /// One JSON document per line
        #[arg(long)]
        json: bool,
    },
    /// Let a CA sign no more certificates; its CRLs go on
    Retire {
        /// The CA (ca_…)
        ca: String,
    },
    /// Print the certificate of a CA, PEM, with those above it
    Show {
        /// The CA (ca_…)
        ca: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct CaImport {
    /// The root's certificate, PEM
    #[arg(long)]
    pub(crate) root: PathBuf,
    /// The root's private key, PKCS#8 PEM; leave it out when it stays elsewhere and signs its CRLs there
    #[arg(long)]
    pub(crate) root_key: Option<PathBuf>,
    /// The issuing CA's certificate, PEM, and after it those of the CAs between it and the root
    #[arg(long)]
    pub(crate) issuing: PathBuf,
    /// The issuing CA's private key, PKCS#8 PEM
    #[arg(long)]
    pub(crate) issuing_key: PathBuf,
    /// The root is in the programs' lists of the public web: the rules of the public web hold
    #[arg(long)]
    pub(crate) public: bool,
    /// Let it sign in this directory from now on
    #[arg(long)]
    pub(crate) directory: Option<String>,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ProductCommand {
    /// Make a product: a kind of certificate
    Create {
        /// Its code: small letters, digits and hyphens
        code: String,
        /// What people call it
        #[arg(long)]
        name: String,
        /// What is checked of a certificate's owner: domain, organization, extended or qualified
        #[arg(long, default_value = "domain")]
        level: String,
    },
    /// List every product
    List {
        /// One JSON document per line
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ProfileCommand {
    /// List every version of every profile
    List {
        /// One JSON document per line
        #[arg(long)]
        json: bool,
    },
    /// Publish a version; directories with this profile issue by it from then on. A profile keeps its level
    Publish {
        /// The profile; a new name makes a new profile
        name: String,
        /// All of it, JSON
        #[arg(long)]
        file: Option<PathBuf>,
        /// One part of the newest version in another way, such as validity_seconds=2592000
        #[arg(long = "set", value_name = "KEY=VALUE", value_parser = pair)]
        set: Vec<(String, String)>,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum DirectoryCommand {
    /// Give a directory other CAs, another profile, other rules, or close it
    Change {
        /// The directory
        slug: String,
        #[command(flatten)]
        parts: DirectoryParts,
        /// Take no more orders
        #[arg(long, conflicts_with = "open")]
        close: bool,
        /// Take orders again
        #[arg(long)]
        open: bool,
    },
    /// Make a directory
    Create {
        /// The last segment of its URL
        slug: String,
        /// What is ordered there
        #[arg(long)]
        product: String,
        /// Make it a test directory beside this one
        #[arg(long)]
        beside: Option<String>,
        #[command(flatten)]
        parts: DirectoryParts,
    },
    /// List every directory with its URL, CA, profile and rules
    List {
        /// One JSON document per line
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct DirectoryParts {
    /// Who signs (ca_…); repeat it to keep others beside, the first one signs
    #[arg(long = "ca")]
    pub(crate) cas: Vec<String>,
    /// What certificates look like: the newest version of this profile
    #[arg(long)]
    pub(crate) profile: Option<String>,
    /// A rule, such as max_names=10 or allowed_suffixes=corp.internal
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = pair)]
    pub(crate) set: Vec<(String, String)>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum OfferCommand {
    /// List every offer that is sold
    List {
        /// One JSON document per line
        #[arg(long)]
        json: bool,
    },
    /// Publish an offer, or another version of its policies; what was sold before keeps its own
    Publish {
        /// The offer; a new name makes a new offer
        slug: String,
        /// What people call it
        #[arg(long)]
        name: Option<String>,
        /// What is issued
        #[arg(long)]
        product: Option<String>,
        /// A ready set of policies; without one the present version goes on
        #[arg(long)]
        preset: Option<String>,
        /// One policy, such as eab_reveal=once
        #[arg(long = "set", value_name = "KEY=VALUE", value_parser = pair)]
        set: Vec<(String, String)>,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// Sell an offer no more
    Retire {
        /// The offer
        slug: String,
    },
    /// Print the policies of an offer, or of a preset
    Show {
        /// The offer, or a preset with --preset
        slug: String,
        /// It names a preset
        #[arg(long)]
        preset: bool,
    },
}
