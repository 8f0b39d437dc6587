//! The session's state: what was asked for, what is in place, what waits for an answer. Pure: a
//! command, a message or a lost connection goes in; messages to send and handlers to start come
//! out; answers go to whoever waits for them. It outlives connections.
//!
//! ```text
//!   command ─►┐          ┌─► outgoing messages
//!   message ─►│  State   │─► handlers to start
//!   joined  ─►│          │─► answers, events
//!   lost    ─►┘          └─► time of the next retry
//! ```

mod calls;
mod invocations;
mod outbox;
mod registrations;
mod subscriptions;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use wamp_protocol::message::{Error as ErrorMessage, Goodbye, Invocation, Publish};
use wamp_protocol::{Dict, Message, MessageType, PublicationId, RequestId, Uri, Value, error_uri};

use self::calls::Calls;
use self::invocations::Invocations;
pub(crate) use self::invocations::Started;
use self::outbox::Outbox;
use self::registrations::Registrations;
use self::subscriptions::Subscriptions;
use crate::command::{Answer, Command};
use crate::{CallError, Error, SessionInfo};

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct State {
    joined: Option<SessionInfo>,
    /// GOODBYE is out; nothing else is sent, and only its answer matters.
    leaving: bool,
    outbox: Outbox,
    publications: HashMap<RequestId, Answer<PublicationId>>,
    calls: Calls,
    subscriptions: Subscriptions,
    registrations: Registrations,
    invocations: Invocations,
}

/// How a received message leaves the session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Received {
    /// It goes on.
    Continues,
    /// Our GOODBYE was answered.
    Left,
    /// The router ended it with GOODBYE (answered in the outbox) or ABORT.
    Ended { reason: Uri, message: Option<String> },
    /// The router broke the protocol: a sentence. ABORT is in the outbox.
    Violated(String),
}

impl State {
    /// A session is joined: everything wished for is asked of the router.
    pub(crate) fn joined(&mut self, info: SessionInfo) {
        self.outbox = Outbox::default();
        self.leaving = false;
        self.invocations.joined(info.session);
        self.calls.joined(&info.roles, &mut self.outbox);
        self.joined = Some(info);
        self.registrations.joined(&mut self.outbox);
        self.subscriptions.joined(&mut self.outbox);
    }

    /// The connection is gone: what waits for an answer will not get it.
    pub(crate) fn lost(&mut self) {
        self.fail_waiting(&Error::NotConnected);
        self.subscriptions.lost();
        self.registrations.lost();
    }

    /// The session is over.
    pub(crate) fn close(&mut self) {
        self.fail_waiting(&Error::Closed);
        self.subscriptions.close();
        self.registrations.close();
    }

    fn fail_waiting(&mut self, error: &Error) {
        self.joined = None;
        self.outbox = Outbox::default();
        for (_, answer) in self.publications.drain() {
            tell(answer, Err(error.clone()));
        }
        self.calls.fail_all(error);
        self.invocations.lost();
    }

    /// Asks the router to let this session go.
    pub(crate) fn leave(&mut self, reason: Uri) {
        if self.joined.is_some() && !self.leaving {
            self.leaving = true;
            self.outbox.push(Goodbye {
                details: Dict::default(),
                reason,
            });
        }
    }

    /// Whether GOODBYE was sent and not answered yet.
    pub(crate) const fn is_leaving(&self) -> bool {
        self.leaving
    }

