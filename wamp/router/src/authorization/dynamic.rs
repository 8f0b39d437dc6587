//! A WAMP procedure that decides what a role may do.

mod cache;
mod outcomes;

use std::time::Duration;

use wamp_protocol::{Dict, MatchPolicy, Message, Value};

use crate::member::Member;

pub(crate) use self::cache::{Decisions, Key};
pub(crate) use self::outcomes::{Outcome, Outcomes};

/// A procedure that is asked about whatever the realm's rules do not permit a role.
///
/// It is called with `(session, uri, action, options)`: `session` is `{session, realm, authid,
/// authrole, authmethod, authprovider, transport: {type, peer?, tls}}`, `action` one of `call`,
/// `register`, `publish`, `subscribe`, and `options` what of the message's options matters: `match`,
/// `invoke`, `force_reregister`, `acknowledge`, `disclose_me`, `retain`. It answers with true or false, or with a dict:
///
/// | key | means |
/// |---|---|
/// | `allow` | whether it may |
/// | `disclose` | make the caller or publisher known, unless the realm never does |
/// | `cache` | `true`: the answer holds as long as the session; `false`: for this once; `"role"`: for all of the role, for a time; absent: for this session, for a time |
///
/// No answer in time, an error, or an answer that makes no sense refuses the request with
/// `wamp.error.authorization_failed`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DynamicAuthorizer {
    /// The procedure.
    pub procedure: String,
    /// The realm in which it is registered; `None`: the session's own.
    pub realm: Option<String>,
    /// How long it may take. Meanwhile the session waits, and nobody else does.
    pub timeout: Duration,
    /// How long an answer holds that says nothing else; zero: for once.
    pub cache_time: Duration,
    /// Answers kept at most.
    pub cache_entries: usize,
}

/// What the procedure has answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) allow: bool,
    pub(crate) disclose: bool,
}

/// How long an answer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    Once,
    /// For this session, for the usual time.
    ForATime,
    /// For this session, as long as it lives.
    Session,
    /// For every session of the role, for the usual time.
    Role,
}

/// What the procedure is called with.
pub(crate) fn question(realm: &str, member: &Member, key: &Key, options: Dict) -> Vec<Value> {
    let mut session = Dict::default();
    session.insert("session", member.id.get());
    session.insert("realm", realm);
    session.insert("authid", member.authid.as_str());
    session.insert("authrole", member.authrole.as_str());
    session.insert("authmethod", member.authmethod.as_str());
    session.insert("authprovider", member.authprovider.as_str());
    session.insert("transport", member.transport.details());
    vec![
        session.into(),
        key.uri.as_str().into(),
        key.action.name().into(),
        options.into(),
    ]
}

/// What of a message's options matters.
pub(crate) fn options(message: &Message, match_policy: MatchPolicy) -> Dict {
    let mut options = Dict::default();
    match message {
        Message::Call(call) => options.insert("disclose_me", call.options.disclose_me),
        Message::Publish(publish) => {
            options.insert("acknowledge", publish.options.acknowledge);
            options.insert("disclose_me", publish.options.disclose_me);
            options.insert("retain", publish.options.retain);
        }
        Message::Register(register) => {
            options.insert("match", match_policy.name());
            options.insert("invoke", register.options.invoke.unwrap_or_default().name());
            options.insert("force_reregister", register.options.force_reregister == Some(true));
        }
        _ => options.insert("match", match_policy.name()),
    }
    options
}

/// What an answer says; `None` if it makes no sense.
pub(crate) fn decision(answer: &Value) -> Option<(Decision, Keep)> {
    let dict = match answer {
        Value::Bool(allow) => {
            let decision = Decision {
                allow: *allow,
                disclose: false,
            };
            return Some((decision, Keep::ForATime));
        }
        Value::Dict(dict) => dict,
        _ => return None,
    };
    let flag = |key: &str| match dict.get(key) {
        None | Some(Value::Null) => Some(None),
        Some(Value::Bool(flag)) => Some(Some(*flag)),
        Some(_) => None,
    };
    let keep = match dict.get("cache") {
        None | Some(Value::Null) => Keep::ForATime,
        Some(Value::Bool(true)) => Keep::Session,
        Some(Value::Bool(false)) => Keep::Once,
        Some(Value::String(whose)) if whose == "role" => Keep::Role,
        Some(_) => return None,
    };
    let decision = Decision {
        allow: flag("allow")??,
        disclose: flag("disclose")?.unwrap_or(false),
    };
    Some((decision, keep))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: serde_json::Value) -> Option<(bool, bool, Keep)> {
        let answer: Value = serde_json::from_value(json).unwrap();
        decision(&answer).map(|(decision, keep)| (decision.allow, decision.disclose, keep))
    }

    #[test]
    fn answers_are_a_truth_value_or_a_dict() {
        use serde_json::json;
        for (answer, expected) in [
            (json!(true), Some((true, false, Keep::ForATime))),
            (json!(false), Some((false, false, Keep::ForATime))),
            (json!({ "allow": true }), Some((true, false, Keep::ForATime))),
            (
                json!({ "allow": true, "disclose": true, "cache": true }),
                Some((true, true, Keep::Session)),
            ),
            (
                json!({ "allow": false, "cache": false }),
                Some((false, false, Keep::Once)),
            ),
            (
                json!({ "allow": true, "cache": "role" }),
                Some((true, false, Keep::Role)),
            ),
            (json!({}), None),
            (json!(null), None),
            (json!("yes"), None),
            (json!(1), None),
            (json!({ "allow": 1 }), None),
            (json!({ "allow": true, "disclose": "yes" }), None),
            (json!({ "allow": true, "cache": "ever" }), None),
        ] {
            assert_eq!(of(answer.clone()), expected, "{answer}");
        }
    }
}
