//! Faults are told once in a while, not every time: a device that sends nonsense does so often.

use std::collections::HashMap;
use std::time::Duration;

use house::Timestamp;

/// How long a topic's faults are only counted after one was told.
const QUIET: Duration = Duration::from_secs(60);
/// Topics remembered; with more than these at fault, the quiet ones are forgotten.
const TOPICS: usize = 1_000;

/// When each topic's fault was last told, and how many came since.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    by_topic: HashMap<String, (Timestamp, u64)>,
}

impl Faults {
    /// Whether to tell this fault, and how many of the topic went untold before it.
    pub(crate) fn tell(&mut self, topic: &str, now: Timestamp) -> Option<u64> {
        if let Some((told, untold)) = self.by_topic.get_mut(topic) {
            if now.since(*told) < QUIET {
                *untold += 1;
                return None;
            }
            *told = now;
            return Some(std::mem::take(untold));
        }
        if self.by_topic.len() >= TOPICS {
            self.by_topic.retain(|_, (told, _)| now.since(*told) < QUIET);
        }
        if self.by_topic.len() < TOPICS {
            self.by_topic.insert(topic.to_owned(), (now, 0));
        }
        Some(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_told_once_a_minute_with_the_number_untold() {
        let mut faults = Faults::default();
        assert_eq!(faults.tell("a", Timestamp(0)), Some(0));
        assert_eq!(faults.tell("a", Timestamp(1_000)), None);
        assert_eq!(faults.tell("b", Timestamp(1_000)), Some(0));
        assert_eq!(faults.tell("a", Timestamp(59_000)), None);
        assert_eq!(faults.tell("a", Timestamp(60_000)), Some(2));
        assert_eq!(faults.tell("a", Timestamp(130_000)), Some(0));
    }
}
