//! Heat and moisture in a room: first-order balances, good enough to look right on a graph.
//!
//! Time is the house's own, in seconds; nothing here knows a clock.

use serde::{Deserialize, Serialize};

/// The air of a room.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Air {
    /// °C
    pub(crate) temperature: f64,
    /// Relative, %
    pub(crate) humidity: f64,
}

/// What a room is like, apart from what is in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Climate {
    /// Where the temperature drifts to with everything off, °C.
    pub(crate) warmth: f64,
    /// How fast: the time constant, s.
    pub(crate) warmth_time: f64,
    /// Where the humidity drifts to with everything off, %.
    pub(crate) damp: f64,
    /// How fast: the time constant, s.
    pub(crate) damp_time: f64,
}

/// What acts on a room just now.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Forces {
    /// The air conditioner cools, and dries a little.
    pub(crate) cooling: bool,
    /// The heater heats.
    pub(crate) heating: bool,
    /// The fan pulls dry air in.
    pub(crate) venting: bool,
    /// Somebody showers.
    pub(crate) showering: bool,
}

/// °C per second that the air conditioner takes out.
const COOLING: f64 = 9.0 / 3600.0;
/// °C per second that the heater brings in.
const HEATING: f64 = 6.0 / 3600.0;
/// % per second that a shower brings in.
const SHOWER: f64 = 3.0 / 60.0;
/// The fan brings the humidity towards this, %.
const VENTED: f64 = 38.0;
/// With this time constant, s.
const VENT_TIME: f64 = 900.0;
/// Longest step that is computed in one go, s: far below every time constant.
const STEP: f64 = 10.0;

impl Air {
    /// The air `seconds` later.
    #[must_use]
    pub(crate) fn after(self, seconds: f64, climate: &Climate, forces: Forces) -> Self {
        let steps = (seconds / STEP).ceil().max(1.0);
        let dt = seconds / steps;
        (0..steps as u64).fold(self, |air, _| air.step(dt, climate, forces))
    }

    fn step(self, dt: f64, climate: &Climate, forces: Forces) -> Self {
        let switch = |on: bool, rate: f64| if on { rate } else { 0.0 };
        let warming = (climate.warmth - self.temperature) / climate.warmth_time - switch(forces.cooling, COOLING)
            + switch(forces.heating, HEATING);
        let damping = (climate.damp - self.humidity) / climate.damp_time
            + switch(forces.showering, SHOWER)
            + switch(forces.venting, (VENTED - self.humidity) / VENT_TIME)
            + switch(forces.cooling, (40.0 - self.humidity) / 7200.0);
        Self {
            temperature: (self.temperature + dt * warming).clamp(-30.0, 60.0),
            humidity: (self.humidity + dt * damping).clamp(1.0, 99.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SUMMER: Climate = Climate {
        warmth: 31.0,
        warmth_time: 9000.0,
        damp: 48.0,
        damp_time: 5400.0,
    };
    const AIR: Air = Air {
        temperature: 25.0,
        humidity: 50.0,
    };

    #[test]
    fn a_room_in_summer_warms_up_and_the_air_conditioner_cools_it() {
        let warm = AIR.after(3600.0, &SUMMER, Forces::default());
        assert!(warm.temperature > 26.5 && warm.temperature < 29.0, "{warm:?}");
        let cool = warm.after(
            1800.0,
            &SUMMER,
            Forces {
                cooling: true,
                ..Forces::default()
            },
        );
        assert!(cool.temperature < warm.temperature - 2.0, "{cool:?}");
    }

    #[test]
    fn a_shower_makes_it_damp_and_the_fan_dries_it_even_before_the_shower_ends_it_holds() {
        let damp = AIR.after(
            420.0,
            &SUMMER,
            Forces {
                showering: true,
                ..Forces::default()
            },
        );
        assert!(damp.humidity > 65.0 && damp.humidity < 80.0, "{damp:?}");
        let both = damp.after(
            600.0,
            &SUMMER,
            Forces {
                showering: true,
                venting: true,
                ..Forces::default()
            },
        );
        assert!(both.humidity < 90.0, "{both:?}");
        let dry = both.after(
            900.0,
            &SUMMER,
            Forces {
                venting: true,
                ..Forces::default()
            },
        );
        assert!(dry.humidity < 62.0, "{dry:?}");
    }

    #[test]
    fn a_heater_heats_a_cold_room() {
        let winter = Climate { warmth: 14.0, ..SUMMER };
        let heated = AIR.after(
            7200.0,
            &winter,
            Forces {
                heating: true,
                ..Forces::default()
            },
        );
        assert!(heated.temperature > AIR.after(7200.0, &winter, Forces::default()).temperature + 4.0);
    }

    proptest! {
        #[test]
        fn whatever_happens_the_air_stays_air(
            temperature in -30.0..60.0f64, humidity in 1.0..99.0f64, seconds in 0.0..1e5f64,
            cooling: bool, heating: bool, venting: bool, showering: bool,
        ) {
            let forces = Forces { cooling, heating, venting, showering };
            let air = Air { temperature, humidity }.after(seconds, &SUMMER, forces);
            prop_assert!((-30.0..=60.0).contains(&air.temperature) && (1.0..=99.0).contains(&air.humidity));
        }

        #[test]
        fn two_short_whiles_are_one_long_while(first in 1.0..600.0f64, second in 1.0..600.0f64) {
            let parts = AIR.after(first, &SUMMER, Forces::default()).after(second, &SUMMER, Forces::default());
            let whole = AIR.after(first + second, &SUMMER, Forces::default());
            prop_assert!((parts.temperature - whole.temperature).abs() < 0.01);
            prop_assert!((parts.humidity - whole.humidity).abs() < 0.05);
        }
    }
}
