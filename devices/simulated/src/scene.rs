//! The demo house: its rooms, its devices, and its day.

use std::collections::BTreeMap;

use house::{ActuatorKind, AreaId, Availability, Bridge, Device, Entity, EntityKind, Quantity, Threshold, Timestamp};
use serde::{Deserialize, Serialize};

use crate::physics::{Air, Climate, Forces};

/// A shower begins every so many seconds of the house's time…
const SHOWER_EVERY: f64 = 45.0 * 60.0;
/// …the first after this…
const FIRST_SHOWER: f64 = 4.0 * 60.0;
/// …and lasts so long.
const SHOWER_LASTS: f64 = 9.0 * 60.0;

/// A room and how it starts.
struct Room {
    area: &'static str,
    climate: Climate,
    start: Air,
    has_shower: bool,
}

/// A device: what it is, where it stands, and whether it is part of the house from the start.
pub(crate) struct Prop {
    pub(crate) hardware_id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) model: &'static str,
    pub(crate) area: &'static str,
    pub(crate) sensors: &'static [Quantity],
    pub(crate) actuator: Option<ActuatorKind>,
    /// Adopted when the house is new; the others wait for a search.
    pub(crate) is_known: bool,
}

const ROOMS: &[Room] = &[
    Room {
        area: "living_room",
        climate: Climate {
            warmth: 31.0,
            warmth_time: 9000.0,
            damp: 46.0,
            damp_time: 7200.0,
        },
        start: Air {
            temperature: 25.2,
            humidity: 45.0,
        },
        has_shower: false,
    },
    Room {
        area: "bathroom",
        climate: Climate {
            warmth: 23.5,
            warmth_time: 9000.0,
            damp: 50.0,
            damp_time: 7200.0,
        },
        start: Air {
            temperature: 23.0,
            humidity: 52.0,
        },
        has_shower: true,
    },
    Room {
        area: "kitchen",
        climate: Climate {
            warmth: 24.5,
            warmth_time: 9000.0,
            damp: 47.0,
            damp_time: 7200.0,
        },
        start: Air {
            temperature: 23.4,
            humidity: 44.0,
        },
        has_shower: false,
    },
    Room {
        area: "bedroom",
        climate: Climate {
            warmth: 18.5,
            warmth_time: 9000.0,
            damp: 48.0,
            damp_time: 7200.0,
        },
        start: Air {
            temperature: 20.5,
            humidity: 47.0,
        },
        has_shower: false,
    },
    Room {
        area: "hallway",
        climate: Climate {
            warmth: 21.5,
            warmth_time: 9000.0,
            damp: 45.0,
            damp_time: 7200.0,
        },
        start: Air {
            temperature: 21.0,
            humidity: 45.0,
        },
        has_shower: false,
    },
];

/// Every device, in the order in which a search finds the hidden ones.
pub(crate) const PROPS: &[Prop] = &[
    Prop {
        hardware_id: "living-room-thermometer",
        name: "Living room thermometer",
        model: "Thermometer",
        area: "living_room",
        sensors: &[Quantity::Temperature, Quantity::Humidity, Quantity::Battery],
        actuator: None,
        is_known: true,
    },
    Prop {
        hardware_id: "air-conditioner",
        name: "Air conditioner",
        model: "Split unit",
        area: "living_room",
        sensors: &[],
        actuator: Some(ActuatorKind::Ac),
        is_known: true,
    },
    Prop {
        hardware_id: "bathroom-hygrometer",
        name: "Bathroom hygrometer",
        model: "Hygrometer",
        area: "bathroom",
        sensors: &[Quantity::Humidity, Quantity::Temperature, Quantity::Battery],
        actuator: None,
        is_known: true,
    },
    Prop {
        hardware_id: "bathroom-fan",
        name: "Bathroom fan",
        model: "Ventilator",
        area: "bathroom",
        sensors: &[],
        actuator: Some(ActuatorKind::Fan),
        is_known: true,
    },
    Prop {
        hardware_id: "kitchen-thermometer",
        name: "Kitchen thermometer",
        model: "Thermometer",
        area: "kitchen",
        sensors: &[Quantity::Temperature, Quantity::Humidity, Quantity::Battery],
        actuator: None,
        is_known: false,
    },
    Prop {
        hardware_id: "hallway-motion",
        name: "Hallway motion sensor",
        model: "Motion sensor",
        area: "hallway",
        sensors: &[Quantity::Motion, Quantity::Battery],
        actuator: None,
        is_known: false,
    },
    Prop {
        hardware_id: "bedroom-heater",
        name: "Bedroom heater",
        model: "Oil radiator",
        area: "bedroom",
        sensors: &[Quantity::Temperature],
        actuator: Some(ActuatorKind::Heater),
        is_known: false,
    },
    Prop {
        hardware_id: "hallway-plug",
        name: "Hallway plug",
        model: "Smart plug",
        area: "hallway",
        sensors: &[],
        actuator: Some(ActuatorKind::Switch),
        is_known: false,
    },
];