    /// A handle asks for something. [`Command::Leave`] is the driver's own.
    pub(crate) fn command(&mut self, command: Command) {
        let connected = self.joined.is_some() && !self.leaving;
        let outbox = connected.then_some(&mut self.outbox);
        match command {
            Command::Publish {
                topic,
                options,
                payload,
                answer,
            } => match (outbox, answer) {
                (Some(outbox), answer) => {
                    let request = outbox.request(|request| Publish {
                        request,
                        options: options.into(),
                        topic,
                        payload,
                    });
                    if let Some(answer) = answer {
                        self.publications.insert(request, answer);
                    }
                }
                (None, Some(answer)) => tell(answer, Err(Error::NotConnected)),
                (None, None) => tracing::debug!(wamp.topic = %topic, "an event was lost with the connection"),
            },
            Command::Subscribe {
                local,
                topic,
                options,
                queue,
                answer,
            } => {
                self.subscriptions
                    .subscribe(local, topic, options, queue, answer, outbox);
            }
            Command::Unsubscribe { local, answer } => self.subscriptions.unsubscribe(local, answer, outbox),
            Command::Call {
                local,
                procedure,
                options,
                payload,
                answer,
            } => {
                self.calls.call(local, procedure, options, payload, answer, outbox);
            }
            Command::Chunk {
                local,
                procedure,
                options,
                payload,
                answer,
            } => self.calls.chunk(local, procedure, options, payload, answer, outbox),
            Command::Keep { procedure, payload } => self.calls.keep(procedure, payload),
            Command::Forget => self.calls.forget(),
            Command::Cancel { local, mode } => self.calls.cancel(local, mode, outbox),
            Command::Register {
                local,
                procedure,
                options,
                handler,
                answer,
            } => {
                self.registrations
                    .register(local, procedure, options, handler, answer, outbox);
            }
            Command::Unregister { local, answer } => self.registrations.unregister(local, answer, outbox),
            Command::Yield {
                invocation,
                options,
                payload,
                answer,
            } => {
                self.invocations.give(invocation, options, payload, answer, outbox);
            }
            Command::Fail { invocation, error } => self.invocations.fail(invocation, error, outbox),
            Command::Leave { reason, .. } => self.leave(reason),
        }
    }

    /// The router sent a message.
    pub(crate) fn receive(&mut self, message: Message, now: Duration) -> Received {
        match message {
            Message::Goodbye(goodbye) => return self.goodbye(goodbye),
            Message::Abort(abort) => {
                return Received::Ended {
                    reason: abort.reason,
                    message: sentence(&abort.details),
                };
            }
            // What crosses our GOODBYE on its way is of no interest any more.
            _ if self.leaving => {}
            Message::Event(event) => self.subscriptions.event(event),
            Message::Result(result) => self.calls.result(result, &mut self.outbox),
            Message::Invocation(invocation) => self.invocation(invocation),
            Message::Interrupt(interrupt) => self.invocations.interrupt(interrupt.request),
            Message::Published(published) => {
                if let Some(answer) = self.publications.remove(&published.request) {
                    tell(answer, Ok(published.publication));
                }
            }
            Message::Subscribed(subscribed) => {
                self.subscriptions
                    .subscribed(subscribed.request, subscribed.subscription, &mut self.outbox);
            }
            Message::Unsubscribed(unsubscribed) => self.subscriptions.unsubscribed(unsubscribed),
            Message::Registered(registered) => {
                self.registrations
                    .registered(registered.request, registered.registration, &mut self.outbox);
            }
            Message::Unregistered(unregistered) => self.registrations.unregistered(unregistered),
            Message::Error(error) => return self.error(error, now),
            Message::Hello(_)
            | Message::Welcome(_)
            | Message::Challenge(_)
            | Message::Authenticate(_)
            | Message::Publish(_)
            | Message::Subscribe(_)
            | Message::Unsubscribe(_)
            | Message::Call(_)
            | Message::Cancel(_)
            | Message::Register(_)
            | Message::Unregister(_)
            | Message::Yield(_)
            | Message::EventReceived(_) => {
                return self.violated(format!("{} came to a joined client", message.message_type().name()));
            }
        }
        Received::Continues
    }

    fn invocation(&mut self, message: Invocation) {
        let Some(message) = self.invocations.continued(message, &mut self.outbox) else {
            return;
        };
        match self.registrations.handler(message.registration) {
            Some((procedure, handler)) => self.invocations.start(message, procedure, handler),
            None => Invocations::refuse(&message, &mut self.outbox),
        }
    }

    fn goodbye(&mut self, goodbye: Goodbye) -> Received {
        if self.leaving {
            return Received::Left;
        }
        let reason = error_uri::CLOSE_GOODBYE_AND_OUT.into();
        self.outbox.push(Goodbye {
            details: Dict::default(),
            reason,
        });
        Received::Ended {
            reason: goodbye.reason,
            message: sentence(&goodbye.details),
        }
    }

