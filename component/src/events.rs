//! Events as they come in, and those that may be lost on their way out.

use house::Timestamp;
use house::uri::topic;
use serde::Serialize;
use serde::de::DeserializeOwned;
use wamp_client::{Event, Session};

use crate::now;

/// An event's fields; one that is not what its topic promises is logged and left.
pub fn read<T: DeserializeOwned>(event: &Event) -> Option<T> {
    match event.fields() {
        Ok(value) => Some(value),
        // Anybody in the house may publish readings, and the logbook tells of wrong ones, seldom.
        Err(fault) if event.topic() == topic::SENSOR_EVENTS => {
            tracing::debug!(%fault, "a reading that cannot be read");
            None
        }
        Err(fault) => {
            tracing::warn!(topic = event.topic(), %fault, "an event that cannot be read");
            None
        }
    }
}

/// Publishes what may be lost: it is said again, or asked for, after a reconnect.
pub async fn tell<T: Serialize + ?Sized>(session: &Session, topic: &'static str, kwargs: &T) {
    if let Err(error) = session.publish(topic).kwargs(kwargs).send().await {
        tracing::warn!(%error, topic, "the house could not be told");
    }
}

/// The payload of `status.change`.
#[derive(Serialize)]
struct StatusChange<'a> {
    component: &'a str,
    status: &'a str,
    detail: &'a str,
    at: Timestamp,
}

/// Tells on `status.change` how `component` fares, from now on: `status` is one word (`running`,
/// `waiting`, `failed`), `detail` a sentence for people.
pub async fn tell_status(session: &Session, component: &'static str, status: &'static str, detail: &str) {
    let change = StatusChange {
        component,
        status,
        detail,
        at: now(),
    };
    let request = session.publish(topic::STATUS_CHANGE).kwargs(&change);
    // The logger tells of its own status too, and keeps the logbook.
    if let Err(error) = request.exclude_me(false).send().await {
        tracing::warn!(%error, component, status, "a change of status could not be told");
    }
}
