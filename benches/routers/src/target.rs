//! What is measured: servers started for the purpose, or named by URL.

use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

use crate::wire::{Carrier, Wire};
use wamp_protocol::Serializer;

/// How long a server may take to be ready.
const PATIENCE: Duration = Duration::from_secs(30);
/// `/proc/PID/stat` counts in these.
const TICKS_PER_SECOND: f64 = 100.0;

/// What kind of server it is, which says how it is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Wamp,
    Relay,
    Mqtt,
    Nats,
}

/// A program that can be started.
#[derive(Debug, Clone)]
pub(crate) enum Start {
    Domovoi(PathBuf),
    Relay(PathBuf),
    Mosquitto(PathBuf),
    Nats(PathBuf),
    Crossbar(PathBuf),
    /// Runs already.
    Url(SocketAddr),
}

/// Something to be measured.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) start: Start,
}

impl Candidate {
    /// From `NAME=ws://HOST:PORT`, or with `mqtt://` or `nats://`.
    pub(crate) fn from_url(text: &str) -> Result<Self> {
        let parsed = text
            .split_once('=')
            .and_then(|(name, url)| Some((name, url.split_once("://")?)));
        let Some((name, (scheme, rest))) = parsed else {
            bail!("{text:?} is not like NAME=ws://HOST:PORT");
        };
        let kind = match scheme {
            "ws" => Kind::Wamp,
            "mqtt" => Kind::Mqtt,
            "nats" => Kind::Nats,
            _ => bail!("{scheme:?} is none of ws, mqtt, nats"),
        };
        let authority = rest.split('/').next().unwrap_or_default();
        let address = authority.to_socket_addrs()?.next().context("no address")?;
        Ok(Self {
            name: name.to_owned(),
            kind,
            start: Start::Url(address),
        })
    }

    /// How it is spoken to where WAMP would be carried so.
    pub(crate) const fn wire(&self, carrier: Carrier, serializer: Serializer) -> Wire {
        match self.kind {
            Kind::Wamp => Wire::Wamp(carrier, serializer),
            Kind::Relay => Wire::Relay,
            Kind::Mqtt => Wire::Mqtt,
            Kind::Nats => Wire::Nats,
        }
    }

