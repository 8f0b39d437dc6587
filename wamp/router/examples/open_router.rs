//! A router that lets everybody do everything in `realm1`, and `ann` (secret `secret`) sign in:
//! `cargo run -p wamp-router --example open_router -- 127.0.0.1:9000`

use std::sync::Arc;
use std::time::Duration;

use wamp_router::authentication::{AuthMethod, StaticUser, StaticUsers};
use wamp_router::authorization::{Rule, Rules};
use wamp_router::{Authentication, Authorization, HttpFallback, RealmConfig, Router, RouterConfig};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9000".to_owned());
    let ann = StaticUser {
        authid: "ann".to_owned(),
        secret: "secret".to_owned(),
        authrole: "admin".to_owned(),
    };
    let realm = RealmConfig {
        authentication: Authentication {
            anonymous: Some("anonymous".to_owned()),
            authenticator: Some(Arc::new(StaticUsers::new([ann]))),
            methods: AuthMethod::SIGN_INS.to_vec(),
        },
        authorization: Authorization::by(Rules::new([Rule::everything("anonymous"), Rule::everything("admin")])),
        history: 100,
        ..RealmConfig::new("realm1")
    };
    let router = Router::new(RouterConfig {
        realms: vec![realm],
        ..RouterConfig::default()
    });
    let listener = tokio::net::TcpListener::bind(&address).await?;
    let stop = async {
        // Without a signal handler, only a signal that kills ends the program.
        let _ = tokio::signal::ctrl_c().await;
    };
    router.serve(listener, None, HttpFallback::none(), stop).await;
    router
        .shutdown("wamp.close.system_shutdown", Duration::from_secs(3))
        .await;
    Ok(())
}
