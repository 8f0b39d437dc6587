//! One simulated device: how it announces itself, what it says and what it does.
//!
//! Pure: the time and the chance come in as numbers.

use serde_json::{Value, json};

/// The topic below which the whole fleet speaks.
pub(super) const BASE: &str = "domovoi-simulation";

const AREAS: [&str; 8] = [
    "Living room",
    "Kitchen",
    "Bathroom",
    "Bedroom",
    "Study",
    "Hall",
    "Cellar",
    "Attic",
];

/// What a device is; a house has them in turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Thermometer,
    Plug,
    Lamp,
    MotionSensor,
    AirMonitor,
    Fan,
    Blind,
}

const KINDS: [Kind; 7] = [
    Kind::Thermometer,
    Kind::Plug,
    Kind::Lamp,
    Kind::MotionSensor,
    Kind::AirMonitor,
    Kind::Fan,
    Kind::Blind,
];

/// A simulated device.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Device {
    number: usize,
    kind: Kind,
    on: bool,
    /// Brightness of a lamp, position of a blind, in percent.
    level: f64,
    energy: f64,
}

impl Device {
    pub(super) fn new(number: usize) -> Self {
        Self {
            number,
            kind: KINDS[number % KINDS.len()],
            on: false,
            level: 100.0,
            energy: 0.0,
        }
    }

    pub(super) fn id(&self) -> String {
        format!("simulated-{}", self.number)
    }

    /// Where it says what it measures and does.
    pub(super) fn topic(&self) -> String {
        format!("{BASE}/{}", self.id())
    }

    /// Its announcement, in the form for whole devices.
    pub(super) fn announcement(&self) -> Value {
        let (id, topic) = (self.id(), self.topic());
        let mut components = serde_json::Map::new();
        let mut add = |platform: &str, what: &str, mut keys: Value| {
            keys["p"] = json!(platform);
            keys["uniq_id"] = json!(format!("{id}-{what}"));
            keys["stat_t"] = json!(topic);
            components.insert(what.to_owned(), keys);
        };
        let measured = |class: &str, unit: &str| json!({"dev_cla": class, "unit_of_meas": unit, "val_tpl": format!("{{{{ value_json.{class} }}}}")});
        for (class, unit) in self.quantities() {
            add("sensor", class, measured(class, unit));
        }
        let set = format!("{topic}/set");
        let state = "{{ value_json.state }}";
        match self.kind {
            Kind::Plug => add("switch", "relay", json!({"cmd_t": set, "val_tpl": state})),
            Kind::Fan => add("fan", "fan", json!({"cmd_t": set, "stat_val_tpl": state})),
            Kind::Lamp => add(
                "light",
                "lamp",
                json!({"schema": "json", "cmd_t": set, "brightness": true, "bri_scl": 100, "sup_clrm": ["brightness"]}),
            ),
            Kind::Blind => add(
                "cover",
                "blind",
                json!({"cmd_t": set, "val_tpl": state, "pos_t": topic, "pos_tpl": "{{ value_json.position }}",
                    "set_pos_t": set}),
            ),
            Kind::MotionSensor => add(
                "binary_sensor",
                "occupancy",
                json!({"dev_cla": "occupancy", "val_tpl": "{{ value_json.occupancy }}", "pl_on": true, "pl_off": false}),
            ),
            Kind::Thermometer | Kind::AirMonitor => {}
        }
        let name = format!("{} {}", self.name(), self.number);
        json!({
            "dev": {"ids": [id], "name": name, "mf": "Domovoi", "mdl": format!("Simulated {}", self.name().to_lowercase()),
                "sa": AREAS[self.number / KINDS.len() % AREAS.len()]},
            "o": {"name": "domovoi simulate"},
            "avty": [{"t": format!("{BASE}/state")}, {"t": format!("{topic}/availability")}],
            "avty_mode": "all",
            "cmps": components,
        })
    }

