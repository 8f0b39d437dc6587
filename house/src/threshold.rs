//! Thresholds: what the admin wants of an area, and how controllers keep to it.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{AreaId, Pace, Quantity, Timestamp};

/// The soonest that a sensor is taken for silent by default.
const SOONEST_STALE: Duration = Duration::from_secs(5);

/// What a thermostat may do in an area.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Switch nothing; alerts still come.
    Off,
    /// Cool at `high`.
    Cool,
    /// Heat at `low`.
    Heat,
    /// Both, with the dead band between `low` and `high`.
    #[default]
    Auto,
}

/// The limits of one quantity in one area.
///
/// Durations are seconds. Absent ones take the defaults that the methods of the same name give.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Threshold {
    /// Where.
    pub area: AreaId,
    /// Of what.
    pub quantity: Quantity,
    /// Below this is too low.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// Above this is too high.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
    /// How far back inside the limit a value must come before the actuator goes off and the alert
    /// clears, in the quantity's unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hysteresis: Option<f64>,
    /// What the thermostat may do; temperature only.
    #[serde(default)]
    pub mode: Mode,
    /// Shortest time an actuator stays on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_on: Option<f64>,
    /// Shortest time an actuator stays off (a compressor's protection).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_off: Option<f64>,
    /// A reading older than this counts as none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale_after: Option<f64>,
    /// Fan: also go on when the humidity is this far above its rolling baseline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rise: Option<f64>,
    /// Fan: run on this long after the humidity is back inside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post_run: Option<f64>,
    /// Longest time an actuator runs in one go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_run: Option<f64>,
    /// Tell phones when it is crossed.
    #[serde(default = "yes")]
    pub notify: bool,
    /// Who set it; filled in by the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_by: Option<String>,
    /// When; filled in by the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_at: Option<Timestamp>,
}

fn yes() -> bool {
    true
}

/// What a person set counts as it stands; a default is the house's time, and passes at its pace.
fn seconds(value: Option<f64>, default: f64, pace: Pace) -> Duration {
    let plain = |seconds: f64| Duration::from_secs_f64(seconds.clamp(0.0, 31_536_000.0));
    value.map_or_else(|| pace.of(plain(default)), plain)
}

impl Threshold {
    /// A threshold with no limits yet.
    pub fn new(area: AreaId, quantity: Quantity) -> Self {
        Self {
            area,
            quantity,
            low: None,
            high: None,
            hysteresis: None,
            mode: Mode::Auto,
            min_on: None,
            min_off: None,
            stale_after: None,
            rise: None,
            post_run: None,
            max_run: None,
            notify: true,
            set_by: None,
            set_at: None,
        }
    }

    /// Hysteresis: as set, else 0.5 °C, 3 % humidity, or 2 % of the limit's size.
    pub fn hysteresis(&self) -> f64 {
        self.hysteresis.unwrap_or_else(|| match self.quantity {
            Quantity::Temperature => 0.5,
            Quantity::Humidity => 3.0,
            _ => 0.02 * self.high.or(self.low).unwrap_or(0.0).abs(),
        })
    }

    /// Shortest time on: as set, else 1 minute for temperature, none for others.
    pub fn min_on(&self, pace: Pace) -> Duration {
        seconds(
            self.min_on,
            if self.quantity == Quantity::Temperature {
                60.0
            } else {
                0.0
            },
            pace,
        )
    }

    /// Shortest time off: as set, else 3 minutes for temperature, none for others.
    pub fn min_off(&self, pace: Pace) -> Duration {
        seconds(
            self.min_off,
            if self.quantity == Quantity::Temperature {
                180.0
            } else {
                0.0
            },
            pace,
        )
    }

    /// Age at which a reading counts as none: as set, else 15 minutes.
    pub fn stale_after(&self, pace: Pace) -> Duration {
        match self.stale_after {
            // However fast the demo house runs, its sensors speak in real seconds.
            None => seconds(None, 900.0, pace).max(SOONEST_STALE),
            set => seconds(set, 900.0, pace),
        }
    }

    /// Run-on time: as set, else none.
    pub fn post_run(&self, pace: Pace) -> Duration {
        seconds(self.post_run, 0.0, pace)
    }

    /// Longest run: as set, else none for temperature and 2 hours for others.
    pub fn max_run(&self, pace: Pace) -> Option<Duration> {
        match (self.max_run, self.quantity) {
            (None, Quantity::Temperature) => None,
            (set, _) => Some(seconds(set, 7200.0, pace)),
        }
    }

