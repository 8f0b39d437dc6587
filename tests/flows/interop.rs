//! Autobahn|Python, a WAMP client nobody here wrote, against the demo house.

use std::process::Stdio;

use domovoi_tests::hub::{Hub, Options};
use domovoi_tests::people::{ADMIN, set_up};
use tokio::process::Command;

async fn autobahn(serializer: &str) {
    let python = std::env::var_os("DOMOVOI_PYTHON").map_or_else(
        || domovoi_tests::root().join(".venv/bin/python"),
        std::path::PathBuf::from,
    );
    assert!(
        python.is_file(),
        "{} is not there: `cargo xtask setup --test` makes it",
        python.display()
    );
    let hub = Hub::start(Options {
        arguments: vec!["--demo".into()],
        ..Options::default()
    })
    .await;
    set_up(&hub).await;
    let output = Command::new(python)
        .arg(domovoi_tests::root().join("tests/interop/house.py"))
        .args([&hub.ws(), ADMIN.0, ADMIN.1, serializer])
        .stdin(Stdio::null())
        .output()
        .await
        .expect("Python runs");
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{text}");
    println!("{text}");
}

#[tokio::test]
async fn autobahn_python_lives_in_the_house_in_json() {
    autobahn("json").await;
}

#[tokio::test]
async fn autobahn_python_lives_in_the_house_in_messagepack() {
    autobahn("msgpack").await;
}
