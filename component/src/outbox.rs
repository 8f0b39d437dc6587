//! Events on their way out, kept while there is no connection.

use std::collections::VecDeque;
use std::fmt;

use house::Alert;
use house::uri::topic;
use serde::Serialize;
use wamp_client::{Error, PublishRequest, Session};

/// Events kept while there is no connection; beyond, the oldest are dropped and said to be.
const MOST: usize = 256;

type Request = Box<dyn Fn(&Session) -> PublishRequest + Send + Sync>;

/// Publishes in order.
pub struct Outbox {
    session: Session,
    waiting: VecDeque<(&'static str, Request)>,
}

impl Outbox {
    /// An empty one.
    pub fn new(session: &Session) -> Self {
        Self {
            session: session.clone(),
            waiting: VecDeque::new(),
        }
    }

    /// Publishes an event, at once or when there is a connection and [`flush`](Self::flush) is
    /// called.
    pub async fn publish<T>(&mut self, topic: &'static str, kwargs: T)
    where
        T: Serialize + Send + Sync + 'static,
    {
        if self.waiting.len() >= MOST {
            self.waiting.pop_front();
            tracing::warn!("too many events wait for a connection, the oldest is lost");
        }
        let request = move |session: &Session| session.publish(topic).kwargs(&kwargs);
        self.waiting.push_back((topic, Box::new(request)));
        self.flush().await;
    }

    /// Publishes an alert as raised, or as cleared when it has been.
    pub async fn publish_alert(&mut self, alert: Alert) {
        let topic = match alert.cleared_at {
            None => topic::ALERT_RAISED,
            Some(_) => topic::ALERT_CLEARED,
        };
        self.publish(topic, alert).await;
    }

    /// Sends what waits, as far as there is a connection.
    pub async fn flush(&mut self) {
        while let Some((topic, request)) = self.waiting.front() {
            match request(&self.session).send().await {
                Err(Error::NotConnected | Error::Closed) => return,
                Err(error) => tracing::error!(%error, topic, "an event could not be published"),
                Ok(_) => {}
            }
            self.waiting.pop_front();
        }
    }
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waiting: Vec<_> = self.waiting.iter().map(|(topic, _)| topic).collect();
        f.debug_struct("Outbox")
            .field("session", &self.session)
            .field("waiting", &waiting)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use test_realm::{Cable, PATIENCE, Realm};
    use wamp_client::ConnectionState;

    use super::*;

    async fn until_state(session: &Session, holds: impl Fn(&ConnectionState) -> bool) {
        let mut states = session.watch();
        let reached = async { while !states.next().await.is_some_and(|state| holds(&state)) {} };
        tokio::time::timeout(PATIENCE, reached)
            .await
            .expect("the state in time");
    }

    #[tokio::test]
    async fn events_wait_for_a_connection_and_the_oldest_go_when_they_are_too_many() {
        let realm = Realm::new();
        let cable = Cable::default();
        let session = realm.join_by(&cable, "sender", "service").await;
        let mut events = realm
            .join("hearer", "service")
            .await
            .subscribe("test.event")
            .queue(1024)
            .open()
            .await
            .unwrap();
        cable.pull();
        until_state(&session, |state| !matches!(state, ConnectionState::Joined(_))).await;
        let mut outbox = Outbox::new(&session);
        let lost = 3;
        for number in 0..MOST + lost {
            outbox
                .publish("test.event", Numbers::from([("number".to_owned(), number)]))
                .await;
        }
        assert_eq!(outbox.waiting.len(), MOST);
        cable.plug();
        until_state(&session, |state| matches!(state, ConnectionState::Joined(_))).await;
        outbox.flush().await;
        for number in lost..MOST + lost {
            let event = tokio::time::timeout(PATIENCE, events.next()).await;
            let event = event.expect("an event in time").unwrap().kwargs::<Numbers>().unwrap();
            assert_eq!(event.get("number"), Some(&number));
        }
    }

    type Numbers = std::collections::BTreeMap<String, usize>;
}
