//! Has `callee` count down: `cargo run -p wamp-client --example caller`

use wamp_client::{Connector, Error};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let session = connector().connect().await?;
    let mut counting = session
        .call("example.count_down")
        .args(&(5,))
        .disclose_me()
        .progressive()
        .await?;
    while let Some(result) = counting.next().await {
        let result = result?;
        if result.progress {
            println!("{}", result.value::<u32>()?);
        } else {
            println!("{}", result.value::<String>()?);
        }
    }
    let refused = session.call("example.count_down").args(&("five",)).send().await;
    if let Err(error) = refused {
        println!("{error}");
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
