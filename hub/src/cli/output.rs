//! Results and events as lines of JSON on stdout.

use std::io::Write;

use serde_json::{Map, Value, json};
use wamp_client::{CallResult, Event};

use crate::failure::Failure;

/// A result: its value when it has one positional result and nothing else, its keyword results as
/// an object when it has only those, `null` when it has nothing, and otherwise
/// `{"args": […], "kwargs": {…}}`.
pub(super) fn result(result: &CallResult) -> Result<(), Failure> {
    let unreadable = |error| Failure::of("the result cannot be read", &error);
    let args: Vec<Value> = result.args().map_err(unreadable)?;
    let kwargs: Map<String, Value> = result.kwargs().map_err(unreadable)?;
    line(&match (args.as_slice(), kwargs.is_empty()) {
        ([], true) => Value::Null,
        ([value], true) => value.clone(),
        ([], false) => Value::Object(kwargs),
        _ => json!({ "args": args, "kwargs": kwargs }),
    })
}

/// An event: `{"topic", "args"?, "kwargs"?, "publisher"?, "missed"?}`.
pub(super) fn event(event: &Event) -> Result<(), Failure> {
    let unreadable = |error| Failure::of("the event cannot be read", &error);
    let args: Vec<Value> = event.args().map_err(unreadable)?;
    let kwargs: Map<String, Value> = event.kwargs().map_err(unreadable)?;
    let mut object = Map::from_iter([("topic".to_owned(), Value::from(event.topic()))]);
    if !args.is_empty() {
        object.insert("args".into(), args.into());
    }
    if !kwargs.is_empty() {
        object.insert("kwargs".into(), kwargs.into());
    }
    if let Some(publisher) = event.publisher_authid() {
        object.insert("publisher".into(), publisher.into());
    }
    if event.missed > 0 {
        object.insert("missed".into(), event.missed.into());
    }
    line(&Value::Object(object))
}

/// What was done, for people.
pub(super) fn sentence(text: &str) -> Result<(), Failure> {
    say(&text)
}

/// One line of JSON, at once: whoever reads it may be waiting.
pub(super) fn line(value: &Value) -> Result<(), Failure> {
    say(value)
}

fn say(what: &dyn std::fmt::Display) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{what}")
        .and_then(|()| out.flush())
        .map_err(|error| Failure::Failed(format!("cannot write to the standard output: {error}")))
}
