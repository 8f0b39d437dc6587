//! Answers for every room's lamp with one registration by pattern, and says so when the connection
//! is lost and comes back: `cargo run -p wamp-client --example switchboard`

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use wamp_client::{Backoff, CallError, ConnectionState, Connector, Error, Invocation, MatchPolicy, Reply};

/// Which rooms' lamps are on.
type Lamps = Arc<Mutex<BTreeMap<String, bool>>>;

/// `example.ROOM.lamp`, args `[on]` → how many lamps are on.
fn switch(lamps: &Lamps, invocation: &Invocation) -> Result<Reply, CallError> {
    let (on,): (bool,) = invocation.args()?;
    let procedure = invocation.procedure();
    let room = procedure.split('.').nth(1).unwrap_or_default().to_owned();
    println!("{room}: {}", if on { "on" } else { "off" });
    let mut lamps = lamps.lock().unwrap_or_else(PoisonError::into_inner);
    lamps.insert(room, on);
    Ok(Reply::value(&lamps.values().filter(|on| **on).count())?)
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let backoff = Backoff {
        max: Duration::from_secs(5),
        ..Backoff::default()
    };
    let session = connector().reconnect(backoff).connect().await?;
    let lamps = Lamps::default();
    session
        .register("example..lamp")
        .match_policy(MatchPolicy::Wildcard)
        .handler(move |invocation| {
            let reply = switch(&lamps, &invocation);
            async move { reply }
        })
        .await?;
    // Registrations are made again by themselves when the connection is back.
    let mut states = session.watch();
    while let Some(state) = states.next().await {
        match state {
            ConnectionState::Reconnecting { attempt, cause } => println!("attempt {attempt}: {cause}"),
            other => println!("{other:?}"),
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
