//! The program under test, in a data directory of its own, on ports that are free.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use wamp_client::{Connector, Credentials, Error, Session};

/// Longer than anything may take on a machine that is busy with other things.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) const PASSWORD: &str = "correct horse";

/// `domovoi` with these arguments, to be run.
pub(crate) fn domovoi(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_domovoi"));
    command.args(arguments).env_remove("DOMOVOI_PASSWORD");
    command
}

/// Runs `domovoi` to its end, with `input` on its standard input.
pub(crate) fn finish(arguments: &[&str], input: &str) -> Output {
    let mut child = domovoi(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that does not read its input may be gone already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

pub(crate) fn text(octets: &[u8]) -> &str {
    std::str::from_utf8(octets).unwrap().trim_end()
}

/// A process that serves, and what it announced.
pub(crate) struct Server {
    child: Child,
    lines: BufReader<ChildStdout>,
    pub(crate) ready: Value,
}

impl Server {
    /// Starts it and waits until it is ready, which is the first it says.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_with_log(arguments, Stdio::inherit())
    }

    pub(crate) fn start_with_log(arguments: &[&str], log: Stdio) -> Self {
        let mut child = domovoi(arguments)
            .args(["--log-format", "json", "--log-level", "warn"])
            .stdin(Stdio::null())
            .stderr(log)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        let mut server = Self {
            child,
            lines,
            ready: Value::Null,
        };
        server.ready = server.announcement();
        assert_eq!(server.ready["event"], "ready", "the first line is another");
        server
    }

    /// The set-up link, which a house without an admin announces next.
    pub(crate) fn setup(&mut self) -> Value {
        self.announcement()
    }

    /// The next line on stdout.
    fn announcement(&mut self) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    pub(crate) fn http(&self) -> &str {
        self.ready["http"].as_str().unwrap()
    }

    pub(crate) fn ws(&self) -> String {
        format!("ws://{}/ws", self.http())
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal and waits for the end; gives the exit status and how long it took.
    pub(crate) fn signal(mut self, name: &str) -> (ExitStatus, Duration) {
        let began = Instant::now();
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &self.id().to_string()])
            .status();
        assert!(sent.unwrap().success());
        let status = self.child.wait().unwrap();
        (status, began.elapsed())
    }

    /// The status and the body of what is at `path`.
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        let mut connection = TcpStream::connect(self.http()).unwrap();
        write!(connection, "GET {path} HTTP/1.0\r\nhost: localhost\r\n\r\n").unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, body.to_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself, which is what some tests wait for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A house in a directory of its own.
pub(crate) struct House {
    dir: TempDir,
}

impl House {
    pub(crate) fn new() -> Self {
        Self {
            dir: TempDir::new().unwrap(),
        }
    }

    /// A house with an admin, a user and a viewer named after their roles.
    pub(crate) fn with_accounts() -> Self {
        let house = Self::new();
        for role in ["admin", "user", "viewer"] {
            house.add_account(role, role);
        }
        house
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    pub(crate) fn add_account(&self, name: &str, role: &str) {
        let added = self.command(&["user", "add", name, "--role", role, "--password-stdin"], PASSWORD);
        assert!(added.status.success(), "{}", text(&added.stderr));
    }

    /// Runs a command on this house's data.
    pub(crate) fn command(&self, arguments: &[&str], input: &str) -> Output {
        let path = self.path();
        let mut all = arguments.to_vec();
        all.extend(["--data-dir", path.to_str().unwrap()]);
        finish(&all, input)
    }

    pub(crate) fn configure(&self, text: &str) {
        std::fs::create_dir_all(self.path()).unwrap();
        std::fs::write(self.path().join("domovoi.toml"), text).unwrap();
    }

    /// Starts the hub with its ports wherever they are free.
    pub(crate) fn run(&self) -> Server {
        self.run_with(&[])
    }

    pub(crate) fn run_with(&self, arguments: &[&str]) -> Server {
        self.run_with_log(arguments, Stdio::inherit())
    }

    pub(crate) fn run_with_log(&self, arguments: &[&str], log: Stdio) -> Server {
        let path = self.path();
        let mut all = vec!["run", "--listen", "127.0.0.1:0"];
        if !arguments.contains(&"--mqtt-listen") {
            all.extend(["--mqtt-listen", "127.0.0.1:0"]);
        }
        all.extend(["--data-dir", path.to_str().unwrap()]);
        all.extend(arguments);
        Server::start_with_log(&all, log)
    }
}

/// Signs in by WAMP-CRA.
pub(crate) async fn sign_in(url: &str, authid: &str, password: &str) -> Result<Session, Error> {
    let credentials = Credentials::Wampcra {
        authid: authid.into(),
        secret: password.into(),
    };
    join(url, credentials).await
}

pub(crate) async fn join(url: &str, credentials: Credentials) -> Result<Session, Error> {
    Connector::new(url, "homeapp")
        .credentials(credentials)
        .join_timeout(PATIENCE)
        .no_reconnect()
        .connect()
        .await
}

pub(crate) fn unix_url(socket: &Path) -> String {
    format!("unix://{}", socket.display())
}
