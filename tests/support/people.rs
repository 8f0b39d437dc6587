//! People who sign in.

use serde::Serialize;
use serde_json::json;
use wamp_client::{Connector, Credentials, Serializer, Session};

use crate::hub::Hub;

/// The first admin's name and password in every test.
pub const ADMIN: (&str, &str) = ("anna", "correct horse battery");

/// Makes the first admin through the set-up link, as the page it opens does.
pub async fn set_up(hub: &Hub) {
    let url = hub.setup_url.as_deref().expect("a fresh hub prints a set-up link");
    let (_, token) = url.split_once("token=").expect("the link carries a token");
    let session = Connector::new(hub.ws(), house::uri::REALM)
        .credentials(Credentials::Ticket {
            authid: "setup".into(),
            ticket: token.into(),
        })
        .no_reconnect()
        .connect()
        .await
        .expect("the set-up link signs in");
    session
        .call(house::uri::procedure::ACCOUNT_SETUP)
        .kwargs(&json!({"token": token, "name": ADMIN.0, "password": ADMIN.1}))
        .send()
        .await
        .expect("the first admin is made");
    session.leave().await;
}

/// The admin, signed in by WAMP-CRA.
pub async fn admin(hub: &Hub) -> Session {
    sign_in(hub, ADMIN.0, ADMIN.1).await
}

/// Anybody, signed in by WAMP-CRA.
pub async fn sign_in(hub: &Hub, name: &str, password: &str) -> Session {
    Connector::new(hub.ws(), house::uri::REALM)
        .credentials(Credentials::Wampcra {
            authid: name.into(),
            secret: password.into(),
        })
        .serializer(Serializer::Json)
        .no_reconnect()
        .connect()
        .await
        .unwrap_or_else(|error| panic!("{name} cannot sign in: {error}"))
}

/// Adopts a device.
pub async fn adopt(session: &Session, device: &str, area: &str) {
    session
        .call(house::uri::procedure::DEVICE_ADOPT)
        .kwargs(&json!({"device": device, "area": area}))
        .send()
        .await
        .unwrap_or_else(|error| panic!("{device} cannot be adopted: {error}"));
}

/// Sets a threshold.
pub async fn set_threshold(session: &Session, threshold: &impl Serialize) {
    session
        .call(house::uri::procedure::THRESHOLDS_SET)
        .kwargs(threshold)
        .send()
        .await
        .expect("the threshold is taken");
}
