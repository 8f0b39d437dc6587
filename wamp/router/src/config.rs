//! What a router and its realms are told at the start.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use wamp_protocol::MatchPolicy;

use crate::authentication::{AuthMethod, Authentication, DynamicAuthenticator, RouterKey};
use crate::authorization::Authorization;
use crate::history_store::HistoryStore;
use crate::network::Network;
use crate::reflection::Definition;

/// A router: its realms, and what holds for every connection.
#[derive(Debug, Clone)]
pub struct RouterConfig {
    /// The realms; a HELLO for another one is refused with `wamp.error.no_such_realm`.
    pub realms: Vec<RealmConfig>,
    /// What one connection or session may use.
    pub limits: Limits,
    /// How half-open connections are found.
    pub keep_alive: KeepAlive,
    /// What WELCOME says the router is.
    pub agent: String,
    /// What it proves itself with to clients that ask for it when they sign in by cryptosign; without
    /// it they get no proof.
    pub router_key: Option<RouterKey>,
    /// Web pages that browsers may connect for, beside those of the router's own host: origins such
    /// as `https://example.org`, or `*` for all. Programs that are no browser need not be here.
    pub allowed_origins: Vec<String>,
    /// Reverse proxies whose `X-Forwarded-For` says where a client is: of those addresses the last
    /// that is not a proxy of these. Elsewhere the header counts for nothing.
    pub trusted_proxies: Vec<Network>,
}

impl Default for RouterConfig {
    fn default() -> Self {
        Self {
            realms: Vec::new(),
            limits: Limits::default(),
            keep_alive: KeepAlive::default(),
            agent: concat!("domovoi-", env!("CARGO_PKG_VERSION")).to_owned(),
            router_key: None,
            allowed_origins: Vec::new(),
            trusted_proxies: Vec::new(),
        }
    }
}

/// One realm.
#[derive(Debug, Clone)]
pub struct RealmConfig {
    /// Its URI, `homeapp`.
    pub name: String,
    /// Who gets in, and how they prove who they are.
    pub authentication: Authentication,
    /// Whether who fails to sign in again and again has to wait: each failure after the fifth for a name at
    /// one address doubles the time before the next try, up to some five minutes. A name that many addresses
    /// try, and an address that tries many names, have twenty failures and then one a minute; but who
    /// signed in from there within 30 days, and this machine, waits for their own failures alone.
    pub limits_attempts: bool,
    /// A procedure that is asked about principals whom `authentication` does not know.
    pub dynamic_authenticator: Option<DynamicAuthenticator>,
    /// Which role may do what.
    pub authorization: Authorization,
    /// Who learns who is at the other end.
    pub disclosure: Disclosure,
    /// How closely clients are held to the letter.
    pub strictness: Strictness,
    /// What INVOCATION and EVENT say about how far sessions of a role are trusted: role → level, 0
    /// the lowest. Roles that are not here have none.
    pub trustlevels: BTreeMap<String, u64>,
    /// Events kept of every topic for `wamp.subscription.get_events`; 0 for none.
    pub history: usize,
    /// Topics without history, whatever `history` says.
    pub history_except: Vec<String>,
    /// Topics whose subscribers lose their oldest events when they do not read, instead of their
    /// session.
    pub keep_newest: Vec<KeepNewest>,
    /// Where the history outlives the router; without it, it does not.
    pub history_store: Option<Arc<dyn HistoryStore>>,
    /// What `wamp.reflection.…` says about the realm's procedures, topics and errors, beside what
    /// sessions define.
    pub definitions: Vec<Definition>,
}

impl RealmConfig {
    /// A realm that lets nobody in over a network and forbids every role everything, until it is
    /// told otherwise; trusted linked sessions may do everything from the start.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            authentication: Authentication::default(),
            limits_attempts: true,
            dynamic_authenticator: None,
            authorization: Authorization::default(),
            disclosure: Disclosure::default(),
            strictness: Strictness::default(),
            trustlevels: BTreeMap::new(),
            history: 0,
            history_except: Vec::new(),
            keep_newest: Vec::new(),
            history_store: None,
            definitions: Vec::new(),
        }
    }
}

