//! What is known of every device, and what a new report of one changes.
//!
//! Pure: time comes in, and what is to be published or stored goes out.

mod decide;
mod due;
mod entry;
mod inbox;
pub(crate) mod merge;
mod presence;
mod suggest;

use std::collections::BTreeMap;
use std::time::Duration;

use house::{ActuatorKind, Availability, Bridge, Device, DeviceId, Lifecycle, Rhythm, SensorEvent, Timestamp};

use crate::fault::Fault;
use entry::Entry;

/// What a person says an actuator is, by entity: a plug that feeds a fan is a fan.
pub type Kinds = BTreeMap<String, ActuatorKind>;

/// A device with what only the registry keeps of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The device as everyone sees it.
    pub device: Device,
    /// What a person says its actuators are.
    pub kinds: Kinds,
    /// What each bridge last said of it, by the id it has there; empty where that is one bridge
    /// and one id.
    pub views: BTreeMap<DeviceId, Device>,
    /// How often it speaks.
    pub rhythm: Rhythm,
}

impl Record {
    /// A device that one bridge knows by its own id.
    pub fn new(device: Device) -> Self {
        Self {
            device,
            kinds: Kinds::new(),
            views: BTreeMap::new(),
            rhythm: Rhythm::default(),
        }
    }
}

/// What everyone is to be told at once.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// A device that was not known.
    Found(Device),
    /// It is another now: described anew, moved, on- or offline.
    Changed(Device),
    /// It turned out to be one with a device that was known already, of this id.
    Joined(Device, DeviceId),
    /// It waited for adoption, cannot be reached, and made room for another.
    Dropped(Device),
}

/// How often small news (last heard of, signal) of one device are told, how often they are
/// stored, and how many devices may wait for adoption.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Small news of a device are told at most this often.
    pub tell_every: Duration,
    /// Small news of so many devices are told at once; the others' wait for the next time.
    pub tell_at_once: usize,
    /// Small news of a device are stored at most this often.
    pub store_every: Duration,
    /// More than this many devices of one bridge are not kept waiting for adoption: who makes up
    /// sensors crowds out nobody that another bridge sees.
    pub waiting: usize,
    /// Where so many wait, it is looked at most this often who of them makes room.
    pub make_room_every: Duration,
    /// A device of a WAMP client whose rhythm is not known yet is offline when it was silent for
    /// so long,
    pub silent_after: Duration,
    /// and any other that cannot be asked, for so long.
    pub sleepy_silent_after: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            tell_every: Duration::from_secs(30),
            tell_at_once: 100,
            store_every: Duration::from_secs(300),
            waiting: 1000,
            make_room_every: Duration::from_secs(1),
            silent_after: Duration::from_secs(15 * 60),
            sleepy_silent_after: Duration::from_secs(25 * 3600),
        }
    }
}

/// Every device that was found and not removed.
#[derive(Debug, Clone, Default)]
pub struct DeviceRegistry {
    limits: Limits,
    entry_by_id: BTreeMap<DeviceId, Entry>,
    /// Where bridges know a device by another id.
    id_by_source: BTreeMap<DeviceId, DeviceId>,
    id_by_address: BTreeMap<String, DeviceId>,
    /// How many wait for adoption, by the bridge that sees them.
    waiting: BTreeMap<Bridge, usize>,
    /// When it was last looked in vain who makes room.
    no_room_at: BTreeMap<Bridge, Timestamp>,
    /// The registry cannot have heard anybody before.
    started: Timestamp,
    /// Devices turned away because too many wait.
    pub turned_away: u64,
}

/// Whom a report is about.
enum Subject {
    Known(DeviceId),
    Nobody,
    /// Hardware that another has taken the place of.
    Replaced,
}

impl DeviceRegistry {
    /// The registry as it was stored. Nothing is known yet of who can be reached.
    pub fn new(limits: Limits, records: Vec<Record>, now: Timestamp) -> Self {
        let mut registry = Self {
            limits,
            started: now,
            ..Self::default()
        };
        for mut record in records {
            record.device.availability = Availability::Unknown;
            for view in record.views.values_mut() {
                view.availability = Availability::Unknown;
            }
            registry.insert(Entry::saved(record));
        }
        registry.count_waiting();
        registry
    }

    fn insert(&mut self, entry: Entry) {
        let device = &entry.record.device;
        let id = device.id.clone();
        self.forget_paths(&id);
        for source in entry.record.views.keys().filter(|source| **source != id) {
            self.id_by_source.insert(source.clone(), id.clone());
        }
        for address in &device.addresses {
            self.id_by_address.entry(address.clone()).or_insert_with(|| id.clone());
        }
        self.entry_by_id.insert(id, entry);
    }

    /// Forgets by which other ids and addresses a device is known.
    fn forget_paths(&mut self, id: &str) {
        let Some(entry) = self.entry_by_id.get(id) else { return };
        for source in entry.record.views.keys() {
            self.id_by_source.remove(source);
        }
        for address in &entry.record.device.addresses {
            if self.id_by_address.get(address).is_some_and(|other| other == id) {
                self.id_by_address.remove(address);
            }
        }
    }

