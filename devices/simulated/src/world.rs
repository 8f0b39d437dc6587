//! The simulated house as it stands at a moment: plain state, moved on by [`World::step`].
//!
//! It stands for the physical world, which does not forget when the hub dies; so it can be saved
//! and loaded. Given the same seed and the same steps it is the same world.

use std::collections::{BTreeMap, BTreeSet};

use house::{ActuatorKind, Quantity};
use serde::{Deserialize, Serialize};

use crate::physics::{Air, Influence};
use crate::plan::{DEVICES, DevicePlan, ROOMS, RoomPlan};
use crate::script;

/// How fast an air conditioner cools, in °C per second.
const COOLING: f64 = 0.0024;
/// Its compressor starts this long after it is switched on, in seconds, and comes to its full
/// power in [`COMPRESSOR_RAMP`] more.
const COMPRESSOR_DELAY: f64 = 180.0;
const COMPRESSOR_RAMP: f64 = 120.0;
/// How fast it dries while it does, in g/m³ per second.
const CONDENSATION: f64 = 0.0003;
/// How fast a heater heats, in °C per second.
const HEATING: f64 = 0.0025;
/// How much of a room's air a fan exchanges per second.
const FAN: f64 = 0.0022;
/// What a shower adds, in g/m³ per second.
const SHOWER: f64 = 0.0115;
/// What a plug's kettle draws, in W.
const KETTLE: f64 = 1850.0;
/// How much of its battery a sensor uses, in % per second.
const BATTERY_USE: f64 = 1e-6;

/// The whole state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct World {
    /// Seconds of the house's own time since its first midnight.
    clock: f64,
    air_by_area: BTreeMap<String, Air>,
    /// The weather, when somebody has set it.
    outside: Option<Air>,
    /// Since when actuators are on, by hardware id.
    on_since: BTreeMap<String, f64>,
    /// Hardware ids of devices that say and hear nothing.
    silent: BTreeSet<String>,
    /// Hardware ids of devices that a search has found.
    found: BTreeSet<String>,
    noise: u64,
}

/// Why something cannot be done to the world, as a sentence.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum WorldFault {
    /// No such device.
    #[error("there is no simulated device {0}")]
    NoSuchDevice(String),
    /// Nothing on it can be switched.
    #[error("{0} has nothing to switch")]
    NotAnActuator(String),
    /// The device has been silenced.
    #[error("{0} does not answer")]
    Silent(String),
    /// No such room.
    #[error("area must be one of the simulated house's ({}), not {area}", areas())]
    NoSuchArea {
        /// What was asked.
        area: String,
    },
    /// No air is like that.
    #[error("{name} must be from {low} to {high}")]
    OutOfRange {
        /// Which argument.
        name: &'static str,
        /// Least.
        low: f64,
        /// Most.
        high: f64,
    },
}

fn areas() -> String {
    ROOMS.iter().map(|room| room.area).collect::<Vec<_>>().join(", ")
}

impl World {
    /// A new house on its first day; `seed` decides the sensors' noise.
    pub fn new(seed: u64) -> Self {
        Self {
            clock: script::BEGINNING,
            air_by_area: ROOMS
                .iter()
                .map(|room| (room.area.to_owned(), room.beginning()))
                .collect(),
            outside: None,
            on_since: BTreeMap::new(),
            silent: BTreeSet::new(),
            found: BTreeSet::new(),
            // Zero would stay zero.
            noise: seed | 1,
        }
    }

    /// Moves the world on by so many seconds of its own time.
    pub fn step(&mut self, seconds: f64) {
        let mut left = if seconds.is_finite() { seconds.max(0.0) } else { 0.0 };
        while left > 0.0 {
            // A minute at most, so that short events of the day's script are not stepped over.
            let dt = left.min(60.0);
            left -= dt;
            self.clock += dt;
            let outside = self.outside();
            for room in ROOMS {
                let influence = self.influence(room);
                let air = self
                    .air_by_area
                    .entry(room.area.to_owned())
                    .or_insert_with(|| room.beginning());
                *air = air.step(&room.room, outside, influence, dt);
            }
        }
    }

