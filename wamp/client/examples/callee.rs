//! Counts down for `caller`, a second at a time: `cargo run -p wamp-client --example callee`

use std::time::Duration;

use wamp_client::{CallError, Connector, Error, Invocation, Reply};

async fn count_down(invocation: Invocation) -> Result<Reply, CallError> {
    let (from,): (u32,) = invocation.args()?;
    if from > 60 {
        return Err(CallError::invalid_argument("argument 1 must be at most 60"));
    }
    println!(
        "{} counts down from {from}",
        invocation.caller_authid().unwrap_or("somebody")
    );
    // A caller that hangs up drops this future, and the counting with it.
    for left in (1..=from).rev() {
        invocation.progress(Reply::value(&left)?).await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    Ok(Reply::value("lift-off")?)
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let session = connector().connect().await?;
    session.register("example.count_down").handler(count_down).await?;
    let mut states = session.watch();
    while let Some(state) = states.next().await {
        println!("{state:?}");
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
