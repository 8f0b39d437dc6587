//! Telling a new advert from one heard before.

use std::time::Duration;

use house::Timestamp;

use crate::{DecodeError, Memory};

/// A device sends each advert several times within this time.
const REPEAT: Duration = Duration::from_secs(4);

/// A counter below this is that of a device which has just started.
const JUST_STARTED: u32 = 1_000;

/// A device whose battery is being changed says nothing for at least so long. Nobody can replay
/// an old start while the device itself goes on counting.
const SILENCE: Duration = Duration::from_secs(15 * 60);

/// Takes a counter that goes up. It may start again at its end, and after a silence.
pub(crate) fn check_counter(memory: &mut Memory, counter: u32, now: Timestamp) -> Result<(), DecodeError> {
    const NEAR_END: u32 = u32::MAX - JUST_STARTED;
    if let Some((last, at)) = memory.counter {
        let is_start = counter < last && counter < JUST_STARTED;
        let may_start = last > NEAR_END || now.since(at) >= SILENCE;
        if counter <= last && !(is_start && may_start) {
            return Err(DecodeError::Repeated);
        }
    }
    memory.counter = Some((counter, now));
    Ok(())
}

/// Takes a packet id other than the last one or a little before it, unless that was a while ago.
pub(crate) fn check_packet_id(memory: &mut Memory, id: u8, now: Timestamp) -> Result<(), DecodeError> {
    if let Some((last, at)) = memory.packet_id {
        let is_behind = last.wrapping_sub(id) < 64;
        if is_behind && now.since(at) < REPEAT {
            return Err(DecodeError::Repeated);
        }
    }
    memory.packet_id = Some((id, now));
    Ok(())
}

/// Takes a packet id other than the last one, unless that was a while ago: for plain adverts whose
/// ids follow no order.
pub(crate) fn check_same_packet(memory: &mut Memory, id: u8, now: Timestamp) -> Result<(), DecodeError> {
    const SAME: Duration = Duration::from_secs(10);
    if memory
        .packet_id
        .is_some_and(|(last, at)| last == id && now.since(at) < SAME)
    {
        return Err(DecodeError::Repeated);
    }
    memory.packet_id = Some((id, now));
    Ok(())
}

/// Takes the counter of a sealed advert that has only 8 bits: never the last one again, and none
/// behind it before the device can have counted all the way round.
pub(crate) fn check_short_counter(memory: &mut Memory, counter: u8, now: Timestamp) -> Result<(), DecodeError> {
    const ROUND: Duration = Duration::from_secs(10 * 60);
    if let Some((last, at)) = memory.packet_id {
        let is_behind = last.wrapping_sub(counter) < 128;
        if last == counter || (is_behind && now.since(at) < ROUND) {
            return Err(DecodeError::Repeated);
        }
    }
    memory.packet_id = Some((counter, now));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counter_only_goes_up_and_may_start_again_at_its_end() {
        let mut memory = Memory::default();
        for (counter, fine) in [
            (5, true),
            (5, false),
            (4, false),
            (6, true),
            (u32::MAX, true),
            (3, true),
            (2, false),
        ] {
            assert_eq!(
                check_counter(&mut memory, counter, Timestamp(0)).is_ok(),
                fine,
                "{counter}"
            );
        }
    }

    #[test]
    fn a_device_with_a_new_battery_counts_from_the_start_and_a_replay_does_not() {
        let mut memory = Memory::default();
        let minutes = |minutes: i64| Timestamp(minutes * 60_000);
        for (counter, at, fine) in [
            (70_000, minutes(0), true),
            (12, minutes(1), false),
            (12, minutes(16), true),
            (12, minutes(60), false),
            (69_999, minutes(61), true),
            (60_000, minutes(120), false),
            (70_000, minutes(121), true),
        ] {
            assert_eq!(
                check_counter(&mut memory, counter, at).is_ok(),
                fine,
                "{counter} at {at}"
            );
        }
    }

    #[test]
    fn an_older_packet_id_within_four_seconds_is_a_repeat() {
        let mut memory = Memory::default();
        for (id, at, fine) in [
            (10, 0, true),
            (9, 100, false),
            (10, 200, false),
            (200, 300, true),
            (199, 5_000, true),
        ] {
            assert_eq!(
                check_packet_id(&mut memory, id, Timestamp(at)).is_ok(),
                fine,
                "{id} at {at}"
            );
        }
    }
}
