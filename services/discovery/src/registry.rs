//! What is known of every device, and what a new report of one changes.
//!
//! Pure: time comes in, and what is to be published or stored goes out.

use std::collections::BTreeMap;
use std::time::Duration;

use house::{
    ActuatorKind, AreaId, Availability, Bridge, Device, DeviceId, EntityKind, Lifecycle, SensorEvent, Timestamp,
};

use crate::fault::Fault;

/// What a person says an actuator is, by entity: a plug that feeds a fan is a fan.
pub type Kinds = BTreeMap<String, ActuatorKind>;

/// A device with what only the registry keeps of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The device as everyone sees it.
    pub device: Device,
    /// What a person says its actuators are.
    pub kinds: Kinds,
}

/// What everyone is to be told at once.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// A device that was not known.
    Found(Device),
    /// It is another now: described anew, moved, on- or offline.
    Changed(Device),
}

/// How often small news (last heard of, signal) of one device are told, how often they are
/// stored, and how many devices may wait for adoption.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Small news of a device are told at most this often.
    pub tell_every: Duration,
    /// Small news of a device are stored at most this often.
    pub store_every: Duration,
    /// More than this many devices are not kept waiting for adoption.
    pub waiting: usize,
    /// A device of a WAMP client that was silent for so long is offline.
    pub silent_after: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            tell_every: Duration::from_secs(30),
            store_every: Duration::from_secs(300),
            waiting: 1000,
            silent_after: Duration::from_secs(15 * 60),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Unsaved {
    No,
    /// Only small news; they can wait.
    Small,
    Yes,
}

#[derive(Debug, Clone)]
struct Entry {
    record: Record,
    untold: bool,
    told_at: Timestamp,
    unsaved: Unsaved,
    saved_at: Timestamp,
}

/// Every device that was found and not removed.
#[derive(Debug, Clone, Default)]
pub struct DeviceRegistry {
    limits: Limits,
    entry_by_id: BTreeMap<DeviceId, Entry>,
    /// Devices turned away because too many wait.
    pub turned_away: u64,
}

impl DeviceRegistry {
    /// The registry as it was stored. Nothing is known yet of who can be reached.
    pub fn new(limits: Limits, records: Vec<Record>) -> Self {
        let entry_by_id = records
            .into_iter()
            .map(|mut record| {
                record.device.availability = Availability::Unknown;
                (record.device.id.clone(), Entry::saved(record))
            })
            .collect();
        Self {
            limits,
            entry_by_id,
            turned_away: 0,
        }
    }

    /// Every device, by id.
    pub fn devices(&self) -> impl Iterator<Item = &Device> {
        self.entry_by_id.values().map(|entry| &entry.record.device)
    }

    /// Devices that wait for adoption.
    pub fn waiting(&self) -> impl Iterator<Item = &Device> {
        self.devices()
            .filter(|device| device.lifecycle == Lifecycle::Discovered)
    }

    /// One device with what a person said of it.
    ///
    /// # Errors
    /// [`Fault::NoSuchDevice`].
    pub fn record(&self, id: &str) -> Result<&Record, Fault> {
        self.entry_by_id
            .get(id)
            .map(|entry| &entry.record)
            .ok_or_else(|| Fault::NoSuchDevice { id: id.to_owned() })
    }

    /// A bridge reports a device as it is now.
    pub fn see(&mut self, seen: Device, now: Timestamp) -> Option<News> {
        let last_seen = seen.last_seen.filter(|at| *at <= now).unwrap_or(now);
        let Some(entry) = self.entry_by_id.get_mut(&seen.id) else {
            return self.find(seen, last_seen, now);
        };
        let known = &entry.record.device;
        let mut merged = Device {
            name: if known.lifecycle == Lifecycle::Discovered {
                seen.name
            } else {
                known.name.clone()
            },
            area: known.area.clone(),
            lifecycle: known.lifecycle,
            first_seen: known.first_seen.or(Some(now)),
            last_seen: known.last_seen.max(Some(last_seen)),
            suggested_area: seen.suggested_area.or(seen.area),
            ..seen
        };
        apply_kinds(&mut merged, &entry.record.kinds);
        entry.take(merged, now)
    }

