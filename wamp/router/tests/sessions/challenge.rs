//! The client's side of a sign-in up to CHALLENGE.

use serde_json::{Value as Json, json};
use wamp_protocol::message::Challenge;
use wamp_protocol::{Dict, Value};

use super::support::{Client, all_roles};

pub(crate) fn dict(json: &Json) -> Dict {
    match serde_json::from_value(json.clone()).unwrap() {
        Value::Dict(dict) => dict,
        other => panic!("{other:?}"),
    }
}

/// Says HELLO to `realm1` over a fresh connection.
pub(crate) async fn hello(client: &mut Client, authid: Option<&str>, method: &str, authextra: Dict) {
    let mut details = json!({
        "roles": all_roles(),
        "authmethods": [method],
        "authextra": serde_json::from_str::<Json>(&Value::Dict(authextra).to_json()).unwrap(),
    });
    if let Some(authid) = authid {
        details["authid"] = json!(authid);
    }
    client.send(json!([1, "realm1", details])).await;
}

/// The challenge that the router sends for these.
pub(crate) async fn challenged(client: &mut Client, method: &str) -> Challenge {
    let challenge = client.receive().await;
    assert_eq!(
        (&challenge[0], &challenge[1]),
        (&json!(4), &json!(method)),
        "{challenge}"
    );
    Challenge {
        authmethod: method.to_owned(),
        extra: dict(&challenge[2]),
    }
}
