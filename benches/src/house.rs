//! Measures the hub as a person would meet it, each figure with a hub of its own as a process of
//! its own. Prints one row a figure, for the README and docs/performance.md.
//!
//! Without arguments everything is measured; otherwise the scenarios that are named.

mod figures;
mod ingest;
mod large_house;
mod latency;
mod process;
mod publisher;
mod sensors;
mod start_up;

use anyhow::{Result, bail};

/// What can be measured.
const SCENARIOS: [&str; 4] = ["start-up", "latency", "ingest", "large-house"];

#[tokio::main]
async fn main() -> Result<()> {
    let mut wanted: Vec<String> = std::env::args().skip(1).collect();
    if let Some(unknown) = wanted.iter().find(|name| !SCENARIOS.contains(&name.as_str())) {
        bail!("there is no scenario {unknown:?}; there are {}", SCENARIOS.join(", "));
    }
    if wanted.is_empty() {
        wanted = SCENARIOS.map(str::to_owned).to_vec();
    }
    println!("| figure | value |");
    println!("|---|---|");
    for scenario in wanted {
        match scenario.as_str() {
            "start-up" => start_up::measure().await?,
            "latency" => latency::measure().await?,
            "ingest" => ingest::measure().await?,
            _ => large_house::measure().await?,
        }
    }
    Ok(())
}
