//! A call of `dcs.<kind>.control`, checked.

use house::{Arguments, Cause, LONGEST_OVERRIDE, Loose, Timestamp};
use serde::Deserialize;
use wamp_client::{CallError, Invocation};

use crate::resolve::Wanted;
use crate::state::Command;

/// The role of the hub's own services, whose commands are automatic. Whoever has no role at all is
/// linked inside the hub.
const SERVICE_ROLE: &str = "service";

const NAMES: [&str; 5] = ["area", "device", "entity", "for", "cause"];

/// What a caller wants done.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Request {
    pub(crate) on: bool,
    pub(crate) wanted: Wanted,
    /// For how long controllers shall leave it alone, in seconds, when the caller says so.
    pub(crate) hold: Option<f64>,
    /// Who asks, and whether a person does.
    pub(crate) by: String,
    pub(crate) manual: bool,
    pub(crate) cause: Option<Cause>,
}

#[derive(Deserialize)]
struct CauseArgument {
    #[serde(default)]
    cause: Option<Cause>,
}

impl Request {
    /// Reads a call.
    ///
    /// # Errors
    /// `wamp.error.invalid_argument`, naming the argument.
    pub(crate) fn read(invocation: &Invocation) -> Result<Self, CallError> {
        let positional: Vec<Loose> = invocation.args()?;
        let named: Arguments = invocation.kwargs()?;
        let caller = (invocation.caller_authid(), invocation.caller_authrole());
        let mut request = Self::check(&positional, &named, caller).map_err(CallError::invalid_argument)?;
        let cause = invocation.kwargs::<CauseArgument>();
        let cause = cause.map_err(|_| CallError::invalid_argument("cause must be {by, manual, text}"))?;
        request.cause = cause.cause;
        Ok(request)
    }

    fn check(
        positional: &[Loose],
        named: &Arguments,
        (authid, authrole): (Option<&str>, Option<&str>),
    ) -> Result<Self, String> {
        named.expect_only(&NAMES)?;
        let on = match positional {
            [Loose::Bool(on)] => *on,
            [] => return Err("on is missing: the first argument must be true or false".into()),
            [_] => return Err("on, the first argument, must be true or false".into()),
            _ => return Err("on is the only positional argument; everything else goes by name".into()),
        };
        let hold = named.number("for")?;
        let longest = LONGEST_OVERRIDE.as_secs_f64();
        if hold.is_some_and(|seconds| !(0.0..=longest).contains(&seconds)) {
            return Err(format!("for must be 0 to {longest} seconds"));
        }
        Ok(Self {
            on,
            wanted: Wanted {
                area: named.area("area")?,
                device: named.id("device")?,
                entity: named.text("entity")?.map(str::to_owned),
            },
            hold,
            by: authid.unwrap_or("somebody").to_owned(),
            manual: authrole.is_some_and(|role| role != SERVICE_ROLE),
            cause: None,
        })
    }

    /// The command that this request is, given at `now`; controllers leave a person's alone for
    /// `default_hold` unless the person said for how long.
    pub(crate) fn command(&self, default_hold: std::time::Duration, now: Timestamp) -> Command {
        let text = match &self.cause {
            Some(cause) if !self.manual => cause.text.clone(),
            _ => format!("switched {} by {}", if self.on { "on" } else { "off" }, self.by),
        };
        let by = match &self.cause {
            Some(cause) if !self.manual => cause.by.clone(),
            _ => self.by.clone(),
        };
        let hold = match self.hold {
            Some(seconds) => std::time::Duration::from_secs_f64(seconds),
            None => default_hold,
        };
        Command {
            on: self.on,
            cause: Cause {
                by,
                manual: self.manual,
                text,
            },
            override_until: (self.manual && !hold.is_zero()).then(|| now.after(hold)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn check(args: &str, kwargs: &str, role: Option<&str>) -> Result<Request, String> {
        let positional: Vec<Loose> = serde_json::from_str(args).unwrap();
        let named: Arguments = serde_json::from_str(kwargs).unwrap();
        Request::check(&positional, &named, (Some("anna"), role))
    }

    #[test]
    fn the_talks_call_needs_nothing_but_true() {
        let request = check("[true]", "{}", Some("user")).unwrap();
        assert!(request.on && request.manual);
        assert_eq!(request.wanted, Wanted::default());
        let command = request.command(Duration::from_secs(60), Timestamp(0));
        assert_eq!(command.override_until, Some(Timestamp::from_secs(60)));
        assert_eq!(
            (command.cause.by.as_str(), command.cause.text.as_str()),
            ("anna", "switched on by anna")
        );
    }

    #[test]
    fn every_wrong_argument_is_named() {
        for (args, kwargs, start) in [
            ("[]", "{}", "on is missing"),
            ("[1]", "{}", "on, the first argument, must be true or false"),
            ("[\"true\"]", "{}", "on, the first"),
            ("[true, 5]", "{}", "on is the only"),
            ("[true]", r#"{"area":5}"#, "area must be text"),
            ("[true]", r#"{"device":true}"#, "device must be text"),
            ("[true]", r#"{"entity":[]}"#, "entity must be text"),
            ("[true]", r#"{"for":"long"}"#, "for must be a number"),
            ("[true]", r#"{"for":-1}"#, "for must be 0 to 86400 seconds"),
            ("[true]", r#"{"for":1e9}"#, "for must be 0 to"),
            ("[true]", r#"{"aera":"hall"}"#, "aera is not an argument here"),
        ] {
            let fault = check(args, kwargs, None).unwrap_err();
            assert!(fault.starts_with(start), "{args} {kwargs}: {fault}");
        }
    }

    #[test]
    fn a_service_gives_its_cause_and_no_override() {
        let mut request = check("[false]", r#"{"for":60}"#, Some("service")).unwrap();
        request.cause = Some(Cause {
            by: "thermostat".into(),
            manual: true,
            text: "cool enough".into(),
        });
        let command = request.command(Duration::from_secs(60), Timestamp(0));
        assert_eq!(command.override_until, None);
        assert_eq!(
            command.cause,
            Cause {
                by: "thermostat".into(),
                manual: false,
                text: "cool enough".into()
            }
        );
    }

    #[test]
    fn a_person_can_hand_back_at_once_and_cannot_sign_for_others() {
        let mut request = check("[false]", r#"{"for":0}"#, Some("admin")).unwrap();
        request.cause = Some(Cause {
            by: "thermostat".into(),
            manual: false,
            text: "bedtime".into(),
        });
        let command = request.command(Duration::from_secs(60), Timestamp(0));
        assert_eq!(command.override_until, None);
        assert_eq!((command.cause.by.as_str(), command.cause.manual), ("anna", true));
        assert_eq!(command.cause.text, "switched off by anna");
    }
}
