//! Invocations that ended without their callee's answer, which may still come.

use std::collections::VecDeque;

use wamp_protocol::RequestId;

use crate::id_map::IdSet;

/// How many are remembered for one session.
const REMEMBERED: usize = 1024;

/// The newest of them; ids up to the newest one forgotten get the benefit of the doubt. They are the
/// router's own, which count up, and of a late answer nothing follows.
#[derive(Debug, Default)]
pub(super) struct Abandoned {
    ids: IdSet<RequestId>,
    /// In the order in which they were added; some may have been removed from `ids` again.
    order: VecDeque<RequestId>,
    forgotten: Option<RequestId>,
}

impl Abandoned {
    pub(super) fn add(&mut self, id: RequestId) {
        if self.ids.insert(id) {
            self.order.push_back(id);
        }
        while self.order.len() > REMEMBERED {
            let Some(oldest) = self.order.pop_front() else { return };
            if self.ids.remove(&oldest) {
                self.forgotten = self.forgotten.max(Some(oldest));
            }
        }
    }

    /// Whether an answer to `id` may be a late one.
    pub(super) fn may_contain(&self, id: RequestId) -> bool {
        self.ids.contains(&id) || self.forgotten.is_some_and(|forgotten| id <= forgotten)
    }

    /// The last answer to `id` has come.
    pub(super) fn remove(&mut self, id: RequestId) {
        self.ids.remove(&id);
    }
}