    /// Refuses nonsense.
    ///
    /// # Errors
    /// The first fault found; its `Display` is a sentence for the person who set it.
    pub fn check(&self) -> Result<(), ThresholdFault> {
        if self.low.is_none() && self.high.is_none() && self.rise.is_none() {
            return Err(ThresholdFault::Empty);
        }
        for (name, value) in [("low", self.low), ("high", self.high)] {
            if let Some(value) = value {
                if !value.is_finite() {
                    return Err(ThresholdFault::NotANumber { name });
                }
                if !self.quantity.accepts(value) {
                    return Err(ThresholdFault::OutOfRange {
                        name,
                        value,
                        quantity: self.quantity,
                    });
                }
            }
        }
        if let (Some(low), Some(high)) = (self.low, self.high) {
            if low >= high {
                return Err(ThresholdFault::LowNotBelowHigh {
                    low,
                    high,
                    quantity: self.quantity,
                });
            }
            if high - low < 2.0 * self.hysteresis() && self.hysteresis.is_some() {
                return Err(ThresholdFault::NoDeadBand {
                    hysteresis: self.hysteresis(),
                });
            }
        }
        for (name, value) in [
            ("hysteresis", self.hysteresis),
            ("min_on", self.min_on),
            ("min_off", self.min_off),
            ("stale_after", self.stale_after),
            ("rise", self.rise),
            ("post_run", self.post_run),
            ("max_run", self.max_run),
        ] {
            if value.is_some_and(|value| !value.is_finite()) {
                return Err(ThresholdFault::NotANumber { name });
            }
            if value.is_some_and(|value| value < 0.0) {
                return Err(ThresholdFault::Negative { name });
            }
        }
        if self.stale_after == Some(0.0) {
            return Err(ThresholdFault::StaleAtOnce);
        }
        Ok(())
    }
}

/// What is wrong with a threshold, as a sentence.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ThresholdFault {
    /// Neither limit given.
    Empty,
    /// NaN or infinite.
    NotANumber {
        /// Which field.
        name: &'static str,
    },
    /// No sensor of this quantity could ever report it.
    OutOfRange {
        /// Which field.
        name: &'static str,
        /// What was asked.
        value: f64,
        /// Of what.
        quantity: Quantity,
    },
    /// `low` is not below `high`.
    LowNotBelowHigh {
        /// What was asked.
        low: f64,
        /// What was asked.
        high: f64,
        /// Of what.
        quantity: Quantity,
    },
    /// Hysteresis from both sides overlaps.
    NoDeadBand {
        /// What was asked.
        hysteresis: f64,
    },
    /// A duration or distance below zero.
    Negative {
        /// Which field.
        name: &'static str,
    },
    /// Every reading would be stale at once.
    StaleAtOnce,
}

impl fmt::Display for ThresholdFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("low or high is needed: a threshold without a limit does nothing"),
            Self::NotANumber { name } => write!(f, "{name} must be a finite number"),
            Self::OutOfRange { name, value, quantity } => {
                let range = quantity.range();
                write!(
                    f,
                    "{name} {value} is outside what {quantity} can be ({} to {} {})",
                    range.start(),
                    range.end(),
                    quantity.unit()
                )
            }
            Self::LowNotBelowHigh { low, high, quantity } => {
                write!(
                    f,
                    "low ({}) must be below high ({})",
                    quantity.format(*low),
                    quantity.format(*high)
                )
            }
            Self::NoDeadBand { hysteresis } => write!(
                f,
                "hysteresis {hysteresis} is too large: low and high must be at least twice that apart"
            ),
            Self::Negative { name } => write!(f, "{name} must not be negative"),
            Self::StaleAtOnce => f.write_str("stale_after must be more than 0 seconds"),
        }
    }
}

impl std::error::Error for ThresholdFault {}

#[cfg(test)]
mod tests {
    use super::*;

    fn temperature(low: Option<f64>, high: Option<f64>) -> Threshold {
        Threshold {
            low,
            high,
            ..Threshold::new(AreaId::new("living room").unwrap(), Quantity::Temperature)
        }
    }

    #[test]
    fn sensible_thresholds_pass() {
        for threshold in [
            temperature(None, Some(26.0)),
            temperature(Some(18.0), None),
            temperature(Some(18.0), Some(26.0)),
        ] {
            assert_eq!(threshold.check(), Ok(()));
        }
    }

    #[test]
    fn a_fast_house_shortens_defaults_and_leaves_what_was_set() {
        let fast = Pace::new(60.0);
        let set = Threshold {
            min_off: Some(180.0),
            ..temperature(None, Some(26.0))
        };
        assert_eq!(temperature(None, Some(26.0)).min_off(fast), Duration::from_secs(3));
        assert_eq!(set.min_off(fast), Duration::from_secs(180));
        assert_eq!(set.stale_after(Pace::REAL), Duration::from_secs(900));
    }

    #[test]
    fn nonsense_is_refused_with_a_sentence() {
        for (threshold, sentence) in [
            (
                temperature(None, None),
                "low or high is needed: a threshold without a limit does nothing",
            ),
            (
                temperature(Some(26.0), Some(18.0)),
                "low (26.0 °C) must be below high (18.0 °C)",
            ),
            (
                temperature(Some(20.0), Some(20.0)),
                "low (20.0 °C) must be below high (20.0 °C)",
            ),
            (temperature(None, Some(f64::NAN)), "high must be a finite number"),
            (
                temperature(None, Some(900.0)),
                "high 900 is outside what temperature can be (-80 to 150 °C)",
            ),
            (
                Threshold {
                    min_off: Some(-1.0),
                    ..temperature(None, Some(26.0))
                },
                "min_off must not be negative",
            ),
            (
                Threshold {
                    stale_after: Some(0.0),
                    ..temperature(None, Some(26.0))
                },
                "stale_after must be more than 0 seconds",
            ),
            (
                Threshold {
                    hysteresis: Some(5.0),
                    ..temperature(Some(18.0), Some(20.0))
                },
                "hysteresis 5 is too large: low and high must be at least twice that apart",
            ),
        ] {
            assert_eq!(threshold.check().unwrap_err().to_string(), sentence);
        }
    }
}
