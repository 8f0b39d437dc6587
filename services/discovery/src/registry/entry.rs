//! One device as the registry keeps it.

use std::collections::BTreeMap;

use house::{Availability, Device, DeviceId, Lifecycle, Quantity, Rhythm, Timestamp, is_battery_low};

use super::decide::apply_kinds;
use super::{News, Record, merge};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Unsaved {
    No,
    /// Only small news; they can wait.
    Small,
    Yes,
}

#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) record: Record,
    pub(super) untold: bool,
    pub(super) told_at: Timestamp,
    pub(super) unsaved: Unsaved,
    pub(super) saved_at: Timestamp,
}

impl Record {
    /// What each bridge says of it, by the id it has there.
    pub(super) fn all_views(&self) -> BTreeMap<DeviceId, Device> {
        if self.views.is_empty() {
            BTreeMap::from([(self.device.id.clone(), self.device.clone())])
        } else {
            self.views.clone()
        }
    }
}

impl Entry {
    pub(super) fn saved(record: Record) -> Self {
        Self {
            record,
            untold: false,
            told_at: Timestamp(i64::MIN),
            unsaved: Unsaved::No,
            saved_at: Timestamp(i64::MIN),
        }
    }

    /// The device after a bridge has said this of it.
    pub(super) fn view(&mut self, seen: Device, now: Timestamp) -> Device {
        let known = &self.record.device;
        // Who was not heard since the start says nothing of when it was.
        let is_heard = seen.last_seen.is_some() || seen.availability != Availability::Unknown;
        let last_seen = if is_heard {
            Some(seen.last_seen.unwrap_or(now))
        } else {
            None
        };
        if let Some(at) = last_seen {
            self.record.rhythm.hear(at);
        }
        let is_alone = self.record.views.is_empty() && seen.id == known.id;
        let view = if is_alone {
            seen
        } else {
            self.record.views = self.record.all_views();
            self.record.views.insert(seen.id.clone(), seen);
            merge::merged(&known.id, &self.record.views)
        };
        let suggested = view
            .suggested_area
            .or(view.area)
            .or_else(|| known.suggested_area.clone());
        let mut merged = Device {
            name: if known.lifecycle == Lifecycle::Discovered {
                view.name
            } else {
                known.name.clone()
            },
            area: known.area.clone(),
            lifecycle: known.lifecycle,
            first_seen: known.first_seen.or(Some(now)),
            last_seen: known.last_seen.max(last_seen),
            suggested_area: suggested,
            battery_low: is_battery_low(view.last_values.clone(), known.battery_low),
            ..view
        };
        if merged.lifecycle == Lifecycle::Adopted {
            // From adoption on it measures for the house.
            merged.last_values.clear();
        }
        apply_kinds(&mut merged, &self.record.kinds);
        merged
    }

    /// The device is this from now on, and can be reached or not.
    pub(super) fn take(&mut self, mut device: Device, presence: Availability, now: Timestamp) -> Option<News> {
        device.availability = presence;
        let known = &self.record.device;
        let described_anew = describes(known) != describes(&device);
        let reachable_anew = known.availability != device.availability;
        let shows_more = device.lifecycle == Lifecycle::Discovered
            && device
                .last_values
                .keys()
                .any(|quantity| !known.last_values.contains_key(quantity));
        let small = known.last_seen != device.last_seen
            || known.signal != device.signal
            || known.last_values != device.last_values
            || known.told != device.told;
        self.record.device = device;
        if described_anew {
            self.unsaved = Unsaved::Yes;
        } else if small {
            self.unsaved = self.unsaved.max(Unsaved::Small);
        }
        self.untold |= small;
        (described_anew || reachable_anew || shows_more)
            .then(|| self.tell(now))
            .flatten()
    }

    /// It measured something.
    pub(super) fn hear(
        &mut self,
        values: &[(Quantity, f64)],
        now: Timestamp,
        presence: impl Fn(&Device, &Rhythm) -> Availability,
    ) -> Option<News> {
        self.record.rhythm.hear(now);
        let device = &mut self.record.device;
        device.last_seen = device.last_seen.max(Some(now));
        let before = (device.availability, device.battery_low);
        device.battery_low = is_battery_low(values.iter().copied(), device.battery_low);
        if device.sleepy {
            device.availability = Availability::Online;
            device.availability = presence(device, &self.record.rhythm);
        }
        let changed = before != (device.availability, device.battery_low);
        if before.1 != device.battery_low {
            self.unsaved = Unsaved::Yes;
        }
        self.unsaved = self.unsaved.max(Unsaved::Small);
        self.untold = true;
        changed.then(|| self.tell(now)).flatten()
    }

    fn tell(&mut self, now: Timestamp) -> Option<News> {
        if self.record.device.lifecycle == Lifecycle::Ignored {
            return None;
        }
        self.untold = false;
        self.told_at = now;
        Some(News::Changed(self.record.device.clone()))
    }
}

/// What of a device is worth telling at once.
pub(super) fn describes(device: &Device) -> impl PartialEq + '_ {
    (
        (&device.name, &device.manufacturer, &device.model, &device.entities),
        (&device.area, &device.suggested_area, device.lifecycle),
        (device.needs_key, &device.fault, device.battery_low),
        (&device.addresses, device.sleepy, &device.parts),
    )
}
