//! The demo house: its rooms, and the devices in them.

use house::{ActuatorKind, AreaId, Bridge, Device, Entity, EntityKind, Quantity};

use crate::physics::{Air, Room};

/// The id of the one entity that an actuator has.
pub const ACTUATOR: &str = "switch";

/// A room as it is built.
#[derive(Debug, Clone, Copy)]
pub struct RoomPlan {
    /// The area's id.
    pub area: &'static str,
    pub(crate) room: Room,
    pub(crate) beginning: (f64, f64),
    /// How much of the sun reaches it.
    pub(crate) sun: f64,
    /// Heat of people and machines in °C per second.
    pub(crate) heat: f64,
}

/// A device as it is bought.
#[derive(Debug, Clone, Copy)]
pub struct DevicePlan {
    /// The part of its id behind the bridge's name.
    pub hardware_id: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Where it stands.
    pub area: &'static str,
    /// Its model.
    pub model: &'static str,
    /// What it measures.
    pub quantities: &'static [Quantity],
    /// What it switches.
    pub actuator: Option<ActuatorKind>,
    /// It belongs to the house from the start; others are found by a search.
    pub at_home: bool,
}

/// Every room.
pub const ROOMS: &[RoomPlan] = &[
    // Large windows: warms up in the afternoon until the air conditioner steps in.
    RoomPlan {
        area: "living_room",
        room: Room {
            heat_time: 4500.0,
            air_time: 7200.0,
        },
        beginning: (25.2, 45.0),
        sun: 1.0,
        heat: 0.000_17,
    },
    // Small, inside, wet while somebody takes a shower.
    RoomPlan {
        area: "bathroom",
        room: Room {
            heat_time: 20_000.0,
            air_time: 5400.0,
        },
        beginning: (22.5, 50.0),
        sun: 0.0,
        heat: 0.0,
    },
    RoomPlan {
        area: "kitchen",
        room: Room {
            heat_time: 9000.0,
            air_time: 5400.0,
        },
        beginning: (23.5, 48.0),
        sun: 0.3,
        heat: 0.0001,
    },
    RoomPlan {
        area: "bedroom",
        room: Room {
            heat_time: 15_000.0,
            air_time: 7200.0,
        },
        beginning: (20.5, 50.0),
        sun: 0.1,
        heat: 0.0,
    },
    RoomPlan {
        area: "hallway",
        room: Room {
            heat_time: 15_000.0,
            air_time: 3600.0,
        },
        beginning: (21.5, 47.0),
        sun: 0.0,
        heat: 0.0,
    },
];

/// Every device.
pub const DEVICES: &[DevicePlan] = &[
    DevicePlan {
        hardware_id: "living-room-thermometer",
        name: "Living room thermometer",
        area: "living_room",
        model: "Thermometer",
        quantities: &[Quantity::Temperature, Quantity::Battery],
        actuator: None,
        at_home: true,
    },
    DevicePlan {
        hardware_id: "living-room-air-conditioner",
        name: "Living room air conditioner",
        area: "living_room",
        model: "Air conditioner",
        quantities: &[],
        actuator: Some(ActuatorKind::Ac),
        at_home: true,
    },
    DevicePlan {
        hardware_id: "bathroom-hygrometer",
        name: "Bathroom hygrometer",
        area: "bathroom",
        model: "Hygrometer",
        quantities: &[Quantity::Humidity, Quantity::Battery],
        actuator: None,
        at_home: true,
    },
    DevicePlan {
        hardware_id: "bathroom-fan",
        name: "Bathroom fan",
        area: "bathroom",
        model: "Fan",
        quantities: &[],
        actuator: Some(ActuatorKind::Fan),
        at_home: true,
    },
    DevicePlan {
        hardware_id: "kitchen-thermometer",
        name: "Kitchen thermometer",
        area: "kitchen",
        model: "Thermometer and hygrometer",
        quantities: &[Quantity::Temperature, Quantity::Humidity, Quantity::Battery],
        actuator: None,
        at_home: false,
    },
    DevicePlan {
        hardware_id: "hallway-motion-sensor",
        name: "Hallway motion sensor",
        area: "hallway",
        model: "Motion sensor",
        quantities: &[Quantity::Motion, Quantity::Battery],
        actuator: None,
        at_home: false,
    },
    DevicePlan {
        hardware_id: "bedroom-heater",
        name: "Bedroom heater",
        area: "bedroom",
        model: "Heater",
        quantities: &[],
        actuator: Some(ActuatorKind::Heater),
        at_home: false,
    },
    DevicePlan {
        hardware_id: "bedroom-thermometer",
        name: "Bedroom thermometer",
        area: "bedroom",
        model: "Thermometer",
        quantities: &[Quantity::Temperature, Quantity::Battery],
        actuator: None,
        at_home: false,
    },
    DevicePlan {
        hardware_id: "kitchen-plug",
        name: "Kitchen plug",
        area: "kitchen",
        model: "Plug with meter",
        quantities: &[Quantity::Power],
        actuator: Some(ActuatorKind::Switch),
        at_home: false,
    },
];

impl RoomPlan {
    pub(crate) fn beginning(&self) -> Air {
        Air::new(self.beginning.0, self.beginning.1)
    }
}

impl DevicePlan {
    /// The device's id in the house.
    pub fn id(&self) -> String {
        format!("{}-{}", Bridge::Simulated.name(), self.hardware_id)
    }

    /// The device as a bridge shows it.
    pub fn describe(&self) -> Device {
        let mut device = Device::found(Bridge::Simulated, self.hardware_id, self.name);
        device.manufacturer = Some("Domovoi".to_owned());
        device.model = Some(format!("Simulated {}", self.model.to_lowercase()));
        device.suggested_area = AreaId::new(self.area);
        let sensors = self.quantities.iter().map(|quantity| Entity {
            id: quantity.name().to_owned(),
            name: capitalised(&quantity.name().replace('_', " ")),
            kind: EntityKind::Sensor { quantity: *quantity },
        });
        let actuators = self.actuator.into_iter().map(|actuator| Entity {
            id: ACTUATOR.to_owned(),
            name: capitalised(actuator.label()),
            kind: EntityKind::Actuator { actuator },
        });
        device.entities = sensors.chain(actuators).collect();
        device
    }
}

fn capitalised(words: &str) -> String {
    let mut letters = words.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
