//! What devices say on their topics, and what time alone brings.

use house::{DeviceId, DeviceStateReport, Quantity, Timestamp};

use super::known::Known;
use super::{Catalog, Effect, FRESH};
use crate::entity::Saying;
use crate::payload::Payload;

impl Catalog {
    /// Reads a message for every entity that listens on its topic.
    pub(super) fn read(
        &mut self,
        topic: &str,
        bytes: &[u8],
        retained_at: Option<Timestamp>,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        let Some(routes) = self.routes.of(topic) else {
            return;
        };
        let at = retained_at.unwrap_or(now);
        let fresh = now.since(at) <= FRESH;
        let payload = Payload::new(bytes, at);
        let mut told = false;
        let mut measured: Vec<(Quantity, f64)> = Vec::new();
        for (index, route) in routes.iter().enumerate() {
            let Some(device) = self.device_by_id.get_mut(&route.device) else {
                continue;
            };
            match device.hear(&route.entity, route.listens, topic, &payload, retained_at.is_some()) {
                Ok(heard) => {
                    told |= heard.told;
                    for saying in heard.sayings {
                        match saying {
                            Saying::Value(quantity, value) if device.owns(quantity, &route.entity) => {
                                device.remember(quantity, value, at);
                                if let Some(delay) = device.off_delay(&route.entity) {
                                    let key = (route.device.clone(), route.entity.clone());
                                    match value != 0.0 {
                                        true => self.off_at.insert(key, at.after(delay)),
                                        false => self.off_at.remove(&key),
                                    };
                                }
                                measured.push((quantity, value));
                            }
                            Saying::Value(..) => {}
                            Saying::State { part, on } => effects.push(Effect::State(DeviceStateReport {
                                device: route.device.clone(),
                                entity: Known::part_id(&route.entity, part),
                                on,
                                at: now,
                            })),
                        }
                    }
                }
                Err(error) => effects.push(Effect::Fault {
                    device: Some(route.device.clone()),
                    sentence: format!("it said something on {topic} that is not understood: {error}"),
                }),
            }
            // Entities of one device stand together: this was the last of them.
            if routes.get(index + 1).is_none_or(|next| next.device != route.device) {
                let availability = device.availability(self.connected);
                if availability != device.shown {
                    device.shown = availability;
                    effects.push(Effect::Changed(route.device.clone()));
                } else if std::mem::take(&mut told) {
                    effects.push(Effect::Told(route.device.clone()));
                }
                told = false;
                let values = std::mem::take(&mut measured);
                if fresh && !values.is_empty() {
                    effects.push(Effect::Values {
                        device: route.device.clone(),
                        values,
                        at,
                    });
                }
            }
        }
    }

    /// What time alone brings: entities that only ever say "on" go off, and those that have said
    /// nothing for longer than they may are gone.
    pub fn tick(&mut self, now: Timestamp) -> Vec<Effect> {
        let due: Vec<(DeviceId, String)> = self
            .off_at
            .iter()
            .filter(|(_, off_at)| **off_at <= now)
            .map(|(key, _)| key.clone())
            .collect();
        let mut effects = Vec::new();
        for (id, entity) in due {
            let owned = self.device_by_id.get_mut(&id).and_then(|device| {
                let quantity = device.quantity_of(&entity)?;
                device.remember(quantity, 0.0, now);
                Some(quantity)
            });
            self.off_at.remove(&(id.clone(), entity));
            effects.extend(owned.map(|quantity| Effect::Values {
                device: id,
                values: vec![(quantity, 0.0)],
                at: now,
            }));
        }
        for (id, device) in &mut self.device_by_id {
            if device.expire(now) {
                device.shown = device.availability(self.connected);
                effects.push(Effect::Changed(id.clone()));
            }
        }
        effects
    }
}
