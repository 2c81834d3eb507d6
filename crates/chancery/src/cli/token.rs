//! Words for API tokens.

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token for somebody and print it once; it may do no more than they
    Create(CreateTokenArgs),
    /// List the tokens of a person, of a reseller, of the operator, or of all resellers
    List {
        /// Only of the person with this e-mail address
        #[arg(long)]
        user: Option<String>,
        /// Only of this reseller, by name or identifier (ten_…)
        #[arg(long, conflicts_with = "user")]
        reseller: Option<String>,
        /// Those of the operator's people
        #[arg(long, conflicts_with_all = ["user", "reseller"])]
        operator: bool,
        /// One JSON document per line
        #[arg(long)]
        json: bool,
    },
    /// End a token; whatever uses it is refused at its next request
    Revoke {
        /// The token, by its identifier (tok_…)
        id: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct CreateTokenArgs {
    /// The e-mail address of its owner
    #[arg(long)]
    pub(crate) user: String,
    /// What it is called
    #[arg(long)]
    pub(crate) name: String,
    /// What it may do, such as cert.view. May be given several times
    #[arg(long, required = true)]
    pub(crate) scope: Vec<String>,
    /// For how many days it works, 366 at most
    #[arg(long)]
    pub(crate) days: u16,
    /// A network from which alone it works, such as 192.0.2.0/24. May be given several times
    #[arg(long)]
    pub(crate) network: Vec<String>,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}
