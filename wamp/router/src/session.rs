//! The router's side of a session, whatever carries it: messages in, messages into the outbox.

mod asking;
mod deciding;
mod joining;
mod permission;

use std::collections::VecDeque;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::task_tracker::TaskTrackerToken;
use wamp_protocol::message::Goodbye;
use wamp_protocol::{Dict, Message, Uri, error_uri};

pub(crate) use self::deciding::Decided;
use self::deciding::Deciding;
use self::permission::Verdict;
use crate::authentication::Principal;
use crate::authorization::Outcomes;
use crate::connection::Watch;
use crate::effects::{Refusal, Violation};
use crate::handshake::{self, ExpectAuthenticate};
use crate::member::{Member, Transport};
use crate::metrics::{Counters, Tally};
use crate::outbox::{Cause, Outbox};
use crate::realm::Realm;
use crate::router::Core;

/// One session after another over one transport.
#[derive(Debug)]
pub(crate) struct Session {
    core: Arc<Core>,
    outbox: Arc<Outbox>,
    transport: Transport,
    /// Who a session in this process joins as.
    linked: Option<(Arc<Realm>, Principal)>,
    state: State,
    /// An authorizer has been asked about a message; it and what follows it wait.
    deciding: Option<Deciding>,
    /// What came of that, and of what was asked about the same message before, until it is judged.
    outcomes: Outcomes,
    /// Whoever stops the router waits for it.
    joined: Option<TaskTrackerToken>,
    /// So many turns others should have before more is read.
    turns: u8,
    /// Others have been woken.
    has_woken: bool,
}

#[derive(Debug)]
enum State {
    ExpectHello,
    ExpectAuthenticate(Box<ExpectAuthenticate>),
    Joined(Seat),
    /// The router said goodbye and waits for the answer.
    ExpectGoodbye,
    /// Nothing more is taken.
    Over,
}

/// A place in a realm, given back when dropped.
#[derive(Debug)]
struct Seat {
    realm: Arc<Realm>,
    member: Arc<Member>,
    /// May do everything: nothing is asked about it.
    unrestricted: bool,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.realm.leave(self.member.id);
    }
}

/// What the transport does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    /// Go on.
    Continue,
    /// Send what is in the outbox, then close.
    Close,
}

impl Session {
    pub(crate) fn new(core: Arc<Core>, transport: Transport) -> Self {
        let limits = &core.limits;
        let outbox = Arc::new(Outbox::new(limits.outbox_messages, limits.outbox_octets));
        Self {
            core,
            outbox,
            transport,
            linked: None,
            state: State::ExpectHello,
            deciding: None,
            outcomes: Outcomes::default(),
            joined: None,
            turns: 0,
            has_woken: false,
        }
    }

    /// A session in this process, which joins as `principal`.
    pub(crate) fn linked(core: Arc<Core>, transport: Transport, realm: Arc<Realm>, principal: Principal) -> Self {
        Self {
            linked: Some((realm, principal)),
            ..Self::new(core, transport)
        }
    }

    /// How many turns others should have before more is read: much waits for somebody it has sent to.
    pub(crate) fn take_turns(&mut self) -> u8 {
        std::mem::take(&mut self.turns)
    }

    /// Whether others have been woken since last asked.
    pub(crate) fn take_woken(&mut self) -> bool {
        std::mem::take(&mut self.has_woken)
    }

    pub(crate) fn outbox(&self) -> &Arc<Outbox> {
        &self.outbox
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.core.counters
    }

    pub(crate) fn watch(&self) -> &Watch {
        &self.core.watch
    }

    /// Canceled when the router stops; for transports that have no session.
    pub(crate) fn stopping(&self) -> CancellationToken {
        self.core.closing.clone()
    }

    /// Whether the handshake is over.
    pub(crate) const fn is_joined(&self) -> bool {
        matches!(self.state, State::Joined(_) | State::ExpectGoodbye)
    }

    /// What has to happen before more messages are taken: an authorizer was asked. Then
    /// [`Self::handle`] goes on, which the outbox wakes the session's task for.
    pub(crate) fn waits_for(&self) -> Option<Decided> {
        let deciding = self.deciding.as_ref()?;
        (deciding.outcome().is_none() && self.outbox.ended().is_none()).then(|| deciding.decided())
    }

    /// Whether messages wait that can be taken now.
    pub(crate) fn can_go_on(&self) -> bool {
        self.deciding.is_some() && self.waits_for().is_none()
    }

    /// Takes the messages in order. Returns at once when joined, though messages may be kept until
    /// an authorizer has decided; before that it may wait for the authenticator.
    pub(crate) async fn handle(&mut self, messages: &mut VecDeque<Message>) -> Flow {
        if let Some(mut deciding) = self.deciding.take() {
            deciding.waiting.append(messages);
            match deciding.outcome() {
                Some(outcome) => self.outcomes.add(deciding.key, outcome),
                None if self.outbox.ended().is_none() => {
                    self.deciding = Some(deciding);
                    return Flow::Continue;
                }
                None => {}
            }
            *messages = deciding.waiting;
        }
        while let Some(message) = messages.pop_front() {
            let flow = match std::mem::replace(&mut self.state, State::Over) {
                State::Joined(seat) => {
                    messages.push_front(message);
                    self.joined(seat, messages)
                }
                State::ExpectHello => match message {
                    // Boxed: what signing in takes is not kept for the whole session.
                    Message::Hello(hello) => Box::pin(self.hello(hello)).await,
                    Message::Abort(_) => Flow::Close,
                    other => self.violation(&unexpected(&other, "HELLO")),
                },
                State::ExpectAuthenticate(expecting) => match message {
                    Message::Authenticate(answer) => Box::pin(self.authenticate(*expecting, answer)).await,
                    Message::Abort(_) => Flow::Close,
                    other => self.violation(&unexpected(&other, "AUTHENTICATE")),
                },
                State::ExpectGoodbye => match message {
                    Message::Goodbye(_) | Message::Abort(_) => Flow::Close,
                    _ => {
                        self.state = State::ExpectGoodbye;
                        Flow::Continue
                    }
                },
                State::Over => Flow::Close,
            };
            if flow == Flow::Close {
                self.end();
                return flow;
            }
            if !self.is_joined() {
                self.joined = None;
            }
        }
        Flow::Continue
    }