    fn influence(&self, room: &RoomPlan) -> Influence {
        let mut influence = Influence {
            heat: room.heat + room.sun * script::sun(self.clock),
            ..Influence::default()
        };
        if room.area == "bathroom" && script::is_shower_on(self.clock) {
            influence.moisture += SHOWER;
        }
        for device in DEVICES.iter().filter(|device| device.area == room.area) {
            let Some(since) = self.on_since.get(device.hardware_id) else {
                continue;
            };
            match device.actuator {
                Some(ActuatorKind::Ac) => {
                    let running = self.clock - since - COMPRESSOR_DELAY;
                    let power = (running / COMPRESSOR_RAMP).clamp(0.0, 1.0);
                    influence.heat -= COOLING * power;
                    influence.moisture -= CONDENSATION * power;
                }
                Some(ActuatorKind::Heater) => influence.heat += HEATING,
                Some(ActuatorKind::Fan) => influence.ventilation += FAN,
                Some(_) | None => {}
            }
        }
        influence
    }

    /// The weather.
    pub fn outside(&self) -> Air {
        self.outside.unwrap_or_else(|| script::outside(self.clock))
    }

    /// The air of a room.
    pub fn air(&self, area: &str) -> Option<Air> {
        self.air_by_area.get(area).copied()
    }

    /// What a device measures now, with its sensor's noise; nothing while it is silent.
    pub fn measure(&mut self, device: &DevicePlan) -> Vec<(Quantity, f64)> {
        let Some(air) = self.air(device.area).filter(|_| !self.is_silent(device)) else {
            return Vec::new();
        };
        let mut values = Vec::with_capacity(device.quantities.len());
        for &quantity in device.quantities {
            let value = match quantity {
                Quantity::Temperature => round(air.temperature + 0.04 * self.noise(), 10.0),
                Quantity::Humidity => round((air.humidity() + 0.3 * self.noise()).clamp(0.0, 100.0), 10.0),
                Quantity::Motion => f64::from(u8::from(script::is_somebody_in_the_hallway(self.clock))),
                Quantity::Power => {
                    if self.is_on(device) {
                        round(KETTLE + 10.0 * self.noise(), 1.0)
                    } else {
                        0.0
                    }
                }
                Quantity::Battery => round((100.0 - self.clock * BATTERY_USE).clamp(1.0, 100.0), 1.0),
                _ => continue,
            };
            values.push((quantity, value));
        }
        values
    }

    /// Switches an actuator; whether that changed anything.
    ///
    /// # Errors
    /// There is nothing to switch, or it does not answer.
    pub fn switch(&mut self, device: &DevicePlan, on: bool) -> Result<bool, WorldFault> {
        if device.actuator.is_none() {
            return Err(WorldFault::NotAnActuator(device.name.to_owned()));
        }
        if self.is_silent(device) {
            return Err(WorldFault::Silent(device.name.to_owned()));
        }
        let changed = self.is_on(device) != on;
        if !on {
            self.on_since.remove(device.hardware_id);
        } else if changed {
            self.on_since.insert(device.hardware_id.to_owned(), self.clock);
        }
        Ok(changed)
    }

    /// Whether an actuator is on.
    pub fn is_on(&self, device: &DevicePlan) -> bool {
        self.on_since.contains_key(device.hardware_id)
    }

    /// Makes a device silent, or lets it speak again.
    pub fn silence(&mut self, device: &DevicePlan, silent: bool) {
        if silent {
            self.silent.insert(device.hardware_id.to_owned());
        } else {
            self.silent.remove(device.hardware_id);
        }
    }

    /// Whether a device is silent.
    pub fn is_silent(&self, device: &DevicePlan) -> bool {
        self.silent.contains(device.hardware_id)
    }

    /// Whether the hub can know of a device: it is at home, or a search has found it.
    pub fn is_known(&self, device: &DevicePlan) -> bool {
        device.at_home || self.found.contains(device.hardware_id)
    }

    /// A search has found a device.
    pub fn find(&mut self, device: &DevicePlan) {
        self.found.insert(device.hardware_id.to_owned());
    }

