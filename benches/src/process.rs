//! What the system knows of the hub's process.

use anyhow::{Context, Result};

/// Clock ticks a second in `/proc/PID/stat`: the kernel's interface has had this value on every
/// architecture Linux runs on since 2.6.
const TICKS: f64 = 100.0;

/// Resident memory in MB now.
pub(crate) fn resident(pid: u32) -> Result<f64> {
    megabytes(pid, "VmRSS:")
}

/// The most resident memory there ever was, in MB.
pub(crate) fn peak(pid: u32) -> Result<f64> {
    megabytes(pid, "VmHWM:")
}

fn megabytes(pid: u32, key: &str) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status
        .lines()
        .find(|line| line.starts_with(key))
        .with_context(|| format!("no {key}"))?;
    let kilobytes: f64 = line.split_whitespace().nth(1).context("no figure")?.parse()?;
    Ok(kilobytes / 1024.0)
}

/// Seconds of CPU time used so far, in user and in kernel mode, by all its threads.
pub(crate) fn cpu_seconds(pid: u32) -> Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name may hold anything but ends with the last parenthesis; utime and stime are the
    // fields 14 and 15, of which it is the second.
    let (_, after) = stat.rsplit_once(')').context("no name")?;
    let fields: Vec<&str> = after.split_whitespace().collect();
    let ticks = |index: usize| -> Result<f64> { Ok(fields.get(index).context("a field is missing")?.parse()?) };
    Ok((ticks(11)? + ticks(12)?) / TICKS)
}