impl RealmConfig {
    /// Whether a session can join by this method.
    pub(crate) fn takes(&self, method: AuthMethod) -> bool {
        if method == AuthMethod::Anonymous {
            return self.authentication.anonymous.is_some();
        }
        let Authentication {
            authenticator, methods, ..
        } = &self.authentication;
        authenticator.is_some() && methods.contains(&method) || self.asks_about(method).is_some()
    }

    /// The procedure that is asked about sign-ins by this method.
    pub(crate) fn asks_about(&self, method: AuthMethod) -> Option<&DynamicAuthenticator> {
        self.dynamic_authenticator
            .as_ref()
            .filter(|dynamic| dynamic.methods.contains(&method))
    }
}

/// Topics of which only the newest events are wanted: of each subscription at most so many wait for
/// a session that does not read. What a subscriber asks for with `_keep_newest` holds where it is
/// fewer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeepNewest {
    /// The topic or pattern.
    pub topic: String,
    /// How `topic` matches.
    pub match_policy: MatchPolicy,
    /// Events that may wait.
    pub events: NonZeroU32,
}

/// What a connection may use before it is refused or ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Octets of one message, in and out. RawSocket can say at most 16 MiB.
    pub message_size: usize,
    /// From the first octet to WELCOME.
    pub handshake_time: Duration,
    /// Messages that may wait for one session; one more ends it.
    pub outbox_messages: usize,
    /// Octets that may wait for one session; and those that are kept of its open calls to ask other
    /// callees, beyond which its calls are not rerouted.
    pub outbox_octets: usize,
    /// Sessions of the whole router, linked ones aside.
    pub sessions: usize,
    /// Subscriptions of one session.
    pub subscriptions: usize,
    /// Registrations of one session.
    pub registrations: usize,
    /// Calls of one session that have no final answer yet.
    pub calls: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_size: 1 << 20,
            handshake_time: Duration::from_secs(20),
            outbox_messages: 32_768,
            outbox_octets: 64 << 20,
            sessions: 16_384,
            subscriptions: 200_000,
            registrations: 20_000,
            calls: 10_000,
        }
    }
}

/// Pings on connections that have gone quiet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeepAlive {
    /// Silence after which a ping is sent; over long-poll, how long a request to receive waits.
    pub interval: Duration,
    /// Silence after the ping that ends the session.
    pub timeout: Duration,
}

impl Default for KeepAlive {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(30),
            timeout: Duration::from_secs(15),
        }
    }
}

/// Whether callers and publishers are made known to callees and subscribers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disclosure {
    /// Of callers, to callees.
    pub callers: Disclose,
    /// Of publishers, to subscribers.
    pub publishers: Disclose,
    /// Whether a callee that asks with `disclose_caller` at REGISTER is told who calls.
    pub callees_may_ask: bool,
}

impl Default for Disclosure {
    fn default() -> Self {
        Self {
            callers: Disclose::OnRequest,
            publishers: Disclose::OnRequest,
            callees_may_ask: true,
        }
    }
}

/// When an identity is disclosed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disclose {
    /// Never; asking for it with `disclose_me` is refused.
    Never,
    /// When its owner asks with `disclose_me`.
    OnRequest,
    /// Always.
    Always,
}

/// Where clients in the field break the letter, the default lets them work and counts; each of
/// these makes the router refuse instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Strictness {
    /// A request id that is not the last one plus one is a protocol violation.
    pub sequential_request_ids: bool,
    /// URIs have components of `[0-9a-z_]` only.
    pub uris: bool,
    /// Progressive results need a callee that announced `call_canceling` too.
    pub progressive_results_need_canceling: bool,
}
