//! What time brings: small news to be told, records to be stored, devices that fell silent.

use house::{Availability, Device, Lifecycle, Timestamp};

use super::entry::Unsaved;
use super::{DeviceRegistry, Record, presence};

impl DeviceRegistry {
    /// Small news that are due to be told, and devices that have been silent for too long.
    pub fn due_to_tell(&mut self, now: Timestamp) -> Vec<Device> {
        let mut due = Vec::new();
        let mut small = 0;
        for entry in self.entry_by_id.values_mut() {
            let device = &entry.record.device;
            if device.lifecycle == Lifecycle::Ignored {
                continue;
            }
            let presence = presence::of(device, &entry.record.rhythm, &self.limits, self.started, now);
            let silent = device.sleepy && presence != device.availability && presence == Availability::Offline;
            let ripe =
                small < self.limits.tell_at_once && entry.untold && now.since(entry.told_at) >= self.limits.tell_every;
            if silent {
                entry.record.device.availability = presence;
            }
            if silent || ripe {
                small += usize::from(!silent);
                entry.untold = false;
                entry.told_at = now;
                due.push(entry.record.device.clone());
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