    /// Sets a room's air; what is not given stays.
    ///
    /// # Errors
    /// There is no such room, or no such air.
    pub fn set_air(&mut self, area: &str, temperature: Option<f64>, humidity: Option<f64>) -> Result<(), WorldFault> {
        let air = self
            .air(area)
            .ok_or_else(|| WorldFault::NoSuchArea { area: area.to_owned() })?;
        let new = replaced(air, temperature, humidity)?;
        self.air_by_area.insert(area.to_owned(), new);
        Ok(())
    }

    /// Sets the weather's temperature, until it is set free again with `None`.
    ///
    /// # Errors
    /// There is no such weather.
    pub fn set_outside(&mut self, temperature: Option<f64>) -> Result<(), WorldFault> {
        self.outside = match temperature {
            None => None,
            Some(_) => Some(replaced(script::outside(self.clock), temperature, None)?),
        };
        Ok(())
    }

    /// A number from -1 to 1, the same in every world of one seed (xorshift64).
    fn noise(&mut self) -> f64 {
        self.noise ^= self.noise << 13;
        self.noise ^= self.noise >> 7;
        self.noise ^= self.noise << 17;
        // The upper 32 bits are a whole number below 2³².
        (self.noise >> 32) as f64 / f64::from(u32::MAX) * 2.0 - 1.0
    }
}

/// The device with this id.
///
/// # Errors
/// There is none.
pub fn device(id: &str) -> Result<&'static DevicePlan, WorldFault> {
    DEVICES
        .iter()
        .find(|device| device.id() == id)
        .ok_or_else(|| WorldFault::NoSuchDevice(id.to_owned()))
}

fn replaced(air: Air, temperature: Option<f64>, humidity: Option<f64>) -> Result<Air, WorldFault> {
    let within = |name, value: f64, low: f64, high: f64| {
        if (low..=high).contains(&value) {
            Ok(value)
        } else {
            Err(WorldFault::OutOfRange { name, low, high })
        }
    };
    let humidity = within("humidity", humidity.unwrap_or_else(|| air.humidity()), 0.0, 100.0)?;
    let temperature = within("temperature", temperature.unwrap_or(air.temperature), -40.0, 60.0)?;
    Ok(Air::new(temperature, humidity))
}

