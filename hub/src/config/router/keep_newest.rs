//! Topics of which only the newest events are wanted.

use std::num::NonZeroU32;

use serde::Deserialize;
use wamp_router::KeepNewest;

use super::Match;

/// `[[realm.keep_newest]]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouterKeepNewest {
    /// The topic or pattern.
    pub topic: String,
    /// How `topic` is meant.
    #[serde(default, rename = "match")]
    pub match_policy: Match,
    /// Events that may wait for one subscription.
    pub events: NonZeroU32,
}

impl From<&RouterKeepNewest> for KeepNewest {
    fn from(configured: &RouterKeepNewest) -> Self {
        Self {
            topic: configured.topic.clone(),
            match_policy: configured.match_policy.into(),
            events: configured.events,
        }
    }
}
