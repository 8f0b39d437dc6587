//! Joining a realm: HELLO, whatever the router challenges, WELCOME. Pure.

use wamp_protocol::auth::{self, cryptosign, scram};
use wamp_protocol::message::{Authenticate, Challenge, Hello, HelloDetails, Welcome};
use wamp_protocol::{Dict, Message, Uri, error_uri};

use crate::state::{abort, sentence};
use crate::transport::Channel;
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

    fn of_router(reason: &Uri, details: &Dict) -> Self {
        Self {
            reason: reason.as_str().to_owned(),
            message: sentence(details),
            abort: None,
        }
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

/// Octets of a client's nonce, which cryptosign asks the router to sign.
pub(crate) type Nonce = [u8; 32];

const NOT_THE_ROUTER: &str = "the router did not prove that it has the key by which it is known";

/// One attempt to join.
pub(crate) struct Joining<'a> {
    realm: &'a Uri,
    credentials: &'a Credentials,
    /// What cryptosign is bound to.
    channel: Option<Channel>,
    /// What cryptosign asks the router to sign.
    nonce: Nonce,
    /// Whom the router has to be.
    router_key: Option<cryptosign::Octets>,
    /// It has proven that.
    is_router: bool,
    /// SCRAM up to the challenge.
    scram: Option<scram::Client>,
    /// SCRAM after it: what the router has to prove.
    expected: Option<scram::Expectation>,
}

impl<'a> Joining<'a> {
    /// `nonce` is random, new for each attempt; `channel` is what the sign-in is to be bound to.
    pub(crate) fn new(realm: &'a Uri, credentials: &'a Credentials, nonce: &Nonce, channel: Option<Channel>) -> Self {
        let scram = match credentials {
            Credentials::Scram { authid, password } => {
                let binding = channel.map(|channel| scram::ChannelBinding {
                    kind: cryptosign::TLS_EXPORTER.to_owned(),
                    data: channel.to_vec(),
                });
                Some(scram::Client::new(authid, password, nonce, binding))
            }
            Credentials::Anonymous { .. }
            | Credentials::Ticket { .. }
            | Credentials::Wampcra { .. }
            | Credentials::Cryptosign { .. } => None,
        };
        Self {
            realm,
            credentials,
            channel,
            nonce: *nonce,
            router_key: None,
            is_router: false,
            scram,
            expected: None,
        }
    }

    /// The router has to prove that it has the private key to this one.
    pub(crate) const fn trusting(mut self, router_key: Option<cryptosign::Octets>) -> Self {
        self.router_key = router_key;
        self
    }

    /// The HELLO that asks to join.
    pub(crate) fn hello(&self, agent: &str) -> Message {
        let authextra = match (self.credentials, &self.scram) {
            (Credentials::Cryptosign { private_key, .. }, _) => {
                let kind = self.channel.map(|_| cryptosign::TLS_EXPORTER);
                let mut authextra = cryptosign::authextra(&cryptosign::public_key(private_key), kind);
                if self.router_key.is_some() {
                    cryptosign::ask_router(&mut authextra, &self.nonce);
                }
                authextra
            }
            (_, Some(scram)) => scram.authextra(),
            (_, None) => Dict::default(),
        };
        let details = HelloDetails {
            roles: features::client_roles(),
            agent: Some(agent.to_owned()),
            authid: self.credentials.authid().map(str::to_owned),
            authmethods: self
                .credentials
                .authmethods(self.channel.is_some())
                .iter()
                .map(|&method| method.to_owned())
                .collect(),
            authextra,
            ..HelloDetails::default()
        };
        Hello {
            realm: self.realm.clone(),
            details,
        }
        .into()
    }

    /// The router sent `message` before the session was open.
    pub(crate) fn receive(&mut self, message: Message) -> Step {
        match message {
            Message::Welcome(welcome) => match self.check_router(&welcome) {
                Ok(()) => Step::Joined(info(*welcome, self.realm)),
                Err(refusal) => Step::Refused(refusal),
            },
            Message::Challenge(challenge) => match self.answer(&challenge) {
                Ok(authenticate) => Step::Answer(authenticate.into()),
                Err(refusal) => Step::Refused(refusal),
            },
            Message::Abort(refused) => Step::Refused(Refusal::of_router(&refused.reason, &refused.details)),
            Message::Goodbye(goodbye) => Step::Refused(Refusal::of_router(&goodbye.reason, &goodbye.details)),
            other => {
                let sentence = format!("{} came before the session was open", other.message_type().name());
                Step::Refused(Refusal::own(error_uri::PROTOCOL_VIOLATION, sentence))
            }
        }
    }

    fn answer(&mut self, challenge: &Challenge) -> Result<Authenticate, Refusal> {
        let offered = self.credentials.authmethods(self.channel.is_some());
        if !offered.contains(&challenge.authmethod.as_str()) {
            let sentence = format!(
                "the router asks for {}, and {} was offered",
                challenge.authmethod,
                offered.join(", ")
            );
            return Err(Refusal::own(error_uri::NO_MATCHING_AUTH_METHOD, sentence));
        }
        // Before anything is shown that another router could make use of.
        if let Some(router_key) = &self.router_key {
            self.is_router = cryptosign::is_router(router_key, &self.nonce, self.channel.as_ref(), challenge);
            if !self.is_router {
                return Err(Refusal::own(error_uri::AUTHENTICATION_FAILED, NOT_THE_ROUTER));
            }
        }
        let answer = match self.credentials {
            Credentials::Ticket { ticket, .. } => Ok(auth::ticket::answer(ticket)),
            Credentials::Wampcra { secret, .. } => auth::wampcra::answer(secret, challenge),
            Credentials::Cryptosign { private_key, .. } => {
                if self.channel.is_some() && !cryptosign::is_bound(challenge) {
                    let sentence = "the router does not bind the sign-in to the connection";
                    return Err(Refusal::own(error_uri::AUTHENTICATION_FAILED, sentence));
                }
                cryptosign::answer(private_key, challenge, self.channel.as_ref())
            }
            Credentials::Scram { .. } => match self.scram.take() {
                Some(scram) => scram.answer(challenge).map(|(answer, expected)| {
                    self.expected = Some(expected);
                    answer
                }),
                None => return Err(Refusal::own(error_uri::PROTOCOL_VIOLATION, "a second SCRAM challenge")),
            },
            Credentials::Anonymous { .. } => {
                return Err(Refusal::own(
                    error_uri::PROTOCOL_VIOLATION,
                    "a challenge to an anonymous session",
                ));
            }
        };
        answer.map_err(|error| Refusal::own(error_uri::AUTHENTICATION_FAILED, error.to_string()))
    }

    /// With SCRAM the router has to prove itself as well, or it is not the one it claims to be; with a
    /// trusted key it has done so before.
    fn check_router(&self, welcome: &Welcome) -> Result<(), Refusal> {
        let unproven = |why: String| Err(Refusal::own(error_uri::AUTHENTICATION_FAILED, why));
        if self.router_key.is_some() && !self.is_router {
            return unproven(NOT_THE_ROUTER.to_owned());
        }
        match (&self.expected, &self.scram) {
            (Some(expected), _) => expected
                .verify(&welcome.details.authextra)
                .or_else(|error| unproven(error.to_string())),
            (None, Some(_)) => unproven("the router did not prove that it knows the password".to_owned()),
            (None, None) => Ok(()),
        }
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
mod tests;