    /// Somebody published `sensor.events`: an unknown sensor is a device of a WAMP client, a known
    /// one was heard of.
    pub fn hear(&mut self, event: &SensorEvent, now: Timestamp) -> Option<News> {
        let Some(entry) = self.entry_by_id.get_mut(&event.sensor_id) else {
            let mut device = Device::found(Bridge::Wamp, &event.sensor_id, &format!("Sensor {}", event.sensor_id));
            device.id.clone_from(&event.sensor_id);
            device.entities = crate::wamp_sensor::entities(&event.values);
            device.suggested_area.clone_from(&event.area);
            device.availability = Availability::Online;
            return if device.entities.is_empty() {
                None
            } else {
                self.find(device, now, now)
            };
        };
        let known = &entry.record.device;
        if known.bridge != Bridge::Wamp {
            // Whether it can be reached is for its bridge to say.
            let mut heard = known.clone();
            heard.last_seen = Some(now);
            return entry.take(heard, now);
        }
        let mut heard = known.clone();
        crate::wamp_sensor::add_entities(&mut heard.entities, &event.values);
        heard.availability = Availability::Online;
        heard.last_seen = Some(now);
        if event.area.is_some() {
            heard.suggested_area.clone_from(&event.area);
        }
        entry.take(heard, now)
    }

    fn find(&mut self, mut device: Device, last_seen: Timestamp, now: Timestamp) -> Option<News> {
        if self.waiting().count() >= self.limits.waiting {
            self.turned_away += 1;
            return None;
        }
        device.suggested_area = device.suggested_area.or(device.area.take());
        device.lifecycle = Lifecycle::Discovered;
        device.first_seen = Some(now);
        device.last_seen = Some(last_seen);
        let mut entry = Entry::saved(Record {
            device: device.clone(),
            kinds: Kinds::new(),
        });
        entry.unsaved = Unsaved::Yes;
        entry.told_at = now;
        self.entry_by_id.insert(device.id.clone(), entry);
        Some(News::Found(device))
    }

    /// What a record is after adoption. The registry is unchanged until it is [put](Self::put).
    ///
    /// # Errors
    /// [`Fault`] when there is no such device, or no such actuator on it.
    pub fn adopted(&self, id: &str, area: AreaId, name: Option<String>, kinds: Kinds) -> Result<Record, Fault> {
        let mut record = self.record(id)?.clone();
        record.device.lifecycle = Lifecycle::Adopted;
        record.device.area = Some(area);
        if let Some(name) = name {
            record.device.name = name;
        }
        with_kinds(record, kinds)
    }

    /// What a record is after it is renamed, moved, or its actuators are said to be something else.
    ///
    /// # Errors
    /// [`Fault`] when there is no such device, it is not adopted, or has no such actuator.
    pub fn renamed(&self, id: &str, area: Option<AreaId>, name: Option<String>, kinds: Kinds) -> Result<Record, Fault> {
        let mut record = self.record(id)?.clone();
        if record.device.lifecycle != Lifecycle::Adopted {
            return Err(Fault::NotAdopted {
                name: record.device.name,
            });
        }
        if let Some(area) = area {
            record.device.area = Some(area);
        }
        if let Some(name) = name {
            record.device.name = name;
        }
        with_kinds(record, kinds)
    }

    /// What a record is when nothing more is to be heard of it.
    ///
    /// # Errors
    /// [`Fault::NoSuchDevice`].
    pub fn ignored(&self, id: &str) -> Result<Record, Fault> {
        let mut record = self.record(id)?.clone();
        record.device.lifecycle = Lifecycle::Ignored;
        record.device.area = None;
        Ok(record)
    }

    /// Takes a record that was stored.
    pub fn put(&mut self, record: Record, now: Timestamp) {
        let mut entry = Entry::saved(record);
        entry.told_at = now;
        entry.saved_at = now;
        self.entry_by_id.insert(entry.record.device.id.clone(), entry);
    }