    fn error(&mut self, message: ErrorMessage, now: Duration) -> Received {
        let request = message.request;
        let error = Error::from(CallError {
            uri: message.error,
            payload: message.payload,
        });
        match message.request_type {
            MessageType::Call => self.calls.failed(request, error),
            MessageType::Publish => {
                if let Some(answer) = self.publications.remove(&request) {
                    tell(answer, Err(error));
                }
            }
            MessageType::Subscribe => self.subscriptions.refused(request, &error, now, &mut self.outbox),
            MessageType::Unsubscribe => self.subscriptions.unsubscribe_refused(request, error),
            MessageType::Register => self.registrations.refused(request, error, now),
            MessageType::Unregister => self.registrations.unregister_refused(request, error),
            other => return self.violated(format!("an ERROR for {}, which this side never sends", other.name())),
        }
        Received::Continues
    }

    /// The bytes received were no message, or the message was out of place.
    pub(crate) fn violated(&mut self, sentence: String) -> Received {
        self.outbox.push(abort(error_uri::PROTOCOL_VIOLATION, &sentence));
        Received::Violated(sentence)
    }

    /// A message could not be encoded, or is larger than the connection takes: whoever sent it is
    /// told, the session goes on.
    pub(crate) fn unsendable(&mut self, message: Message, error: Error) {
        match message {
            Message::Call(call) => self.calls.failed(call.request, error),
            Message::Publish(publish) => match self.publications.remove(&publish.request) {
                Some(answer) => tell(answer, Err(error)),
                None => tracing::warn!(wamp.topic = %publish.topic, "an event could not be sent: {error}"),
            },
            Message::Yield(result) => {
                let error = CallError::new(error_uri::PAYLOAD_SIZE_EXCEEDED, error.to_string());
                self.invocations.unsendable(result.request, error, &mut self.outbox);
            }
            other => tracing::warn!("{} could not be sent: {error}", other.message_type().name()),
        }
    }

    /// The next message to send.
    pub(crate) fn next_outgoing(&mut self) -> Option<Message> {
        self.outbox.pop()
    }

    /// How many messages wait to be sent.
    pub(crate) fn outgoing(&self) -> usize {
        self.outbox.len()
    }

    /// Handlers to start, each as a task of its own.
    pub(crate) fn take_started(&mut self) -> Vec<Started> {
        self.invocations.take_started()
    }

    /// When [`tick`](Self::tick) has something to do.
    pub(crate) fn next_retry(&self) -> Option<Duration> {
        [self.subscriptions.next_retry(), self.registrations.next_retry()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Asks again for what the router refused to restore.
    pub(crate) fn tick(&mut self, now: Duration) {
        if self.joined.is_some() && !self.leaving {
            self.subscriptions.retry(now, &mut self.outbox);
            self.registrations.retry(now, &mut self.outbox);
        }
    }
}

/// ABORT with a sentence.
pub(crate) fn abort(reason: &str, sentence: &str) -> wamp_protocol::message::Abort {
    let mut details = Dict::default();
    details.insert("message", sentence);
    wamp_protocol::message::Abort {
        details,
        reason: reason.into(),
        payload: wamp_protocol::Payload::EMPTY,
    }
}

/// The sentence for people in the details of ABORT and GOODBYE.
pub(crate) fn sentence(details: &Dict) -> Option<String> {
    match details.get("message") {
        Some(Value::String(message)) if !message.is_empty() => Some(message.clone()),
        _ => None,
    }
}

/// Answers; nobody may be waiting any more, and that is fine.
fn tell<T>(answer: Answer<T>, outcome: Result<T, Error>) {
    let _ = answer.send(outcome);
}

/// How long to wait before asking again for what the router refused to restore: after a connection
/// is lost the router may still hold the session that had it, and with it the registration.
fn retry_delay(refusals: u32) -> Duration {
    Duration::from_secs(1 << refusals.min(5)).min(Duration::from_secs(30))
}

/// A handler shared by its invocations.
type SharedHandler = Arc<crate::invocation::Handler>;