/// The entity that switches, on every device that has one.
pub(crate) const SWITCHES: &str = "power";

impl Prop {
    pub(crate) fn id(&self) -> String {
        format!("{}-{}", Bridge::Simulated.name(), self.hardware_id)
    }

    /// The device as a bridge shows it.
    pub(crate) fn device(&self, now: Timestamp) -> Device {
        let mut device = Device::found(Bridge::Simulated, self.hardware_id, self.name);
        device.manufacturer = Some("Domovoi".into());
        device.model = Some(self.model.into());
        device.suggested_area = AreaId::new(self.area);
        device.availability = Availability::Online;
        device.last_seen = Some(now);
        let sensors = self.sensors.iter().map(|quantity| Entity {
            id: quantity.name().into(),
            name: quantity.name().replace('_', " "),
            kind: EntityKind::Sensor { quantity: *quantity },
        });
        let actuator = self.actuator.map(|actuator| Entity {
            id: SWITCHES.into(),
            name: actuator.label().into(),
            kind: EntityKind::Actuator { actuator },
        });
        device.entities = sensors.chain(actuator).collect();
        device
    }
}

/// What the demo's admin would have set: enough to see the talk's day happen.
pub(crate) fn thresholds() -> Vec<Threshold> {
    let limit = |area: &str, quantity, high| {
        AreaId::new(area).map(|area| Threshold {
            high: Some(high),
            ..Threshold::new(area, quantity)
        })
    };
    let living_room = limit("living_room", Quantity::Temperature, 26.0);
    let bathroom = limit("bathroom", Quantity::Humidity, 65.0);
    living_room.into_iter().chain(bathroom).collect()
}

/// The state of the world: what a power cut in the hub does not touch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct World {
    /// The house's own time since it was built, s.
    pub(crate) time: f64,
    /// Air by area.
    air: BTreeMap<String, Air>,
    /// What is switched on, by device id.
    pub(crate) on: BTreeMap<String, bool>,
    /// Hidden devices that a search has found, by device id.
    pub(crate) found: Vec<String>,
    /// The demo's devices were adopted and its thresholds set: from then on they are the admin's.
    pub(crate) is_furnished: bool,
}

impl World {
    /// A new house in the morning.
    pub(crate) fn new() -> Self {
        Self {
            time: 0.0,
            air: ROOMS.iter().map(|room| (room.area.to_owned(), room.start)).collect(),
            on: PROPS
                .iter()
                .filter(|prop| prop.actuator.is_some())
                .map(|prop| (prop.id(), false))
                .collect(),
            found: Vec::new(),
            is_furnished: false,
        }
    }

    /// Lets `seconds` of the house's time pass.
    pub(crate) fn pass(&mut self, seconds: f64) {
        let is_showering = self.is_showering();
        for room in ROOMS {
            let is_on = |kind: ActuatorKind| {
                PROPS
                    .iter()
                    .filter(|prop| prop.area == room.area && prop.actuator == Some(kind))
                    .any(|prop| self.on.get(&prop.id()) == Some(&true))
            };
            let forces = Forces {
                cooling: is_on(ActuatorKind::Ac),
                heating: is_on(ActuatorKind::Heater),
                venting: is_on(ActuatorKind::Fan),
                showering: room.has_shower && is_showering,
            };
            let air = self.air.entry(room.area.to_owned()).or_insert(room.start);
            *air = air.after(seconds, &room.climate, forces);
        }
        self.time += seconds;
    }

    fn is_showering(&self) -> bool {
        let since = (self.time - FIRST_SHOWER).rem_euclid(SHOWER_EVERY);
        self.time >= FIRST_SHOWER && since < SHOWER_LASTS
    }

