//! The one task behind a session: it dials, joins, and moves messages. What to send and whom to
//! tell is the [`State`]'s to know; handlers run elsewhere.

mod connected;

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Weak;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_channel::{mpsc, oneshot};
use futures_util::StreamExt;

use crate::command::Command;
use crate::join::{Joining, Refusal, Step};
use crate::session::Inner;
use crate::state::State;
use crate::transport::{Dialed, Link, SendError, TransportError};
use crate::watch::StateWatch;
use crate::{CloseReason, ConnectionState, Connector, Error, SessionInfo, runtime};

pub(crate) struct Driver {
    connector: Connector,
    commands: mpsc::Receiver<Command>,
    /// The handles; gone when the last one is.
    session: Weak<Inner>,
    watch: StateWatch,
    state: State,
    /// Who waits for the end.
    leaving: Vec<oneshot::Sender<()>>,
}

/// How a connection, or the attempt to make one, ended.
enum Ended {
    /// This side wanted it.
    Left,
    /// The router's GOODBYE or ABORT.
    ByRouter { reason: String, message: Option<String> },
    /// The connection is of no use any more; a sentence.
    Lost { cause: String },
    /// The router broke the protocol, and is told so; a sentence.
    Violated { cause: String },
}

/// Why there is no session.
enum JoinError {
    Unreachable(TransportError),
    Refused(Refusal),
    TimedOut,
}

impl Driver {
    pub(crate) fn new(
        connector: Connector,
        commands: mpsc::Receiver<Command>,
        session: Weak<Inner>,
        watch: StateWatch,
    ) -> Self {
        Self {
            connector,
            commands,
            session,
            watch,
            state: State::default(),
            leaving: Vec::new(),
        }
    }

    /// Runs the session to its end. `first` is told how the first attempts to join went.
    pub(crate) async fn run(mut self, first: oneshot::Sender<Result<(), Error>>) {
        let reason = self.sessions(first).await;
        self.state.close();
        self.watch.set(ConnectionState::Closed(reason));
        self.commands.close();
        // What came too late is dropped unanswered, which its sender takes for `Closed`.
        while let Some(command) = self.commands.next().await {
            self.state.command(command);
        }
        self.state.close();
        for done in self.leaving {
            let _ = done.send(());
        }
    }

    /// One session after the other, until it is not to come back.
    async fn sessions(&mut self, first: oneshot::Sender<Result<(), Error>>) -> CloseReason {
        let mut first = Some(first);
        let mut attempt = 0;
        // Told once when it is lost, once when it is back.
        let mut away = false;
        loop {
            let connector = self.connector.clone();
            let joining = runtime::within(Some(connector.join_timeout), join(&connector));
            let Some(joined) = self.attend(joining).await else {
                return CloseReason::Left;
            };
            let ended = match joined.unwrap_or(Err(JoinError::TimedOut)) {
                Ok((link, info)) => {
                    let began = runtime::now();
                    if std::mem::take(&mut away) {
                        tracing::info!("the router at {:?} is back", self.connector.endpoint);
                    }
                    self.state.joined(info.clone());
                    self.watch.set(ConnectionState::Joined(info));
                    if let Some(first) = first.take() {
                        let _ = first.send(Ok(()));
                    }
                    let ended = self.connected(link).await;
                    self.state.lost();
                    // A session that ends as soon as it begins counts as one more failed attempt.
                    let steady = self.connector.reconnect.map_or(Duration::ZERO, |backoff| backoff.max);
                    if runtime::now().saturating_sub(began) >= steady {
                        attempt = 0;
                    }
                    ended
                }
                Err(error) => {
                    let retries = first.is_none() || self.connector.keep_trying;
                    if !retries || error.is_final() {
                        let reason = error.close_reason();
                        if let Some(first) = first.take() {
                            let _ = first.send(Err(error.into()));
                        }
                        return reason;
                    }
                    error.ended()
                }
            };
            let (cause, closing) = match ended {
                Ended::Left => return CloseReason::Left,
                Ended::ByRouter { reason, message } => {
                    let cause = message.clone().unwrap_or_else(|| reason.clone());
                    (cause, CloseReason::ByRouter { reason, message })
                }
                Ended::Lost { cause } | Ended::Violated { cause } => (cause.clone(), CloseReason::Lost { cause }),
            };
            let Some(backoff) = self.connector.reconnect.or(first.is_some().then(Default::default)) else {
                return closing;
            };
            attempt += 1;
            if !std::mem::replace(&mut away, true) {
                let endpoint = &self.connector.endpoint;
                match first {
                    None => tracing::warn!("lost the router at {endpoint:?}, will reconnect: {cause}"),
                    Some(_) => tracing::warn!("the router at {endpoint:?} is not there yet, will keep trying: {cause}"),
                }
            }
            self.watch.set(ConnectionState::Reconnecting { attempt, cause });
            let wait = runtime::sleep(backoff.delay(attempt, runtime::random()));
            if self.attend(wait).await.is_none() {
                return CloseReason::Left;
            }
        }
    }