    /// Forgets a device; gives what it was, as removed.
    pub fn remove(&mut self, id: &str) -> Option<Device> {
        let mut device = self.entry_by_id.remove(id)?.record.device;
        device.lifecycle = Lifecycle::Removed;
        Some(device)
    }

    /// Small news that are due to be told, and WAMP sensors that went silent.
    pub fn due_to_tell(&mut self, now: Timestamp) -> Vec<Device> {
        let limits = &self.limits;
        let mut due = Vec::new();
        for entry in self.entry_by_id.values_mut() {
            let device = &mut entry.record.device;
            let silent = device.bridge == Bridge::Wamp
                && device.availability == Availability::Online
                && device.last_seen.is_some_and(|at| now.since(at) >= limits.silent_after);
            if silent {
                device.availability = Availability::Offline;
            }
            let ripe = entry.untold && now.since(entry.told_at) >= limits.tell_every;
            if (silent || ripe) && device.lifecycle != Lifecycle::Ignored {
                entry.untold = false;
                entry.told_at = now;
                due.push(device.clone());
            }
        }
        due
    }

    /// Records that are due to be stored; with `all`, every one that has anything new.
    pub fn due_to_store(&mut self, now: Timestamp, all: bool) -> Vec<Record> {
        let every = self.limits.store_every;
        self.entry_by_id
            .values_mut()
            .filter(|entry| match entry.unsaved {
                Unsaved::No => false,
                Unsaved::Small => all || now.since(entry.saved_at) >= every,
                Unsaved::Yes => true,
            })
            .map(|entry| {
                entry.unsaved = Unsaved::No;
                entry.saved_at = now;
                entry.record.clone()
            })
            .collect()
    }

    /// These could not be stored: they are due again.
    pub fn not_stored(&mut self, records: &[Record]) {
        for record in records {
            if let Some(entry) = self.entry_by_id.get_mut(&record.device.id) {
                entry.unsaved = Unsaved::Yes;
            }
        }
    }
}

impl Entry {
    fn saved(record: Record) -> Self {
        Self {
            record,
            untold: false,
            told_at: Timestamp(i64::MIN),
            unsaved: Unsaved::No,
            saved_at: Timestamp(i64::MIN),
        }
    }

    fn take(&mut self, device: Device, now: Timestamp) -> Option<News> {
        let known = &self.record.device;
        let described_anew = describes(known) != describes(&device);
        let reachable_anew = known.availability != device.availability;
        let small = known.last_seen != device.last_seen
            || known.signal != device.signal
            || known.last_values != device.last_values
            || known.told != device.told;
        let ignored = device.lifecycle == Lifecycle::Ignored;
        self.record.device = device;
        if described_anew {
            self.unsaved = Unsaved::Yes;
        } else if small {
            self.unsaved = self.unsaved.max(Unsaved::Small);
        }
        if ignored {
            return None;
        }
        if described_anew || reachable_anew {
            self.untold = false;
            self.told_at = now;
            return Some(News::Changed(self.record.device.clone()));
        }
        self.untold |= small;
        None
    }
}

/// What of a device is worth telling at once.
fn describes(device: &Device) -> impl PartialEq + '_ {
    (
        (&device.name, &device.manufacturer, &device.model, &device.entities),
        (&device.area, &device.suggested_area, device.lifecycle),
        (device.needs_key, &device.fault),
    )
}

fn with_kinds(mut record: Record, kinds: Kinds) -> Result<Record, Fault> {
    for entity in kinds.keys() {
        if !record.device.actuators().any(|(actuator, _)| actuator.id == *entity) {
            return Err(Fault::NoSuchActuator {
                name: record.device.name,
                entity: entity.clone(),
            });
        }
    }
    record.kinds.extend(kinds);
    apply_kinds(&mut record.device, &record.kinds);
    Ok(record)
}

fn apply_kinds(device: &mut Device, kinds: &Kinds) {
    for entity in &mut device.entities {
        if let (EntityKind::Actuator { actuator }, Some(kind)) = (&mut entity.kind, kinds.get(&entity.id)) {
            *actuator = *kind;
        }
    }
}

#[cfg(test)]
mod tests;
