//! Joining a realm: HELLO, whatever the router challenges, WELCOME. Pure.

use wamp_protocol::message::{Authenticate, Challenge, Hello, HelloDetails, Welcome};
use wamp_protocol::{Dict, Message, Uri, error_uri};

use crate::state::{abort, sentence};
use crate::{Credentials, SessionInfo, features};

/// What to do with a message that came while joining.
#[derive(Debug)]
pub(crate) enum Step {
    /// Send this and go on.
    Answer(Message),
    /// The session is open.
    Joined(SessionInfo),
    /// It will not open.
    Refused(Refusal),
}

/// Why a session did not open.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) reason: String,
    pub(crate) message: Option<String>,
    /// ABORT, where this side is the one that will not go on.
    pub(crate) abort: Option<Box<Message>>,
}

impl Refusal {
    /// Whether another attempt could fare better: not when it was about who asks.
    pub(crate) fn is_final(&self) -> bool {
        matches!(
            self.reason.as_str(),
            error_uri::NO_MATCHING_AUTH_METHOD
                | error_uri::NO_SUCH_PRINCIPAL
                | error_uri::NO_SUCH_ROLE
                | error_uri::AUTHENTICATION_DENIED
                | error_uri::AUTHENTICATION_FAILED
                | error_uri::AUTHENTICATION_REQUIRED
                | error_uri::NOT_AUTHORIZED
        )
    }

    fn own(reason: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        let abort = Some(Box::new(abort(reason, &message).into()));
        Self {
            reason: reason.to_owned(),
            message: Some(message),
            abort,
        }
    }
}

/// The HELLO that asks to join `realm`.
pub(crate) fn hello(realm: &Uri, credentials: &Credentials, agent: &str) -> Message {
    let details = HelloDetails {
        roles: features::client_roles(),
        agent: Some(agent.to_owned()),
        authid: credentials.authid().map(str::to_owned),
        authmethods: vec![credentials.authmethod().to_owned()],
        ..HelloDetails::default()
    };
    Hello {
        realm: realm.clone(),
        details,
    }
    .into()
}

/// The router sent `message` before the session was open.
pub(crate) fn receive(message: Message, realm: &Uri, credentials: &Credentials) -> Step {
    match message {
        Message::Welcome(welcome) => Step::Joined(info(welcome, realm)),
        Message::Challenge(challenge) => match answer(&challenge, credentials) {
            Ok(authenticate) => Step::Answer(authenticate.into()),
            Err(refusal) => Step::Refused(refusal),
        },
        Message::Abort(refused) => {
            let (reason, message) = (refused.reason.as_str().to_owned(), sentence(&refused.details));
            Step::Refused(Refusal {
                reason,
                message,
                abort: None,
            })
        }
        Message::Goodbye(goodbye) => {
            let (reason, message) = (goodbye.reason.as_str().to_owned(), sentence(&goodbye.details));
            Step::Refused(Refusal {
                reason,
                message,
                abort: None,
            })
        }
        other => {
            let sentence = format!("{} came before the session was open", other.message_type().name());
            Step::Refused(Refusal::own(error_uri::PROTOCOL_VIOLATION, sentence))
        }
    }
}

fn answer(challenge: &Challenge, credentials: &Credentials) -> Result<Authenticate, Refusal> {
    let method = challenge.authmethod.as_str();
    let signature = match credentials {
        Credentials::Ticket { ticket, .. } if method == "ticket" => ticket.clone(),
        _ => {
            let sentence = format!(
                "the router asks for {method}, and {} was offered",
                credentials.authmethod()
            );
            return Err(Refusal::own(error_uri::NO_MATCHING_AUTH_METHOD, sentence));
        }
    };
    Ok(Authenticate {
        signature,
        extra: Dict::default(),
    })
}

fn info(welcome: Welcome, realm: &Uri) -> SessionInfo {
    let Welcome { session, details } = welcome;
    SessionInfo {
        session,
        realm: details.realm.unwrap_or_else(|| realm.as_str().to_owned()),
        authid: details.authid,
        authrole: details.authrole,
        authmethod: details.authmethod,
        authprovider: details.authprovider,
        router: details.agent,
        roles: details.roles,
    }
}
