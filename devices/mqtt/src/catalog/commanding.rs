//! Commands on their way to devices.

use house::{Availability, BridgeSetting};

use super::known::Known;
use super::{Catalog, Command, CommandFault};
use crate::entity::Outgoing;

impl Catalog {
    /// What to send so that an actuator goes on or off.
    ///
    /// # Errors
    /// There is no such device or actuator, or it cannot be reached.
    pub fn command(&self, device: &str, entity: &str, on: bool) -> Result<Command, CommandFault> {
        let known = self.reachable(device)?;
        let no_such = || CommandFault::NoSuchActuator {
            device: known.name(),
            entity: entity.to_owned(),
        };
        let (slot, part) = known.find(entity).ok_or_else(no_such)?;
        if !on && slot.is_off_already(part) {
            return Ok(Command {
                messages: Vec::new(),
                optimistic: true,
            });
        }
        let messages = slot.config.role.command(part, on)?;
        if messages.is_empty() {
            return Err(no_such());
        }
        Ok(Command {
            messages,
            optimistic: slot.config.role.is_optimistic(),
        })
    }

    /// What to send so that something of an entity is set to a value.
    ///
    /// # Errors
    /// There is no such device, entity or setting, it takes no such value, or cannot be reached.
    pub fn set(&self, setting: &BridgeSetting) -> Result<Outgoing, CommandFault> {
        let known = self.reachable(&setting.device)?;
        let found = known.find(&setting.entity);
        let (slot, _) = found.ok_or_else(|| CommandFault::NoSuchActuator {
            device: known.name(),
            entity: setting.entity.clone(),
        })?;
        Ok(slot.config.details.set(setting.what.as_deref(), &setting.value)?)
    }

    fn reachable(&self, device: &str) -> Result<&Known, CommandFault> {
        let known = self
            .device_by_id
            .get(device)
            .ok_or_else(|| CommandFault::NoSuchDevice(device.to_owned()))?;
        if known.availability(self.connected) == Availability::Offline {
            return Err(CommandFault::Offline(known.name()));
        }
        Ok(known)
    }
}
