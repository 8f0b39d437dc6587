//! Measures WAMP routers and other message servers as processes of their own, over loopback,
//! in turns, beside a relay that parses nothing. Prints a table for each scenario. Every run sees
//! that nothing is lost and that everything comes in order, and fails if not.

mod connection;
mod figures;
mod scenario;
mod target;
mod wire;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::Parser;

use crate::figures::{Figures, print};
use crate::scenario::{ENCODINGS, Place, Run, Scenario, Shape, Who, all};
use crate::target::{Candidate, Kind, Server, Start, on_path};
use crate::wire::Wire;

/// Measures message servers over loopback.
#[derive(Debug, Parser)]
struct Arguments {
    /// The program `domovoi`.
    #[arg(long)]
    program: Option<PathBuf>,
    /// Only scenarios whose names begin so; may be said several times.
    #[arg(long = "scenario", value_name = "NAME")]
    scenarios: Vec<String>,
    /// Only servers of this name; may be said several times.
    #[arg(long = "only", value_name = "SERVER")]
    only: Vec<String>,
    /// A server that runs already: NAME=ws://HOST:PORT, or with mqtt:// or nats://.
    #[arg(long = "peer", value_name = "NAME=URL")]
    peers: Vec<String>,
    /// Runs of each server in each scenario.
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// How long one run takes.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// One short run each.
    #[arg(long)]
    quick: bool,
    /// Says which scenarios there are.
    #[arg(long)]
    list: bool,
}

fn main() -> Result<()> {
    let mut arguments = Arguments::parse();
    if arguments.quick {
        arguments.rounds = 1;
        arguments.seconds = 1.0;
    }
    let named = |scenario: &Scenario| {
        arguments.scenarios.is_empty() || arguments.scenarios.iter().any(|name| scenario.name.starts_with(name))
    };
    let scenarios: Vec<Scenario> = all().into_iter().filter(named).collect();
    if arguments.list {
        for Scenario { name, title, .. } in scenarios {
            println!("{name}: {title}");
        }
        return Ok(());
    }
    if scenarios.is_empty() {
        bail!("there is no such scenario; --list says which there are");
    }
    let candidates = candidates(&arguments)?;
    for scenario in scenarios {
        let rows = measure(&scenario, &candidates, &arguments)?;
        print(&format!("**{}**: {}", scenario.name, scenario.title), &rows);
    }
    Ok(())
}

/// What can be measured here; says what cannot.
fn candidates(arguments: &Arguments) -> Result<Vec<Candidate>> {
    let own = std::env::current_exe()?;
    let beside = |name: &str| own.with_file_name(name);
    let program = arguments.program.clone().unwrap_or_else(|| beside("domovoi"));
    let mut candidates = Vec::new();
    let mut add = |name: &str, kind, start: Option<Start>| match start {
        Some(start) => candidates.push(Candidate {
            name: name.to_owned(),
            kind,
            start,
        }),
        None => println!("{name} is not installed: not measured"),
    };
    let existing = |path: PathBuf| path.is_file().then_some(path);
    add("relay", Kind::Relay, existing(beside("relay")).map(Start::Relay));
    add("domovoi", Kind::Wamp, existing(program).map(Start::Domovoi));
    add("nats-server", Kind::Nats, on_path("nats-server").map(Start::Nats));
    add("mosquitto", Kind::Mqtt, on_path("mosquitto").map(Start::Mosquitto));
    add("crossbar", Kind::Wamp, on_path("crossbar").map(Start::Crossbar));
    for peer in &arguments.peers {
        candidates.push(Candidate::from_url(peer)?);
    }
    candidates.retain(|candidate| arguments.only.is_empty() || arguments.only.contains(&candidate.name));
    Ok(candidates)
}

/// One row of a scenario's table, in the making.
struct Entry<'a> {
    name: String,
    candidate: &'a Candidate,
    wire: Wire,
    /// Started once for all runs, unless each has its own.
    server: Option<usize>,
    runs: Vec<Run>,
}

fn measure(scenario: &Scenario, candidates: &[Candidate], arguments: &Arguments) -> Result<Vec<(String, Figures)>> {
    let mut servers: Vec<Server> = Vec::new();
    let mut entries: Vec<Entry<'_>> = Vec::new();
    for candidate in candidates.iter().filter(|candidate| scenario.is_for(candidate)) {
        let server = if scenario.shape.wants_fresh_server() {
            None
        } else {
            servers.push(candidate.start()?);
            Some(servers.len() - 1)
        };
        let several = scenario.who == Who::Encodings && candidate.kind == Kind::Wamp;
        let encodings = if several { &ENCODINGS[..] } else { &ENCODINGS[..1] };
        for (encoding, carrier, serializer) in encodings {
            entries.push(Entry {
                name: if several {
                    format!("{} {encoding}", candidate.name)
                } else {
                    candidate.name.clone()
                },
                candidate,
                wire: candidate.wire(*carrier, *serializer),
                server,
                runs: Vec::new(),
            });
        }
    }
    for round in 0..arguments.rounds {
        for entry in &mut entries {
            let fresh;
            let server = match entry.server.and_then(|place| servers.get(place)) {
                Some(server) => server,
                None => {
                    fresh = entry.candidate.start()?;
                    &fresh
                }
            };
            let place = Place {
                server,
                wire: entry.wire,
                time: Duration::from_secs_f64(arguments.seconds),
            };
            let run = scenario.shape.run(place);
            let run = run.with_context(|| format!("{}, {}, run {}", scenario.name, entry.name, round + 1))?;
            entry.runs.push(run);
        }
    }
    Ok(entries
        .into_iter()
        .map(|mut entry| (entry.name, Figures::of(&mut entry.runs)))
        .collect())
}

impl Scenario {
    fn is_for(&self, candidate: &Candidate) -> bool {
        let started_here = !matches!(candidate.start, Start::Url(_));
        let fits = match self.who {
            Who::All => true,
            Who::Callable => matches!(candidate.kind, Kind::Wamp | Kind::Relay),
            Who::Encodings => matches!(candidate.start, Start::Domovoi(_) | Start::Relay(_)),
            Who::Routers => candidate.kind == Kind::Wamp,
            Who::Own => matches!(candidate.start, Start::Domovoi(_)),
        };
        let measurable = started_here || !matches!(self.shape, Shape::Idle { .. } | Shape::Slow { .. });
        fits && measurable
    }
}