fn round(value: f64, parts: f64) -> f64 {
    (value * parts).round() / parts
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: f64 = 60.0;

    fn plan(hardware_id: &str) -> &'static DevicePlan {
        DEVICES.iter().find(|device| device.hardware_id == hardware_id).unwrap()
    }

    /// Minutes until `holds`, a step a minute.
    fn minutes_until(world: &mut World, holds: impl Fn(&World) -> bool) -> u32 {
        for minute in 0..24 * 60 {
            if holds(world) {
                return minute;
            }
            world.step(MINUTE);
        }
        panic!("not within a day");
    }

    #[test]
    fn the_living_room_warms_up_is_cooled_and_warms_up_again() {
        let mut world = World::new(1);
        let ac = plan("living-room-air-conditioner");
        let temperature = |world: &World| world.air("living_room").unwrap().temperature;
        let warm = minutes_until(&mut world, |world| temperature(world) > 26.0);
        assert!((5..40).contains(&warm), "{warm}");
        assert!(world.switch(ac, true).unwrap());
        // Its compressor takes its time: thermometers show the limit crossed.
        world.step(3.0 * MINUTE);
        assert!(temperature(&world) > 26.1);
        let cool = minutes_until(&mut world, |world| temperature(world) < 25.0);
        assert!((3..40).contains(&cool), "{cool}");
        world.switch(ac, false).unwrap();
        let warm = minutes_until(&mut world, |world| temperature(world) > 26.0);
        assert!((5..60).contains(&warm), "{warm}");
    }

    #[test]
    fn a_shower_makes_the_bathroom_wet_and_the_fan_dries_it() {
        let mut world = World::new(1);
        let fan = plan("bathroom-fan");
        let humidity = |world: &World| world.air("bathroom").unwrap().humidity();
        let wet = minutes_until(&mut world, |world| humidity(world) > 65.0);
        assert!((5..20).contains(&wet), "{wet}");
        let mut without = world.clone();
        world.switch(fan, true).unwrap();
        let dry = minutes_until(&mut world, |world| humidity(world) < 62.0);
        assert!((3..30).contains(&dry), "{dry}");
        assert!(minutes_until(&mut without, |world| humidity(world) < 62.0) > 2 * dry);
    }

    #[test]
    fn rooms_stay_habitable_for_a_week_with_nobody_controlling() {
        let mut world = World::new(7);
        for _ in 0..7 * 24 * 4 {
            world.step(15.0 * MINUTE);
            for room in ROOMS {
                let air = world.air(room.area).unwrap();
                assert!((10.0..40.0).contains(&air.temperature), "{}: {air:?}", room.area);
            }
        }
    }

    #[test]
    fn the_same_seed_is_the_same_world() {
        let live = || {
            let mut world = World::new(42);
            let mut values = Vec::new();
            for _ in 0..100 {
                world.step(30.0);
                values.extend(world.measure(plan("kitchen-thermometer")));
            }
            values
        };
        assert_eq!(live(), live());
    }

    #[test]
    fn a_silent_device_says_and_hears_nothing() {
        let mut world = World::new(1);
        let (thermometer, fan) = (plan("living-room-thermometer"), plan("bathroom-fan"));
        assert_eq!(world.measure(thermometer).len(), 2);
        world.silence(thermometer, true);
        world.silence(fan, true);
        assert!(world.measure(thermometer).is_empty());
        assert_eq!(world.switch(fan, true), Err(WorldFault::Silent("Bathroom fan".into())));
        world.silence(thermometer, false);
        assert_eq!(world.measure(thermometer).len(), 2);
    }

    #[test]
    fn every_measurement_is_one_that_its_quantity_accepts() {
        let mut world = World::new(3);
        for _ in 0..200 {
            world.step(600.0);
            for device in DEVICES {
                let values = world.measure(device);
                assert_eq!(values.len(), device.quantities.len(), "{}", device.name);
                assert!(
                    values.iter().all(|(quantity, value)| quantity.accepts(*value)),
                    "{values:?}"
                );
            }
        }
    }

    #[test]
    fn a_room_can_be_set_and_nonsense_is_refused() {
        let mut world = World::new(1);
        world.set_air("bathroom", Some(24.0), Some(90.0)).unwrap();
        let air = world.air("bathroom").unwrap();
        assert!((air.humidity() - 90.0).abs() < 1e-6 && air.temperature == 24.0);
        world.set_outside(Some(-5.0)).unwrap();
        assert_eq!(world.outside().temperature, -5.0);
        world.set_outside(None).unwrap();
        assert!(world.outside().temperature > 0.0);
        for (result, sentence) in [
            (
                world.set_air("attic", None, None),
                "area must be one of the simulated house's (living_room, bathroom, kitchen, bedroom, hallway), not attic",
            ),
            (
                world.set_air("kitchen", Some(f64::NAN), None),
                "temperature must be from -40 to 60",
            ),
            (
                world.set_air("kitchen", None, Some(101.0)),
                "humidity must be from 0 to 100",
            ),
        ] {
            assert_eq!(result.unwrap_err().to_string(), sentence);
        }
    }

    #[test]
    fn a_saved_world_goes_on_where_it_stood() {
        let mut world = World::new(9);
        world.step(1000.0);
        world.switch(plan("bathroom-fan"), true).unwrap();
        let mut loaded: World = serde_json::from_str(&serde_json::to_string(&world).unwrap()).unwrap();
        loaded.step(1000.0);
        world.step(1000.0);
        // JSON may lose the last bit of a number.
        let difference = loaded.air("bathroom").unwrap().moisture - world.air("bathroom").unwrap().moisture;
        assert!(difference.abs() < 1e-9, "{difference}");
        assert_eq!(
            (loaded.clock, &loaded.on_since, loaded.noise),
            (world.clock, &world.on_since, world.noise)
        );
    }
}
