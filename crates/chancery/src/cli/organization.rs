//! Words for organizations and what is checked of them.

use clap::{Args, Subcommand};

use super::catalog::pair;

#[derive(Debug, Subcommand)]
pub(crate) enum OrganizationCommand {
    /// Add an organization to a reseller
    Add(AddOrganizationArgs),
    /// Add a department to an organization
    AddDepartment {
        /// The organization, by its identifier (org_…)
        organization: String,
        /// What it is called
        name: String,
    },
    /// Say anew what certificates shall say of an organization; what was checked counts as it was checked
    Change(ChangeOrganizationArgs),
    /// List the organizations of a reseller, newest first
    List {
        /// The reseller, by name or identifier (ten_…)
        #[arg(long)]
        reseller: String,
        /// One JSON document per line
        #[arg(long)]
        json: bool,
    },
    /// Remove a department
    RemoveDepartment {
        /// The organization, by its identifier (org_…)
        organization: String,
        /// What it is called
        name: String,
    },
    /// Show an organization with its departments and pre-validations
    Show {
        /// The organization, by its identifier (org_…)
        organization: String,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct AddOrganizationArgs {
    /// The reseller, by name or identifier (ten_…)
    #[arg(long)]
    pub(crate) reseller: String,
    #[command(flatten)]
    pub(crate) details: DetailsArgs,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ChangeOrganizationArgs {
    /// The organization, by its identifier (org_…)
    pub(crate) organization: String,
    #[command(flatten)]
    pub(crate) details: DetailsArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DetailsArgs {
    /// What certificates shall say, such as legal_name=… or country=FI; nothing behind the sign takes it back
    #[arg(long = "set", value_name = "FIELD=VALUE", value_parser = pair)]
    pub(crate) set: Vec<(String, String)>,
    /// Whom reviewers ask, such as confirms="Maria Example <maria@example.com>"; roles: confirms, approver, signer. They
    /// take the place of those before
    #[arg(long = "contact", value_name = "ROLE=NAME <ADDRESS>", value_parser = pair)]
    pub(crate) contact: Vec<(String, String)>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PreValidationCommand {
    /// Say yes, as a reviewer; EV and QWAC need two who do
    Approve(ApproveArgs),
    /// End one that counts, or that waits; certificates that were issued stay
    End {
        /// The pre-validation, by its identifier (pre_…)
        pre_validation: String,
        /// Why; it stands in the audit log
        #[arg(long)]
        reason: String,
    },
    /// List what waits for reviewers, the oldest first
    List {
        /// One JSON document per line
        #[arg(long)]
        json: bool,
    },
    /// Say no, as a reviewer
    Reject {
        /// The pre-validation, by its identifier (pre_…)
        pre_validation: String,
        /// Who decides, by e-mail address
        #[arg(long)]
        reviewer: String,
        /// Why; the reseller reads it
        #[arg(long)]
        reason: String,
    },
    /// Ask for the check of an organization
    Request {
        /// The organization, by its identifier (org_…)
        organization: String,
        /// For certificates of this type: ov, ev or qwac
        #[arg(long = "type")]
        kind: String,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// Show what was asked for, with what has to be checked and what that stands on
    Show {
        /// The pre-validation, by its identifier (pre_…)
        pre_validation: String,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ApproveArgs {
    /// The pre-validation, by its identifier (pre_…)
    pub(crate) pre_validation: String,
    /// Who decides, by e-mail address
    #[arg(long)]
    pub(crate) reviewer: String,
    /// What certificates may say, where it differs from what was asked for
    #[arg(long = "set", value_name = "FIELD=VALUE", value_parser = pair)]
    pub(crate) set: Vec<(String, String)>,
    /// What a check stands on and on which day it was seen (today, if left out), such as
    /// existence="Trade register FI 0000000-0@2026-11-20"
    #[arg(long = "check", value_name = "CHECK=SOURCE[@DAY]", value_parser = pair)]
    pub(crate) check: Vec<(String, String)>,
}
