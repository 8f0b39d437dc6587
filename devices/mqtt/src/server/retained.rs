//! Messages kept for those who come later.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use house::Timestamp;

use super::codec::Publish;
use super::filter;

/// Bytes kept; a house has some hundred kilobytes.
const LIMIT: usize = 64 << 20;

/// A message kept for those who come later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Retained {
    /// What.
    pub(crate) payload: Bytes,
    /// Quality of service it was published with.
    pub(crate) qos: u8,
    /// When it was published.
    pub(crate) at: Timestamp,
}

/// The newest retained message of every topic.
#[derive(Debug, Default)]
pub(super) struct RetainedMessages {
    by_topic: HashMap<String, Retained>,
    bytes: usize,
    /// Topics whose message has changed since they were last saved.
    unsaved: HashSet<String>,
}

impl RetainedMessages {
    pub(super) fn new(by_topic: HashMap<String, Retained>) -> Self {
        Self {
            bytes: by_topic.iter().map(|(topic, kept)| size(topic, &kept.payload)).sum(),
            by_topic,
            unsaved: HashSet::new(),
        }
    }

    /// Keeps a message in place of the topic's last; an empty one takes that away.
    pub(super) fn keep(&mut self, message: &Publish, now: Timestamp) {
        let topic = &message.topic;
        if let Some(old) = self.by_topic.remove(topic) {
            self.bytes -= size(topic, &old.payload);
        }
        self.unsaved.insert(topic.clone());
        if message.payload.is_empty() {
            return;
        }
        let size = size(topic, &message.payload);
        if self.bytes + size > LIMIT {
            tracing::warn!(topic, "an MQTT message is not retained: there are too many");
            return;
        }
        self.bytes += size;
        let kept = Retained {
            payload: message.payload.clone(),
            qos: message.qos,
            at: now,
        };
        self.by_topic.insert(topic.clone(), kept);
    }

    /// What is kept on the topics that a filter asks for.
    pub(super) fn matching(&self, filter: &str) -> Vec<(String, Retained)> {
        if !filter.contains(['+', '#']) {
            let kept = self.by_topic.get(filter);
            return kept.map(|kept| (filter.to_owned(), kept.clone())).into_iter().collect();
        }
        self.by_topic
            .iter()
            .filter(|(topic, _)| filter::matches(filter, topic))
            .map(|(topic, kept)| (topic.clone(), kept.clone()))
            .collect()
    }

    /// What has changed since the last time; `None` is one that is gone.
    pub(super) fn take_unsaved(&mut self) -> Vec<(String, Option<Retained>)> {
        let unsaved = std::mem::take(&mut self.unsaved);
        unsaved
            .into_iter()
            .map(|topic| {
                let kept = self.by_topic.get(&topic).cloned();
                (topic, kept)
            })
            .collect()
    }
}

fn size(topic: &str, payload: &Bytes) -> usize {
    topic.len() + payload.len()
}
