//! The router of the house: the realm `homeapp`, and sessions of the hub's own in it.

use std::sync::Arc;

use wamp_client::linked::{LinkedPeer, pair};
use wamp_client::{Connector, Session};
use wamp_router::authentication::{AuthMethod, Principal, RouterKey};
use wamp_router::{Authentication, Authorization, Disclose, Disclosure, RealmConfig, Router, RouterConfig};

use crate::accounts::SignIn;
use crate::config::Config;
use crate::event_history::{self, EventHistory};
use crate::supervisor::Join;
use crate::{api, roles};

/// Messages that may wait each way on a linked session.
const LINK_CAPACITY: usize = 1024;

/// The router of the house, which keeps its event history in `history` and proves itself by `router_key`.
pub fn router(config: &Config, sign_in: SignIn, history: Arc<EventHistory>, router_key: Option<RouterKey>) -> Router {
    let anonymous = config.realm.anonymous.clone();
    let mut methods = AuthMethod::SIGN_INS.to_vec();
    if anonymous.is_some() {
        methods.push(AuthMethod::Anonymous);
    }
    let realm = RealmConfig {
        authentication: Authentication {
            anonymous: anonymous.as_ref().map(|_| roles::ANONYMOUS.to_owned()),
            authenticator: Some(Arc::new(sign_in)),
            methods,
        },
        limits_attempts: config.sign_in.limit_attempts,
        authorization: Authorization::by(roles::authorizer(anonymous)),
        // Every change has a cause: whoever commands is known to who carries it out.
        disclosure: Disclosure {
            callers: Disclose::Always,
            ..Disclosure::default()
        },
        history: event_history::OF_EACH,
        history_except: api::WITHOUT_HISTORY.map(str::to_owned).to_vec(),
        history_store: Some(history),
        definitions: api::definitions(),
        ..RealmConfig::new(house::uri::REALM)
    };
    Router::new(RouterConfig {
        realms: vec![realm],
        limits: (&config.limits).into(),
        keep_alive: (&config.keep_alive).into(),
        allowed_origins: config.allowed_origins.clone(),
        trusted_proxies: config.trusted_proxies.clone(),
        router_key,
        ..RouterConfig::default()
    })
}

/// Joins a session of the hub's own, which needs no permission, as `authid`; its role is
/// `service`, by which device control knows a command as automatic.
///
/// # Errors
/// A sentence.
pub async fn join(router: &Router, authid: &'static str) -> Result<Session, String> {
    let router = router.clone();
    let dial = move || link(&router, authid);
    Connector::linked(dial, house::uri::REALM)
        .no_reconnect()
        .connect()
        .await
        .map_err(|error| format!("cannot join the realm: {error}"))
}

/// What joins a session as `authid`, again and again.
pub fn joiner(router: &Router, authid: &'static str) -> Join {
    let router = router.clone();
    Box::new(move || {
        let router = router.clone();
        Box::pin(async move { join(&router, authid).await })
    })
}

fn link(router: &Router, authid: &str) -> LinkedPeer {
    let (client, far) = pair(LINK_CAPACITY);
    let principal = Principal {
        authid: authid.to_owned(),
        authrole: "service".to_owned(),
        authprovider: "hub".to_owned(),
    };
    if let Err(error) = router.attach(house::uri::REALM, principal, far.tx, far.rx) {
        // The far end is dropped, so the client's end sees a lost connection.
        tracing::error!(authid, %error, "a linked session was refused");
    }
    client
}
