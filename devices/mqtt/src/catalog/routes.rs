//! Which entities listen on which topic.

use std::collections::HashMap;

use house::DeviceId;

use super::effect::Effect;
use super::known::Slot;

/// An entity that listens.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Route {
    pub(super) device: DeviceId,
    pub(super) entity: String,
}

/// Listeners by topic; the first and the last of a topic subscribe and unsubscribe.
#[derive(Debug, Default)]
pub(super) struct Routes {
    by_topic: HashMap<String, Vec<Route>>,
}

impl Routes {
    /// Who listens on a topic.
    pub(super) fn of(&self, topic: &str) -> Option<&Vec<Route>> {
        self.by_topic.get(topic)
    }

    /// Every topic that somebody listens on.
    pub(super) fn topics(&self) -> impl Iterator<Item = &str> {
        self.by_topic.keys().map(String::as_str)
    }

    /// An entity listens from now on.
    pub(super) fn insert(&mut self, device: &str, entity: &str, slot: &Slot, effects: &mut Vec<Effect>) {
        for topic in topics_of(slot) {
            let listeners = self.by_topic.entry(topic.to_owned()).or_insert_with(|| {
                effects.push(Effect::Subscribe(topic.to_owned()));
                Vec::new()
            });
            listeners.push(Route {
                device: device.to_owned(),
                entity: entity.to_owned(),
            });
        }
    }

    /// An entity listens no more.
    pub(super) fn remove(&mut self, device: &str, entity: &str, slot: &Slot, effects: &mut Vec<Effect>) {
        for topic in topics_of(slot) {
            if let Some(listeners) = self.by_topic.get_mut(topic) {
                listeners.retain(|route| route.device != device || route.entity != entity);
                if listeners.is_empty() {
                    self.by_topic.remove(topic);
                    effects.push(Effect::Unsubscribe(topic.to_owned()));
                }
            }
        }
    }
}

fn topics_of(slot: &Slot) -> Vec<&str> {
    let mut topics = slot.config.role.state_topics();
    topics.extend(
        slot.config
            .availability
            .sources
            .iter()
            .map(|source| source.topic.as_str()),
    );
    topics.sort_unstable();
    topics.dedup();
    topics
}
