//! The server against clients that others wrote: `mosquitto_pub` and `mosquitto_sub`.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::time::timeout;

use super::*;
use crate::link::Message;

const SOON: Duration = Duration::from_secs(10);

/// Whether the mosquitto clients are here; says so when they are not.
fn mosquitto_is_here() -> bool {
    let here = Command::new("mosquitto_pub")
        .arg("--help")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if here.is_err() {
        println!("mosquitto clients absent: skipped");
    }
    here.map(|mut child| child.wait()).is_ok()
}

async fn server(users: &[(&str, &str)]) -> (Server, mpsc::UnboundedReceiver<LinkEvent>) {
    let users = users
        .iter()
        .map(|(user, password)| ((*user).to_owned(), (*password).to_owned()))
        .collect();
    start(users, HashMap::new()).await
}

async fn start(
    users: BTreeMap<String, String>,
    retained: HashMap<String, Retained>,
) -> (Server, mpsc::UnboundedReceiver<LinkEvent>) {
    let listen = "127.0.0.1:0".parse().unwrap();
    let (server, mut events) = Server::start(listen, users, retained).await.unwrap();
    assert!(matches!(events.recv().await, Some(LinkEvent::Connected)));
    (server, events)
}

fn publish(server: &Server, arguments: &[&str]) -> Child {
    Command::new("mosquitto_pub")
        .args(["-h", "127.0.0.1", "-p", &server.address.port().to_string()])
        .args(arguments)
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

async fn next(events: &mut mpsc::UnboundedReceiver<LinkEvent>) -> Message {
    match timeout(SOON, events.recv()).await.unwrap().unwrap() {
        LinkEvent::Message(message) => message,
        other => panic!("{other:?}"),
    }
}

/// A `mosquitto_sub` that has subscribed, and its lines.
async fn subscriber(
    server: &Server,
    arguments: &[&str],
) -> (
    tokio::process::Child,
    tokio::io::Lines<BufReader<tokio::process::ChildStdout>>,
) {
    let mut child = tokio::process::Command::new("mosquitto_sub")
        .args(["-h", "127.0.0.1", "-p", &server.address.port().to_string(), "-v"])
        .args(arguments)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    (child, lines)
}

async fn wait_for_clients(server: &Server, subscribed: usize) {
    timeout(SOON, async {
        while server.shared.state().subscribed() < subscribed {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bridge_hears_what_devices_publish_in_every_version_and_quality() {
    if !mosquitto_is_here() {
        return;
    }
    let (server, mut events) = server(&[]).await;
    server.local().subscribe("tele/#");
    for version in ["mqttv31", "mqttv311", "mqttv5"] {
        for qos in ["0", "1", "2"] {
            let topic = format!("tele/{version}/{qos}");
            let status = publish(&server, &["-V", version, "-q", qos, "-t", &topic, "-m", "21.5"])
                .wait()
                .unwrap();
            assert!(status.success(), "{topic}");
            let message = next(&mut events).await;
            assert_eq!(
                (message.topic.as_str(), &message.payload[..]),
                (topic.as_str(), &b"21.5"[..])
            );
        }
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_hears_commands_and_what_was_retained() {
    if !mosquitto_is_here() {
        return;
    }
    let (server, _events) = server(&[]).await;
    assert!(
        publish(&server, &["-r", "-t", "kept/a", "-m", "before"])
            .wait()
            .unwrap()
            .success()
    );
    for version in ["mqttv311", "mqttv5"] {
        for qos in [0u8, 1, 2] {
            let level = qos.to_string();
            let arguments = [
                "-V",
                version,
                "-q",
                &level,
                "-t",
                "cmnd/+/POWER",
                "-t",
                "kept/#",
                "-C",
                "2",
            ];
            let (mut child, mut lines) = subscriber(&server, &arguments).await;
            assert_eq!(
                timeout(SOON, lines.next_line()).await.unwrap().unwrap().unwrap(),
                "kept/a before"
            );
            wait_for_clients(&server, 1).await;
            server.local().publish(Outgoing {
                topic: "cmnd/plug/POWER".into(),
                payload: "ON".into(),
                retain: false,
                qos,
            });
            let line = timeout(SOON, lines.next_line()).await.unwrap().unwrap().unwrap();
            assert_eq!(line, "cmnd/plug/POWER ON", "{version} {qos}");
            assert!(timeout(SOON, child.wait()).await.unwrap().unwrap().success());
        }
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn retained_messages_are_handed_out_to_be_saved_and_given_back() {
    if !mosquitto_is_here() {
        return;
    }
    let (first, _events) = server(&[]).await;
    assert!(
        publish(&first, &["-r", "-q", "1", "-t", "a/config", "-m", "{}"])
            .wait()
            .unwrap()
            .success()
    );
    assert!(
        publish(&first, &["-r", "-q", "1", "-t", "b/config", "-m", "x"])
            .wait()
            .unwrap()
            .success()
    );
    assert!(
        publish(&first, &["-r", "-q", "1", "-t", "b/config", "-n"])
            .wait()
            .unwrap()
            .success()
    );
    let mut saved = first.local().take_unsaved();
    saved.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(saved.len(), 2);
    assert_eq!(saved[1], ("b/config".to_owned(), None));
    assert!(first.local().take_unsaved().is_empty());
    first.stop().await;

    let kept = saved
        .into_iter()
        .filter_map(|(topic, kept)| kept.map(|kept| (topic, kept)))
        .collect();
    let (second, mut events) = start(BTreeMap::new(), kept).await;
    second.local().subscribe("+/config");
    let message = next(&mut events).await;
    assert_eq!((message.topic.as_str(), &message.payload[..]), ("a/config", &b"{}"[..]));
    assert!(message.retained_at.is_some());
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_are_sent_away_where_there_are_users() {
    if !mosquitto_is_here() {
        return;
    }
    let (server, mut events) = server(&[("plug", "secret")]).await;
    server.local().subscribe("#");
    for version in ["mqttv311", "mqttv5"] {
        for credentials in [
            &[][..],
            &["-u", "plug", "-P", "wrong!"][..],
            &["-u", "other", "-P", "secret"][..],
        ] {
            let arguments = [&["-V", version, "-t", "t", "-m", "m"][..], credentials].concat();
            assert!(
                !publish(&server, &arguments).wait().unwrap().success(),
                "{credentials:?}"
            );
        }
    }
    let status = publish(&server, &["-t", "t", "-m", "mine", "-u", "plug", "-P", "secret"])
        .wait()
        .unwrap();
    assert!(status.success());
    assert_eq!(&next(&mut events).await.payload[..], b"mine");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_drops_off_leaves_its_will() {
    if !mosquitto_is_here() {
        return;
    }
    let (server, mut events) = server(&[]).await;
    server.local().subscribe("tele/plug/LWT");
    let will = [
        "-t",
        "x",
        "--will-topic",
        "tele/plug/LWT",
        "--will-payload",
        "Offline",
        "--will-retain",
    ];
    let (mut child, _lines) = subscriber(&server, &will).await;
    wait_for_clients(&server, 1).await;
    child.kill().await.unwrap();
    assert_eq!(&next(&mut events).await.payload[..], b"Offline");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lasting_session_gets_what_it_missed() {
    if !mosquitto_is_here() {
        return;
    }
    let (server, _events) = server(&[]).await;
    let arguments = ["-i", "sleeper", "-c", "-q", "1", "-t", "cmnd/x", "-C", "1"];
    let (mut child, _lines) = subscriber(&server, &arguments).await;
    wait_for_clients(&server, 1).await;
    child.kill().await.unwrap();
    let command = |payload: &str| Outgoing {
        topic: "cmnd/x".into(),
        payload: payload.into(),
        retain: false,
        qos: 1,
    };
    timeout(SOON, async {
        while server.shared.state().connected() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
    server.local().publish(command("missed"));
    let (_child, mut lines) = subscriber(&server, &arguments).await;
    assert_eq!(
        timeout(SOON, lines.next_line()).await.unwrap().unwrap().unwrap(),
        "cmnd/x missed"
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_ends_its_own_connection_and_no_other() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let (server, mut events) = server(&[]).await;
    server.local().subscribe("#");
    for bytes in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        &[0x10, 0xff, 0xff, 0xff, 0xff][..],
        &[0x30, 2, 0, 0][..],
    ] {
        let mut stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut rest = Vec::new();
        // The server hangs up; a reset is a way of doing that.
        let _ = timeout(SOON, stream.read_to_end(&mut rest)).await.unwrap();
    }
    if mosquitto_is_here() {
        assert!(
            publish(&server, &["-t", "t", "-m", "still here"])
                .wait()
                .unwrap()
                .success()
        );
        assert_eq!(&next(&mut events).await.payload[..], b"still here");
    }
    server.stop().await;
}