    /// Waits for `future` while handles get their answers; `None` when the session is to end.
    async fn attend<F: Future>(&mut self, future: F) -> Option<F::Output> {
        let mut future = pin!(future);
        poll_fn(|cx| {
            while let Poll::Ready(command) = self.commands.poll_next_unpin(cx) {
                match command {
                    None => return Poll::Ready(None),
                    Some(Command::Leave { done, .. }) => {
                        self.leaving.push(done);
                        return Poll::Ready(None);
                    }
                    Some(command) => self.state.command(command),
                }
            }
            future.as_mut().poll(cx).map(Some)
        })
        .await
    }
}

/// Dials and joins.
async fn join(connector: &Connector) -> Result<(Box<dyn Link>, SessionInfo), JoinError> {
    let Dialed { mut link, channel } = connector.endpoint.dial(connector.dialing()).await?;
    if connector.bound && (channel.is_none() || !connector.credentials.can_be_bound()) {
        return Err(JoinError::Unreachable(TransportError::Unbound));
    }
    let nonce = runtime::nonce().map_err(|error| std::io::Error::other(error.to_string()))?;
    let channel = channel.filter(|_| connector.bound);
    let mut joining =
        Joining::new(&connector.realm, &connector.credentials, &nonce, channel).trusting(connector.router_key);
    send(&mut *link, joining.hello(&connector.agent)).await?;
    loop {
        let message = poll_fn(|cx| link.poll_next(cx))
            .await
            .unwrap_or(Err(TransportError::Closed))?;
        match joining.receive(message) {
            Step::Answer(message) => send(&mut *link, message).await?,
            Step::Joined(info) => return Ok((link, info)),
            Step::Refused(mut refusal) => {
                if let Some(abort) = refusal.abort.take() {
                    // Told in vain when the connection is gone; the refusal stands.
                    let _ = send(&mut *link, *abort).await;
                }
                poll_fn(|cx| link.poll_close(cx)).await;
                return Err(JoinError::Refused(refusal));
            }
        }
    }
}

async fn send(link: &mut dyn Link, message: wamp_protocol::Message) -> Result<(), TransportError> {
    poll_fn(|cx| link.poll_ready(cx)).await?;
    link.send(message).map_err(|error| match error {
        SendError::Unsendable(_, error) | SendError::Broken(error) => error,
    })?;
    poll_fn(|cx: &mut Context<'_>| link.poll_flush(cx)).await
}

impl From<TransportError> for JoinError {
    fn from(error: TransportError) -> Self {
        Self::Unreachable(error)
    }
}

impl From<std::io::Error> for JoinError {
    fn from(error: std::io::Error) -> Self {
        Self::Unreachable(error.into())
    }
}

impl JoinError {
    /// Whether it will not fare better however often it is tried.
    fn is_final(&self) -> bool {
        match self {
            Self::Unreachable(error) => matches!(error, TransportError::Address { .. } | TransportError::Unbound),
            Self::Refused(refusal) => refusal.is_final(),
            Self::TimedOut => false,
        }
    }

    fn ended(self) -> Ended {
        match self {
            Self::Unreachable(error) => Ended::Lost {
                cause: error.to_string(),
            },
            Self::Refused(Refusal { reason, message, .. }) => Ended::ByRouter { reason, message },
            Self::TimedOut => Ended::Lost {
                cause: "the router did not answer in time".to_owned(),
            },
        }
    }

    fn close_reason(&self) -> CloseReason {
        match self {
            Self::Unreachable(error) => CloseReason::Lost {
                cause: error.to_string(),
            },
            Self::Refused(Refusal { reason, message, .. }) => CloseReason::ByRouter {
                reason: reason.clone(),
                message: message.clone(),
            },
            Self::TimedOut => CloseReason::Lost {
                cause: "the router did not answer in time".to_owned(),
            },
        }
    }
}

impl From<JoinError> for Error {
    fn from(error: JoinError) -> Self {
        match error {
            JoinError::Unreachable(error) => Self::Connect(error),
            JoinError::Refused(Refusal { reason, message, .. }) => Self::Refused { reason, message },
            JoinError::TimedOut => Self::Timeout,
        }
    }
}
