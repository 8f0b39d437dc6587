//! MQTT devices as processes that nobody here wrote: `mosquitto_pub` and `mosquitto_sub`, and a
//! server outside the hub: `mosquitto`.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::hub::PATIENCE;
use crate::wait;

/// Where a program is to connect, as its arguments.
fn towards(server: &str) -> Vec<String> {
    let (host, port) = server.rsplit_once(':').expect("ADDR:PORT");
    ["-h", host, "-p", port].map(str::to_owned).to_vec()
}

/// Publishes one message as a device would.
pub async fn publish(server: &str, topic: &str, payload: &str, retain: bool) {
    publish_by(&towards(server), topic, payload, retain).await;
}

async fn publish_by(towards: &[String], topic: &str, payload: &str, retain: bool) {
    let mut command = Command::new("mosquitto_pub");
    command.args(towards).args(["-q", "1", "-t", topic, "-m", payload]);
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
        Self::start_by(&towards(server), filters).await
    }

    async fn start_by(towards: &[String], filters: &[&str]) -> Self {
        let probe = format!("probe/{}", filters.join("-").replace(['/', '#', '+'], "_"));
        let mut command = Command::new("mosquitto_sub");
        command.args(towards).args(["-v", "-t", &probe]);
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
            publish_by(towards, &probe, "there?", false).await;
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

/// The user of a [`Server`], and its password as it stands in a URL.
const USER: (&str, &str, &str) = ("hub", "p@ss", "p%40ss");

/// A `mosquitto` with TLS, where clients sign in with a password; it ends when this is dropped. What
/// is retained in it does not outlive it.
pub struct Server {
    folder: TempDir,
    port: u16,
    running: Option<Child>,
}

impl Server {
    /// Starts one on a free port, with a certificate and a password file of its own.
    pub async fn start() -> Self {
        let folder = TempDir::new().expect("a temporary directory");
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
        let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).expect("a file");
        write("certificate.pem", made.cert.pem());
        write("key.pem", made.signing_key.serialize_pem());
        let passwords = std::process::Command::new("mosquitto_passwd")
            .args(["-b", "-c"])
            .arg(folder.path().join("passwords"))
            .args([USER.0, USER.1])
            .status();
        assert!(passwords.expect("mosquitto_passwd is installed").success());
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = free.local_addr().expect("an address").port();
        drop(free);
        let in_folder = |name: &str| folder.path().join(name).display().to_string();
        // Started by root it would become a user that may not read the folder.
        let configuration = format!(
            "listener {port} 127.0.0.1\nallow_anonymous false\nuser root\npassword_file {}\ncertfile {}\nkeyfile {}\n",
            in_folder("passwords"),
            in_folder("certificate.pem"),
            in_folder("key.pem"),
        );
        write("mosquitto.conf", configuration);
        let mut server = Self {
            folder,
            port,
            running: None,
        };
        server.start_again().await;
        server
    }

    /// Starts it on the same port, once it was ended; returns when it answers.
    pub async fn start_again(&mut self) {
        let configuration = self.folder.path().join("mosquitto.conf");
        let start = |program: &str| {
            Command::new(program)
                .arg("-c")
                .arg(&configuration)
                .stderr(Stdio::null())
                .kill_on_drop(true)
                .spawn()
                .ok()
        };
        // Debian keeps it where not everybody's path leads.
        let started = start("mosquitto").or_else(|| start("/usr/sbin/mosquitto"));
        self.running = Some(started.expect("mosquitto is installed"));
        wait::until("mosquitto", PATIENCE, async || {
            tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await.ok()
        })
        .await;
    }

    /// Ends it as a power cut would.
    pub async fn kill(&mut self) {
        if let Some(mut running) = self.running.take() {
            running.kill().await.expect("mosquitto can be killed");
        }
    }

    /// Where it is, with its user and password.
    pub fn url(&self) -> String {
        format!("mqtts://{}:{}@localhost:{}", USER.0, USER.2, self.port)
    }

    /// The certificate that it shows, which is its own authority.
    pub fn authorities(&self) -> PathBuf {
        self.folder.path().join("certificate.pem")
    }

    fn towards(&self) -> Vec<String> {
        let mut arguments = towards(&format!("localhost:{}", self.port));
        let authorities = self.authorities().display().to_string();
        arguments.extend(["--cafile", &authorities, "-u", USER.0, "-P", USER.1].map(str::to_owned));
        arguments
    }

    /// Publishes one message as a device would.
    pub async fn publish(&self, topic: &str, payload: &str, retain: bool) {
        publish_by(&self.towards(), topic, payload, retain).await;
    }

    /// A device that listens.
    pub async fn listen(&self, filters: &[&str]) -> Listener {
        Listener::start_by(&self.towards(), filters).await
    }
}
