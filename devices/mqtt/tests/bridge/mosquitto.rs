//! Devices that nobody here wrote: the programs of mosquitto.

use std::net::SocketAddr;
use std::process::Stdio;

use test_realm::PATIENCE;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

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
