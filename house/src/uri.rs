//! Every topic, procedure and error URI of the house, in one place.

use crate::{ActuatorKind, Bridge};

/// The realm every part meets in.
pub const REALM: &str = "homeapp";

/// Topics. The payload type is in each one's line; payloads are kwargs.
pub mod topic {
    /// [`crate::SensorEvent`]: readings, from bridges and from any permitted WAMP client.
    pub const SENSOR_EVENTS: &str = "sensor.events";
    /// [`crate::Device`]: a device was found that was not known.
    pub const DEVICE_FOUND: &str = "device.found";
    /// [`crate::Device`]: a device was adopted, renamed, moved, ignored, removed, went on- or offline.
    pub const DEVICE_CHANGED: &str = "device.changed";
    /// [`crate::Device`], from bridges to discovery: this device is there, and this is what it is now.
    pub const DEVICE_SEEN: &str = "device.seen";
    /// [`crate::DeviceStateReport`], from bridges to device control.
    pub const DEVICE_STATE: &str = "device.state";
    /// `{seconds}`, from discovery to bridges: look for new devices for so long.
    pub const DISCOVERY_SEARCH: &str = "discovery.search";
    /// Nothing: discovery has (re)started; bridges send `device.seen` for all they know.
    pub const DISCOVERY_STARTED: &str = "discovery.started";
    /// [`crate::ActuatorEvent`]: an actuator changed, and why.
    pub const ACTUATOR_EVENTS: &str = "actuator.events";
    /// [`crate::Alert`].
    pub const ALERT_RAISED: &str = "alert.raised";
    /// [`crate::Alert`], with `cleared_at`.
    pub const ALERT_CLEARED: &str = "alert.cleared";
    /// [`crate::Alert`], with `acknowledged_by`.
    pub const ALERT_ACKNOWLEDGED: &str = "alert.acknowledged";
    /// `{key, old, new, by, at}`; a threshold's key is `thresholds.<area>.<quantity>`, its values
    /// [`crate::Threshold`] or null.
    pub const CONFIG_CHANGED: &str = "config.changed";
    /// `{component, status, detail, at}`.
    pub const STATUS_CHANGE: &str = "status.change";
}

/// Procedures.
pub mod procedure {
    /// kwargs `{seconds?}` → progressive [`crate::Device`]s, then the list.
    pub const DISCOVER_DEVICES: &str = "discover.devices";
    /// → list of [`crate::Device`].
    pub const DEVICE_LIST: &str = "device.list";
    /// kwargs `{device, area, name?}` → [`crate::Device`].
    pub const DEVICE_ADOPT: &str = "device.adopt";
    /// kwargs `{device, name?, area?}` → [`crate::Device`].
    pub const DEVICE_RENAME: &str = "device.rename";
    /// kwargs `{device, by}` → [`crate::Device`]: `by` takes the place of `device`, with its id, name,
    /// area and history.
    pub const DEVICE_REPLACE: &str = "device.replace";
    /// kwargs `{device}` → [`crate::Device`].
    pub const DEVICE_IGNORE: &str = "device.ignore";
    /// kwargs `{device}` → [`crate::Device`].
    pub const DEVICE_REMOVE: &str = "device.remove";
    /// kwargs `{device, key}` → nothing: the key by which a Bluetooth device's messages open. No
    /// key, and the one that was there is forgotten.
    pub const DEVICE_KEY_SET: &str = "device.key.set";
    /// kwargs `{device, entity, value, what?}` → nothing: sets a brightness, a position, a target, a
    /// choice, a number, or presses a button. `what` says which of the entity's settings, where it
    /// has several.
    pub const DEVICE_SET: &str = "device.set";
    /// → list of [`crate::ActuatorState`].
    pub const ACTUATOR_LIST: &str = "actuator.list";
    /// → list of [`crate::Threshold`].
    pub const THRESHOLDS_LIST: &str = "config.thresholds.list";
    /// kwargs `{area, quantity}` → [`crate::Threshold`] or null.
    pub const THRESHOLDS_GET: &str = "config.thresholds.get";
    /// kwargs [`crate::Threshold`] → [`crate::Threshold`] as it now holds.
    pub const THRESHOLDS_SET: &str = "config.thresholds.set";
    /// kwargs `{area, quantity}` → the [`crate::Threshold`] that no longer holds.
    pub const THRESHOLDS_REMOVE: &str = "config.thresholds.remove";
    /// kwargs `{sensor, quantity?, from, to, resolution?}` → series.
    pub const HISTORY_READINGS: &str = "history.readings";
    /// kwargs `{from?, to?, limit?, kind?}` → the logbook, newest first.
    pub const HISTORY_EVENTS: &str = "history.events";
    /// → list of the newest reading of every sensor.
    pub const HISTORY_LATEST: &str = "history.latest";
    /// kwargs `{active?, limit?}` → list of [`crate::Alert`].
    pub const ALERT_LIST: &str = "alert.list";
    /// kwargs `{id}` → [`crate::Alert`].
    pub const ALERT_ACKNOWLEDGE: &str = "alert.acknowledge";
    /// → what came of a test message on each channel.
    pub const NOTIFIER_TEST: &str = "notifier.test";
    /// → the hub's state.
    pub const GET_STATUS: &str = "get.status";
    /// → `{time, timezone}`.
    pub const GET_TIME: &str = "get.time";
    /// kwargs `{time}`.
    pub const SET_TIME: &str = "set.time";
    /// → interfaces and addresses.
    pub const GET_NETWORK: &str = "get.network";
    /// kwargs of the connection to change.
    pub const SET_NETWORK: &str = "set.network";
    /// kwargs `{token, name, password}` → makes the first admin; set-up link only.
    pub const ACCOUNT_SETUP: &str = "account.setup";
    /// → `{authid, token}`: a ticket by which this browser stays signed in.
    pub const ACCOUNT_REMEMBER: &str = "account.remember";
    /// kwargs `{token}`: that ticket is worth nothing from now on.
    pub const ACCOUNT_FORGET: &str = "account.forget";
}

