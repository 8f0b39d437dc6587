//! Joining a realm: HELLO, whatever the router challenges, WELCOME. Pure.

use wamp_protocol::message::{Authenticate, Challenge, Hello, HelloDetails, Welcome};
use wamp_protocol::{Message, Uri, auth, error_uri};

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
    let asked = challenge.authmethod.as_str();
    let offered = credentials.authmethod();
    if asked != offered {
        let sentence = format!("the router asks for {asked}, and {offered} was offered");
        return Err(Refusal::own(error_uri::NO_MATCHING_AUTH_METHOD, sentence));
    }
    match credentials {
        Credentials::Ticket { ticket, .. } => Ok(auth::ticket::answer(ticket)),
        Credentials::Wampcra { secret, .. } => auth::wampcra::answer(secret, challenge)
            .map_err(|error| Refusal::own(error_uri::AUTHENTICATION_FAILED, error.to_string())),
        Credentials::Anonymous { .. } => Err(Refusal::own(
            error_uri::PROTOCOL_VIOLATION,
            "a challenge to an anonymous session",
        )),
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use wamp_protocol::{Dict, SessionId, Value};

    fn credentials() -> [Credentials; 3] {
        let authid = || "anna".to_owned();
        [
            Credentials::Anonymous { authid: Some(authid()) },
            Credentials::Ticket {
                authid: authid(),
                ticket: "secret".to_owned(),
            },
            Credentials::Wampcra {
                authid: authid(),
                secret: "secret".to_owned(),
            },
        ]
    }

    fn challenge(authmethod: &str, extra: Dict) -> Message {
        Challenge {
            authmethod: authmethod.to_owned(),
            extra,
        }
        .into()
    }

    #[test]
    fn hello_offers_the_one_method_there_are_credentials_for() {
        for (credentials, method) in credentials().iter().zip(["anonymous", "ticket", "wampcra"]) {
            let Message::Hello(hello) = hello(&"homeapp".into(), credentials, "me/1") else {
                panic!("no HELLO")
            };
            assert_eq!(hello.details.authmethods, [method]);
            assert_eq!(hello.details.authid.as_deref(), Some("anna"));
            assert!(
                hello
                    .details
                    .roles
                    .callee
                    .is_some_and(|callee| callee.has("call_canceling"))
            );
        }
    }

    #[test]
    fn a_wampcra_challenge_gets_the_answer_that_the_router_accepts() {
        let facts = auth::wampcra::Facts {
            authid: "anna",
            authrole: "user",
            authprovider: "static",
            nonce: "n",
            timestamp: "2026-11-22T19:00:00Z",
            session: SessionId::FIRST,
        };
        let asked = auth::wampcra::challenge(&facts, None);
        let [.., wampcra] = credentials();
        let Step::Answer(Message::Authenticate(answer)) = receive(asked.clone().into(), &"r".into(), &wampcra) else {
            panic!("no AUTHENTICATE")
        };
        assert!(auth::wampcra::verify("secret", &asked, &answer));
    }

    #[test]
    fn a_challenge_that_cannot_be_answered_is_aborted_with_a_sentence() {
        let [anonymous, ticket, wampcra] = credentials();
        let mut without_end = Dict::default();
        without_end.insert("challenge", "x");
        without_end.insert("salt", "x");
        without_end.insert("iterations", u64::from(u32::MAX));
        for (credentials, challenge) in [
            (&anonymous, challenge("ticket", Dict::default())),
            (&anonymous, challenge("anonymous", Dict::default())),
            (&ticket, challenge("wampcra", Dict::default())),
            (&wampcra, challenge("wampcra", Dict::default())),
            (&wampcra, challenge("wampcra", without_end)),
        ] {
            let Step::Refused(refusal) = receive(challenge, &"r".into(), credentials) else {
                panic!("no refusal")
            };
            assert!(refusal.message.is_some_and(|sentence| !sentence.is_empty()));
            assert!(matches!(refusal.abort.as_deref(), Some(Message::Abort(_))));
        }
    }

    #[test]
    fn only_a_refusal_of_who_asks_is_final() {
        for (reason, is_final) in [
            (error_uri::AUTHENTICATION_FAILED, true),
            (error_uri::NO_SUCH_PRINCIPAL, true),
            (error_uri::NO_SUCH_REALM, false),
            (error_uri::CLOSE_SYSTEM_SHUTDOWN, false),
        ] {
            let mut details = Dict::default();
            details.insert("message", Value::from("why"));
            let payload = wamp_protocol::Payload::EMPTY;
            let abort = wamp_protocol::message::Abort {
                details,
                reason: reason.into(),
                payload,
            };
            let step = receive(abort.into(), &"r".into(), &Credentials::default());
            let Step::Refused(refusal) = step else {
                panic!("no refusal")
            };
            assert_eq!(
                (refusal.is_final(), refusal.message.as_deref()),
                (is_final, Some("why")),
                "{reason}"
            );
        }
    }
}