    fn count_waiting(&mut self) {
        let mut counts = BTreeMap::new();
        for device in self.waiting() {
            *counts.entry(device.bridge).or_default() += 1;
        }
        self.waiting = counts;
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

    /// One device with what a person said of it, by its id or one that a bridge knows it by.
    ///
    /// # Errors
    /// [`Fault::NoSuchDevice`].
    pub fn record(&self, id: &str) -> Result<&Record, Fault> {
        self.entry_by_id
            .get(id)
            .or_else(|| self.entry_by_id.get(self.id_by_source.get(id)?))
            .map(|entry| &entry.record)
            .ok_or_else(|| Fault::NoSuchDevice { id: id.to_owned() })
    }

    fn subject(&self, source: &str, addresses: &[String]) -> Subject {
        if let Some(id) = self.id_by_source.get(source) {
            return Subject::Known(id.clone());
        }
        if let Some(entry) = self.entry_by_id.get(source) {
            let views = &entry.record.views;
            return if views.is_empty() || views.contains_key(source) {
                Subject::Known(source.to_owned())
            } else {
                Subject::Replaced
            };
        }
        let known = addresses.iter().find_map(|address| self.id_by_address.get(address));
        known.map_or(Subject::Nobody, |id| Subject::Known(id.clone()))
    }

    /// A bridge reports a device as it is now.
    pub fn see(&mut self, mut seen: Device, now: Timestamp) -> Vec<News> {
        seen.addresses = merge::addresses(&seen);
        seen.last_seen = seen.last_seen.filter(|at| *at <= now);
        match self.subject(&seen.id, &seen.addresses) {
            Subject::Known(id) => {
                let told = self.refresh(&id, seen, now);
                let joined = self.join(&id, now);
                told.into_iter().chain(joined).collect()
            }
            Subject::Nobody => self.find(seen, now),
            Subject::Replaced => Vec::new(),
        }
    }

    fn refresh(&mut self, id: &str, seen: Device, now: Timestamp) -> Option<News> {
        let entry = self.entry_by_id.get_mut(id)?;
        let is_new_path = !seen
            .addresses
            .iter()
            .all(|address| self.id_by_address.contains_key(address))
            || (seen.id != id && !self.id_by_source.contains_key(&seen.id));
        let merged = entry.view(seen, now);
        let presence = presence::of(&merged, &entry.record.rhythm, &self.limits, self.started, now);
        let news = entry.take(merged, presence, now);
        if is_new_path {
            let entry = entry.clone();
            self.insert(entry);
        }
        news
    }

    /// Of two devices with one address, the one that waits for adoption joins the other.
    fn join(&mut self, id: &str, now: Timestamp) -> Vec<News> {
        let Some(entry) = self.entry_by_id.get(id) else {
            return Vec::new();
        };
        let others = entry.record.device.addresses.iter();
        let other = others
            .filter_map(|address| self.id_by_address.get(address))
            .find(|other| *other != id)
            .cloned();
        let Some(other) = other else { return Vec::new() };
        let waits = |id: &str| {
            let entry = self.entry_by_id.get(id);
            entry.is_some_and(|entry| entry.record.device.lifecycle == Lifecycle::Discovered)
        };
        let (stays, joins) = if waits(id) {
            (other, id.to_owned())
        } else if waits(&other) {
            (id.to_owned(), other)
        } else {
            // Both were adopted: a person says what becomes of them.
            return Vec::new();
        };
        let Some(views) = self.entry_by_id.get(&joins).map(|entry| entry.record.all_views()) else {
            return Vec::new();
        };
        let gone = self.remove(&joins);
        let told = views
            .into_values()
            .filter_map(|view| self.refresh(&stays, view, now))
            .last();
        let gone = gone.map(|device| News::Joined(device, stays));
        gone.into_iter().chain(told).collect()
    }

    /// Somebody published `sensor.events`: an unknown sensor is a device of a WAMP client, a known
    /// one was heard of.
    pub fn hear(&mut self, event: &SensorEvent, now: Timestamp) -> Vec<News> {
        let source = event.sensor_id.as_str();
        let id = match self.subject(source, &[]) {
            Subject::Known(id) => id,
            Subject::Replaced => return Vec::new(),
            Subject::Nobody => {
                let mut device = Device::found(Bridge::Wamp, source, &format!("Sensor {source}"));
                device.id = source.to_owned();
                device.entities = crate::wamp_sensor::entities(&event.values);
                return self.hear_of_client(device, event, now);
            }
        };
        let Some(entry) = self.entry_by_id.get_mut(&id) else {
            return Vec::new();
        };
        let view = entry.record.views.get(source).unwrap_or(&entry.record.device);
        if view.bridge == Bridge::Wamp {
            let mut seen = view.clone();
            seen.id = source.to_owned();
            crate::wamp_sensor::add_entities(&mut seen.entities, &event.values);
            return self.hear_of_client(seen, event, now);
        }
        // Whether it can be reached is for its bridge to say, and for its rhythm.
        let (limits, started) = (&self.limits, self.started);
        entry
            .hear(&event.values, now, |device, rhythm| {
                presence::of(device, rhythm, limits, started, now)
            })
            .into_iter()
            .collect()
    }

    fn hear_of_client(&mut self, mut device: Device, event: &SensorEvent, now: Timestamp) -> Vec<News> {
        device.area = None;
        device.availability = Availability::Online;
        device.sleepy = true;
        device.last_seen = Some(now);
        device.last_values.extend(event.values.iter().copied());
        if event.area.is_some() {
            device.suggested_area.clone_from(&event.area);
        }
        if device.entities.is_empty() {
            return Vec::new();
        }
        self.see(device, now)
    }

    /// Takes a record that was stored.
    pub fn put(&mut self, record: Record, now: Timestamp) {
        let mut entry = Entry::saved(record);
        entry.told_at = now;
        entry.saved_at = now;
        self.insert(entry);
        self.count_waiting();
    }

    /// Forgets a device; gives what it was, as removed.
    pub fn remove(&mut self, id: &str) -> Option<Device> {
        self.forget_paths(id);
        let mut device = self.entry_by_id.remove(id)?.record.device;
        device.lifecycle = Lifecycle::Removed;
        self.count_waiting();
        Some(device)
    }
}

#[cfg(test)]
mod tests;
