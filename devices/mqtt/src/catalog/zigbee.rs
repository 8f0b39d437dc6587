//! What Zigbee2MQTT says of its devices beside their announcements, and what it is asked.

use std::time::Duration;

use house::{DeviceId, Timestamp};

use super::known::Known;
use super::{Catalog, Effect};
use crate::discovery::DeviceInfo;
use crate::zigbee::{About, IDENTIFIER, News};

impl Catalog {
    /// Takes a message of a Zigbee2MQTT.
    pub(super) fn hear_zigbee(&mut self, topic: &str, bytes: &[u8], now: Timestamp, effects: &mut Vec<Effect>) {
        for news in self.zigbee.hear(topic, bytes) {
            match news {
                News::Waiting {
                    address,
                    device,
                    reason,
                } => self.zigbee_device(&address, device, Some(reason), now, effects),
                News::Ready { address, device } => self.zigbee_device(&address, device, None, now, effects),
                News::Left { address } => self.zigbee_left(&address, effects),
                News::Status { status, detail } => effects.push(Effect::Status { status, detail }),
            }
        }
    }

    /// Lets Zigbee devices join for as long as the house searches.
    pub fn let_join(&mut self, duration: Duration, now: Timestamp) -> Vec<Effect> {
        let asked = self.zigbee.let_join(duration, now);
        asked.into_iter().map(Effect::Send).collect()
    }

    /// Nobody may join any more.
    pub fn end_joining(&mut self, now: Timestamp) -> Vec<Effect> {
        let asked = self.zigbee.end_joining(now);
        asked.into_iter().map(Effect::Send).collect()
    }

    /// A person renamed a device in the house: its own bridge calls it so too.
    pub fn renamed(&mut self, device: &str, name: &str) -> Option<Effect> {
        let address = self.address_of(device)?;
        self.zigbee.rename(&address, name).map(Effect::Send)
    }

    /// A person took a device out of the house: it leaves its own network too.
    pub fn removed(&mut self, device: &str) -> Option<Effect> {
        let address = self.address_of(device)?;
        self.zigbee.remove(&address).map(Effect::Send)
    }

    fn address_of(&self, device: &str) -> Option<String> {
        let known = self.device_by_id.get(device)?;
        let mut identifiers = known.identifiers();
        identifiers.find_map(|identifier| identifier.strip_prefix(IDENTIFIER).map(str::to_owned))
    }

    fn zigbee_device(
        &mut self,
        address: &str,
        about: About,
        reason: Option<String>,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        let identifier = format!("{IDENTIFIER}{address}");
        let known_id = self.device_by_identifier.get(&identifier).cloned();
        let id: DeviceId = match (known_id, &reason) {
            (Some(id), _) => id,
            // It will be announced, and is not worth showing before.
            (None, None) => return,
            (None, Some(_)) => format!("{}-{identifier}", house::Bridge::Mqtt.name()),
        };
        self.device_by_identifier.insert(identifier.clone(), id.clone());
        let device = self.device_by_id.entry(id.clone()).or_insert_with(|| Known::new(&id));
        if !device.slots.is_empty() {
            // Announced: it speaks for itself, a new interview or not.
            return;
        }
        let before = device.describe(self.connected);
        device.take_info(DeviceInfo {
            identifiers: vec![identifier],
            name: about.name,
            manufacturer: about.manufacturer,
            model: about.model,
            suggested_area: None,
        });
        device.fault = reason;
        if device.describe(self.connected) != before || before.last_seen.is_none() {
            device.is_there(now);
            device.shown = device.availability(self.connected);
            effects.push(Effect::Changed(id));
        }
    }

    fn zigbee_left(&mut self, address: &str, effects: &mut Vec<Effect>) {
        let identifier = format!("{IDENTIFIER}{address}");
        let Some(id) = self.device_by_identifier.get(&identifier).cloned() else {
            return;
        };
        let Some(device) = self.device_by_id.get_mut(&id) else {
            return;
        };
        device.fault = Some("It has left the Zigbee network.".to_owned());
        if device.slots.is_empty() {
            let last = device.describe(false);
            self.device_by_id.remove(&id);
            self.device_by_identifier.retain(|_, other| *other != id);
            effects.push(Effect::Gone(Box::new(last)));
        } else {
            effects.push(Effect::Changed(id));
        }
    }
}
