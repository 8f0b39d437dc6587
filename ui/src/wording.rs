//! What the UI says, in words.

use house::{
    ActuatorKind, ActuatorState, AlertKind, Availability, Bridge, Device, Quantity, Severity, Threshold, Timestamp,
};

use crate::local_time::Offset;

/// `just now`, `40 s ago`, `5 min ago`, `3 h ago`, `2 days ago`.
pub(crate) fn ago(at: Timestamp, now: Timestamp) -> String {
    let seconds = now.since(at).as_secs();
    match seconds {
        0..10 => "just now".into(),
        _ => format!("{} ago", span(seconds as f64)),
    }
}

/// A length of time in the largest unit that fits: `40 s`, `5 min`, `3 h`, `2 days`.
pub(crate) fn span(seconds: f64) -> String {
    let whole = |value: f64| {
        if value.fract() == 0.0 {
            format!("{value:.0}")
        } else {
            format!("{value:.1}")
        }
    };
    if seconds < 60.0 {
        format!("{} s", whole(seconds))
    } else if seconds < 3600.0 {
        format!("{:.0} min", (seconds / 60.0).floor())
    } else if seconds < 172_800.0 {
        let hours = (seconds / 360.0).floor() / 10.0;
        format!("{} h", whole(hours))
    } else {
        format!("{:.0} days", (seconds / 86_400.0).floor())
    }
}

/// First letter upper case.
pub(crate) fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// The name for people of a quantity: `Temperature`, `CO₂`.
pub(crate) fn quantity_name(quantity: Quantity) -> String {
    match quantity {
        Quantity::Co2 => "CO₂".into(),
        Quantity::Pm1 => "PM1".into(),
        Quantity::Pm25 => "PM2.5".into(),
        Quantity::Pm4 => "PM4".into(),
        Quantity::Pm10 => "PM10".into(),
        Quantity::Aqi => "Air quality".into(),
        Quantity::VocIndex => "VOC index".into(),
        Quantity::NoxIndex => "NOₓ index".into(),
        Quantity::UvIndex => "UV index".into(),
        other => capitalized(&other.name().replace('_', " ")),
    }
}

/// Why a device cannot be read now, as a sentence; nothing when it can.
pub(crate) fn device_trouble(device: &Device) -> Option<String> {
    let fault = device.fault.as_deref().map(capitalized);
    match (device.needs_key, fault) {
        (true, None) => Some("Its messages are encrypted: enter its key.".into()),
        (_, fault) => fault.map(|sentence| sentence + "."),
    }
}

/// The name for people of a part of the hub: `humidity-fan` is `Humidity fan`, `mqtt` is `MQTT`.
pub(crate) fn component_name(component: &str) -> String {
    match component {
        "mqtt" => "MQTT".into(),
        "ble" => "Bluetooth".into(),
        other => capitalized(&other.replace(['_', '-', '.'], " ")),
    }
}

/// What an actuator of this kind is called on a card.
pub(crate) fn kind_name(kind: ActuatorKind) -> &'static str {
    match kind {
        ActuatorKind::Fan => "Fan",
        ActuatorKind::Ac => "Air conditioner",
        ActuatorKind::Heater => "Heater",
        ActuatorKind::Switch => "Switch",
        ActuatorKind::Light => "Light",
        ActuatorKind::Humidifier => "Humidifier",
        ActuatorKind::Cover => "Cover",
        ActuatorKind::Valve => "Valve",
        ActuatorKind::Lock => "Lock",
    }
}

/// `humidity 71 % ≥ 65 %`, as the cause of an actuator's state; a hand's doing says whose.
pub(crate) fn cause(state: &ActuatorState) -> String {
    let text = state.cause.text.trim();
    if !text.is_empty() {
        return text.to_owned();
    }
    match (state.cause.manual, state.cause.by.as_str()) {
        (true, "device") => "switched at the device".into(),
        (_, "") => "no reason given".into(),
        (true, by) => format!("switched by {by}"),
        (false, by) => format!("by {by}"),
    }
}

/// `By hand until 14:30`, while controllers keep their hands off.
pub(crate) fn override_note(state: &ActuatorState, now: Timestamp, offset: Offset) -> Option<String> {
    let until = state.override_until.filter(|until| *until > now)?;
    Some(format!("By hand until {}", offset.moment(until, now)))
}

/// `18.0 – 26.0 °C`, `up to 65 %`, `at least 18.0 °C`.
pub(crate) fn limits(threshold: &Threshold) -> Option<String> {
    let quantity = threshold.quantity;
    match (threshold.low, threshold.high) {
        (Some(low), Some(high)) => Some(format!("{low:.*} – {}", quantity.decimals(), quantity.format(high))),
        (None, Some(high)) => Some(format!("up to {}", quantity.format(high))),
        (Some(low), None) => Some(format!("at least {}", quantity.format(low))),
        (None, None) => None,
    }
}

