//! What happens in the house every day by itself: the sun, the showers, people in the hallway.
//!
//! Times are seconds since midnight of the house's own day.

use crate::physics::Air;

const HOUR: f64 = 3600.0;
const DAY: f64 = 24.0 * HOUR;

/// The house's first day begins here: the heat of the day is on, and a shower not far.
pub const BEGINNING: f64 = 13.0 * HOUR;

/// When showers start, in hours.
const SHOWERS: [f64; 9] = [6.5, 7.25, 9.0, 11.0, 13.1, 15.0, 17.5, 20.0, 22.0];
/// How long a shower takes.
const SHOWER: f64 = 10.0 * 60.0;

/// The time of day of a moment.
fn time_of_day(clock: f64) -> f64 {
    clock.rem_euclid(DAY)
}

/// The weather: coolest before sunrise, hottest in the late afternoon.
pub fn outside(clock: f64) -> Air {
    let phase = (time_of_day(clock) - 16.0 * HOUR) / DAY * std::f64::consts::TAU;
    let temperature = 24.0 + 6.0 * phase.cos();
    // The amount of water in the air hardly changes over a day.
    Air {
        temperature,
        moisture: 9.0,
    }
}

/// How much the sun heats a room behind large windows, in °C per second.
pub fn sun(clock: f64) -> f64 {
    let time = time_of_day(clock);
    let (rise, set) = (6.0 * HOUR, 21.0 * HOUR);
    if time < rise || time > set {
        return 0.0;
    }
    0.000_3 * ((time - rise) / (set - rise) * std::f64::consts::PI).sin()
}

/// Whether somebody takes a shower.
pub fn is_shower_on(clock: f64) -> bool {
    let time = time_of_day(clock);
    SHOWERS
        .iter()
        .any(|start| (start * HOUR..start * HOUR + SHOWER).contains(&time))
}

/// Whether somebody walks through the hallway: for a minute in every seven, by day.
pub fn is_somebody_in_the_hallway(clock: f64) -> bool {
    let time = time_of_day(clock);
    (6.0 * HOUR..23.0 * HOUR).contains(&time) && time.rem_euclid(420.0) < 60.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_afternoon_is_hot_and_the_night_is_not() {
        assert!(outside(16.0 * HOUR).temperature > 29.0);
        assert!(outside(4.0 * HOUR + DAY).temperature < 19.0);
        assert!(sun(13.0 * HOUR) > 0.0 && sun(2.0 * HOUR) == 0.0);
    }

    #[test]
    fn a_shower_comes_soon_after_the_beginning_and_ends() {
        let soon = BEGINNING + 7.0 * 60.0;
        assert!(!is_shower_on(BEGINNING) && is_shower_on(soon) && !is_shower_on(soon + 15.0 * 60.0));
        assert!(is_shower_on(soon + 3.0 * DAY));
    }
}
