//! A realm of its own for each test, sessions in it, and devices that nobody here wrote.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
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

/// Whether the mosquitto programs are here; says so when they are not.
pub(crate) fn mosquitto_is_here() -> bool {
    let here = ["mosquitto_pub", "mosquitto_sub"].iter().all(|program| {
        let found = std::process::Command::new(program)
            .arg("--help")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        found.is_ok()
    });
    if !here {
        println!("mosquitto clients absent: skipped");
    }
    here
}

/// `mosquitto_pub`, until it has published.
pub(crate) async fn publish(server: SocketAddr, topic: &str, payload: &str, more: &[&str]) {
    let status = Command::new("mosquitto_pub")
        .args([
            "-h",
            &server.ip().to_string(),
            "-p",
            &server.port().to_string(),
            "-t",
            topic,
            "-m",
            payload,
        ])
        .args(more)
        .status()
        .await
        .unwrap();
    assert!(status.success(), "{topic} could not be published");
}

/// A `mosquitto_sub` that is subscribed.
pub(crate) struct Listener {
    _process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Listener {
    /// Returns once the server has taken the subscription: the listener hears a message of its own
    /// that was retained before.
    pub(crate) async fn start(server: SocketAddr, topic: &str) -> Self {
        publish(server, "listener/ready", "yes", &["-r"]).await;
        let mut process = Command::new("mosquitto_sub")
            .args(["-h", &server.ip().to_string(), "-p", &server.port().to_string(), "-v"])
            .args(["-t", topic, "-t", "listener/ready"])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut listener = Self {
            _process: process,
            lines,
        };
        assert_eq!(listener.next().await, "listener/ready yes");
        listener
    }

    /// `topic payload`
    pub(crate) async fn next(&mut self) -> String {
        let line = tokio::time::timeout(PATIENCE, self.lines.next_line()).await;
        line.expect("a message in time").unwrap().expect("the server goes on")
    }
}
