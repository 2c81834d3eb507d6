//! What a process has used so far, from `/proc` (see proc_pid_stat(5), proc_pid_status(5) and proc_pid_io(5)).

use std::fs;
use std::process::Command;

use anyhow::Context;

/// One process's line in `/proc/PID/stat`.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    parent: u32,
    /// User and system time in clock ticks.
    own_ticks: u64,
    /// The same of its children that have ended and were waited for.
    ended_children_ticks: u64,
}

/// CPU time of one process, all its threads included, in milliseconds.
pub(crate) fn cpu_ms(process: u32) -> anyhow::Result<f64> {
    Ok(to_ms(stat(process)?.own_ticks, ticks_per_second()?))
}

/// CPU time of a process and all its children, ended or not, in milliseconds.
pub(crate) fn family_cpu_ms(process: u32) -> anyhow::Result<f64> {
    let parent = stat(process)?;
    let mut ticks = parent.own_ticks + parent.ended_children_ticks;
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(id) = name.to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        // A process that ends while we look is counted by its parent the next time.
        if let Ok(child) = stat(id)
            && child.parent == process
        {
            ticks += child.own_ticks;
        }
    }
    Ok(to_ms(ticks, ticks_per_second()?))
}

/// The most memory that a process ever held, in KiB.
pub(crate) fn peak_memory_kib(process: u32) -> anyhow::Result<u64> {
    let text = fs::read_to_string(format!("/proc/{process}/status"))
        .with_context(|| format!("process {process} is gone"))?;
    parse_peak_memory(&text).context("/proc has no VmHWM line")
}

/// What a process has given to the disk, in KiB: every page that it made dirty, counted when that happens.
#[expect(
    clippy::cast_precision_loss,
    reason = "bytes of one run are far below 2^52"
)]
pub(crate) fn written_kib(process: u32) -> anyhow::Result<f64> {
    let text = fs::read_to_string(format!("/proc/{process}/io"))
        .with_context(|| format!("what process {process} wrote cannot be read"))?;
    let bytes = parse_written(&text).context("/proc has no write_bytes line")?;
    Ok(bytes as f64 / 1024.0)
}

fn stat(process: u32) -> anyhow::Result<Stat> {
    let text = fs::read_to_string(format!("/proc/{process}/stat"))
        .with_context(|| format!("process {process} is gone"))?;
    parse_stat(&text).context("/proc/PID/stat is not what we expect")
}

/// The second field is the program's name in parentheses and may hold anything.
fn parse_stat(text: &str) -> Option<Stat> {
    let (_, rest) = text.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split(' ').collect();
    let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
    Some(Stat {
        parent: u32::try_from(number(1)?).ok()?,
        own_ticks: number(11)? + number(12)?,
        ended_children_ticks: number(13)? + number(14)?,
    })
}

fn parse_peak_memory(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

fn parse_written(text: &str) -> Option<u64> {
    let mut lines = text.lines();
    let bytes = lines.find_map(|line| line.strip_prefix("write_bytes:"))?;
    bytes.trim().parse().ok()
}

fn ticks_per_second() -> anyhow::Result<u64> {
    let output = Command::new("getconf").arg("CLK_TCK").output()?;
    String::from_utf8_lossy(&output.stdout)
        .trim()
        .parse()
        .context("getconf CLK_TCK prints no number")
}

#[expect(
    clippy::cast_precision_loss,
    reason = "ticks of one run are far below 2^52"
)]
fn to_ms(ticks: u64, per_second: u64) -> f64 {
    ticks as f64 * 1000.0 / per_second as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stat_line_is_read_past_an_odd_name() {
        let line = "42 (a) b (c) S 7 42 42 0 -1 4194560 1 2 3 4 150 50 8 2 20 0 1 0 99";
        let expected = Stat {
            parent: 7,
            own_ticks: 200,
            ended_children_ticks: 10,
        };
        assert_eq!(parse_stat(line), Some(expected));
        assert_eq!(parse_stat("42 (short) S 7"), None);
    }

    #[test]
    fn peak_memory_is_found() {
        let text = "VmPeak:\t  200 kB\nVmHWM:\t   12345 kB\nVmRSS:\t 1 kB\n";
        assert_eq!(parse_peak_memory(text), Some(12345));
        assert_eq!(parse_peak_memory("Name: a"), None);
    }

    #[test]
    fn written_bytes_are_found() {
        let text = "wchar: 7\nread_bytes: 1\nwrite_bytes: 4096\ncancelled_write_bytes: 2\n";
        assert_eq!(parse_written(text), Some(4096));
        assert_eq!(parse_written("wchar: 7\n"), None);
    }

    #[test]
    fn our_own_usage_can_be_read() {
        let us = std::process::id();
        assert!(family_cpu_ms(us).unwrap() >= cpu_ms(us).unwrap() - 20.0);
        assert!(peak_memory_kib(us).unwrap() > 0);
    }
}
