//! A realm of its own for each test, and sessions in it.

use std::time::Duration;

use wamp_client::{Connector, Session, linked};
use wamp_router::authentication::Principal;
use wamp_router::{RealmConfig, Router, RouterConfig};

/// Long enough for the slowest machine; nothing waits so long that goes well.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A router with the house's realm.
pub(crate) struct Realm(Router);

impl Realm {
    pub(crate) fn new() -> Self {
        Self(Router::new(RouterConfig {
            realms: vec![RealmConfig::new(house::uri::REALM)],
            ..RouterConfig::default()
        }))
    }

    /// A session linked to the router as `authid` with a role.
    pub(crate) async fn join(&self, authid: &str, authrole: &str) -> Session {
        let (router, authid, authrole) = (self.0.clone(), authid.to_owned(), authrole.to_owned());
        let dial = move || {
            let (client, far) = linked::pair(256);
            let principal = Principal {
                authid: authid.clone(),
                authrole: authrole.clone(),
                authprovider: "test".into(),
            };
            router.attach(house::uri::REALM, principal, far.tx, far.rx).unwrap();
            client
        };
        let joined = Connector::linked(dial, house::uri::REALM).connect().await;
        joined.unwrap()
    }
}