    /// The session broke the protocol, or its octets are no message.
    pub(crate) fn violation(&mut self, violation: &Violation) -> Flow {
        self.state = State::Over;
        Counters::add(&self.core.counters.violations, 1);
        tracing::info!(transport = self.transport.kind.name(), peer = ?self.transport.peer, %violation, "a client broke the protocol");
        self.abort(Refusal::new(error_uri::PROTOCOL_VIOLATION, violation.to_string()))
    }

    /// Says why, as far as the client takes a message of that size; the reason alone always fits.
    fn abort(&self, refusal: Refusal) -> Flow {
        let mut abort = handshake::abort(refusal);
        if self.outbox.admits(&abort.clone().into()).is_err() {
            abort.details = Dict::default();
        }
        self.send(abort);
        Flow::Close
    }

    /// Ends the handshake where the client does not take a message of the size that it needs: it
    /// is told, instead of hearing nothing.
    fn check_size(&self, message: &Message) -> Result<(), Refusal> {
        self.outbox
            .admits(message)
            .inspect_err(|_| Counters::add(&self.core.counters.oversized, 1))
    }

    /// Only for a session that is in no realm: in a realm, routing alone adds to the outbox.
    fn send(&self, message: impl Into<Message>) {
        let mut tally = Tally::new();
        self.outbox.push(message.into(), Cause::default(), &mut tally);
        tally.add_out(&self.core.counters);
    }

    /// Routes messages until there are none, or the session ends.
    fn joined(&mut self, seat: Seat, messages: &mut VecDeque<Message>) -> Flow {
        // Judged before the lock is taken: rules may be many.
        let count = messages.iter().take_while(|message| !ends_session(message)).count();
        let mut refusals = Vec::new();
        let mut decided = Vec::new();
        let mut judged = 0;
        let mut undecided = None;
        for (place, message) in messages.iter_mut().take(count).enumerate() {
            let mut outcomes = std::mem::take(&mut self.outcomes);
            match self.judge(&seat, message, &mut outcomes) {
                Verdict::Permitted if outcomes.is_empty() => {}
                Verdict::Permitted => decided.push((place, outcomes)),
                Verdict::Refused(refusal) => refusals.push((place, refusal)),
                Verdict::Undecided(question) => {
                    undecided = Some(question);
                    self.outcomes = outcomes;
                    break;
                }
            }
            judged = place + 1;
        }
        let mut refusals = refusals.into_iter().peekable();
        let mut decided = decided.into_iter().peekable();
        let mut routing = seat.realm.routing();
        for (place, message) in messages.drain(..judged).enumerate() {
            let refusal = refusals.next_if(|(refused, _)| *refused == place);
            let refusal = refusal.map(|(_, refusal)| refusal);
            if let Some((_, outcomes)) = decided.next_if(|(about, _)| *about == place) {
                routing.with_outcomes(outcomes);
            }
            if let Err(violation) = routing.handle(&seat.member, message, refusal) {
                drop(routing);
                drop(seat);
                return self.violation(&violation);
            }
        }
        self.turns = self.turns.max(routing.turns());
        self.has_woken |= routing.wakes_others(&self.outbox);
        drop(routing);
        if self.outbox.ended().is_some() {
            self.state = State::ExpectGoodbye;
            return Flow::Continue;
        }
        if let Some(question) = undecided {
            self.deciding = Some(Deciding::begin(self, &seat, question, std::mem::take(messages)));
            self.state = State::Joined(seat);
            return Flow::Continue;
        }
        match messages.pop_front() {
            None => {
                self.state = State::Joined(seat);
                Flow::Continue
            }
            Some(Message::Goodbye(_)) => {
                drop(seat);
                if self.outbox.ended().is_some() {
                    return Flow::Close;
                }
                let reason = Uri::from(error_uri::CLOSE_GOODBYE_AND_OUT);
                self.send(Goodbye {
                    details: Dict::default(),
                    reason,
                });
                self.state = State::ExpectHello;
                Flow::Continue
            }
            Some(Message::Abort(_)) => Flow::Close,
            Some(other) => {
                drop(seat);
                self.violation(&Violation(format!(
                    "{} in an open session",
                    other.message_type().name()
                )))
            }
        }
    }

    /// The transport ends: so does the session.
    pub(crate) fn end(&mut self) {
        self.state = State::Over;
        self.joined = None;
        self.deciding = None;
        self.outcomes.clear();
    }

    /// The router ended the session; its GOODBYE has been sent.
    pub(crate) fn dismissed(&mut self) {
        if matches!(self.state, State::Joined(_)) {
            self.state = State::ExpectGoodbye;
        }
    }
}

const fn ends_session(message: &Message) -> bool {
    matches!(message, Message::Goodbye(_) | Message::Abort(_) | Message::Hello(_))
}

fn unexpected(message: &Message, expected: &str) -> Violation {
    Violation(format!(
        "{} comes where {expected} is due",
        message.message_type().name()
    ))
}
