//! Topics and subscriptions of which only the newest events are wanted.

use std::num::NonZeroU32;

use wamp_protocol::{Uri, error_uri};

use crate::config::KeepNewest;
use crate::effects::Refusal;
use crate::pattern_map::PatternMap;

/// Topics of which only the newest events are wanted, whoever subscribes.
#[derive(Debug, Default)]
pub(super) struct NewestWanted {
    /// `None` where there are no such topics: the usual case costs nothing.
    by_topic: Option<PatternMap<NonZeroU32>>,
}

impl NewestWanted {
    pub(super) fn of(topics: &[KeepNewest]) -> Self {
        let mut by_topic = None;
        for wanted in topics {
            let patterns: &mut PatternMap<_> = by_topic.get_or_insert_default();
            let topic = Uri::from(wanted.topic.as_str());
            let events = fewer(patterns.get(wanted.match_policy, topic.as_str()), Some(wanted.events));
            patterns.insert(wanted.match_policy, &topic, events.unwrap_or(wanted.events));
        }
        Self { by_topic }
    }

    /// How many events on `topic` may wait for one subscription: the fewest that a pattern says.
    pub(super) fn of_topic(&self, topic: &Uri) -> Option<NonZeroU32> {
        let mut events = None;
        self.by_topic
            .as_ref()?
            .matches(topic.as_str(), |wanted| events = fewer(events, Some(wanted)));
        events
    }
}

/// The smaller of two numbers, where there are two.
pub(super) fn fewer(one: Option<NonZeroU32>, other: Option<NonZeroU32>) -> Option<NonZeroU32> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, None) => one,
        (None, other) => other,
    }
}

/// What a subscriber asks for with `_keep_newest`.
pub(super) fn wanted(keep_newest: Option<u64>) -> Result<Option<NonZeroU32>, Refusal> {
    let Some(events) = keep_newest else { return Ok(None) };
    // More than that never wait, whatever is asked for.
    let events = NonZeroU32::new(u32::try_from(events).unwrap_or(u32::MAX));
    events.map(Some).ok_or_else(|| {
        let sentence = "_keep_newest must be at least 1";
        Refusal::new(error_uri::INVALID_ARGUMENT, sentence)
    })
}
