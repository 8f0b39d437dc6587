//! Sessions that the router ends: by the meta API, or because the realm closes.

use wamp_protocol::SessionId;

use super::{Realm, State};
use crate::metrics::Counters;
use crate::moment::Moment;

impl Realm {
    /// Lets nobody join any more, and sends every session GOODBYE.
    pub(crate) fn close(&self, reason: &str) {
        self.routing().close(reason);
    }
}

impl State {
    /// Ends sessions with a GOODBYE; they are out of the realm at once.
    pub(super) fn dismiss(
        &mut self,
        sessions: &[SessionId],
        reason: &str,
        sentence: Option<&str>,
        now: Moment,
        counters: &Counters,
    ) {
        for session in sessions {
            if let Some(attached) = self.detach(*session, now, counters) {
                attached.outbox.dismiss(reason, sentence);
            }
        }
    }
}
