//! What came of the questions about one message.

use super::{Decision, Key};

/// What came of a question: the decision, or a sentence why there is none.
pub(crate) type Outcome = Result<Decision, String>;

/// The questions about one message that have been answered. A message may need more than one
/// permission, and an answer that is not kept holds until the message has been dealt with.
#[derive(Debug, Default)]
pub(crate) struct Outcomes(Vec<(Key, Outcome)>);

impl Outcomes {
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn add(&mut self, key: Key, outcome: Outcome) {
        self.0.push((key, outcome));
    }

    pub(crate) fn get(&self, key: &Key) -> Option<&Outcome> {
        let found = self.0.iter().find(|(about, _)| about == key);
        found.map(|(_, outcome)| outcome)
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}
