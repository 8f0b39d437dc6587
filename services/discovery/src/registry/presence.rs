//! Whether a device can be reached: active ones by their bridge's word, sleepy ones by their own
//! rhythm.

use house::{Availability, Bridge, Device, Rhythm, Timestamp};

use super::Limits;

/// The availability of `device`, whose own is what its bridge says. Who was not heard since
/// `started` is given its whole patience from then on.
pub(super) fn of(
    device: &Device,
    rhythm: &Rhythm,
    limits: &Limits,
    started: Timestamp,
    now: Timestamp,
) -> Availability {
    if !device.sleepy || device.availability == Availability::Offline {
        return device.availability;
    }
    let unlearnt = match device.bridge {
        Bridge::Wamp => limits.silent_after,
        Bridge::Mqtt | Bridge::Ble | Bridge::Simulated | Bridge::Mdns => limits.sleepy_silent_after,
    };
    let patience = rhythm.patience(unlearnt);
    let last_seen = device.last_seen.unwrap_or(started);
    let silent_since = match device.availability {
        Availability::Online => last_seen,
        Availability::Unknown | Availability::Offline => last_seen.max(started),
    };
    if now.since(silent_since) >= patience {
        Availability::Offline
    } else {
        device.availability
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3600;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_secs(seconds)
    }

    #[test]
    fn active_devices_are_taken_at_their_bridges_word_and_sleepy_ones_by_their_rhythm() {
        use Availability::{Offline, Online, Unknown};
        let mut hourly = Rhythm::default();
        (0..6).for_each(|i| hourly.hear(at(i * HOUR)));
        let new = Rhythm::default();
        for (sleepy, said, rhythm, hours_silent, expected) in [
            (false, Online, hourly, 1000, Online),
            (false, Offline, hourly, 0, Offline),
            (true, Online, hourly, 2, Online),
            (true, Online, hourly, 3, Offline),
            (true, Offline, hourly, 0, Offline),
            (true, Online, new, 24, Online),
            (true, Online, new, 25, Offline),
            (true, Unknown, hourly, 1000, Unknown),
        ] {
            let now = at(100_000_000);
            let device = Device {
                sleepy,
                availability: said,
                last_seen: Some(at(now.millis() / 1000 - hours_silent * HOUR)),
                ..Device::found(Bridge::Mqtt, "1", "Door")
            };
            // Started two hours ago.
            let started = at(now.millis() / 1000 - 2 * HOUR);
            let presence = of(&device, &rhythm, &Limits::default(), started, now);
            assert_eq!(presence, expected, "sleepy {sleepy}, {said:?}, {hours_silent} h");
        }
    }
}
