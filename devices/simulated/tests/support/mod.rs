//! A realm of its own for each test, and sessions in it.

use std::time::Duration;

use serde::de::DeserializeOwned;
use wamp_client::{Connector, Session, Subscription, linked};
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

/// The next event that `wanted` takes, its kwargs read as `T`.
pub(crate) async fn heard<T: DeserializeOwned>(events: &mut Subscription, wanted: impl Fn(&T) -> bool) -> T {
    let search = async {
        loop {
            let event: T = events.next().await.expect("the session goes on").kwargs().unwrap();
            if wanted(&event) {
                return event;
            }
        }
    };
    tokio::time::timeout(PATIENCE, search).await.expect("an event in time")
}
