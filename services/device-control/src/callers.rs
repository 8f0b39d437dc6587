//! The callers that wait for what becomes of their commands.

use std::collections::HashMap;

use house::{ActuatorState, uri};
use tokio::sync::oneshot;
use wamp_client::CallError;

use crate::actuator::Ticket;

/// A command that its bridge has taken.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) state: ActuatorState,
    /// The state once the device has echoed it; dropped when that will not be told.
    pub(crate) confirmed: oneshot::Receiver<ActuatorState>,
}

/// Where a caller waits for the bridge's answer.
pub(crate) type Caller = oneshot::Sender<Result<Taken, CallError>>;

/// Every caller, by its ticket.
#[derive(Debug, Default)]
pub(crate) struct Callers {
    waiting: HashMap<Ticket, Waiting>,
    last_ticket: Ticket,
}

#[derive(Debug)]
enum Waiting {
    ForBridge(Caller),
    ForEcho(oneshot::Sender<ActuatorState>),
}

impl Callers {
    pub(crate) fn add(&mut self, caller: Caller) -> Ticket {
        self.last_ticket += 1;
        self.waiting.insert(self.last_ticket, Waiting::ForBridge(caller));
        self.last_ticket
    }

    /// The bridge took their commands; `state` is the actuator's, unless it was taken out of the
    /// house meanwhile.
    pub(crate) fn accepted(&mut self, tickets: &[Ticket], state: Option<&ActuatorState>) {
        let Some(state) = state else {
            self.refused(tickets, "the device was taken out of the house");
            return;
        };
        self.waiting
            .retain(|_, waiting| !matches!(waiting, Waiting::ForEcho(caller) if caller.is_closed()));
        for ticket in tickets {
            if let Some(Waiting::ForBridge(caller)) = self.waiting.remove(ticket) {
                let (echo, confirmed) = oneshot::channel();
                let state = state.clone();
                // What is confirmed already is not waited for.
                if !state.confirmed {
                    self.waiting.insert(*ticket, Waiting::ForEcho(echo));
                }
                // A caller that has gone needs no answer.
                let _ = caller.send(Ok(Taken { state, confirmed }));
            }
        }
    }

    /// The device does what they wanted.
    pub(crate) fn confirmed(&mut self, tickets: &[Ticket], state: Option<&ActuatorState>) {
        for ticket in tickets {
            if let (Some(Waiting::ForEcho(echo)), Some(state)) = (self.waiting.remove(ticket), state) {
                let _ = echo.send(state.clone());
            }
        }
    }

    /// The bridge did not take their commands.
    pub(crate) fn refused(&mut self, tickets: &[Ticket], fault: &str) {
        for ticket in tickets {
            if let Some(Waiting::ForBridge(caller)) = self.waiting.remove(ticket) {
                let _ = caller.send(Err(CallError::new(uri::error::DEVICE_UNAVAILABLE, fault)));
            }
        }
    }
}
