//! Events on their way out, kept while there is no connection.

use std::collections::VecDeque;

use house::{ActuatorState, Alert};
use wamp_client::{Error, Session};

/// Events kept while there is no connection; beyond, the oldest are dropped and said to be.
const MOST: usize = 256;

/// What this service publishes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Payload {
    Actuator(ActuatorState),
    Alert(Alert),
}

impl From<ActuatorState> for Payload {
    fn from(state: ActuatorState) -> Self {
        Self::Actuator(state)
    }
}

impl From<Alert> for Payload {
    fn from(alert: Alert) -> Self {
        Self::Alert(alert)
    }
}

/// Publishes in order.
#[derive(Debug)]
pub(crate) struct Outbox {
    session: Session,
    waiting: VecDeque<(&'static str, Payload)>,
}

impl Outbox {
    pub(crate) fn new(session: Session) -> Self {
        Self {
            session,
            waiting: VecDeque::new(),
        }
    }

    pub(crate) async fn publish(&mut self, topic: &'static str, payload: impl Into<Payload>) {
        if self.waiting.len() >= MOST {
            self.waiting.pop_front();
            tracing::warn!("too many events wait for a connection, the oldest is lost");
        }
        self.waiting.push_back((topic, payload.into()));
        self.flush().await;
    }

    /// Sends what waits, as far as there is a connection.
    pub(crate) async fn flush(&mut self) {
        while let Some((topic, payload)) = self.waiting.front() {
            let request = self.session.publish(*topic);
            let request = match payload {
                Payload::Actuator(state) => request.kwargs(state),
                Payload::Alert(alert) => request.kwargs(alert),
            };
            match request.send().await {
                Err(Error::NotConnected | Error::Closed) => return,
                Err(error) => tracing::error!(%error, topic, "an event could not be published"),
                Ok(_) => {}
            }
            self.waiting.pop_front();
        }
    }
}
