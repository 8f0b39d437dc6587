//! Testaments: what the router publishes for a session that is gone.

use serde::Serialize;
use wamp_protocol::{Dict, Payload, Uri, Value};

use crate::command::Command;
use crate::encoding::PayloadBuilder;
use crate::{ArgumentError, EncodeError, Error, Session};

const ADD: &str = "wamp.session.add_testament";
const FLUSH: &str = "wamp.session.flush_testaments";

/// A testament about to be made; [`add`](Self::add) does it.
#[derive(Debug)]
#[must_use = "there is no testament until `add` is awaited"]
pub struct TestamentRequest {
    session: Session,
    topic: Uri,
    payload: PayloadBuilder,
    options: Dict,
    scope: &'static str,
}

#[derive(Serialize)]
struct Scope<'a> {
    #[serde(skip_serializing_if = "Dict::is_empty")]
    publish_options: &'a Dict,
    scope: &'a str,
}

impl TestamentRequest {
    pub(crate) fn new(session: Session, topic: Uri) -> Self {
        let payload = PayloadBuilder::new(session.0.serializer);
        Self {
            session,
            topic,
            payload,
            options: Dict::default(),
            scope: "destroyed",
        }
    }

    /// The positional arguments: a tuple, a list, anything that serializes as a sequence.
    pub fn args<T: Serialize + ?Sized>(mut self, args: &T) -> Self {
        self.payload.args(args);
        self
    }

    /// The keyword arguments: a struct or a map.
    pub fn kwargs<T: Serialize + ?Sized>(mut self, kwargs: &T) -> Self {
        self.payload.kwargs(kwargs);
        self
    }

    /// Keeps it as the topic's newest event for subscribers that come later.
    pub fn retain(mut self) -> Self {
        self.options.insert("retain", true);
        self
    }

    /// Published as soon as the connection is lost, rather than when the session is given up. The
    /// two differ only at routers that let sessions be resumed.
    pub fn detached(mut self) -> Self {
        self.scope = "detached";
        self
    }

    /// Leaves it with the router, and again after each reconnect.
    ///
    /// Errors: as [`CallRequest::send`](crate::CallRequest::send).
    pub async fn add(self) -> Result<(), Error> {
        let Self {
            session,
            topic,
            payload,
            options,
            scope,
        } = self;
        let payload = payload.finish()?;
        let will = will(&session, &topic, &payload, &options, scope)?;
        session.call(ADD).payload(will.clone()).send().await?;
        let keep = Command::Keep {
            procedure: ADD.into(),
            payload: will,
        };
        session.0.commands.post(keep)
    }
}

/// What `wamp.session.add_testament` takes.
fn will(session: &Session, topic: &Uri, payload: &Payload, options: &Dict, scope: &str) -> Result<Payload, Error> {
    let unreadable = |error: ArgumentError| EncodeError::Value(error.to_string());
    let args = payload.args_value().map(Value::List).map_err(unreadable)?;
    let kwargs = payload.kwargs_value().map(Value::Dict).map_err(unreadable)?;
    let scope = Scope {
        publish_options: options,
        scope,
    };
    Ok(Payload::encode(
        session.0.serializer,
        &(topic.as_str(), args, kwargs),
        &scope,
    )?)
}

/// Takes back all testaments of the session.
pub(crate) async fn flush(session: &Session) -> Result<(), Error> {
    // First of all they must not come back with the connection.
    session.0.commands.post(Command::Forget)?;
    for scope in ["destroyed", "detached"] {
        let none = Dict::default();
        let scope = Scope {
            publish_options: &none,
            scope,
        };
        session.call(FLUSH).kwargs(&scope).send().await?;
    }
    Ok(())
}
