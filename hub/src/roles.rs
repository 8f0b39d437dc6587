//! Who may do what in the house's realm.
//!
//! | role | may |
//! |---|---|
//! | `admin`, `service` | everything |
//! | `user` | read, search for devices, switch, acknowledge alerts, publish readings |
//! | `viewer` | read |
//! | `anonymous` | what the configured role may, except to be remembered |
//! | `setup` | make the first admin |
//!
//! To read is to subscribe to any topic but the router's own, and to call what lists and shows.

use house::uri::{procedure, topic};
use wamp_protocol::MatchPolicy;
use wamp_router::authorization::{Action, Authorizer, Request};

/// The role of sessions that did not sign in, where the configuration lets them in at all.
pub const ANONYMOUS: &str = "anonymous";

const READS: [&str; 11] = [
    procedure::DEVICE_LIST,
    procedure::ACTUATOR_LIST,
    procedure::THRESHOLDS_LIST,
    procedure::THRESHOLDS_GET,
    procedure::HISTORY_READINGS,
    procedure::HISTORY_EVENTS,
    procedure::HISTORY_LATEST,
    procedure::ALERT_LIST,
    procedure::GET_STATUS,
    procedure::GET_TIME,
    procedure::GET_NETWORK,
];

/// For people with an account; an anonymous session may have taken any name.
const OWN_ACCOUNT: [&str; 2] = [procedure::ACCOUNT_REMEMBER, procedure::ACCOUNT_FORGET];

/// The router's own topics tell who comes and goes, and what they subscribe to.
const ROUTERS_OWN: &str = "wamp.";

/// Decides for the house's realm. `anonymous` is what sessions that did not sign in count as.
pub fn authorizer(anonymous: Option<String>) -> impl Authorizer {
    move |request: &Request<'_>| {
        let (role, signed_in) = match (request.authrole, &anonymous) {
            (ANONYMOUS, Some(role)) => (role.as_str(), false),
            (role, _) => (role, true),
        };
        let uri = request.uri.as_str();
        if !signed_in && request.action == Action::Call && uri.starts_with("account.") {
            return false;
        }
        permits(role, request.action, uri, request.match_policy)
    }
}

fn permits(role: &str, action: Action, uri: &str, match_policy: MatchPolicy) -> bool {
    match role {
        "admin" | "service" => true,
        "user" => reads(action, uri, match_policy) || commands(action, uri),
        "viewer" => reads(action, uri, match_policy),
        "setup" => action == Action::Call && uri == procedure::ACCOUNT_SETUP,
        _ => false,
    }
}

fn reads(action: Action, uri: &str, match_policy: MatchPolicy) -> bool {
    match (action, match_policy) {
        (Action::Call, _) => READS.contains(&uri) || OWN_ACCOUNT.contains(&uri),
        (Action::Subscribe, MatchPolicy::Exact) => !uri.starts_with(ROUTERS_OWN),
        (Action::Subscribe, MatchPolicy::Prefix) => !uri.starts_with(ROUTERS_OWN) && !ROUTERS_OWN.starts_with(uri),
        (Action::Subscribe, MatchPolicy::Wildcard) => !matches!(uri.split('.').next(), None | Some("" | "wamp")),
        (Action::Register | Action::Publish, _) => false,
    }
}

fn commands(action: Action, uri: &str) -> bool {
    match action {
        Action::Call => {
            uri == procedure::DISCOVER_DEVICES
                || uri == procedure::DEVICE_SET
                || uri == procedure::ALERT_ACKNOWLEDGE
                || house::ActuatorKind::ALL
                    .into_iter()
                    .any(|kind| uri == house::uri::device_control(kind))
        }
        Action::Publish => uri == topic::SENSOR_EVENTS,
        Action::Register | Action::Subscribe => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_what_the_contract_says() {
        use Action::{Call, Publish, Register, Subscribe};
        use MatchPolicy::{Exact, Prefix, Wildcard};
        // action, URI, how it matches, roles that may
        for (action, uri, policy, may) in [
            (Call, "device.list", Exact, "admin service user viewer"),
            (Call, "history.readings", Exact, "admin service user viewer"),
            (Call, "get.status", Exact, "admin service user viewer"),
            (Call, "account.remember", Exact, "admin service user viewer"),
            (Call, "dcs.fan.control", Exact, "admin service user"),
            (Call, "dcs.switch.control", Exact, "admin service user"),
            (Call, "dcs.lock.control", Exact, "admin service user"),
            (Call, "device.set", Exact, "admin service user"),
            (Call, "alert.acknowledge", Exact, "admin service user"),
            (Call, "discover.devices", Exact, "admin service user"),
            (Call, "device.adopt", Exact, "admin service"),
            (Call, "device.replace", Exact, "admin service"),
            (Call, "device.key.set", Exact, "admin service"),
            (Call, "config.thresholds.set", Exact, "admin service"),
            (Call, "set.time", Exact, "admin service"),
            (Call, "notifier.test", Exact, "admin service"),
            (Call, "bridge.mqtt.command", Exact, "admin service"),
            (Call, "wamp.session.kill_all", Exact, "admin service"),
            (Call, "account.setup", Exact, "admin service setup"),
            (Register, "dcs.fan.control", Exact, "admin service"),
            (Publish, "sensor.events", Exact, "admin service user"),
            (Publish, "actuator.events", Exact, "admin service"),
            (Publish, "device.state", Exact, "admin service"),
            (Subscribe, "sensor.events", Exact, "admin service user viewer"),
            (Subscribe, "status.change", Exact, "admin service user viewer"),
            (Subscribe, "wamp.session.on_join", Exact, "admin service"),
            (Subscribe, "alert.", Prefix, "admin service user viewer"),
            (Subscribe, "", Prefix, "admin service"),
            (Subscribe, "wamp", Prefix, "admin service"),
            (Subscribe, "alert..", Wildcard, "admin service user viewer"),
            (Subscribe, "..on_join", Wildcard, "admin service"),
            (Subscribe, "wamp..on_join", Wildcard, "admin service"),
        ] {
            for role in ["admin", "service", "user", "viewer", "setup", ANONYMOUS, ""] {
                let expected = may.split(' ').any(|name| name == role);
                assert_eq!(permits(role, action, uri, policy), expected, "{role} {action:?} {uri}");
            }
        }
    }

    #[test]
    fn whoever_did_not_sign_in_is_nobody_who_could_be_remembered() {
        let may = |anonymous: Option<&str>, action, uri: &str| {
            authorizer(anonymous.map(str::to_owned)).permits(&Request {
                authid: "ann",
                authrole: ANONYMOUS,
                action,
                uri: &uri.into(),
                match_policy: MatchPolicy::Exact,
            })
        };
        assert!(may(Some("user"), Action::Call, "dcs.fan.control"));
        assert!(!may(Some("viewer"), Action::Call, "dcs.fan.control"));
        assert!(!may(Some("admin"), Action::Call, "account.remember"));
        assert!(!may(None, Action::Subscribe, "sensor.events"));
    }
}
