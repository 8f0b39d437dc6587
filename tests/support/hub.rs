//! The hub as a process of its own, in a data directory of its own, on ports of its own.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::wait;

/// How long a debug build on a busy machine may take for what should be quick.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// How a hub is started.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Further arguments of `domovoi run`.
    pub arguments: Vec<String>,
    /// Environment variables.
    pub environment: Vec<(String, String)>,
    /// Lines of its configuration file.
    pub configuration: String,
}

/// A running hub; it ends when this is dropped.
pub struct Hub {
    child: Child,
    directory: Arc<TempDir>,
    options: Options,
    announced: Arc<Mutex<VecDeque<Value>>>,
    log: Arc<Mutex<Vec<String>>>,
    /// `ADDR:PORT` of everything HTTP and WAMP.
    pub http: String,
    /// `ADDR:PORT` of the embedded MQTT server, if it runs.
    pub mqtt: Option<String>,
    /// The link that makes the first admin, when there is none yet.
    pub setup_url: Option<String>,
}

/// Where the program is: built by `cargo xtask test`, or by `cargo build -p hub`.
pub fn program() -> PathBuf {
    if let Some(program) = std::env::var_os("DOMOVOI_PROGRAM") {
        return PathBuf::from(program);
    }
    let mut path = std::env::current_exe().expect("a test has a path");
    path.pop();
    if path.ends_with("deps") {
        path.pop();
    }
    let program = path.join("domovoi");
    assert!(
        program.is_file(),
        "{} is not there: build it with `cargo build -p hub`",
        program.display()
    );
    program
}

impl Hub {
    /// Starts a hub in a fresh data directory and waits until it is ready.
    pub async fn start(options: Options) -> Self {
        let directory = Arc::new(TempDir::new().expect("a temporary directory"));
        std::fs::write(directory.path().join("domovoi.toml"), &options.configuration).expect("a configuration");
        let mut hub = Self::start_in(directory, options).await;
        let setup = hub.announcement("setup").await;
        hub.setup_url = setup["url"].as_str().map(str::to_owned);
        hub
    }

    async fn start_in(directory: Arc<TempDir>, options: Options) -> Self {
        let mut command = Command::new(program());
        command
            .arg("run")
            .args([
                "--listen",
                "127.0.0.1:0",
                "--mqtt-listen",
                "127.0.0.1:0",
                "--log-format",
                "json",
            ])
            .arg("--config")
            .arg(directory.path().join("domovoi.toml"))
            .arg("--data-dir")
            .arg(directory.path().join("data"))
            .args(&options.arguments)
            .envs(options.environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command.spawn().expect("the hub starts");
        let announced = Arc::new(Mutex::new(VecDeque::new()));
        let log = Arc::new(Mutex::new(Vec::new()));
        let mut stdout = BufReader::new(child.stdout.take().expect("stdout")).lines();
        let mut stderr = BufReader::new(child.stderr.take().expect("stderr")).lines();
        let (announcements, lines) = (Arc::clone(&announced), Arc::clone(&log));
        tokio::spawn(async move {
            while let Ok(Some(line)) = stdout.next_line().await {
                if let Ok(event) = serde_json::from_str(&line) {
                    announcements.lock().expect("no panic under the lock").push_back(event);
                }
            }
        });
        tokio::spawn(async move {
            while let Ok(Some(line)) = stderr.next_line().await {
                lines.lock().expect("no panic under the lock").push(line);
            }
        });
        let mut hub = Self {
            child,
            directory,
            options,
            announced,
            log,
            http: String::new(),
            mqtt: None,
            setup_url: None,
        };
        let ready = hub.announcement("ready").await;
        hub.http = ready["http"].as_str().expect("ready says where HTTP is").to_owned();
        hub.mqtt = ready["mqtt"].as_str().map(str::to_owned);
        hub
    }

    /// Waits for an announcement on stdout.
    async fn announcement(&mut self, event: &str) -> Value {
        let what = format!("the hub's {event} line");
        let (announced, log) = (Arc::clone(&self.announced), Arc::clone(&self.log));
        let child = &mut self.child;
        wait::until(&what, PATIENCE, async || {
            if let Ok(Some(status)) = child.try_wait() {
                panic!(
                    "the hub ended with {status}:\n{}",
                    log.lock().expect("no panic under the lock").join("\n")
                );
            }
            announced
                .lock()
                .expect("no panic under the lock")
                .iter()
                .find(|e| e["event"] == event)
                .cloned()
        })
        .await
    }

    /// Whether it has announced this on stdout by now.
    pub fn has_announced(&self, event: &str) -> bool {
        let announced = self.announced.lock().expect("no panic under the lock");
        announced.iter().any(|e| e["event"] == event)
    }

    /// `ws://…/ws`
    pub fn ws(&self) -> String {
        format!("ws://{}/ws", self.http)
    }

    /// `http://…` and the path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.http)
    }

    /// Where its data is.
    pub fn data_dir(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// Its configuration file.
    pub fn configuration(&self) -> PathBuf {
        self.directory.path().join("domovoi.toml")
    }

    /// What it logged so far.
    pub fn log(&self) -> String {
        self.log.lock().expect("no panic under the lock").join("\n")
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id().expect("the hub runs")
    }

    /// Ends it as a power cut would, and starts it again on the same data.
    pub async fn kill_and_restart(mut self) -> Self {
        self.child.kill().await.expect("the hub can be killed");
        Self::start_in(Arc::clone(&self.directory), self.options.clone()).await
    }

    /// Asks it to end, and gives its exit code.
    pub async fn terminate(mut self) -> Option<i32> {
        let pid = self.pid().to_string();
        let sent = Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .await
            .expect("kill runs");
        assert!(sent.success());
        let status = tokio::time::timeout(PATIENCE, self.child.wait())
            .await
            .expect("the hub ends when asked to");
        status.expect("a status").code()
    }
}

/// Runs `domovoi` with these arguments to its end: exit code, stdout, stderr.
pub async fn domovoi(arguments: &[&str], directory: &Path) -> (Option<i32>, String, String) {
    let output = Command::new(program())
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::null())
        .output()
        .await
        .expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it prints text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}
