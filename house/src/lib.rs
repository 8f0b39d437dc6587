//! The vocabulary of the house: what services, bridges and the UI talk about.
//!
//! Plain data with serde, and the pure rules that belong to it: what a valid threshold is,
//! which unit a quantity has, how an area is spelled. No I/O, no clock, no WAMP: time comes in
//! as a [`Timestamp`]. Every topic and procedure URI is a constant in [`uri`].
//!
//! Words are Home Assistant's, and Matter's where Home Assistant has none.

pub mod uri;

mod alert;
mod area;
mod arguments;
mod battery;
mod command;
mod control_view;
mod device;
mod guard;
mod loose;
mod pace;
mod part;
mod quantity;
mod raised;
mod readings;
mod registry;
mod rhythm;
mod sensor_event;
mod threshold;
mod timestamp;
mod wording;

pub use alert::{Alert, AlertKind, Severity};
pub use area::AreaId;
pub use arguments::Arguments;
pub use battery::is_battery_low;
pub use command::{ActuatorEvent, ActuatorState, BridgeCommand, BridgeSetting, Cause, DeviceStateReport, SettingValue};
pub use control_view::{ActuatorKey, ControlView};
pub use device::{ActuatorKind, Availability, Bridge, Device, DeviceId, Entity, EntityKind, Lifecycle};
pub use guard::{FIRST_HEARD, Guard, LONGEST_OVERRIDE, Verdict, Wish, override_end};
pub use loose::Loose;
pub use pace::Pace;
pub use part::{Part, Route, hardware_address};
pub use quantity::Quantity;
pub use raised::Raised;
pub use readings::{Reading, Readings};
pub use registry::Registry;
pub use rhythm::Rhythm;
pub use sensor_event::{SensorEvent, SensorId};
pub use threshold::{Mode, Threshold, ThresholdFault};
pub use timestamp::Timestamp;
pub use wording::{duration_text, who};
