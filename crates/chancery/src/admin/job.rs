//! `chancery admin job`: what is done beside requests, what waits, and what was given up.

use anyhow::Context;
use base::JobId;
use flow::operations::change_job::{JobChange, change_job};
use flow::operations::list_jobs::{
    FoundJob, QueueItem, list_dead, list_jobs, list_queues, list_schedules, show_job,
};
use flow::queue::Queue;
use flow::{App, Caller};
use serde_json::{Value, json};
use store::queue::dead::DeadJob;
use store::queue::job::Job;
use store::queue::schedule::Schedule;
use store::queue::summary::MAX_COUNTED;

use super::say;
use crate::cli::JobCommand;

pub(super) async fn job(app: &App, command: JobCommand) -> anyhow::Result<()> {
    let caller = Caller::command_line();
    match command {
        JobCommand::Drop { id } => {
            change_job(app, &caller, parse(&id)?, JobChange::Drop).await?;
            say("dropped");
        }
        JobCommand::List {
            queue: Some(queue),
            json,
            ..
        } => {
            for job in list_jobs(app, queue_of(&queue)?).await? {
                say(&line_of_job(&job, json));
            }
        }
        JobCommand::List {
            dead: true, json, ..
        } => {
            for dead in list_dead(app).await? {
                say(&line_of_dead(&dead, json));
            }
        }
        JobCommand::List {
            schedules: true,
            json,
            ..
        } => {
            for schedule in list_schedules(app).await? {
                say(&line_of_schedule(&schedule, json));
            }
        }
        JobCommand::List { json, .. } => {
            for item in list_queues(app).await? {
                say(&line_of_queue(&item, json));
            }
        }
        JobCommand::Retry { id } => {
            change_job(app, &caller, parse(&id)?, JobChange::Retry).await?;
            say("it is due now");
        }
        JobCommand::Show { id } => show(app, parse(&id)?).await?,
    }
    Ok(())
}

fn parse(id: &str) -> anyhow::Result<JobId> {
    id.parse()
        .with_context(|| "jobs are named as chancery admin job list shows them".to_owned())
}

fn queue_of(word: &str) -> anyhow::Result<Queue> {
    Queue::parse(word).with_context(|| {
        let known = Queue::ALL.map(Queue::as_str).join(", ");
        format!("there is no queue \"{word}\"; there are {known}")
    })
}

async fn show(app: &App, id: JobId) -> anyhow::Result<()> {
    let found = show_job(app, id).await?;
    let found = found.context("there is no such job; it may have ended already")?;
    let document = match &found {
        FoundJob::Dead(dead) => of_dead(dead),
        FoundJob::Live(job) => of_job(job),
    };
    say(&serde_json::to_string_pretty(&document)?);
    Ok(())
}

/// The payload as it is stored, which is JSON.
fn payload(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| json!(text))
}

fn of_job(job: &Job) -> Value {
    json!({
        "id": job.id, "queue": job.queue, "kind": job.kind, "payload": payload(&job.payload),
        "state": state(job), "priority": job.priority, "due_at": job.due_at.to_string(),
        "made_at": job.id.made_at().to_string(), "attempt": job.attempt, "max_attempts": job.max_attempts,
        "node": job.leased_by, "tenant": job.share_of, "request": job.request_id, "last_error": job.last_error,
    })
}

fn state(job: &Job) -> &'static str {
    if job.leased_by.is_some() {
        "running"
    } else {
        "waiting"
    }
}

fn of_dead(dead: &DeadJob) -> Value {
    json!({
        "id": dead.id, "queue": dead.queue, "kind": dead.kind, "payload": payload(&dead.payload),
        "state": "given up", "died_at": dead.died_at.to_string(), "attempt": dead.attempt,
        "tenant": dead.share_of, "request": dead.request_id, "error": dead.error,
    })
}

fn line_of_job(job: &Job, as_json: bool) -> String {
    if as_json {
        return of_job(job).to_string();
    }
    let error = job.last_error.as_deref().unwrap_or_default();
    format!(
        "{} {} {} attempt {}/{} due {} {} {error}",
        job.id,
        job.kind,
        state(job),
        job.attempt,
        job.max_attempts,
        job.due_at,
        job.payload
    )
}

fn line_of_dead(dead: &DeadJob, as_json: bool) -> String {
    if as_json {
        return of_dead(dead).to_string();
    }
    format!(
        "{} {} given up {} after {} attempts: {} {}",
        dead.id, dead.kind, dead.died_at, dead.attempt, dead.error, dead.payload
    )
}

fn line_of_schedule(schedule: &Schedule, as_json: bool) -> String {
    let last = schedule.last_at.map(|last| last.to_string());
    if as_json {
        let document = json!({
            "name": schedule.name, "queue": schedule.queue, "every_seconds": schedule.every_seconds,
            "next_at": schedule.next_at.to_string(), "last_at": last,
        });
        return document.to_string();
    }
    format!(
        "{} every {} s, next {}, last {}",
        schedule.name,
        schedule.every_seconds,
        schedule.next_at,
        last.as_deref().unwrap_or("never")
    )
}

fn line_of_queue(item: &QueueItem, as_json: bool) -> String {
    let (queue, standing) = (item.queue.as_str(), &item.standing);
    let since = item.waits_since.map(|since| since.to_string());
    if as_json {
        let document = json!({
            "queue": queue, "waiting": standing.waiting, "running": standing.running, "due_since": since,
        });
        return document.to_string();
    }
    let count = |count: i64| {
        let or_more = if count >= MAX_COUNTED { "+" } else { "" };
        format!("{count}{or_more}")
    };
    let next = since.map_or_else(String::new, |since| format!(", the next one since {since}"));
    format!(
        "{queue:<9} {} waiting, {} running{next}",
        count(standing.waiting),
        count(standing.running)
    )
}
