//! Heat and moisture in a room, as far as a thermostat and a hygrometer notice.
//!
//! Each room is one volume of air with one temperature and one amount of water vapour. Heat flows
//! through its walls to the outside in proportion to the difference; so does moisture with the air
//! that is exchanged. All times are seconds of the house's own time.

use serde::{Deserialize, Serialize};

/// Longest step that is reckoned in one go, in seconds; longer ones are cut into pieces.
const STEP: f64 = 10.0;

/// The air of a room, or of the world outside.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Air {
    /// °C.
    pub temperature: f64,
    /// Water vapour in g/m³.
    pub moisture: f64,
}

/// How a room keeps heat and moisture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Room {
    /// Time in seconds after which a difference in temperature to the outside is down to a third.
    pub heat_time: f64,
    /// Same for moisture, through the exchange of air.
    pub air_time: f64,
}

/// What acts on a room at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Influence {
    /// Heating by sun, people and machines, or by a heater; cooling is negative. °C per second.
    pub heat: f64,
    /// Water vapour from a shower, cooking or breathing, or taken out by an air conditioner.
    /// g/m³ per second.
    pub moisture: f64,
    /// Air exchanged by a ventilator: the part of the room's air per second.
    pub ventilation: f64,
}

impl Air {
    /// Air of this temperature in °C and relative humidity in %.
    pub fn new(temperature: f64, humidity: f64) -> Self {
        Self {
            temperature,
            moisture: saturation(temperature) * humidity / 100.0,
        }
    }

    /// Relative humidity in %, from 0 to 100.
    pub fn humidity(&self) -> f64 {
        (100.0 * self.moisture / saturation(self.temperature)).clamp(0.0, 100.0)
    }

    /// The air after `seconds` in a room.
    pub fn step(mut self, room: &Room, outside: Self, influence: Influence, seconds: f64) -> Self {
        let mut left = seconds.max(0.0);
        while left > 0.0 {
            let dt = left.min(STEP);
            left -= dt;
            let exchange = 1.0 / room.air_time + influence.ventilation;
            // A ventilator brings the outside's heat in with its air, but walls and furniture hold
            // most of the room's.
            let warmth = 1.0 / room.heat_time + 0.05 * influence.ventilation;
            self.temperature += dt * (influence.heat + (outside.temperature - self.temperature) * warmth);
            self.moisture += dt * (influence.moisture + (outside.moisture - self.moisture) * exchange);
            self.moisture = self.moisture.clamp(0.0, saturation(self.temperature));
        }
        self
    }
}

/// How much water vapour air of this temperature holds, in g/m³ (Magnus formula over water).
fn saturation(temperature: f64) -> f64 {
    let pressure = 611.2 * (17.62 * temperature / (243.12 + temperature)).exp();
    1000.0 * pressure / (461.5 * (temperature + 273.15))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ROOM: Room = Room {
        heat_time: 3000.0,
        air_time: 6000.0,
    };

    #[test]
    fn saturated_air_holds_what_tables_say() {
        for (temperature, grams) in [(0.0, 4.85), (20.0, 17.3), (30.0, 30.4)] {
            assert!((saturation(temperature) - grams).abs() < 0.2, "{temperature}");
        }
        assert!((Air::new(22.0, 50.0).humidity() - 50.0).abs() < 1e-9);
    }

    #[test]
    fn a_room_drifts_to_the_weather_outside() {
        let after = Air::new(20.0, 40.0).step(&ROOM, Air::new(30.0, 50.0), Influence::default(), 30_000.0);
        assert!((after.temperature - 30.0).abs() < 0.1);
    }

    #[test]
    fn cooling_cools_and_a_ventilator_dries() {
        let (room, outside) = (Air::new(27.0, 80.0), Air::new(27.0, 45.0));
        let cooled = room.step(
            &ROOM,
            outside,
            Influence {
                heat: -0.003,
                ..Influence::default()
            },
            600.0,
        );
        assert!(cooled.temperature < 26.0);
        let dried = room.step(
            &ROOM,
            outside,
            Influence {
                ventilation: 0.002,
                ..Influence::default()
            },
            600.0,
        );
        assert!(dried.humidity() < room.humidity() - 10.0);
    }

    proptest! {
        #[test]
        fn many_short_steps_are_one_long_one(minutes in 1u32..60, heat in -0.004f64..0.004) {
            let outside = Air::new(31.0, 45.0);
            let influence = Influence { heat, moisture: 0.001, ventilation: 0.0 };
            let start = Air::new(24.0, 50.0);
            let long = start.step(&ROOM, outside, influence, f64::from(minutes) * 60.0);
            let mut short = start;
            for _ in 0..minutes * 60 {
                short = short.step(&ROOM, outside, influence, 1.0);
            }
            prop_assert!((long.temperature - short.temperature).abs() < 0.05);
            prop_assert!((long.humidity() - short.humidity()).abs() < 0.5);
        }

        #[test]
        fn humidity_stays_between_0_and_100(
            temperature in -20.0f64..45.0, humidity in 0.0f64..100.0, moisture in -0.1f64..0.1, seconds in 0.0f64..1e5,
        ) {
            let influence = Influence { moisture, ..Influence::default() };
            let after = Air::new(temperature, humidity).step(&ROOM, Air::new(10.0, 50.0), influence, seconds);
            prop_assert!((0.0..=100.0).contains(&after.humidity()) && after.temperature.is_finite());
        }
    }
}
