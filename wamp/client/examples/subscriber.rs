//! Prints what `publisher` publishes: `cargo run -p wamp-client --example subscriber`

use serde::Deserialize;
use wamp_client::{Connector, Error, MatchPolicy};

#[derive(Deserialize)]
struct Tick {
    seconds: u64,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let session = connector().connect().await?;
    let mut events = session
        .subscribe("example.")
        .match_policy(MatchPolicy::Prefix)
        .open()
        .await?;
    while let Some(event) = events.next().await {
        if event.missed > 0 {
            println!("({} events were missed)", event.missed);
        }
        match event.kwargs::<Tick>() {
            Ok(tick) => println!("{}: {}", event.topic(), tick.seconds),
            Err(error) => println!("{}: {error}", event.topic()),
        }
    }
    Ok(())
}

/// `URL` and `REALM` from the command line, or a hub on this machine.
fn connector() -> Connector {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().unwrap_or_else(|| "ws://localhost:8080/ws".to_owned());
    let realm = arguments.next().unwrap_or_else(|| "homeapp".to_owned());
    Connector::new(url, realm).keep_trying()
}
