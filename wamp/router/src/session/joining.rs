//! HELLO, CHALLENGE and AUTHENTICATE, up to WELCOME.

use std::sync::Arc;

use wamp_protocol::message::{Authenticate, Hello, Welcome};
use wamp_protocol::{Dict, Message, SessionId, error_uri};

use super::asking::Asking;
use super::{Flow, Seat, Session, State};
use crate::authentication::{AuthMethod, Principal, SignIn, SignInError, generic_decoy};
use crate::effects::Refusal;
use crate::handshake::{self, Asked, ExpectAuthenticate, Found, Joining};
use crate::member::{Member, Transport};
use crate::metrics::Counters;
use crate::random_ids;
use crate::realm::Realm;
use crate::router::Core;

impl Session {
    pub(super) async fn hello(&mut self, hello: Box<Hello>) -> Flow {
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
        if self.core.is_full() {
            Counters::add(&self.core.counters.connections_refused, 1);
            return self.abort(Refusal::new(error_uri::UNAVAILABLE, "there are too many sessions"));
        }
        let joining = match Joining::new(hello, |name| self.core.realm(name)) {
            Ok(joining) => joining,
            Err(refusal) => return self.abort(refusal),
        };
        if joining.method == AuthMethod::Anonymous {
            return match joining.anonymous(session) {
                Some(principal) => self.accept(&joining, principal, Dict::default(), session),
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
            Err(refusal) => self.not_signed_in(refusal),
        }
    }

    async fn ask(&mut self, joining: Joining, session: SessionId) -> Result<ExpectAuthenticate, Refusal> {
        let sign_in = joining.sign_in(&self.transport)?;
        let realm = Arc::clone(&joining.realm);
        realm.check_patience(&sign_in, realm.now().monotonic)?;
        let found = find(&self.core, &self.transport, &realm, &sign_in, session).await?;
        let mut random = [0; 32];
        getrandom::fill(&mut random)
            .map_err(|_| Refusal::new(error_uri::UNAVAILABLE, "the router cannot open sessions now"))?;
        let asked = Asked {
            session,
            random: &random,
            now: realm.now(),
            transport: &self.transport,
            router_key: self.core.router_key.as_ref(),
        };
        let (expecting, challenge) = joining.challenge(sign_in, found, asked)?;
        let challenge = Message::from(challenge);
        self.check_size(&challenge)?;
        self.send(challenge);
        Ok(expecting)
    }

    pub(super) async fn authenticate(&mut self, expecting: ExpectAuthenticate, answer: Authenticate) -> Flow {
        let realm = Arc::clone(&expecting.joining.realm);
        let authenticator = realm.config.authentication.authenticator.clone();
        let finished = |sign_in: &SignIn, accepted| {
            if let Some(authenticator) = &authenticator {
                authenticator.finished(sign_in, accepted);
            }
        };
        // Others may have failed since the challenge. Not looked at: what has to wait is answered at once
        // and alike, so that neither the answer nor its time tells what the secret was.
        if let Err(refusal) = realm.check_patience(&expecting.sign_in, realm.now().monotonic) {
            finished(&expecting.sign_in, false);
            return self.not_signed_in(refusal);
        }
        let is_ticket = expecting.sign_in.method == AuthMethod::Ticket;
        let ticket = is_ticket.then(|| realm.fingerprint(&answer.signature)).flatten();
        let (joining, sign_in, session, proven) = expecting.verify(answer).await;
        let settled = realm.settle(&sign_in, proven.is_some(), ticket, realm.now().monotonic);
        finished(&sign_in, settled == Ok(true));
        let proven = match settled {
            Ok(true) => proven,
            Ok(false) => None,
            Err(refusal) => return self.not_signed_in(refusal),
        };
        let Some((principal, authextra)) = proven else {
            let peer = sign_in
                .address
                .map_or_else(|| "this machine".to_owned(), |address| address.to_string());
            tracing::warn!(realm = sign_in.realm, authid = sign_in.name(), method = sign_in.method.name(), %peer, "a sign-in failed");
            let sentence = "the name or the secret is wrong";
            return self.not_signed_in(Refusal::new(error_uri::AUTHENTICATION_FAILED, sentence));
        };
        self.accept(&joining, principal, authextra, session)
    }

    fn not_signed_in(&mut self, refusal: Refusal) -> Flow {
        Counters::add(&self.core.counters.sign_ins_failed, 1);
        self.abort(refusal)
    }

    fn accept(&mut self, joining: &Joining, principal: Principal, authextra: Dict, session: SessionId) -> Flow {
        let (member, welcome) = joining.accept(principal, authextra, session, &self.transport, &self.core.agent);
        self.join(Arc::clone(&joining.realm), member, welcome)
    }

    fn join(&mut self, realm: Arc<Realm>, member: Arc<Member>, welcome: Welcome) -> Flow {
        if let Err(refusal) = self.check_size(&welcome.clone().into()) {
            return self.abort(refusal);
        }
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
        let unrestricted = member.trusted || realm.config.authorization.permits_everything(&member.authrole);
        self.state = State::Joined(Seat {
            realm,
            member,
            unrestricted,
        });
        Flow::Continue
    }
}

/// Who it is that wants to sign in: known to the authenticator, or else to the procedure that
/// is asked, or nobody.
async fn find(
    core: &Arc<Core>,
    transport: &Transport,
    realm: &Realm,
    sign_in: &SignIn,
    session: SessionId,
) -> Result<Found, Refusal> {
    let authentication = &realm.config.authentication;
    let known = match &authentication.authenticator {
        Some(authenticator) if authentication.methods.contains(&sign_in.method) => authenticator.find(sign_in).await,
        _ => Err(SignInError::NoSuchPrincipal),
    };
    let found = match (known, realm.config.asks_about(sign_in.method)) {
        (Err(SignInError::NoSuchPrincipal), Some(dynamic)) => {
            let asking = Asking::new(Arc::clone(core), dynamic.clone(), sign_in.clone(), session, transport);
            if sign_in.method == AuthMethod::Ticket {
                return Ok(Found::ByTicket(asking.by_ticket()));
            }
            asking.before_the_challenge().await
        }
        (known, _) => known,
    };
    match found {
        Ok((principal, credential)) => Ok(Found::Somebody(principal, credential)),
        Err(SignInError::NoSuchPrincipal) => {
            let decoy = authentication.authenticator.as_ref();
            let (principal, credential) = decoy
                .and_then(|authenticator| authenticator.decoy(sign_in))
                .unwrap_or_else(|| generic_decoy(&realm.decoys, sign_in));
            Ok(Found::Nobody(principal, credential))
        }
        Err(SignInError::Denied(sentence)) => Err(Refusal::new(error_uri::AUTHENTICATION_DENIED, sentence)),
        Err(SignInError::Unavailable(sentence)) => {
            tracing::error!(realm = sign_in.realm, "a sign-in cannot be decided: {sentence}");
            let sentence = "the sign-in cannot be checked now";
            Err(Refusal::new(error_uri::AUTHENTICATION_FAILED, sentence))
        }
    }
}