    fn name(&self) -> &'static str {
        match self.kind {
            Kind::Thermometer => "Thermometer",
            Kind::Plug => "Plug",
            Kind::Lamp => "Lamp",
            Kind::MotionSensor => "Motion sensor",
            Kind::AirMonitor => "Air monitor",
            Kind::Fan => "Fan",
            Kind::Blind => "Blind",
        }
    }

    fn quantities(&self) -> &'static [(&'static str, &'static str)] {
        match self.kind {
            Kind::Thermometer => &[("temperature", "°C"), ("humidity", "%"), ("battery", "%")],
            Kind::Plug => &[("power", "W"), ("energy", "kWh")],
            Kind::Lamp => &[("power", "W")],
            Kind::MotionSensor => &[("illuminance", "lx"), ("battery", "%")],
            Kind::AirMonitor => &[("temperature", "°C"), ("humidity", "%"), ("carbon_dioxide", "ppm")],
            Kind::Fan => &[("power", "W")],
            Kind::Blind => &[("signal_strength", "dBm")],
        }
    }

    /// How many readings one of its messages carries.
    pub(super) fn readings(&self) -> usize {
        self.quantities().len() + usize::from(self.kind == Kind::MotionSensor)
    }

    /// What it says now: `seconds` since the start, and a `chance` from 0 to 1.
    pub(super) fn state(&mut self, seconds: f64, chance: f64) -> Value {
        let mut said = serde_json::Map::new();
        // A day of the simulated house lasts ten minutes; every device has its own hour.
        let day = (seconds / 600.0 + self.number as f64 * 0.137) * std::f64::consts::TAU;
        let round = |value: f64| (value * 10.0).round() / 10.0;
        for (class, _) in self.quantities() {
            let value = match *class {
                "temperature" => 21.0 + 2.5 * day.sin() + chance,
                "humidity" => 50.0 + 8.0 * day.cos() + chance,
                "carbon_dioxide" => (650.0 + 200.0 * day.sin() + 20.0 * chance).round(),
                "illuminance" => (250.0 + 240.0 * day.sin() + 10.0 * chance).round(),
                "battery" => (100.0 - seconds / 36_000.0).max(1.0).round(),
                "power" if !self.on => 0.0,
                "power" if self.kind == Kind::Lamp => self.level / 10.0,
                "power" => 40.0 + chance,
                "energy" => {
                    self.energy += if self.on { 0.001 } else { 0.0 };
                    (self.energy * 1000.0).round() / 1000.0
                }
                _ => -60.0 - (10.0 * chance).round(),
            };
            said.insert((*class).to_owned(), json!(round(value).max(-90.0)));
        }
        match self.kind {
            Kind::MotionSensor => {
                said.insert("occupancy".to_owned(), json!(chance > 0.8));
            }
            Kind::Blind => {
                said.insert(
                    "state".to_owned(),
                    json!(if self.level > 0.0 { "open" } else { "closed" }),
                );
                said.insert("position".to_owned(), json!(self.level));
            }
            Kind::Plug | Kind::Lamp | Kind::Fan => {
                said.insert("state".to_owned(), json!(if self.on { "ON" } else { "OFF" }));
            }
            Kind::Thermometer | Kind::AirMonitor => {}
        }
        if self.kind == Kind::Lamp {
            said.insert("brightness".to_owned(), json!(self.level));
        }
        Value::Object(said)
    }

    /// Takes a command; false when it is none that this device knows.
    pub(super) fn take(&mut self, payload: &str) -> bool {
        match (self.kind, payload) {
            (Kind::Plug | Kind::Fan, "ON" | "OFF") => self.on = payload == "ON",
            (Kind::Blind, "OPEN") => self.level = 100.0,
            (Kind::Blind, "CLOSE") => self.level = 0.0,
            (Kind::Blind, _) => match payload.parse::<f64>() {
                Ok(position) if (0.0..=100.0).contains(&position) => self.level = position,
                _ => return false,
            },
            (Kind::Lamp, _) => {
                let Ok(said) = serde_json::from_str::<Value>(payload) else {
                    return false;
                };
                if let Some(state) = said.get("state").and_then(Value::as_str) {
                    self.on = state == "ON";
                }
                if let Some(level) = said.get("brightness").and_then(Value::as_f64) {
                    self.level = level.clamp(0.0, 100.0);
                }
            }
            _ => return false,
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use house::{Quantity, Timestamp};

    use super::*;
    use crate::catalog::{Catalog, Effect};

    const NOW: Timestamp = Timestamp(1_777_793_400_000);

    #[test]
    fn every_simulated_device_is_understood_measured_and_driven() {
        let mut catalog = Catalog::new("homeassistant");
        catalog.set_connected(true);
        let mut driven = 0;
        for number in 0..KINDS.len() {
            let mut device = Device::new(number);
            let announced = catalog.handle(
                &format!("homeassistant/device/{}/config", device.id()),
                device.announcement().to_string().as_bytes(),
                None,
                NOW,
            );
            assert!(
                !announced.iter().any(|effect| matches!(effect, Effect::Fault { .. })),
                "{announced:?}"
            );
            let id = format!("mqtt-{}", device.id());
            let state = device.state(10.0, 0.5).to_string();
            let said = catalog.handle(&device.topic(), state.as_bytes(), None, NOW);
            assert!(
                !said.iter().any(|effect| matches!(effect, Effect::Fault { .. })),
                "{said:?}"
            );
            let values = said.iter().find_map(|effect| match effect {
                Effect::Values { values, .. } => Some(values.len()),
                _ => None,
            });
            assert_eq!(values, Some(device.readings()), "{state}");
            let described = catalog.device(&id).unwrap();
            for (entity, _) in described.actuators() {
                let command = catalog.command(&id, &entity.id, true).unwrap();
                assert!(device.take(&command.messages[0].payload));
                let state = device.state(11.0, 0.5).to_string();
                let said = catalog.handle(&device.topic(), state.as_bytes(), None, NOW);
                assert!(
                    said.iter()
                        .any(|effect| matches!(effect, Effect::State(report) if report.on))
                );
                driven += 1;
            }
            assert!(
                described
                    .entities
                    .iter()
                    .all(|e| !matches!(e.kind, house::EntityKind::Unsupported { .. }))
            );
            assert!(!device.take("nonsense"));
        }
        assert_eq!(driven, 4);
        assert!(Quantity::Temperature.accepts(21.0));
    }
}
