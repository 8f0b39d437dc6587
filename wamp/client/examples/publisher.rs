//! Publishes the time a clock shows, once a second: `cargo run -p wamp-client --example publisher`

use std::time::Duration;

use serde::Serialize;
use wamp_client::{Connector, Error};

#[derive(Serialize)]
struct Tick {
    seconds: u64,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let session = connector().connect().await?;
    for seconds in 0.. {
        match session
            .publish("example.clock")
            .kwargs(&Tick { seconds })
            .acknowledge()
            .send()
            .await
        {
            Ok(publication) => println!("published {seconds} as {publication:?}"),
            // The session comes back by itself; until then there is nobody to tell.
            Err(Error::NotConnected) => println!("{seconds} was not published: no connection"),
            Err(error) => return Err(error),
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    session.leave().await;
    Ok(())
}

/// `URL` and `REALM` from the command line, or a hub on this machine.
fn connector() -> Connector {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().unwrap_or_else(|| "ws://localhost:8080/ws".to_owned());
    let realm = arguments.next().unwrap_or_else(|| "homeapp".to_owned());
    Connector::new(url, realm).keep_trying()
}
