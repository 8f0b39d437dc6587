//! The arguments of a meta procedure, read one by one.

use wamp_protocol::{Dict, MatchPolicy, Payload, Serializer, Value, error_uri};

use crate::effects::Refusal;
use crate::realm::meta_events;

/// Arguments, decoded; what is wrong with them is said by name.
#[derive(Debug)]
pub(in crate::realm) struct Arguments {
    args: Vec<Value>,
    kwargs: Dict,
    /// What they came in, and the answer may go out in.
    pub(super) serializer: Serializer,
}

impl Arguments {
    pub(in crate::realm) fn of(payload: &Payload) -> Result<Self, Refusal> {
        let refused =
            |error: wamp_protocol::ArgumentError| Refusal::new(error_uri::INVALID_ARGUMENT, error.to_string());
        Ok(Self {
            args: payload.args_value().map_err(refused)?,
            kwargs: payload.kwargs_value().map_err(refused)?,
            serializer: payload.serializer,
        })
    }

    fn arg(&self, at: usize) -> Option<&Value> {
        self.args.get(at).filter(|value| **value != Value::Null)
    }

    /// The keyword argument, if it is there and not null.
    pub(in crate::realm) fn keyword(&self, name: &str) -> Option<&Value> {
        self.kwargs.get(name).filter(|value| **value != Value::Null)
    }

    pub(in crate::realm) fn text(&self, at: usize, name: &str) -> Result<&str, Refusal> {
        match self.arg(at) {
            Some(Value::String(text)) => Ok(text),
            _ => Err(invalid(name, "text")),
        }
    }

    pub(in crate::realm) fn number(&self, at: usize, name: &str) -> Result<u64, Refusal> {
        self.arg(at).and_then(number).ok_or_else(|| invalid(name, "an id"))
    }

    /// A dict, or nothing.
    pub(in crate::realm) fn dict(&self, at: usize, name: &str) -> Result<Option<&Dict>, Refusal> {
        match self.arg(at) {
            None => Ok(None),
            Some(Value::Dict(dict)) => Ok(Some(dict)),
            Some(_) => Err(invalid(name, "a dict")),
        }
    }

    /// An optional list of roles; one role alone is taken for a list of it.
    pub(super) fn roles(&self, at: usize) -> Result<Option<Vec<String>>, Refusal> {
        let wrong = || invalid("filter_authroles", "a list of roles");
        match self.arg(at) {
            None => Ok(None),
            Some(Value::String(role)) => Ok(Some(vec![role.clone()])),
            Some(Value::List(roles)) => {
                let texts = roles.iter().map(|role| match role {
                    Value::String(role) => Some(role.clone()),
                    _ => None,
                });
                texts.collect::<Option<_>>().map(Some).ok_or_else(wrong)
            }
            Some(_) => Err(wrong()),
        }
    }

    /// The match policy in optional options.
    pub(super) fn policy(&self, at: usize) -> Result<MatchPolicy, Refusal> {
        let wrong = || invalid("options.match", "\"exact\", \"prefix\" or \"wildcard\"");
        match self.arg(at) {
            None => Ok(MatchPolicy::Exact),
            Some(Value::Dict(options)) => match options.get("match") {
                None | Some(Value::Null) => Ok(MatchPolicy::Exact),
                Some(Value::String(name)) => meta_events::policy(name).ok_or_else(wrong),
                Some(_) => Err(wrong()),
            },
            Some(_) => Err(invalid("options", "a dict")),
        }
    }

    /// The third argument or `reason`: why something is taken away.
    pub(super) fn reason(&self) -> Result<&str, Refusal> {
        match self.arg(2).or_else(|| self.keyword("reason")) {
            None => Ok("revoked"),
            Some(Value::String(reason)) => Ok(reason),
            Some(_) => Err(invalid("reason", "text")),
        }
    }

    pub(in crate::realm) fn keyword_text(&self, name: &str) -> Result<Option<&str>, Refusal> {
        match self.keyword(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(invalid(name, "text")),
        }
    }

    pub(super) fn keyword_number(&self, name: &str) -> Result<Option<u64>, Refusal> {
        self.keyword(name)
            .map(|value| number(value).ok_or_else(|| invalid(name, "a positive number")))
            .transpose()
    }

    /// The positional arguments, to keep.
    pub(in crate::realm) fn into_args(self) -> Vec<Value> {
        self.args
    }
}

fn number(value: &Value) -> Option<u64> {
    value.unsigned().filter(|number| *number > 0)
}

pub(in crate::realm) fn invalid(name: &str, expected: &str) -> Refusal {
    Refusal::new(error_uri::INVALID_ARGUMENT, format!("{name} must be {expected}"))
}
