//! Devices that nobody knew: they wait for adoption, and not too many of them.
//!
//! Each bridge has room for so many. Where there is none, one that waits and cannot be reached gives
//! way, the one that was silent for longest first; so a thousand made-up sensors are in the way of
//! others that come the same way until they have been silent for a while, and never of those that
//! come another.

use house::{Availability, Bridge, Device, Lifecycle, Timestamp};

use super::entry::{Entry, Unsaved};
use super::{DeviceRegistry, News, Record, suggest};

impl DeviceRegistry {
    /// A device that nobody knew.
    pub(super) fn find(&mut self, mut device: Device, now: Timestamp) -> Vec<News> {
        let mut news = Vec::new();
        if self.waits_by(device.bridge) >= self.limits.waiting {
            let Some(dropped) = self.make_room(device.bridge, now) else {
                self.turned_away += 1;
                return Vec::new();
            };
            news.push(News::Dropped(dropped));
        }
        device.suggested_area = device.suggested_area.or(device.area.take());
        device.lifecycle = Lifecycle::Discovered;
        device.first_seen = Some(now);
        device.last_seen = device.last_seen.or(Some(now));
        device.parts = Vec::new();
        if device.suggested_area.is_none() {
            let areas = self.devices().filter_map(|device| device.area.as_ref());
            device.suggested_area = suggest::area(&device.name, areas);
        }
        device.battery_low = house::is_battery_low(device.last_values.clone(), false);
        let mut record = Record::new(device.clone());
        record.rhythm.hear(now);
        let mut entry = Entry::saved(record);
        entry.unsaved = Unsaved::Yes;
        entry.told_at = now;
        self.insert(entry);
        *self.waiting.entry(device.bridge).or_default() += 1;
        news.push(News::Found(device));
        news
    }

    fn waits_by(&self, bridge: Bridge) -> usize {
        self.waiting.get(&bridge).copied().unwrap_or_default()
    }

    /// Forgets one that waits and cannot be reached.
    fn make_room(&mut self, bridge: Bridge, now: Timestamp) -> Option<Device> {
        let looked = self.no_room_at.get(&bridge);
        if looked.is_some_and(|at| *at <= now && now.since(*at) < self.limits.make_room_every) {
            return None;
        }
        let gives_way = self
            .waiting()
            .filter(|device| device.bridge == bridge && device.availability == Availability::Offline)
            .min_by_key(|device| device.last_seen)
            .map(|device| device.id.clone());
        if gives_way.is_none() {
            self.no_room_at.insert(bridge, now);
        }
        self.remove(&gives_way?)
    }
}
