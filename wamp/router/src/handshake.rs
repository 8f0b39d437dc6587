//! From HELLO to WELCOME: states that consume themselves, and what each of them knows.

mod announced;
mod challenge;

use std::sync::Arc;

use wamp_protocol::message::{Abort, Hello, Welcome, WelcomeDetails};
use wamp_protocol::{Dict, MatchPolicy, Payload, SessionId, UriRules, auth, error_uri};

pub(crate) use self::challenge::{Asked, ExpectAuthenticate, Found, TicketQuestion};
use crate::authentication::{AuthMethod, Principal, SignIn};
use crate::effects::Refusal;
use crate::member::{Member, MemberFeatures, Transport};
use crate::realm::Realm;
use crate::uri_rules;

/// A session asked to join a realm that there is, in a way that the realm takes.
#[derive(Debug)]
pub(crate) struct Joining {
    pub(crate) realm: Arc<Realm>,
    hello: Box<Hello>,
    pub(crate) method: AuthMethod,
}

impl Joining {
    /// Checks a HELLO.
    ///
    /// # Errors
    /// What ABORT says.
    pub(crate) fn new(hello: Box<Hello>, find: impl FnOnce(&str) -> Option<Arc<Realm>>) -> Result<Self, Refusal> {
        check_realm_uri(&hello)?;
        let name = hello.realm.as_str();
        let realm =
            find(name).ok_or_else(|| Refusal::new(error_uri::NO_SUCH_REALM, format!("there is no realm {name:?}")))?;
        check_roles(&hello)?;
        let method = choose_method(&hello, &realm)?;
        Ok(Self { realm, hello, method })
    }

    /// What the authenticator is asked.
    ///
    /// # Errors
    /// If the client does not say who it is.
    pub(crate) fn sign_in(&self, transport: &Transport) -> Result<SignIn, Refusal> {
        let details = &self.hello.details;
        let needed = |what: &str| {
            let sentence = format!("HELLO.Details.{what} is needed to sign in by {}", self.method.name());
            Refusal::new(error_uri::AUTHENTICATION_FAILED, sentence)
        };
        let sign_in = SignIn {
            realm: self.hello.realm.as_str().to_owned(),
            authid: details.authid.clone(),
            method: self.method,
            authextra: details.authextra.clone(),
            address: transport.peer,
        };
        if self.method == AuthMethod::Cryptosign {
            sign_in
                .claimed_key()
                .ok_or_else(|| needed("authextra.pubkey, an Ed25519 key in hex,"))?;
        } else if sign_in.authid.is_none() {
            return Err(needed("authid"));
        }
        Ok(sign_in)
    }

    /// The principal of a session that does not sign in. Its name is the router's choice: one
    /// that a client could choose would pretend to mean something.
    pub(crate) fn anonymous(&self, session: SessionId) -> Option<Principal> {
        let authrole = self.realm.config.authentication.anonymous.clone()?;
        Some(Principal {
            authid: format!("anonymous-{session}"),
            authrole,
            authprovider: "static".to_owned(),
        })
    }

    /// The session is in: what routing knows of it, and its WELCOME.
    /// `authextra` is what the method adds to WELCOME.
    pub(crate) fn accept(
        &self,
        principal: Principal,
        authextra: Dict,
        session: SessionId,
        transport: &Transport,
        agent: &str,
    ) -> (Arc<Member>, Welcome) {
        let (member, mut welcome) = accept(
            &self.realm,
            &self.hello,
            principal,
            (self.method.name(), false),
            session,
            transport,
            agent,
        );
        welcome.details.authextra = authextra;
        (member, welcome)
    }
}

/// A session in this process joins as a principal that is settled already; it needs no permission.
///
/// # Errors
/// What ABORT says, if it asks for another realm or for no role at all.
pub(crate) fn accept_linked(
    realm: &Realm,
    hello: &Hello,
    principal: Principal,
    session: SessionId,
    transport: &Transport,
    agent: &str,
) -> Result<(Arc<Member>, Welcome), Refusal> {
    if hello.realm.as_str() != realm.config.name {
        let sentence = format!(
            "this link leads to the realm {:?}, not {:?}",
            realm.config.name, hello.realm
        );
        return Err(Refusal::new(error_uri::NO_SUCH_REALM, sentence));
    }
    check_roles(hello)?;
    Ok(accept(
        realm,
        hello,
        principal,
        ("internal", true),
        session,
        transport,
        agent,
    ))
}

