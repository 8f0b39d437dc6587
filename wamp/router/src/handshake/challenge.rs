//! CHALLENGE, and whether AUTHENTICATE answers it.

use futures_util::future::BoxFuture;
use wamp_protocol::auth::{cryptosign, scram, wampcra};
use wamp_protocol::message::{Authenticate, Challenge};
use wamp_protocol::{Dict, SessionId, auth, error_uri};

use super::Joining;
use crate::authentication::{AuthMethod, Credential, Principal, PublicKey, RouterKey, SignIn, TicketCheck};
use crate::effects::Refusal;
use crate::member::Transport;
use crate::moment::{Iso8601, Moment};

/// Who signs in, and what is to be proven.
#[derive(Debug)]
pub(crate) enum Found {
    /// Somebody there is.
    Somebody(Principal, Credential),
    /// What somebody who does not exist seems to be: no answer is right.
    Nobody(Principal, Credential),
    /// Somebody may be there: the ticket tells.
    ByTicket(TicketQuestion),
}

/// Finds out whom a ticket lets in.
pub(crate) struct TicketQuestion(pub(crate) Box<dyn FnOnce(String) -> BoxFuture<'static, Option<Principal>> + Send>);

impl std::fmt::Debug for TicketQuestion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TicketQuestion")
    }
}

/// What a challenge is made of beside the credential.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// The id that the session will have.
    pub(crate) session: SessionId,
    /// New for each sign-in, and nobody can foresee them.
    pub(crate) random: &'a [u8; 32],
    pub(crate) now: Moment,
    pub(crate) transport: &'a Transport,
    /// What the router proves itself with.
    pub(crate) router_key: Option<&'a RouterKey>,
}

/// The client has been challenged.
#[derive(Debug)]
pub(crate) struct ExpectAuthenticate {
    pub(crate) joining: Joining,
    pub(crate) sign_in: SignIn,
    pub(crate) session: SessionId,
    /// `None` where there is nobody of that name.
    principal: Option<Principal>,
    proof: Proof,
}

/// What the right answer led to: who the client is, and what WELCOME adds as `authextra`.
pub(crate) type Proven = (Principal, Dict);

enum Proof {
    WampCra {
        key: String,
        challenge: Box<Challenge>,
    },
    Ticket(TicketCheck),
    TicketQuestion(TicketQuestion),
    Scram {
        exchange: Box<scram::Exchange>,
        binding: Option<scram::ChannelBinding>,
    },
    Cryptosign {
        claimed: PublicKey,
        accepted: Vec<PublicKey>,
        challenge: cryptosign::Octets,
        channel: Option<cryptosign::Octets>,
    },
}

impl std::fmt::Debug for Proof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::WampCra { .. } => "WampCra",
            Self::Ticket(_) => "Ticket",
            Self::TicketQuestion(_) => "TicketQuestion",
            Self::Scram { .. } => "Scram",
            Self::Cryptosign { .. } => "Cryptosign",
        })
    }
}

impl Joining {
    /// Asks for the proof of a credential.
    ///
    /// # Errors
    /// What ABORT says, if HELLO lacks what the method needs; whether somebody is there plays no
    /// part in it.
    pub(crate) fn challenge(
        self,
        sign_in: SignIn,
        found: Found,
        asked: Asked<'_>,
    ) -> Result<(ExpectAuthenticate, Challenge), Refusal> {
        let (principal, credential, is_there) = match found {
            Found::Somebody(principal, credential) => (principal, credential, true),
            Found::Nobody(principal, credential) => (principal, credential, false),
            Found::ByTicket(question) => {
                let expecting = ExpectAuthenticate {
                    joining: self,
                    sign_in,
                    session: asked.session,
                    principal: None,
                    proof: Proof::TicketQuestion(question),
                };
                return Ok((expecting, send_the_ticket()));
            }
        };
        let (challenge, proof) = match credential {
            Credential::WampCra { key, salting } => by_wampcra(&principal, key, salting.as_ref(), asked),
            Credential::Ticket(check) => (send_the_ticket(), Proof::Ticket(check)),
            Credential::Scram(keys) => by_scram(&sign_in, keys, asked)?,
            Credential::Cryptosign(accepted) => by_cryptosign(&sign_in, accepted, asked)?,
        };
        let expecting = ExpectAuthenticate {
            joining: self,
            sign_in,
            session: asked.session,
            principal: is_there.then_some(principal),
            proof,
        };
        Ok((expecting, challenge))
    }
}

fn send_the_ticket() -> Challenge {
    Challenge {
        authmethod: auth::TICKET.to_owned(),
        extra: Dict::default(),
    }
}

