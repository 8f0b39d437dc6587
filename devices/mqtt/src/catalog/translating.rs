//! Devices of other protocols, taken in as if they spoke Home Assistant's.

use house::Timestamp;

use super::{Catalog, Effect};
use crate::dialect::Translation;
use crate::topic;

impl Catalog {
    /// Takes a message that may be of another protocol.
    pub(super) fn translate(
        &mut self,
        prefix: &str,
        topic: &str,
        bytes: &[u8],
        retained_at: Option<Timestamp>,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        for translation in self.dialects.hear(topic, bytes) {
            match translation {
                Translation::Announce { id, config } => {
                    let announced = format!("{prefix}/device/{id}/config");
                    let config = config.map(|config| config.to_string()).unwrap_or_default();
                    if let Some(parsed) = topic::parse(prefix, &announced) {
                        self.announce(&announced, &parsed, config.as_bytes(), None, effects);
                    }
                }
                Translation::Said { topic, payload } => self.read(&topic, &payload, retained_at, now, effects),
                Translation::Listen(topic) => effects.push(Effect::Subscribe(topic)),
                Translation::Ask(message) => effects.push(Effect::Send(message)),
            }
        }
    }
}