fn accept(
    realm: &Realm,
    hello: &Hello,
    principal: Principal,
    (authmethod, trusted): (&str, bool),
    session: SessionId,
    transport: &Transport,
    agent: &str,
) -> (Arc<Member>, Welcome) {
    let Principal {
        authid,
        authrole,
        authprovider,
    } = principal;
    let details = WelcomeDetails {
        roles: announced::roles(realm.config.history > 0),
        agent: Some(agent.to_owned()),
        realm: Some(realm.config.name.clone()),
        authid: Some(authid.clone()),
        authrole: Some(authrole.clone()),
        authmethod: Some(authmethod.to_owned()),
        authprovider: Some(authprovider.clone()),
        ..WelcomeDetails::default()
    };
    let member = Member {
        id: session,
        trustlevel: realm.config.trustlevels.get(&authrole).copied(),
        authid,
        authrole,
        authmethod: authmethod.to_owned(),
        authprovider,
        trusted,
        features: MemberFeatures::of(&hello.details.roles),
        transport: transport.clone(),
    };
    (Arc::new(member), Welcome { session, details })
}

fn check_realm_uri(hello: &Hello) -> Result<(), Refusal> {
    if uri_rules::is_well_formed(&hello.realm, MatchPolicy::Exact, UriRules::Loose) {
        return Ok(());
    }
    Err(Refusal::new(
        error_uri::INVALID_URI,
        format!("{:?} is not a well-formed realm", hello.realm),
    ))
}

fn check_roles(hello: &Hello) -> Result<(), Refusal> {
    let roles = &hello.details.roles;
    let any =
        roles.publisher.is_some() || roles.subscriber.is_some() || roles.caller.is_some() || roles.callee.is_some();
    if any {
        return Ok(());
    }
    let sentence = "HELLO.Details.roles must have at least one of publisher, subscriber, caller and callee";
    Err(Refusal::new(error_uri::PROTOCOL_VIOLATION, sentence))
}

/// The first method that the client offers and the realm takes; none offered means anonymous.
fn choose_method(hello: &Hello, realm: &Realm) -> Result<AuthMethod, Refusal> {
    let takes = |method: &AuthMethod| realm.config.takes(*method);
    let offered = &hello.details.authmethods;
    if offered.is_empty() {
        return Some(AuthMethod::Anonymous).filter(takes).ok_or_else(|| {
            Refusal::new(
                error_uri::AUTHENTICATION_REQUIRED,
                "this realm is for sessions that sign in",
            )
        });
    }
    // A method for which HELLO lacks something is taken only where there is no other.
    let authextra = &hello.details.authextra;
    let can = |method: &AuthMethod| match method {
        AuthMethod::Cryptosign => auth::cryptosign::claimed_key(authextra).is_some(),
        AuthMethod::Scram(_) => authextra.get("nonce").is_some(),
        AuthMethod::Anonymous | AuthMethod::Ticket | AuthMethod::WampCra => true,
    };
    let methods = || offered.iter().filter_map(|name| AuthMethod::from_name(name));
    methods()
        .find(|method| takes(method) && can(method))
        .or_else(|| methods().find(takes))
        .ok_or_else(|| {
            let sentence = format!("this realm takes none of the methods {}", offered.join(", "));
            Refusal::new(error_uri::NO_MATCHING_AUTH_METHOD, sentence)
        })
}

/// The ABORT that says why.
pub(crate) fn abort(refusal: Refusal) -> Abort {
    let mut details = Dict::default();
    details.insert("message", refusal.sentence);
    Abort {
        details,
        reason: refusal.error.into(),
        payload: Payload::EMPTY,
    }
}