/// Error URIs beside the `wamp.error.…` ones.
pub mod error {
    /// There is no actuator such as was asked for.
    pub const HARDWARE_NOT_FOUND: &str = "homeapp.error.hardware_not_found";
    /// There is no device with this id.
    pub const NO_SUCH_DEVICE: &str = "homeapp.error.no_such_device";
    /// The device or its bridge did not take the command.
    pub const DEVICE_UNAVAILABLE: &str = "homeapp.error.device_unavailable";
    /// There is no alert with this id.
    pub const NO_SUCH_ALERT: &str = "homeapp.error.no_such_alert";
    /// This machine does not let the hub do that.
    pub const NOT_SUPPORTED: &str = "homeapp.error.not_supported";
    /// Set-up is done, or the link is not this hub's.
    pub const SETUP_CLOSED: &str = "homeapp.error.setup_closed";
    /// Storage failed; the sentence says what of it.
    pub const STORAGE: &str = "homeapp.error.storage";
}

/// `dcs.<kind>.control`: args `[on]`, kwargs `{area?, device?, for?, cause?}` →
/// [`crate::ActuatorState`].
pub fn device_control(kind: ActuatorKind) -> &'static str {
    match kind {
        ActuatorKind::Fan => "dcs.fan.control",
        ActuatorKind::Ac => "dcs.ac.control",
        ActuatorKind::Heater => "dcs.heater.control",
        ActuatorKind::Switch => "dcs.switch.control",
        ActuatorKind::Light => "dcs.light.control",
        ActuatorKind::Humidifier => "dcs.humidifier.control",
        ActuatorKind::Cover => "dcs.cover.control",
        ActuatorKind::Valve => "dcs.valve.control",
        ActuatorKind::Lock => "dcs.lock.control",
    }
}

/// `bridge.<name>.set`: kwargs [`crate::BridgeSetting`] → nothing. `None` for bridges whose devices
/// have nothing to set.
pub fn bridge_set(bridge: Bridge) -> Option<&'static str> {
    match bridge {
        Bridge::Mqtt => Some("bridge.mqtt.set"),
        Bridge::Ble | Bridge::Simulated | Bridge::Wamp | Bridge::Mdns => None,
    }
}

/// `bridge.<name>.command`: kwargs [`crate::BridgeCommand`] → nothing; the outcome comes as
/// `device.state`.
pub fn bridge_command(bridge: Bridge) -> &'static str {
    match bridge {
        Bridge::Mqtt => "bridge.mqtt.command",
        Bridge::Ble => "bridge.ble.command",
        Bridge::Simulated => "bridge.simulated.command",
        Bridge::Wamp => "bridge.wamp.command",
        Bridge::Mdns => "bridge.mdns.command",
    }
}
