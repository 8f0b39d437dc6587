//! The router's side of a session, whatever carries it: messages in, messages into the outbox.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::task_tracker::TaskTrackerToken;
use wamp_protocol::message::{Goodbye, Hello};
use wamp_protocol::{Dict, MatchPolicy, Message, Uri, error_uri};

use crate::authentication::{AuthMethod, Principal, SignInError};
use crate::authorization::{Action, Request};
use crate::effects::{Outgoing, Refusal, Violation};
use crate::handshake::{self, ExpectAuthenticate, Joining};
use crate::member::{Member, Transport};
use crate::metrics::Counters;
use crate::outbox::Outbox;
use crate::random_ids;
use crate::realm::{Judged, Realm};
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
    /// Whoever stops the router waits for it.
    joined: Option<TaskTrackerToken>,
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
            joined: None,
        }
    }

    /// A session in this process, which joins as `principal`.
    pub(crate) fn linked(core: Arc<Core>, transport: Transport, realm: Arc<Realm>, principal: Principal) -> Self {
        Self {
            linked: Some((realm, principal)),
            ..Self::new(core, transport)
        }
    }

    pub(crate) fn outbox(&self) -> &Arc<Outbox> {
        &self.outbox
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.core.counters
    }

    /// Canceled when the router stops; for transports that have no session.
    pub(crate) fn stopping(&self) -> CancellationToken {
        self.core.closing.clone()
    }

    /// Whether the handshake is over.
    pub(crate) const fn is_joined(&self) -> bool {
        matches!(self.state, State::Joined(_) | State::ExpectGoodbye)
    }

    /// Takes the messages in order. Returns at once when joined; before that it may wait for the
    /// authenticator.
    pub(crate) async fn handle(&mut self, messages: &mut VecDeque<Message>) -> Flow {
        while let Some(message) = messages.pop_front() {
            let flow = match std::mem::replace(&mut self.state, State::Over) {
                State::Joined(seat) => {
                    messages.push_front(message);
                    self.joined(seat, messages)
                }
                State::ExpectHello => match message {
                    Message::Hello(hello) => self.hello(Box::new(hello)).await,
                    Message::Abort(_) => Flow::Close,
                    other => self.violation(&unexpected(&other, "HELLO")),
                },
                State::ExpectAuthenticate(expecting) => match message {
                    Message::Authenticate(answer) => self.authenticate(*expecting, answer).await,
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

    fn abort(&self, refusal: Refusal) -> Flow {
        self.send(handshake::abort(refusal));
        Flow::Close
    }

    /// Only for a session that is in no realm: in a realm, routing alone adds to the outbox.
    fn send(&self, message: impl Into<Message>) {
        self.outbox.push(Outgoing::Own(Box::new(message.into())));
    }

    async fn hello(&mut self, hello: Box<Hello>) -> Flow {
        let session = match random_ids::session() {
            Ok(session) => session,
            Err(error) => {
                tracing::error!(%error, "the operating system gives no random numbers");
                return self.abort(Refusal::new(
                    error_uri::UNAVAILABLE,
                    "the router cannot open sessions now",
                ));
            }
        };
        if let Some((realm, principal)) = self.linked.clone() {
            let agent = &self.core.agent;
            return match handshake::accept_linked(&realm, &hello, principal, session, &self.transport, agent) {
                Ok((member, welcome)) => self.join(realm, member, welcome),
                Err(refusal) => self.abort(refusal),
            };
        }
        if self.core.counters.remote_sessions() >= self.core.limits.sessions as u64 {
            Counters::add(&self.core.counters.connections_refused, 1);
            return self.abort(Refusal::new(error_uri::UNAVAILABLE, "there are too many sessions"));
        }
        let joining = match Joining::new(hello, |name| self.core.realm(name)) {
            Ok(joining) => joining,
            Err(refusal) => return self.abort(refusal),
        };
        if joining.method == AuthMethod::Anonymous {
            return match joining.anonymous(session) {
                Some(principal) => self.accept(&joining, principal, session),
                None => self.abort(Refusal::new(
                    error_uri::AUTHENTICATION_REQUIRED,
                    "this realm is for sessions that sign in",
                )),
            };
        }
        match self.ask(joining, session).await {
            Ok(expecting) => {
                self.state = State::ExpectAuthenticate(Box::new(expecting));
                Flow::Continue
            }
            Err(refusal) => {
                Counters::add(&self.core.counters.sign_ins_failed, 1);
                self.abort(refusal)
            }
        }
    }

    async fn ask(
        &mut self,
        joining: Joining,
        session: wamp_protocol::SessionId,
    ) -> Result<ExpectAuthenticate, Refusal> {
        let sign_in = joining.sign_in(&self.transport)?;
        let realm = Arc::clone(&joining.realm);
        let Some(authenticator) = &realm.config.authentication.authenticator else {
            return Err(Refusal::new(
                error_uri::NO_MATCHING_AUTH_METHOD,
                "nobody can sign in to this realm",
            ));
        };
        let found = match authenticator.find(&sign_in).await {
            Ok(found) => Some(found),
            Err(SignInError::NoSuchPrincipal) => None,
            Err(SignInError::Denied(sentence)) => {
                return Err(Refusal::new(error_uri::AUTHENTICATION_DENIED, sentence));
            }
            Err(SignInError::Unavailable(sentence)) => {
                tracing::error!(realm = sign_in.realm, "a sign-in cannot be decided: {sentence}");
                let sentence = "the sign-in cannot be checked now";
                return Err(Refusal::new(error_uri::AUTHENTICATION_FAILED, sentence));
            }
        };
        let nonce =
            random_ids::number().and_then(|high| random_ids::number().map(|low| format!("{high:016x}{low:016x}")));
        let nonce = nonce.map_err(|_| Refusal::new(error_uri::UNAVAILABLE, "the router cannot open sessions now"))?;
        let (expecting, challenge) = joining.challenge(sign_in, found, session, &nonce, realm.now());
        self.send(challenge);
        Ok(expecting)
    }

    async fn authenticate(
        &mut self,
        expecting: ExpectAuthenticate,
        answer: wamp_protocol::message::Authenticate,
    ) -> Flow {
        let (joining, sign_in, session, principal) = expecting.verify(answer).await;
        if let Some(authenticator) = &joining.realm.config.authentication.authenticator {
            authenticator.finished(&sign_in, principal.is_some());
        }
        let Some(principal) = principal else {
            Counters::add(&self.core.counters.sign_ins_failed, 1);
            tracing::info!(realm = sign_in.realm, authid = sign_in.authid, peer = ?sign_in.address, "a sign-in failed");
            let sentence = "the name or the secret is wrong";
            return self.abort(Refusal::new(error_uri::AUTHENTICATION_FAILED, sentence));
        };
        self.accept(&joining, principal, session)
    }

    fn accept(&mut self, joining: &Joining, principal: Principal, session: wamp_protocol::SessionId) -> Flow {
        let (member, welcome) = joining.accept(principal, session, &self.transport, &self.core.agent);
        self.join(Arc::clone(&joining.realm), member, welcome)
    }

    fn join(&mut self, realm: Arc<Realm>, member: Arc<Member>, welcome: wamp_protocol::message::Welcome) -> Flow {
        if realm.join(&member, &self.outbox, welcome).is_err() {
            return self.abort(Refusal::new(error_uri::CLOSE_SYSTEM_SHUTDOWN, "the router is stopping"));
        }
        tracing::debug!(
            session.id = member.id.get(),
            realm = realm.config.name,
            authid = member.authid,
            authrole = member.authrole,
            "a session joined"
        );
        self.joined = Some(self.core.joined.token());
        self.state = State::Joined(Seat { realm, member });
        Flow::Continue
    }

    /// Routes messages until there are none, or the session ends.
    fn joined(&mut self, seat: Seat, messages: &mut VecDeque<Message>) -> Flow {
        // Judged before the lock is taken: rules may be many.
        let count = messages.iter().take_while(|message| !ends_session(message)).count();
        let judged: Vec<Judged> = messages
            .drain(..count)
            .map(|message| self.judge(&seat, message))
            .collect();
        let mut routing = seat.realm.routing();
        for judged in judged {
            if let Err(violation) = routing.handle(&seat.member, judged) {
                drop(routing);
                drop(seat);
                return self.violation(&violation);
            }
        }
        drop(routing);
        if self.outbox.ended().is_some() {
            self.state = State::ExpectGoodbye;
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
    }

    /// The router ended the session; its GOODBYE has been sent.
    pub(crate) fn dismissed(&mut self) {
        if matches!(self.state, State::Joined(_)) {
            self.state = State::ExpectGoodbye;
        }
    }

    /// An INVOCATION could not be brought to this callee.
    pub(crate) fn undeliverable(&self, request: wamp_protocol::RequestId, refusal: Refusal) {
        if let State::Joined(seat) = &self.state {
            seat.realm.routing().undeliverable(&seat.member, request, refusal);
        }
    }

    fn judge(&self, seat: &Seat, message: Message) -> Judged {
        let refusal = if seat.member.trusted {
            None
        } else {
            self.refusal(seat, &message)
        };
        Judged { message, refusal }
    }

    fn refusal(&self, seat: &Seat, message: &Message) -> Option<Refusal> {
        let (action, uri, match_policy) = match message {
            Message::Publish(m) => (Action::Publish, &m.topic, MatchPolicy::Exact),
            Message::Subscribe(m) => (Action::Subscribe, &m.topic, m.options.match_policy.unwrap_or_default()),
            Message::Call(m) => (Action::Call, &m.procedure, MatchPolicy::Exact),
            Message::Register(m) => (
                Action::Register,
                &m.procedure,
                m.options.match_policy.unwrap_or_default(),
            ),
            _ => return None,
        };
        let Member { authid, authrole, .. } = &*seat.member;
        let request = Request {
            authid,
            authrole,
            action,
            uri,
            match_policy,
        };
        if seat.realm.config.authorization.permits(&request) {
            return None;
        }
        Counters::add(&self.core.counters.requests_refused, 1);
        let verb = match action {
            Action::Call => "call",
            Action::Register => "register",
            Action::Publish => "publish to",
            Action::Subscribe => "subscribe to",
        };
        Some(Refusal::new(
            error_uri::NOT_AUTHORIZED,
            format!("the role {authrole:?} may not {verb} {uri:?}"),
        ))
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
