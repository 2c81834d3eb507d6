//! `chancery admin limit`: how often something may be done, and the bounds that tenants have for themselves.

use std::time::Duration;

use anyhow::{Context, bail};
use base::{Rate, Timestamp};
use flow::operations::change_limit::{
    Bound, Limit, LimitOverride, clear_limit, list_limits, set_limit,
};
use flow::{App, Caller};
use serde_json::json;

use super::named::{find_tenant, for_tenant};
use super::say;
use crate::cli::{LimitCommand, SetLimitArgs};

pub(super) async fn limit(app: &App, command: LimitCommand) -> anyhow::Result<()> {
    match command {
        LimitCommand::Clear { limit, reseller } => {
            let caller = for_tenant(app, &reseller).await?;
            let had = clear_limit(app, &caller, limit_named(&limit)?).await?;
            say(if had {
                "as for everybody"
            } else {
                "it was as for everybody"
            });
        }
        LimitCommand::List { json } => list(app, json).await?,
        LimitCommand::Set(args) => set(app, args).await?,
        LimitCommand::Show {
            limit,
            reseller,
            json,
        } => show(app, limit_named(&limit)?, reseller.as_deref(), json).await?,
    }
    Ok(())
}

async fn list(app: &App, as_json: bool) -> anyhow::Result<()> {
    if !as_json {
        for limit in Limit::ALL {
            say(&format!("{:<24} {}", limit.as_str(), limit.usual()));
        }
    }
    for own in list_limits(app).await? {
        let LimitOverride {
            tenant,
            limit,
            bound,
            ends_at,
            reason,
        } = own;
        if as_json {
            say(&json!({ "tenant": tenant, "limit": limit, "bound": bound.to_string(), "ends_at": ends_at,
                "reason": reason })
            .to_string());
            continue;
        }
        let until = ends_at.map_or_else(String::new, |end| format!(", until {end}"));
        say(&format!(
            "{:<24} {bound} for {tenant}{until}: {reason}",
            limit.as_str()
        ));
    }
    Ok(())
}

async fn show(
    app: &App,
    limit: Limit,
    reseller: Option<&str>,
    as_json: bool,
) -> anyhow::Result<()> {
    let tenant = match reseller {
        Some(text) => Some(find_tenant(app, text).await?.id),
        None => None,
    };
    let own = list_limits(app).await?.into_iter();
    let own = own
        .filter(|own| Some(own.tenant) == tenant && own.limit == limit)
        .find(|own| own.is_live(app.now()));
    let bound = own.as_ref().map_or(limit.usual(), |own| own.bound);
    let reason = own.as_ref().map(|own| own.reason.as_str());
    let ends_at = own.as_ref().and_then(|own| own.ends_at);
    if as_json {
        say(&json!({ "limit": limit, "tenant": tenant, "bound": bound.to_string(), "ends_at": ends_at,
            "reason": reason })
        .to_string());
        return Ok(());
    }
    let until = ends_at.map_or_else(String::new, |end| format!(", until {end}"));
    let why = reason.map_or_else(|| "as for everybody".to_owned(), str::to_owned);
    say(&format!("{} {bound}{until}: {why}", limit.as_str()));
    Ok(())
}

async fn set(app: &App, args: SetLimitArgs) -> anyhow::Result<()> {
    let limit = limit_named(&args.limit)?;
    let bound = match (&args.every, limit.usual()) {
        (Some(every), _) => {
            let burst = args.burst.unwrap_or(args.count);
            Bound::Often(Rate::new(args.count, time(every)?, burst))
        }
        (None, Bound::Often(usual)) => {
            let burst = args.burst.unwrap_or(args.count);
            Bound::Often(Rate::new(args.count, usual.every, burst))
        }
        (None, Bound::AtOnce(_)) => Bound::AtOnce(args.count),
    };
    let now: Timestamp = app.now();
    let own = LimitOverride {
        tenant: find_tenant(app, &args.reseller).await?.id,
        limit,
        bound,
        ends_at: args
            .until
            .as_deref()
            .map(|until| end(until, now))
            .transpose()?,
        reason: args.reason,
    };
    set_limit(app, &Caller::command_line(), own).await?;
    say(&format!(
        "{}: {bound}, known to every server within a second",
        limit.as_str()
    ));
    Ok(())
}

fn limit_named(word: &str) -> anyhow::Result<Limit> {
    Limit::parse(word).with_context(|| {
        let known: Vec<_> = Limit::ALL.iter().map(|limit| limit.as_str()).collect();
        format!(
            "there is no limit \"{word}\"; there are {}",
            known.join(", ")
        )
    })
}

/// A moment, or a time from now.
fn end(until: &str, now: Timestamp) -> anyhow::Result<Timestamp> {
    match Timestamp::parse_rfc3339(until) {
        Ok(end) => Ok(end),
        Err(_) => Ok(now.plus(time(until)?)),
    }
}

/// Such as `90s`, `15m`, `3h`, `7d`.
fn time(text: &str) -> anyhow::Result<Duration> {
    let mut number = text.chars();
    let seconds = match number.next_back() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3600,
        Some('d') => 24 * 3600,
        Some(_) | None => 0,
    };
    match number.as_str().parse::<u64>() {
        Ok(number) if number > 0 && seconds > 0 => {
            Ok(Duration::from_secs(number.saturating_mul(seconds)))
        }
        Ok(_) | Err(_) => bail!("\"{text}\" is no time; write it as 90s, 15m, 3h or 7d"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        let read = |text| time(text).ok().map(|time| time.as_secs());
        assert_eq!(
            [read("90s"), read("3h"), read("7d")],
            [Some(90), Some(10_800), Some(604_800)]
        );
        assert_eq!(
            [read(""), read("h"), read("0d"), read("7w"), read("é")],
            [None; 5]
        );
    }
}
