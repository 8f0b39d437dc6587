//! Alerts on their way out, kept while there is no connection.

use std::collections::VecDeque;

use house::Alert;
use house::uri::topic;
use wamp_client::{Error, Session};

/// Alerts kept while there is no connection; beyond, the oldest are dropped and said to be.
const MOST: usize = 256;

/// Publishes in order.
#[derive(Debug)]
pub(crate) struct Outbox {
    session: Session,
    waiting: VecDeque<Alert>,
}

impl Outbox {
    pub(crate) fn new(session: Session) -> Self {
        Self {
            session,
            waiting: VecDeque::new(),
        }
    }

    /// Publishes an alert as raised, or as cleared when it has been.
    pub(crate) async fn publish(&mut self, alert: Alert) {
        if self.waiting.len() >= MOST {
            self.waiting.pop_front();
            tracing::warn!("too many alerts wait for a connection, the oldest is lost");
        }
        self.waiting.push_back(alert);
        self.flush().await;
    }

    /// Sends what waits, as far as there is a connection.
    pub(crate) async fn flush(&mut self) {
        while let Some(alert) = self.waiting.front() {
            let topic = match alert.cleared_at {
                None => topic::ALERT_RAISED,
                Some(_) => topic::ALERT_CLEARED,
            };
            match self.session.publish(topic).kwargs(alert).send().await {
                Err(Error::NotConnected | Error::Closed) => return,
                Err(error) => tracing::error!(%error, topic, "an alert could not be published"),
                Ok(_) => {}
            }
            self.waiting.pop_front();
        }
    }
}
