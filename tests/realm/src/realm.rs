//! A router of its own for each test.

use wamp_client::linked::{self, LinkedPeer};
use wamp_client::{Connector, Session};
use wamp_router::authentication::Principal;
use wamp_router::{RealmConfig, Router, RouterConfig};

use crate::Cable;

/// How many messages may be on their way between a session and the router.
pub(crate) const CAPACITY: usize = 256;

/// A router with the house's realm, where everybody may do everything.
#[derive(Debug)]
pub struct Realm(Router);

impl Realm {
    /// An empty one.
    pub fn new() -> Self {
        Self(Router::new(RouterConfig {
            realms: vec![RealmConfig::new(house::uri::REALM)],
            ..RouterConfig::default()
        }))
    }

    /// A session linked to the router as `authid` with a role.
    pub async fn join(&self, authid: &str, authrole: &str) -> Session {
        let dial = self.dialer(authid, authrole);
        connect(dial).await
    }

    /// A session whose connection runs through `cable`.
    pub async fn join_by(&self, cable: &Cable, authid: &str, authrole: &str) -> Session {
        let (cable, dial) = (cable.clone(), self.dialer(authid, authrole));
        connect(move || cable.carry(&dial)).await
    }

    fn dialer(&self, authid: &str, authrole: &str) -> impl Fn() -> LinkedPeer + Send + Sync + 'static {
        let (router, authid, authrole) = (self.0.clone(), authid.to_owned(), authrole.to_owned());
        move || {
            let (client, far) = linked::pair(CAPACITY);
            let principal = Principal {
                authid: authid.clone(),
                authrole: authrole.clone(),
                authprovider: "test".into(),
            };
            router.attach(house::uri::REALM, principal, far.tx, far.rx).unwrap();
            client
        }
    }
}

impl Default for Realm {
    fn default() -> Self {
        Self::new()
    }
}

async fn connect(dial: impl Fn() -> LinkedPeer + Send + Sync + 'static) -> Session {
    let joined = Connector::linked(dial, house::uri::REALM).connect().await;
    joined.unwrap()
}
