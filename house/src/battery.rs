//! When a battery wants changing.

use crate::Quantity;

/// At or below this charge, in %, a battery is low,
const LOW: f64 = 15.0;
/// and above this one it no longer is: a cold night lowers it for hours.
const FULL_ENOUGH: f64 = 20.0;

/// Whether a battery is low after these values, when it was (not) low before. What the device says
/// of itself counts more than its charge.
pub fn is_battery_low(values: impl IntoIterator<Item = (Quantity, f64)>, was_low: bool) -> bool {
    let (mut says, mut charge) = (None, None);
    for (quantity, value) in values {
        match quantity {
            Quantity::BatteryLow => says = Some(value != 0.0),
            Quantity::Battery => charge = Some(value),
            _ => {}
        }
    }
    let by_charge = charge.map(|charge| charge <= LOW || was_low && charge <= FULL_ENOUGH);
    says.or(by_charge).unwrap_or(was_low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_battery_is_low_from_15_percent_down_until_20_percent_up() {
        use Quantity::{Battery, BatteryLow, Temperature};
        for (values, was_low, is_low) in [
            (vec![(Battery, 16.0)], false, false),
            (vec![(Battery, 15.0)], false, true),
            (vec![(Battery, 18.0)], true, true),
            (vec![(Battery, 21.0)], true, false),
            (vec![(Temperature, 3.0)], true, true),
            (vec![(Temperature, 3.0)], false, false),
            (vec![(BatteryLow, 1.0), (Battery, 60.0)], false, true),
            (vec![(Battery, 5.0), (BatteryLow, 0.0)], true, false),
        ] {
            assert_eq!(is_battery_low(values.clone(), was_low), is_low, "{values:?} {was_low}");
        }
    }
}
