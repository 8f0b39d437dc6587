//! What comes of a message, and of a command.

use house::{Device, DeviceId, DeviceStateReport, Quantity, Timestamp};

use crate::entity::Outgoing;
use crate::entity::detail::SetFault;
use crate::template::TemplateFault;

/// What is to be done after a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Messages on this topic are wanted.
    Subscribe(String),
    /// They are not wanted any more.
    Unsubscribe(String),
    /// The device is not what it was; the house wants to see it.
    Changed(DeviceId),
    /// The device has said something that is shown to people, sooner or later.
    Told(DeviceId),
    /// The device is announced no more; this is the last that was known of it.
    Gone(Box<Device>),
    /// The device has measured something.
    Values {
        /// Which device.
        device: DeviceId,
        /// Each quantity at most once.
        values: Vec<(Quantity, f64)>,
        /// When.
        at: Timestamp,
    },
    /// The device has said what an actuator does.
    State(DeviceStateReport),
    /// This is to be sent.
    Send(Outgoing),
    /// How a bridge behind the MQTT server fares.
    Status {
        /// `running` or `waiting`.
        status: &'static str,
        /// A sentence.
        detail: String,
    },
    /// This announcement holds now and is to outlive a restart.
    Save {
        /// Its topic.
        topic: String,
        /// Whose it is.
        device: DeviceId,
        /// What was announced.
        payload: Vec<u8>,
    },
    /// This announcement holds no more.
    Forget {
        /// Its topic.
        topic: String,
    },
    /// Something was not understood.
    Fault {
        /// Whose it is, when that is known.
        device: Option<DeviceId>,
        /// What is wrong, a sentence.
        sentence: String,
    },
}

/// Why a command cannot be given.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandFault {
    /// No such device.
    #[error("there is no MQTT device {0}")]
    NoSuchDevice(DeviceId),
    /// No such actuator on it.
    #[error("{device} has no actuator {entity:?}")]
    NoSuchActuator {
        /// The device's name.
        device: String,
        /// What was asked for.
        entity: String,
    },
    /// The device says that it is offline, or the server is.
    #[error("{0} cannot be reached")]
    Offline(String),
    /// Its command template failed.
    #[error(transparent)]
    Template(#[from] TemplateFault),
    /// What was to be set cannot be set so.
    #[error(transparent)]
    Set(#[from] SetFault),
}

/// A command, ready to be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    /// What to send, in order.
    pub messages: Vec<Outgoing>,
    /// The device never says what it does: the command counts as done when sent.
    pub optimistic: bool,
}
