//! The machine's clock: what it shows, and setting it through systemd.

use std::path::Path;

use component::now;
use house::Timestamp;
use serde::{Deserialize, Serialize};
use wamp_client::CallError;

use crate::fault::not_supported;
use crate::program::{self, ProgramFault};

/// Times outside are typing errors: 2020-01-01 to 2100-01-01.
const EARLIEST: Timestamp = Timestamp::from_secs(1_577_836_800);
const LATEST: Timestamp = Timestamp::from_secs(4_102_444_800);

/// What `get.time` and `set.time` answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Time {
    pub(crate) time: Timestamp,
    /// The IANA name, `Europe/Berlin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) timezone: Option<String>,
    /// The clock is kept right over the network, as systemd-timesyncd says; absent where something
    /// else or nothing keeps it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) synchronized: Option<bool>,
}

pub(crate) fn look() -> Time {
    let is_synchronized = Path::new("/run/systemd/timesync/synchronized").exists();
    Time {
        time: now(),
        timezone: timezone(),
        synchronized: is_synchronized.then_some(true),
    }
}

fn timezone() -> Option<String> {
    let from_environment = std::env::var("TZ")
        .ok()
        .map(|name| name.trim_start_matches(':').to_owned());
    let from_link = || {
        let target = std::fs::read_link("/etc/localtime").ok()?;
        let target = target.to_string_lossy();
        target.split_once("zoneinfo/").map(|(_, name)| name.to_owned())
    };
    let from_file = || {
        std::fs::read_to_string("/etc/timezone")
            .ok()
            .map(|name| name.trim().to_owned())
    };
    from_environment
        .or_else(from_link)
        .or_else(from_file)
        .filter(|name| !name.is_empty())
}

/// kwargs of `set.time`.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct TimeRequest {
    #[serde(default)]
    time: Option<Timestamp>,
    #[serde(default)]
    timezone: Option<String>,
}

impl TimeRequest {
    fn check(&self) -> Result<(), CallError> {
        if self.time.is_none() && self.timezone.is_none() {
            return Err(CallError::invalid_argument(
                "time must be the time to set, as 2026-05-03T07:30:00Z",
            ));
        }
        if self.time.is_some_and(|time| !(EARLIEST..LATEST).contains(&time)) {
            return Err(CallError::invalid_argument(
                "time must be between the years 2020 and 2100",
            ));
        }
        let is_zone = |name: &str| {
            let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '+');
            name.len() <= 64 && name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(fits)
        };
        if self.timezone.as_deref().is_some_and(|name| !is_zone(name)) {
            return Err(CallError::invalid_argument(
                "timezone must be a name like Europe/Berlin",
            ));
        }
        Ok(())
    }

    /// Sets the clock, the time zone, or both.
    pub(crate) async fn set(&self, timedatectl: &Path) -> Result<Time, CallError> {
        self.check()?;
        let refused = |fault: &ProgramFault| match fault {
            ProgramFault::Absent { .. } => {
                not_supported("the clock cannot be set from here: this machine has no timedatectl")
            }
            ProgramFault::Refused { answer, .. } => {
                not_supported(&format!("this machine does not let the hub set its clock: {answer}"))
            }
        };
        if let Some(zone) = &self.timezone {
            let arguments = ["--no-ask-password", "set-timezone", zone.as_str()];
            program::run(timedatectl, &arguments)
                .await
                .map_err(|fault| refused(&fault))?;
        }
        if let Some(time) = self.time {
            let when = format!("@{}", time.millis().div_euclid(1000));
            let arguments = ["--no-ask-password", "set-time", when.as_str()];
            program::run(timedatectl, &arguments)
                .await
                .map_err(|fault| refused(&fault))?;
        }
        Ok(look())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn request(json: &str) -> TimeRequest {
        serde_json::from_str(json).unwrap()
    }

    #[tokio::test]
    async fn a_time_that_makes_no_sense_is_refused_and_named() {
        for (json, argument) in [
            ("{}", "time"),
            (r#"{"time": 0}"#, "time"),
            (r#"{"time": "2126-05-03T07:30:00Z"}"#, "time"),
            (r#"{"timezone": "Europe/Berlin; reboot"}"#, "timezone"),
            (r#"{"timezone": "--help"}"#, "timezone"),
        ] {
            let fault = request(json).set(Path::new("/no/such/program")).await.unwrap_err();
            assert_eq!(fault.uri(), "wamp.error.invalid_argument");
            assert!(fault.message().unwrap().starts_with(argument), "{json}: {fault}");
        }
    }

    #[tokio::test]
    async fn the_machine_is_told_and_its_refusal_is_told_on() {
        let folder = tempfile::tempdir().unwrap();
        let (timedatectl, log) = (folder.path().join("timedatectl"), folder.path().join("log"));
        let write = |script: &str| {
            std::fs::write(&timedatectl, script).unwrap();
            std::fs::set_permissions(&timedatectl, std::fs::Permissions::from_mode(0o755)).unwrap();
        };
        write(&format!("#!/bin/sh\necho \"$@\" >> {}\n", log.display()));
        let both = request(r#"{"time": "2026-05-03T07:30:00Z", "timezone": "Europe/Berlin"}"#);
        both.set(&timedatectl).await.unwrap();
        assert_eq!(
            std::fs::read_to_string(&log).unwrap(),
            "--no-ask-password set-timezone Europe/Berlin\n--no-ask-password set-time @1777793400\n"
        );
        write("#!/bin/sh\necho 'Failed to set time: Automatic time synchronization is enabled' >&2\nexit 1\n");
        let refused = both.set(&timedatectl).await.unwrap_err();
        assert_eq!(refused.uri(), house::uri::error::NOT_SUPPORTED);
        assert!(
            refused.message().unwrap().contains("Automatic time synchronization"),
            "{refused}"
        );
    }

    #[test]
    fn the_clock_is_read() {
        assert!((EARLIEST..LATEST).contains(&look().time));
    }
}
