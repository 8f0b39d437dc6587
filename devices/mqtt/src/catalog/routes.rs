//! Which entities listen on which topic.

use std::collections::HashMap;

use house::DeviceId;

use super::effect::Effect;
use super::slot::{Listens, Slot};

/// An entity that listens.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Route {
    pub(super) device: DeviceId,
    pub(super) entity: String,
    pub(super) listens: Listens,
}

/// Listeners by topic; the first and the last of a topic subscribe and unsubscribe.
#[derive(Debug, Default)]
pub(super) struct Routes {
    by_topic: HashMap<String, Vec<Route>>,
}

impl Routes {
    /// Who listens on a topic; entities of one device stand together.
    pub(super) fn of(&self, topic: &str) -> Option<&Vec<Route>> {
        self.by_topic.get(topic)
    }

    /// Every topic that somebody listens on.
    pub(super) fn topics(&self) -> impl Iterator<Item = &str> {
        self.by_topic.keys().map(String::as_str)
    }

    /// An entity listens from now on.
    pub(super) fn insert(&mut self, device: &str, entity: &str, slot: &Slot, effects: &mut Vec<Effect>) {
        for (topic, listens) in slot.topics() {
            let listeners = self.by_topic.entry(topic.to_owned()).or_insert_with(|| {
                effects.push(Effect::Subscribe(topic.to_owned()));
                Vec::new()
            });
            let route = Route {
                device: device.to_owned(),
                entity: entity.to_owned(),
                listens,
            };
            let after = listeners.iter().rposition(|other| other.device == route.device);
            listeners.insert(after.map_or(listeners.len(), |last| last + 1), route);
        }
    }

    /// An entity listens no more.
    pub(super) fn remove(&mut self, device: &str, entity: &str, slot: &Slot, effects: &mut Vec<Effect>) {
        for (topic, _) in slot.topics() {
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