    /// Starts it, and waits until it takes connections.
    pub(crate) fn start(&self) -> Result<Server> {
        let directory = TempDir::new()?;
        let (mut command, announced) = match &self.start {
            Start::Url(address) => {
                return Ok(Server {
                    address: *address,
                    child: None,
                    _directory: directory,
                });
            }
            Start::Relay(program) => (Command::new(program), true),
            Start::Domovoi(program) => {
                let mut command = Command::new(program);
                command.args(["--log-format", "json", "--log-level", "warn", "router"]);
                command.args(["--listen", "127.0.0.1:0", "--anonymous", "bench"]);
                (command, true)
            }
            Start::Mosquitto(program) => (mosquitto(program, directory.path())?, false),
            Start::Nats(program) => (nats(program)?, false),
            Start::Crossbar(program) => (crossbar(program, directory.path())?, false),
        };
        let port = command
            .get_envs()
            .find(|(name, _)| *name == PORT)
            .and_then(|(_, port)| port?.to_str()?.parse::<u16>().ok());
        command.stdin(Stdio::null()).stderr(Stdio::null());
        command.stdout(if announced { Stdio::piped() } else { Stdio::null() });
        let mut child = command
            .spawn()
            .with_context(|| format!("{} cannot be started", self.name))?;
        let address = match (announced, port) {
            (false, Some(port)) => SocketAddr::from(([127, 0, 0, 1], port)),
            _ => announced_address(&mut child).with_context(|| format!("{} did not say where it is", self.name))?,
        };
        let server = Server {
            address,
            child: Some(child),
            _directory: directory,
        };
        let until = Instant::now() + PATIENCE;
        while TcpStream::connect(address).is_err() {
            if Instant::now() > until {
                bail!("{} does not take connections", self.name);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(server)
    }
}

/// Tells [`Candidate::start`] where a server that announces nothing will be.
const PORT: &str = "MEASURED_PORT";

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn announced_address(child: &mut Child) -> Result<SocketAddr> {
    let stdout = child.stdout.take().context("no stdout")?;
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line)?;
    let line = line.trim();
    if let Ok(address) = line.parse() {
        return Ok(address);
    }
    let announced: serde_json::Value = serde_json::from_str(line).with_context(|| format!("it said {line:?}"))?;
    let address = announced.get("http").and_then(|address| address.as_str());
    address.context("no address")?.parse().context("no address")
}

fn mosquitto(program: &Path, directory: &Path) -> Result<Command> {
    let port = free_port()?;
    let configuration = directory.join("mosquitto.conf");
    // Without a queue's limit nothing is dropped; without Nagle's algorithm it is no slower.
    let text = format!(
        "listener {port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\nmax_queued_messages 0\nmax_queued_bytes 0\n"
    );
    std::fs::write(&configuration, text)?;
    let mut command = Command::new(program);
    command.arg("-c").arg(configuration).env(PORT, port.to_string());
    Ok(command)
}

fn nats(program: &Path) -> Result<Command> {
    let port = free_port()?;
    let mut command = Command::new(program);
    command
        .args(["-a", "127.0.0.1", "-p", &port.to_string()])
        .env(PORT, port.to_string());
    Ok(command)
}

fn crossbar(program: &Path, directory: &Path) -> Result<Command> {
    let port = free_port()?;
    let everything = serde_json::json!({"uri": "", "match": "prefix", "allow": {
        "call": true, "register": true, "publish": true, "subscribe": true}});
    let configuration = serde_json::json!({
        "version": 2,
        "workers": [{
            "type": "router",
            "realms": [{"name": "realm1", "roles": [{"name": "anonymous", "permissions": [everything]}]}],
            "transports": [{
                "type": "web",
                "endpoint": {"type": "tcp", "port": port, "interface": "127.0.0.1"},
                "paths": {
                    "/": {"type": "json", "value": {}},
                    "ws": {"type": "websocket", "serializers": ["json", "msgpack", "cbor"]}
                }
            }]
        }]
    });
    std::fs::write(directory.join("config.json"), configuration.to_string())?;
    let mut command = Command::new(program);
    command
        .args(["start", "--cbdir"])
        .arg(directory)
        .env(PORT, port.to_string());
    Ok(command)
}

/// A running server; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// `None` if somebody else runs it.
    child: Option<Child>,
    _directory: TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Server {
    /// CPU seconds that it and the processes it started have used; `None` where that cannot be
    /// known.
    pub(crate) fn cpu_seconds(&self) -> Option<f64> {
        let pid = self.child.as_ref()?.id();
        Some(family(pid).into_iter().filter_map(cpu_seconds).sum())
    }

    /// Resident memory in KiB.
    pub(crate) fn resident(&self) -> Option<f64> {
        self.status("VmRSS:")
    }

    /// The most resident memory it ever had, in KiB.
    pub(crate) fn peak(&self) -> Option<f64> {
        self.status("VmHWM:")
    }

    fn status(&self, name: &str) -> Option<f64> {
        let pid = self.child.as_ref()?.id();
        Some(family(pid).into_iter().filter_map(|pid| status(pid, name)).sum())
    }
}

/// A process and all that it started.
fn family(pid: u32) -> Vec<u32> {
    let mut all = vec![pid];
    let mut next = 0;
    while let Some(pid) = all.get(next).copied() {
        next += 1;
        let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        all.extend(children.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
    }
    all
}

fn cpu_seconds(pid: u32) -> Option<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may hold spaces; user and system time are the 12th and 13th after it.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / TICKS_PER_SECOND)
}

fn status(pid: u32, name: &str) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Where a program of this name is.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    let search = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&search)
        .chain(["/usr/sbin".into()])
        .map(|directory| directory.join(program))
        .find(|path| path.is_file())
}
