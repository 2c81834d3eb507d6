//! Automation in Rust, so that people and machines run the same thing: the structural checks, the
//! load test, the crash test and stores of any size.
//!
//! Nothing here is part of the product, and nothing in the product may depend on it. The two
//! commands for people are in `script/`.

#![expect(
    clippy::print_stdout,
    reason = "a command line tool answers on standard output"
)]

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod acme_client;
mod bench;
mod check;
mod crash;
mod fill;
mod fuzz;
mod launch;
mod portal_client;
mod postgres_run;
mod server;
mod siege;
mod soak;
mod stopwatch;
mod workspace;

/// Development tasks of Chancery.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Measure whole ACME flows against a release server
    Bench {
        #[command(subcommand)]
        subject: bench::Subject,
    },
    /// Check dependency directions, sizes, SQL outside the store, forbidden words, lint tables and the
    /// rules of the house
    Check(check::Options),
    /// Kill the server under load again and again and prove that nothing acknowledged is lost
    Crash(crash::Options),
    /// Write the table of refusals into docs/errors.md
    Errors,
    /// Fill a database with a believable history of so many certificates
    Fill(fill::Options),
    /// Give every parser of outside bytes inputs that a fuzzer makes up
    Fuzz(fuzz::Options),
    /// Write the tables of rules with their tests into docs/features.md and docs/security.md, or show single rules
    Rules(check::RulesOptions),
    /// Attack a server, and see what it costs those who are not attackers
    Siege {
        #[command(subcommand)]
        attack: siege::Attack,
    },
    /// Let years pass over a busy installation in minutes, and see that no table grows for ever
    Soak(soak::Options),
    /// Run a command with a private PostgreSQL whose address is in CHANCERY_TEST_POSTGRES_URL
    WithPostgres(postgres_run::Options),
}

fn main() -> ExitCode {
    if let Err(error) = run(&Arguments::parse().task) {
        eprintln!("error: {error:#}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn run(task: &Task) -> anyhow::Result<()> {
    match task {
        Task::Bench { subject } => bench::run(subject),
        Task::Check(options) => check::run(&workspace::root(), options),
        Task::Crash(options) => crash::run(options),
        Task::Errors => check::write_errors(&workspace::root()),
        Task::Fill(options) => fill::run(options),
        Task::Fuzz(options) => fuzz::run(options),
        Task::Rules(options) => check::run_rules(&workspace::root(), options),
        Task::Siege { attack } => siege::run(attack),
        Task::Soak(options) => soak::run(options),
        Task::WithPostgres(options) => postgres_run::run(options),
    }
}
