//! How fast the controllers' time runs.

use std::time::Duration;

/// A factor by which default control durations are divided: 1 in a real house, more in the
/// simulated one, whose physics run faster too. A duration that a person has set is meant as it
/// stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace(f64);

impl Pace {
    /// Real time.
    pub const REAL: Self = Self(1.0);

    /// `speed` times real time; anything that is no speed (zero, negative, not a number) is taken
    /// for real time.
    pub fn new(speed: f64) -> Self {
        if speed.is_finite() && speed > 0.0 {
            Self(speed)
        } else {
            Self::REAL
        }
    }

    /// How long `duration` of the house's time takes.
    pub fn of(self, duration: Duration) -> Duration {
        Duration::try_from_secs_f64(duration.as_secs_f64() / self.0).unwrap_or(Duration::MAX)
    }
}

impl Default for Pace {
    fn default() -> Self {
        Self::REAL
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_faster_house_waits_less() {
        let minute = Duration::from_secs(60);
        assert_eq!(Pace::new(60.0).of(minute), Duration::from_secs(1));
        assert_eq!(Pace::default().of(minute), minute);
        assert_eq!(Pace::new(1e-300).of(minute), Duration::MAX);
        for no_speed in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(Pace::new(no_speed), Pace::REAL);
        }
    }
}
