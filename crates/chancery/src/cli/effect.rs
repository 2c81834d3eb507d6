//! What is done to the outside: `chancery admin effect` and `mail`.

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum EffectCommand {
    /// Take an unknown effect for done: you know that it was, or do not want it any more
    Close {
        /// The effect, by its identifier (eff_…)
        id: String,
        /// How you know, for those who read it later
        #[arg(long)]
        reason: String,
    },
    /// List the effects that have not ended, the oldest first
    List {
        /// The last effects of this kind instead, however they stand, such as mail
        #[arg(long)]
        kind: Option<String>,
        /// One JSON document per line
        #[arg(long)]
        json: bool,
    },
    /// Send an unknown effect again; if it was done after all, it is done twice
    Resend {
        /// The effect, by its identifier (eff_…)
        id: String,
    },
    /// Show all of an effect, but not what a mail says
    Show {
        /// The effect, by its identifier (eff_…)
        id: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum MailCommand {
    /// Print a made-up mail of a kind, such as password_changed; a wrong kind tells all
    Preview {
        /// The kind
        kind: String,
        /// As a page instead of text
        #[arg(long)]
        html: bool,
    },
}
