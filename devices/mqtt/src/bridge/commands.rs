//! Commands of the house on their way to devices.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use component::{now, tell};
use house::uri::{self, topic as wamp_topic};
use house::{Bridge, BridgeCommand, BridgeSetting, DeviceStateReport};
use wamp_client::{CallError, Invocation, Reply, Session};

use crate::catalog::{Catalog, CommandFault};
use crate::link::Link;

/// What commands need, shared with the procedures' handlers.
pub(crate) struct Shared {
    pub(crate) catalog: Mutex<Catalog>,
    pub(crate) link: Link,
    pub(crate) session: Session,
}

impl Shared {
    pub(super) fn catalog(&self) -> MutexGuard<'_, Catalog> {
        // The catalog is plain data, changed by functions that do not panic.
        self.catalog.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a command to its device.
    async fn command(&self, command: BridgeCommand) -> Result<(), CallError> {
        let ready = self
            .catalog()
            .command(&command.device, &command.entity, command.on)
            .map_err(refusal)?;
        for message in ready.messages {
            self.link.publish(message).map_err(unreachable)?;
        }
        if ready.optimistic {
            let report = DeviceStateReport {
                device: command.device,
                entity: command.entity,
                on: command.on,
                at: now(),
            };
            tell(&self.session, wamp_topic::DEVICE_STATE, &report).await;
        }
        Ok(())
    }

    /// Sends a setting to its device.
    fn set(&self, setting: &BridgeSetting) -> Result<(), CallError> {
        let message = self.catalog().set(setting).map_err(refusal)?;
        self.link.publish(message).map_err(unreachable)
    }
}

fn unreachable(error: crate::link::Unreachable) -> CallError {
    CallError::new(uri::error::DEVICE_UNAVAILABLE, error.to_string())
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed over by map_err")]
fn refusal(fault: CommandFault) -> CallError {
    let uri = match fault {
        CommandFault::NoSuchDevice(_) | CommandFault::NoSuchActuator { .. } => uri::error::NO_SUCH_DEVICE,
        CommandFault::Offline(_) | CommandFault::Template(_) => uri::error::DEVICE_UNAVAILABLE,
        CommandFault::Set(_) => return CallError::invalid_argument(fault.to_string()),
    };
    CallError::new(uri, fault.to_string())
}

/// Registers the procedures by which the house commands MQTT devices.
pub(crate) async fn register(shared: &Arc<Shared>) -> Result<(), wamp_client::Error> {
    let by_calls = Arc::clone(shared);
    let command = move |invocation: Invocation| {
        let shared = Arc::clone(&by_calls);
        async move {
            shared.command(invocation.kwargs()?).await?;
            Ok(Reply::empty())
        }
    };
    let procedure = uri::bridge_command(Bridge::Mqtt);
    shared.session.register(procedure).handler(command).await?;
    if let Some(procedure) = uri::bridge_set(Bridge::Mqtt) {
        let by_calls = Arc::clone(shared);
        let set = move |invocation: Invocation| {
            let shared = Arc::clone(&by_calls);
            async move {
                shared.set(&invocation.kwargs()?)?;
                Ok(Reply::empty())
            }
        };
        shared.session.register(procedure).handler(set).await?;
    }
    Ok(())
}
