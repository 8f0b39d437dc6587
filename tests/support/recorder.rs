//! Everything that a test hears on the realm, in the order heard.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use wamp_client::Session;

/// One event heard.
#[derive(Debug, Clone)]
pub struct Heard {
    /// The topic.
    pub topic: String,
    /// Its kwargs.
    pub payload: Value,
}

/// Listens to topics and keeps what it hears.
#[derive(Clone)]
pub struct Recorder {
    heard: Arc<Mutex<Vec<Heard>>>,
}

impl Recorder {
    /// Listens to `topics` from now on.
    pub async fn listen(session: &Session, topics: &[&str]) -> Self {
        let heard = Arc::new(Mutex::new(Vec::new()));
        for topic in topics {
            let mut events = session
                .subscribe(*topic)
                .open()
                .await
                .expect("the topic can be followed");
            let heard = Arc::clone(&heard);
            tokio::spawn(async move {
                while let Some(event) = events.next().await {
                    let payload = event.kwargs::<Value>().expect("events carry kwargs");
                    let entry = Heard {
                        topic: event.topic().to_owned(),
                        payload,
                    };
                    heard.lock().expect("no panic under the lock").push(entry);
                }
            });
        }
        Self { heard }
    }

    /// Everything heard so far.
    pub fn all(&self) -> Vec<Heard> {
        self.heard.lock().expect("no panic under the lock").clone()
    }

    /// How much was heard so far: a place from which to wait on.
    pub fn mark(&self) -> usize {
        self.heard.lock().expect("no panic under the lock").len()
    }

    /// Waits for the first event after `mark` on `topic` that fits; gives it and the mark after it.
    pub async fn wait_from(
        &self,
        mark: usize,
        what: &str,
        limit: Duration,
        topic: &str,
        fits: impl Fn(&Value) -> bool,
    ) -> (Value, usize) {
        let started = std::time::Instant::now();
        loop {
            let found = {
                let heard = self.heard.lock().expect("no panic under the lock");
                heard
                    .iter()
                    .enumerate()
                    .skip(mark)
                    .find(|(_, h)| h.topic == topic && fits(&h.payload))
                    .map(|(i, h)| (h.payload.clone(), i + 1))
            };
            if let Some(found) = found {
                return found;
            }
            if started.elapsed() > limit {
                let heard = self.all();
                let lately: Vec<_> = heard
                    .iter()
                    .rev()
                    .take(20)
                    .map(|h| format!("{} {}", h.topic, h.payload))
                    .collect();
                panic!(
                    "waited {limit:?} in vain for: {what}; heard lately, newest first:\n{}",
                    lately.join("\n")
                );
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}