fn by_wampcra(
    principal: &Principal,
    key: String,
    salting: Option<&wampcra::Salting>,
    asked: Asked<'_>,
) -> (Challenge, Proof) {
    let nonce: String = asked
        .random
        .iter()
        .take(16)
        .map(|octet| format!("{octet:02x}"))
        .collect();
    let facts = wampcra::Facts {
        authid: &principal.authid,
        authrole: &principal.authrole,
        authprovider: &principal.authprovider,
        nonce: &nonce,
        timestamp: &Iso8601(asked.now.unix).to_string(),
        session: asked.session,
    };
    let challenge = wampcra::challenge(&facts, salting);
    let proof = Proof::WampCra {
        key,
        challenge: Box::new(challenge.clone()),
    };
    (challenge, proof)
}

fn by_scram(sign_in: &SignIn, keys: scram::Keys, asked: Asked<'_>) -> Result<(Challenge, Proof), Refusal> {
    let failed = |sentence: String| Refusal::new(error_uri::AUTHENTICATION_FAILED, sentence);
    let AuthMethod::Scram(dialect) = sign_in.method else {
        return Err(failed(format!("there are no SCRAM keys for {}", sign_in.method.name())));
    };
    let (nonce, _) = asked.random.split_at(16);
    let exchange = scram::Exchange::begin(dialect, sign_in.name(), &sign_in.authextra, keys, nonce)
        .map_err(|_| failed("HELLO.Details.authextra.nonce, random octets in base64, is needed".to_owned()))?;
    let binding = match exchange.wants_binding() {
        None => None,
        Some(_) if dialect == scram::Dialect::Autobahn => {
            return Err(failed(
                "what scram signs does not speak of the connection; wamp-scram can be bound to it".to_owned(),
            ));
        }
        Some(kind) => Some(channel_binding(asked.transport, kind).ok_or_else(|| {
            failed(format!(
                "this connection cannot be bound to by {kind:?}; TLS 1.3 can, by {:?}",
                cryptosign::TLS_EXPORTER
            ))
        })?),
    };
    let challenge = exchange.challenge();
    let exchange = Box::new(exchange);
    Ok((challenge, Proof::Scram { exchange, binding }))
}

fn channel_binding(transport: &Transport, kind: &str) -> Option<scram::ChannelBinding> {
    let exporter = transport.exporter().filter(|_| kind == cryptosign::TLS_EXPORTER)?;
    Some(scram::ChannelBinding {
        kind: kind.to_owned(),
        data: exporter.to_vec(),
    })
}

fn by_cryptosign(sign_in: &SignIn, accepted: Vec<PublicKey>, asked: Asked<'_>) -> Result<(Challenge, Proof), Refusal> {
    let claimed = sign_in.claimed_key().ok_or_else(|| {
        let sentence = "HELLO.Details.authextra.pubkey is needed to sign in by cryptosign";
        Refusal::new(error_uri::AUTHENTICATION_FAILED, sentence)
    })?;
    let asked_of_router = cryptosign::asked_of_router(&sign_in.authextra).map_err(|_| {
        let sentence = "HELLO.Details.authextra.challenge, which the router is to sign, must be 32 octets in hex";
        Refusal::new(error_uri::AUTHENTICATION_FAILED, sentence)
    })?;
    // Where the connection has no such binding, CHALLENGE says so, and the client decides.
    let channel = asked
        .transport
        .exporter()
        .filter(|_| cryptosign::wants_binding(&sign_in.authextra) == Some(cryptosign::TLS_EXPORTER));
    let kind = channel.map(|_| cryptosign::TLS_EXPORTER);
    let mut challenge = cryptosign::challenge(asked.random, kind);
    // A router without a key has no proof to give, and the client decides.
    if let (Some(what), Some(key)) = (asked_of_router, asked.router_key) {
        cryptosign::prove_router(&mut challenge, key.private_key(), &what, channel.as_ref());
    }
    let proof = Proof::Cryptosign {
        claimed,
        accepted,
        challenge: *asked.random,
        channel,
    };
    Ok((challenge, proof))
}

impl ExpectAuthenticate {
    /// Who the client has proven to be; `None` if the answer is wrong.
    pub(crate) async fn verify(self, answer: Authenticate) -> (Joining, SignIn, SessionId, Option<Proven>) {
        let right = match self.proof {
            Proof::WampCra { key, challenge } => wampcra::verify(&key, &challenge, &answer).then(Dict::default),
            Proof::Ticket(check) => check(answer.signature).await.then(Dict::default),
            Proof::TicketQuestion(question) => {
                let principal = (question.0)(answer.signature).await;
                let proven = principal.map(|principal| (principal, Dict::default()));
                return (self.joining, self.sign_in, self.session, proven);
            }
            Proof::Scram { exchange, binding } => exchange.verify(&answer, binding.as_ref()),
            Proof::Cryptosign {
                claimed,
                accepted,
                challenge,
                channel,
            } => {
                let signed = cryptosign::verify(&claimed, &challenge, channel.as_ref(), &answer);
                (signed && accepted.contains(&claimed)).then(Dict::default)
            }
        };
        let proven = self.principal.zip(right);
        (self.joining, self.sign_in, self.session, proven)
    }
}
