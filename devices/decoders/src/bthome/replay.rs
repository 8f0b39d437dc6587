//! Telling a new advert from one heard before.

use std::time::Duration;

use house::Timestamp;

use crate::{DecodeError, Memory};

/// A device sends each advert several times within this time.
const REPEAT: Duration = Duration::from_secs(4);

/// Takes a counter that goes up. Near its end it may start again, once.
pub(super) fn check_counter(memory: &mut Memory, counter: u32, now: Timestamp) -> Result<(), DecodeError> {
    const NEAR_END: u32 = u32::MAX - 1_000;
    if let Some((last, _)) = memory.counter {
        let wrapped = last > NEAR_END && counter < 1_000;
        if counter <= last && !wrapped {
            return Err(DecodeError::Repeated);
        }
    }
    memory.counter = Some((counter, now));
    Ok(())
}

/// Takes a packet id other than the last one or a little before it, unless that was a while ago.
pub(super) fn check_packet_id(memory: &mut Memory, id: u8, now: Timestamp) -> Result<(), DecodeError> {
    if let Some((last, at)) = memory.packet_id {
        let is_behind = last.wrapping_sub(id) < 64;
        if is_behind && now.since(at) < REPEAT {
            return Err(DecodeError::Repeated);
        }
    }
    memory.packet_id = Some((id, now));
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
