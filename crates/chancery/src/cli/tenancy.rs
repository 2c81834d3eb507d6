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
pub(crate) enum CustomerCommand {
    /// Make a customer below a reseller; admin user invite invites its first administrator
    Create {
        /// Below which reseller, by name or identifier (ten_…)
        #[arg(long)]
        reseller: String,
        /// What the customer is called
        #[arg(long)]
        name: String,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// List the customers of a reseller, oldest first
    List {
        /// Of which reseller, by name or identifier (ten_…)
        #[arg(long)]
        reseller: String,
        /// One JSON document per line
        #[arg(long)]
        json: bool,
    },
    /// Let a suspended customer go on
    Resume {
        /// The customer, by name or identifier (ten_…)
        customer: String,
    },
    /// Stop a customer: its people cannot sign in, its ACME accounts get no certificates
    Suspend {
        /// The customer, by name or identifier (ten_…)
        customer: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ResellerCommand {
    /// Say which products a reseller may buy, and its customers with it; what was bought goes on
    Entitle {
        /// The reseller, by name or identifier (ten_…)
        reseller: String,
        /// The code of a product; may be given several times
        #[arg(
            long,
            required_unless_present_any = ["all", "none"],
            conflicts_with_all = ["all", "none"]
        )]
        product: Vec<String>,
        /// Whatever is sold, as it is unless something else was said
        #[arg(long, conflicts_with = "none")]
        all: bool,
        /// Nothing
        #[arg(long)]
        none: bool,
    },
    /// List the resellers, oldest first
    List {
        /// One JSON document per line
        #[arg(long)]
        json: bool,
    },
    /// Ask reviewers by themselves before a pre-validation of one of its organizations ends
    RenewPreValidations {
        /// The reseller, by name or identifier (ten_…)
        reseller: String,
        /// Somebody has to ask, as it is unless this was switched on
        #[arg(long)]
        off: bool,
    },
    /// Ask everybody of a reseller for a second factor; whoever has none sets one up before anything else
    RequireSecondFactor {
        /// The reseller, by name or identifier (ten_…)
        reseller: String,
        /// Ask nobody for it any more
        #[arg(long)]
        off: bool,
    },
    /// Put a reseller on hold: nothing new is ordered, while its people can sign in
    Hold {
        /// The reseller, by name or identifier (ten_…)
        reseller: String,
    },
    /// End the hold of a reseller
    Release {
        /// The reseller, by name or identifier (ten_…)
        reseller: String,
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
    /// Say for which organizations and departments somebody's roles are: managers and viewers only
    Bind {
        /// Their e-mail address
        email: String,
        /// An organization (org_…), or a department of it by name, as org_…/Department. May be given several times
        #[arg(long, required_unless_present = "whole", conflicts_with = "whole")]
        to: Vec<String>,
        /// All of the tenant
        #[arg(long)]
        whole: bool,
    },
    /// Stop somebody from signing in; their sessions end
    Disable {
        /// Their e-mail address
        email: String,
    },
    /// Let somebody who was disabled sign in again
    Enable {
        /// Their e-mail address
        email: String,
    },
    /// Invite somebody: they get a link, which works once, and choose a password
    Invite(InviteArgs),
    /// Make a link with which somebody sets a password: a new one, or the first; it works once
    Link {
        /// Their e-mail address
        email: String,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// List the people of a reseller, of the operator, or of all resellers
    List {
        /// Only of this reseller, by name or identifier (ten_…)
        #[arg(long)]
        reseller: Option<String>,
        /// Those of the operator
        #[arg(long, conflicts_with = "reseller")]
        operator: bool,
        /// One JSON document per line
        #[arg(long)]
        json: bool,
    },
    /// Remove somebody for good; what they did stays in the audit log under a pseudonym
    Remove {
        /// Their e-mail address
        email: String,
    },
    /// Take away the second factor, passkeys too, of somebody who has lost it, once you have made sure who they are
    ResetSecondFactor {
        /// Their e-mail address
        email: String,
        /// How you made sure; it stands in the audit log
        #[arg(long)]
        reason: String,
    },
    /// Say what somebody may do from now on
    SetRoles {
        /// Their e-mail address
        email: String,
        /// A role: admin, manager or viewer; of the operator owner, support, reviewer or auditor. May be given several times
        #[arg(long, required = true)]
        role: Vec<String>,
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

#[derive(Debug, Args)]
pub(crate) struct InviteArgs {
    /// Into which reseller, by name or identifier (ten_…)
    #[arg(
        long,
        required_unless_present = "operator",
        conflicts_with = "operator"
    )]
    pub(crate) reseller: Option<String>,
    /// Into the operator
    #[arg(long)]
    pub(crate) operator: bool,
    /// The e-mail address that they will sign in with
    #[arg(long)]
    pub(crate) email: String,
    /// What they are called until they say
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// A role: admin, manager or viewer; of the operator owner, support, reviewer or auditor. May be given several times
    #[arg(long, required = true)]
    pub(crate) role: Vec<String>,
    /// The role is for this organization only (org_…), or for a department of it by name, as org_…/Department. May be given
    /// several times; left out, it is for all of the tenant
    #[arg(long)]
    pub(crate) to: Vec<String>,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}
