//! Who signed in lately, and from where.

use std::collections::HashMap;
use std::time::Duration;

use super::bounded;
use super::place::{Pair, Place};

/// Long enough for a phone to come back from a journey.
const KNOWN_FOR: Duration = Duration::from_secs(30 * 24 * 3600);
/// Places remembered of one name, so that nobody who moves about makes others be forgotten.
const PLACES: usize = 8;

/// The names that somebody has signed in with, and where.
#[derive(Debug, Default)]
pub(super) struct Known {
    by_name: HashMap<String, Places>,
}

/// When somebody last signed in at each.
#[derive(Debug, Default)]
struct Places(HashMap<Place, Duration>);

impl Places {
    fn latest(&self) -> Duration {
        self.0.values().copied().max().unwrap_or_default()
    }
}

impl Known {
    pub(super) fn is_known(&self, pair: &Pair, now: Duration) -> bool {
        let places = self.by_name.get(&pair.name);
        let last = places.and_then(|places| places.0.get(&pair.place));
        last.is_some_and(|&last| now.saturating_sub(last) < KNOWN_FOR)
    }

    pub(super) fn note(&mut self, pair: Pair, now: Duration) {
        let Pair { name, place } = pair;
        let Places(places) = bounded::entry(&mut self.by_name, name, Places::latest);
        places.insert(place, now);
        if places.len() > PLACES {
            let oldest = places.iter().min_by_key(|(_, last)| **last).map(|(place, _)| *place);
            if let Some(oldest) = oldest {
                places.remove(&oldest);
            }
        }
    }
}

#[cfg(test)]
impl Known {
    /// Names, and the most places of one.
    pub(super) fn sizes(&self) -> (usize, usize) {
        let places = self.by_name.values().map(|places| places.0.len());
        (self.by_name.len(), places.max().unwrap_or(0))
    }
}