    /// What a device would measure now.
    pub(crate) fn measure(&self, prop: &Prop) -> Vec<(Quantity, f64)> {
        let air = self.air.get(prop.area).copied().unwrap_or(Air {
            temperature: 20.0,
            humidity: 50.0,
        });
        let rounded = |value: f64, step: f64| (value / step).round() * step;
        prop.sensors
            .iter()
            .map(|quantity| {
                let value = match quantity {
                    Quantity::Temperature => (air.temperature * 100.0).round() / 100.0,
                    Quantity::Humidity => (air.humidity * 10.0).round() / 10.0,
                    // Two percent a week of the house's time.
                    Quantity::Battery => rounded((100.0 - self.time / 302_400.0).max(1.0), 1.0),
                    // Somebody walks by for two minutes of every twenty.
                    Quantity::Motion => f64::from(u8::from(self.time.rem_euclid(1200.0) < 120.0)),
                    _ => 0.0,
                };
                (*quantity, value)
            })
            .collect()
    }

    /// Puts an area's air into another state; false when there is no such area.
    pub(crate) fn set_air(&mut self, area: &AreaId, temperature: Option<f64>, humidity: Option<f64>) -> bool {
        let Some(air) = self.air.get_mut(area.as_str()) else {
            return false;
        };
        air.temperature = temperature.unwrap_or(air.temperature);
        air.humidity = humidity.unwrap_or(air.humidity);
        true
    }

    /// Whether a device has shown itself: known from the start, or found by a search.
    pub(crate) fn is_visible(&self, prop: &Prop) -> bool {
        prop.is_known || self.found.contains(&prop.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prop(hardware_id: &str) -> &'static Prop {
        PROPS.iter().find(|prop| prop.hardware_id == hardware_id).unwrap()
    }

    fn value(world: &World, hardware_id: &str, quantity: Quantity) -> f64 {
        world
            .measure(prop(hardware_id))
            .into_iter()
            .find(|(q, _)| *q == quantity)
            .unwrap()
            .1
    }

    #[test]
    fn the_talks_day_happens_by_itself_within_minutes_at_the_demos_speed() {
        let mut world = World::new();
        let (mut hot_at, mut damp_at) = (None, None);
        while world.time < 3600.0 {
            world.pass(20.0);
            if value(&world, "living-room-thermometer", Quantity::Temperature) > 26.0 {
                hot_at.get_or_insert(world.time);
            }
            if value(&world, "bathroom-hygrometer", Quantity::Humidity) > 65.0 {
                damp_at.get_or_insert(world.time);
            }
        }
        // At 60 times real time, 30 minutes of the house are 30 seconds.
        assert!(hot_at.is_some_and(|at| at < 1800.0), "{hot_at:?}");
        assert!(damp_at.is_some_and(|at| at < 900.0), "{damp_at:?}");
    }

    #[test]
    fn what_is_on_acts_on_its_room_alone() {
        let (mut with, mut without) = (World::new(), World::new());
        with.on.insert(prop("air-conditioner").id(), true);
        with.pass(1200.0);
        without.pass(1200.0);
        let temperature = |world: &World, device: &str| value(world, device, Quantity::Temperature);
        assert!(temperature(&with, "living-room-thermometer") < temperature(&without, "living-room-thermometer") - 1.0);
        assert!(
            (temperature(&with, "kitchen-thermometer") - temperature(&without, "kitchen-thermometer")).abs() < 1e-9
        );
    }

    #[test]
    fn a_world_survives_its_file() {
        let mut world = World::new();
        world.pass(100.0);
        world.found.push("simulated-hallway-plug".into());
        let kept: World = serde_json::from_str(&serde_json::to_string(&world).unwrap()).unwrap();
        assert_eq!(kept.on, world.on);
        assert_eq!(kept.found, world.found);
    }

    #[test]
    fn the_demos_thresholds_are_sound() {
        assert_eq!(thresholds().len(), 2);
        assert!(thresholds().iter().all(|threshold| threshold.check().is_ok()));
    }

    #[test]
    fn ids_are_unique() {
        let ids: std::collections::BTreeSet<_> = PROPS.iter().map(Prop::id).collect();
        assert_eq!(ids.len(), PROPS.len());
    }
}
