//! MQTT devices as processes that nobody here wrote: `mosquitto_pub` and `mosquitto_sub`.

use std::process::Stdio;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::hub::PATIENCE;
use crate::wait;

fn split(server: &str) -> (&str, &str) {
    server.rsplit_once(':').expect("ADDR:PORT")
}

/// Publishes one message as a device would.
pub async fn publish(server: &str, topic: &str, payload: &str, retain: bool) {
    let (host, port) = split(server);
    let mut command = Command::new("mosquitto_pub");
    command.args(["-h", host, "-p", port, "-q", "1", "-t", topic, "-m", payload]);
    if retain {
        command.arg("-r");
    }
    let status = command.status().await.expect("mosquitto_pub is installed");
    assert!(status.success(), "mosquitto_pub could not publish to {topic}");
}

/// A device that listens; it ends when this is dropped.
pub struct Listener {
    _child: Child,
    heard: Arc<Mutex<Vec<(String, String)>>>,
}

impl Listener {
    /// Subscribes to `filters` and waits until the subscription stands.
    pub async fn start(server: &str, filters: &[&str]) -> Self {
        let (host, port) = split(server);
        let probe = format!("probe/{}", filters.join("-").replace(['/', '#', '+'], "_"));
        let mut command = Command::new("mosquitto_sub");
        command.args(["-h", host, "-p", port, "-v", "-t", &probe]);
        for filter in filters {
            command.args(["-t", filter]);
        }
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("mosquitto_sub is installed");
        let mut lines = BufReader::new(child.stdout.take().expect("stdout")).lines();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                let (topic, payload) = line.split_once(' ').unwrap_or((&line, ""));
                kept.lock()
                    .expect("no panic under the lock")
                    .push((topic.to_owned(), payload.to_owned()));
            }
        });
        let listener = Self { _child: child, heard };
        wait::until("the MQTT subscription", PATIENCE, async || {
            publish(server, &probe, "there?", false).await;
            listener.all().iter().any(|(topic, _)| *topic == probe).then_some(())
        })
        .await;
        listener
    }

    /// Everything heard: topic and payload.
    pub fn all(&self) -> Vec<(String, String)> {
        self.heard.lock().expect("no panic under the lock").clone()
    }

    /// What was heard on one topic.
    pub fn on(&self, topic: &str) -> Vec<String> {
        self.all()
            .into_iter()
            .filter(|(t, _)| t == topic)
            .map(|(_, payload)| payload)
            .collect()
    }
}