/// What kind of trouble an alert is.
pub(crate) fn alert_title(kind: AlertKind) -> &'static str {
    match kind {
        AlertKind::High => "Too high",
        AlertKind::Low => "Too low",
        AlertKind::SensorLost => "Sensor silent",
        AlertKind::NoEcho => "No answer",
        AlertKind::NoActuator => "Nothing to switch",
    }
}

/// The name in `data-` attributes and CSS.
pub(crate) fn alert_name(kind: AlertKind) -> &'static str {
    match kind {
        AlertKind::High => "high",
        AlertKind::Low => "low",
        AlertKind::SensorLost => "sensor_lost",
        AlertKind::NoEcho => "no_echo",
        AlertKind::NoActuator => "no_actuator",
    }
}

/// The name in `data-` attributes and CSS.
pub(crate) fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Critical => "critical",
    }
}

/// How a device is reached.
pub(crate) fn bridge_name(bridge: Bridge) -> &'static str {
    match bridge {
        Bridge::Mqtt => "MQTT",
        Bridge::Ble => "Bluetooth",
        Bridge::Simulated => "Simulated",
        Bridge::Wamp => "WAMP",
        Bridge::Mdns => "Network",
    }
}

/// Whether a device is there, for people.
pub(crate) fn availability_label(availability: Availability) -> &'static str {
    match availability {
        Availability::Unknown => "not heard yet",
        Availability::Online => "online",
        Availability::Offline => "offline",
    }
}

/// The name in `data-` attributes and CSS.
pub(crate) fn availability_name(availability: Availability) -> &'static str {
    match availability {
        Availability::Unknown => "unknown",
        Availability::Online => "online",
        Availability::Offline => "offline",
    }
}

/// Radio signal in words, from dBm.
pub(crate) fn signal_label(dbm: f64) -> &'static str {
    if dbm >= -60.0 {
        "strong signal"
    } else if dbm >= -75.0 {
        "good signal"
    } else if dbm >= -87.0 {
        "weak signal"
    } else {
        "very weak signal"
    }
}

#[cfg(test)]
mod tests {
    use house::{AreaId, Cause};

    use super::*;

    #[test]
    fn spans_are_short() {
        for (seconds, text) in [
            (40.0, "40 s"),
            (0.5, "0.5 s"),
            (300.0, "5 min"),
            (5400.0, "1.5 h"),
            (7200.0, "2 h"),
            (86_400.0, "24 h"),
            (260_000.0, "3 days"),
        ] {
            assert_eq!(span(seconds), text);
        }
        assert_eq!(ago(Timestamp(0), Timestamp(3000)), "just now");
        assert_eq!(ago(Timestamp(0), Timestamp(40_000)), "40 s ago");
    }

    #[test]
    fn limits_read_like_a_sentence() {
        let limits_of = |low, high| {
            let area = AreaId::new("bathroom").unwrap();
            limits(&Threshold {
                low,
                high,
                ..Threshold::new(area, Quantity::Temperature)
            })
        };
        assert_eq!(limits_of(Some(18.0), Some(26.0)).unwrap(), "18.0 – 26.0 °C");
        assert_eq!(limits_of(None, Some(26.0)).unwrap(), "up to 26.0 °C");
        assert_eq!(limits_of(Some(18.0), None).unwrap(), "at least 18.0 °C");
        assert_eq!(limits_of(None, None), None);
    }

    #[test]
    fn a_cause_without_words_still_says_who() {
        let mut state = ActuatorState {
            device: "d".into(),
            entity: "e".into(),
            area: None,
            kind: ActuatorKind::Fan,
            on: true,
            confirmed: true,
            at: Timestamp(0),
            cause: Cause {
                by: "anna".into(),
                manual: true,
                text: String::new(),
            },
            override_until: Some(Timestamp(60_000)),
        };
        assert_eq!(cause(&state), "switched by anna");
        assert_eq!(
            override_note(&state, Timestamp(0), Offset::default()).unwrap(),
            "By hand until 00:01"
        );
        assert_eq!(override_note(&state, Timestamp(60_000), Offset::default()), None);
        state.cause.by = "device".into();
        assert_eq!(cause(&state), "switched at the device");
    }

    #[test]
    fn quantities_have_names_for_people() {
        assert_eq!(quantity_name(Quantity::Co2), "CO₂");
        assert_eq!(quantity_name(Quantity::Pm1), "PM1");
        assert_eq!(quantity_name(Quantity::DewPoint), "Dew point");
    }

    #[test]
    fn a_device_that_cannot_be_read_says_why() {
        let mut device = Device::found(Bridge::Ble, "a4c138830283", "Thermometer");
        assert_eq!(device_trouble(&device), None);
        device.needs_key = true;
        assert_eq!(
            device_trouble(&device).as_deref(),
            Some("Its messages are encrypted: enter its key.")
        );
        device.fault = Some("its messages do not open".into());
        assert_eq!(device_trouble(&device).as_deref(), Some("Its messages do not open."));
    }
}
