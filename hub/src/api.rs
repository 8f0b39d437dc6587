//! What the house's procedures, topics and errors are about, for `wamp.reflection.…`.

use house::uri::{self, error, procedure, topic};
use house::{ActuatorKind, Bridge};
use wamp_router::{Definition, DefinitionKind};

const TOPICS: [(&str, &str); 13] = [
    (
        topic::SENSOR_EVENTS,
        "{sensorId, area?, at?, <quantity>: value…}: readings",
    ),
    (topic::DEVICE_FOUND, "The device: one was found that was not known."),
    (
        topic::DEVICE_CHANGED,
        "The device: it was adopted, renamed, moved, ignored, removed, or went on- or offline.",
    ),
    (
        topic::DEVICE_SEEN,
        "The device, from bridges to discovery: it is there.",
    ),
    (
        topic::DEVICE_STATE,
        "From bridges to device control: what state a device is in.",
    ),
    (
        topic::DISCOVERY_SEARCH,
        "{seconds}: bridges look for new devices for so long.",
    ),
    (
        topic::DISCOVERY_STARTED,
        "Bridges tell discovery of every device they know.",
    ),
    (
        topic::ACTUATOR_EVENTS,
        "{device, entity, area?, kind, on, confirmed, cause, at}: an actuator changed, and why",
    ),
    (topic::ALERT_RAISED, "The alert."),
    (topic::ALERT_CLEARED, "The alert, with cleared_at."),
    (topic::ALERT_ACKNOWLEDGED, "The alert, with acknowledged_by."),
    (topic::CONFIG_CHANGED, "{key, old, new, by, at}"),
    (topic::STATUS_CHANGE, "{component, status, detail, at}"),
];

const PROCEDURES: [(&str, &str); 28] = [
    (
        procedure::DISCOVER_DEVICES,
        "{seconds?} → one found device per progressive result, the list at the end",
    ),
    (procedure::DEVICE_LIST, "→ the devices"),
    (procedure::DEVICE_ADOPT, "{device, area, name?} → the device"),
    (procedure::DEVICE_RENAME, "{device, name?, area?} → the device"),
    (
        procedure::DEVICE_REPLACE,
        "{device, by} → the device: by takes its place, with its id, name, area and history",
    ),
    (procedure::DEVICE_IGNORE, "{device} → the device"),
    (procedure::DEVICE_REMOVE, "{device} → the device"),
    (
        procedure::DEVICE_KEY_SET,
        "{device, key?}: the key by which its messages open; without one, the one there was is forgotten",
    ),
    (
        procedure::DEVICE_SET,
        "{device, entity, what?, value} → nothing: sets a brightness, a position, a target, a choice",
    ),
    (procedure::ACTUATOR_LIST, "→ the actuators' states"),
    (procedure::THRESHOLDS_LIST, "→ the thresholds"),
    (procedure::THRESHOLDS_GET, "{area, quantity} → the threshold, or null"),
    (
        procedure::THRESHOLDS_SET,
        "{area, quantity, low?, high?, …} → the threshold as it now holds",
    ),
    (
        procedure::THRESHOLDS_REMOVE,
        "{area, quantity} → the threshold that no longer holds, or null",
    ),
    (
        procedure::HISTORY_READINGS,
        "{sensor, quantity?, from, to, resolution?} → the series",
    ),
    (
        procedure::HISTORY_EVENTS,
        "{from?, to?, kind?, limit?} → the logbook, newest first",
    ),
    (procedure::HISTORY_LATEST, "→ the newest reading of every sensor"),
    (procedure::ALERT_LIST, "{active?, limit?} → the alerts"),
    (procedure::ALERT_ACKNOWLEDGE, "{id} → the alert"),
    (
        procedure::NOTIFIER_TEST,
        "→ what came of a test message on each channel",
    ),
    (procedure::GET_STATUS, "→ the hub's state"),
    (procedure::GET_TIME, "→ {time, timezone}"),
    (procedure::SET_TIME, "{time}"),
    (procedure::GET_NETWORK, "→ interfaces and addresses"),
    (procedure::SET_NETWORK, "the connection to change"),
    (
        procedure::ACCOUNT_SETUP,
        "{token, name, password}: makes the first admin",
    ),
    (
        procedure::ACCOUNT_REMEMBER,
        "→ {authid, token}: a ticket by which this browser stays signed in",
    ),
    (
        procedure::ACCOUNT_FORGET,
        "{token}: that ticket is worth nothing from now on",
    ),
];

const ERRORS: [(&str, &str); 7] = [
    (error::HARDWARE_NOT_FOUND, "There is no actuator such as was asked for."),
    (error::NO_SUCH_DEVICE, "There is no device with this id."),
    (
        error::DEVICE_UNAVAILABLE,
        "The device or its bridge did not take the command.",
    ),
    (error::NO_SUCH_ALERT, "There is no alert with this id."),
    (error::NOT_SUPPORTED, "This machine does not let the hub do that."),
    (error::SETUP_CLOSED, "Set-up is done, or the link is not this hub's."),
    (error::STORAGE, "Storage failed; the sentence says what of it."),
];

/// Topics without event history: readings are the logger's, and what services tell one another
/// all the time is of the moment.
pub(crate) const WITHOUT_HISTORY: [&str; 3] = [topic::SENSOR_EVENTS, topic::DEVICE_SEEN, topic::DEVICE_STATE];

/// Everything that the house has to say about its API.
pub(crate) fn definitions() -> Vec<Definition> {
    let mut found = Vec::new();
    for (kind, table) in [
        (DefinitionKind::Topic, &TOPICS[..]),
        (DefinitionKind::Procedure, &PROCEDURES),
        (DefinitionKind::Error, &ERRORS),
    ] {
        found.extend(table.iter().map(|(uri, doc)| Definition::new(kind, *uri, *doc)));
    }
    for kind in ActuatorKind::ALL {
        let doc = "[on], {area?, device?, for?} → the actuator's state";
        found.push(Definition::new(
            DefinitionKind::Procedure,
            uri::device_control(kind),
            doc,
        ));
    }
    for bridge in [Bridge::Mqtt, Bridge::Ble, Bridge::Simulated, Bridge::Wamp, Bridge::Mdns] {
        let doc = "From device control to a bridge: a command to a device of its.";
        found.push(Definition::new(
            DefinitionKind::Procedure,
            uri::bridge_command(bridge),
            doc,
        ));
        if let Some(set) = uri::bridge_set(bridge) {
            let doc = "From device control to a bridge: something to set at a device of its.";
            found.push(Definition::new(DefinitionKind::Procedure, set, doc));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_uri_of_the_house_is_described() {
        let source = include_str!("../../house/src/uri.rs");
        let described = definitions();
        let texts = source.split('"').skip(1).step_by(2);
        let uris: Vec<&str> = texts
            .filter(|text| text.contains('.') && text.bytes().all(|c| matches!(c, b'a'..=b'z' | b'_' | b'.')))
            .collect();
        assert!(uris.len() > 40, "{uris:?}");
        for uri in uris {
            let said = described.iter().any(|definition| definition.uri() == uri);
            assert!(said, "{uri} is not described");
        }
    }
}
