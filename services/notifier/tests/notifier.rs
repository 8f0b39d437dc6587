//! The notifier between the house and a scripted ntfy server.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use database::Database;
use house::uri::{error, procedure, topic};
use house::{Alert, AlertKind, AreaId, Quantity, Severity, Timestamp};
use notifier::{Ntfy, Running, Settings, StartError};
use serde_json::{Value, json};
use tempfile::TempDir;
use test_realm::{PATIENCE, Realm, heard};
use tokio::sync::mpsc;
use wamp_client::{Error, Session};

/// What the server was sent.
#[derive(Debug)]
struct Post {
    path: String,
    headers: HeaderMap,
    body: String,
}

impl Post {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// An ntfy server that answers as scripted, and 200 when the script is at its end.
struct Phone {
    url: String,
    script: Arc<Mutex<VecDeque<u16>>>,
    posts: mpsc::UnboundedReceiver<Post>,
}

type Shared = (Arc<Mutex<VecDeque<u16>>>, mpsc::UnboundedSender<Post>);

async fn take(
    State((script, posts)): State<Shared>,
    uri: axum::http::Uri,
    headers: HeaderMap,
    body: String,
) -> StatusCode {
    let path = uri.path().to_owned();
    posts.send(Post { path, headers, body }).unwrap();
    let status = script.lock().unwrap().pop_front().unwrap_or(200);
    StatusCode::from_u16(status).unwrap()
}

impl Phone {
    async fn new() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/my-house", listener.local_addr().unwrap());
        let (sender, posts) = mpsc::unbounded_channel();
        let script = Arc::new(Mutex::new(VecDeque::new()));
        let app = axum::Router::new().fallback(take).with_state((script.clone(), sender));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, script, posts }
    }

    async fn rings(&mut self) -> Post {
        let post = tokio::time::timeout(PATIENCE, self.posts.recv()).await;
        post.expect("a message in time").unwrap()
    }

    fn answers(&self, statuses: &[u16]) {
        self.script.lock().unwrap().extend(statuses);
    }
}

struct House {
    realm: Realm,
    folder: TempDir,
    service: Option<Running>,
    anna: Session,
    settings: Settings,
}

impl House {
    async fn new(phone: &Phone) -> Self {
        let realm = Realm::new();
        let mut house = Self {
            anna: realm.join("anna", "user").await,
            realm,
            folder: tempfile::tempdir().unwrap(),
            service: None,
            settings: Settings {
                ntfy: Some(Ntfy {
                    url: phone.url.clone(),
                    token: Some("tk_secret".into()),
                    click: Some("http://house.local:8080/".into()),
                }),
                first_wait: Duration::from_millis(5),
                tick: Duration::from_millis(50),
                ..Settings::default()
            },
        };
        house.restart().await;
        house
    }

    async fn restart(&mut self) {
        if let Some(service) = self.service.take() {
            service.stop().await;
        }
        let session = self.realm.join("notifier", "service").await;
        let database = Database::open(self.folder.path().join("house.db")).await.unwrap();
        let started = notifier::start(session, self.settings.clone(), database).await;
        self.service = Some(started.unwrap());
    }

    async fn call(&self, uri: &str, kwargs: Value) -> Result<wamp_client::CallResult, Error> {
        self.anna.call(uri).kwargs(&kwargs).timeout(PATIENCE).send().await
    }

    async fn tells(&self, topic: &'static str, alert: &Alert) {
        self.anna
            .publish(topic)
            .kwargs(alert)
            .acknowledge()
            .send()
            .await
            .unwrap();
    }

    async fn alerts(&self, kwargs: Value) -> Vec<Alert> {
        self.call(procedure::ALERT_LIST, kwargs).await.unwrap().value().unwrap()
    }

    /// Waits until the list is as wanted.
    async fn alerts_until(&self, kwargs: Value, wanted: impl Fn(&[Alert]) -> bool) -> Vec<Alert> {
        let search = async {
            loop {
                let alerts = self.alerts(kwargs.clone()).await;
                if wanted(&alerts) {
                    return alerts;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, search).await.expect("the list in time")
    }
}

fn alert(area: &str) -> Alert {
    let area = AreaId::new(area).unwrap();
    Alert {
        id: Alert::id_for(&format!("{area}.temperature"), AlertKind::High),
        kind: AlertKind::High,
        severity: Severity::Warning,
        message: format!("{} is 27.4 °C, above 26.0 °C", area.name()),
        area: Some(area),
        device: None,
        quantity: Some(Quantity::Temperature),
        value: Some(27.4),
        limit: Some(26.0),
        notify: true,
        at: Timestamp::from_secs(1_777_793_400),
        cleared_at: None,
        acknowledged_by: None,
    }
}

#[tokio::test]
async fn a_phone_is_told_once_with_all_that_ntfy_shows() {
    let mut phone = Phone::new().await;
    let house = House::new(&phone).await;
    house.tells(topic::ALERT_RAISED, &alert("living room")).await;
    house.tells(topic::ALERT_RAISED, &alert("living room")).await;
    house.tells(topic::ALERT_RAISED, &alert("küche")).await;
    let post = phone.rings().await;
    assert_eq!(post.path, "/my-house");
    assert_eq!(post.body, "Living room is 27.4 °C, above 26.0 °C");
    assert_eq!(post.header("title"), "Living room: temperature too high");
    assert_eq!((post.header("priority"), post.header("tags")), ("4", "warning"));
    assert_eq!(post.header("authorization"), "Bearer tk_secret");
    assert_eq!(post.header("click"), "http://house.local:8080/");
    let next = phone.rings().await;
    assert_eq!(
        next.header("title"),
        "=?UTF-8?B?S8O8Y2hlOiB0ZW1wZXJhdHVyZSB0b28gaGlnaA==?="
    );
    assert!(
        next.body.starts_with("Küche is"),
        "the second alert, not the first again"
    );
}

#[tokio::test]
async fn a_server_that_fails_is_tried_again_and_told_of_once() {
    let mut phone = Phone::new().await;
    phone.answers(&[500, 429, 503]);
    let house = House::new(&phone).await;
    let mut changes = house.anna.subscribe(topic::STATUS_CHANGE).open().await.unwrap();
    house.tells(topic::ALERT_RAISED, &alert("hall")).await;
    for _ in 0..4 {
        assert_eq!(phone.rings().await.header("title"), "Hall: temperature too high");
    }
    let failed: Value = heard(&mut changes, |_| true).await;
    assert_eq!(
        (&failed["component"], &failed["status"]),
        (&json!("notifier.ntfy"), &json!("failed"))
    );
    let back: Value = heard(&mut changes, |_| true).await;
    assert_eq!(back["status"], "running", "one failure, one recovery");
}

#[tokio::test]
async fn what_was_not_told_before_a_restart_is_told_after_it_and_the_rest_is_not() {
    let mut phone = Phone::new().await;
    let mut house = House::new(&phone).await;
    house.tells(topic::ALERT_RAISED, &alert("hall")).await;
    phone.rings().await;
    // The wrong token: nothing would help, so there is one attempt.
    phone.answers(&[403]);
    house.tells(topic::ALERT_RAISED, &alert("attic")).await;
    phone.rings().await;
    house
        .alerts_until(json!({"active": true}), |alerts| alerts.len() == 2)
        .await;
    house.restart().await;
    assert_eq!(phone.rings().await.header("title"), "Attic: temperature too high");
    house.tells(topic::ALERT_RAISED, &alert("cellar")).await;
    assert_eq!(
        phone.rings().await.header("title"),
        "Cellar: temperature too high",
        "hall is not told again"
    );
}

#[tokio::test]
async fn alerts_are_listed_acknowledged_and_over() {
    let phone = Phone::new().await;
    let mut house = House::new(&phone).await;
    let mut acknowledged = house.anna.subscribe(topic::ALERT_ACKNOWLEDGED).open().await.unwrap();
    let raised = alert("hall");
    house.tells(topic::ALERT_RAISED, &raised).await;
    house.alerts_until(json!({}), |alerts| alerts.len() == 1).await;
    let known: Alert = house
        .call(procedure::ALERT_ACKNOWLEDGE, json!({"id": raised.id}))
        .await
        .unwrap()
        .kwargs()
        .unwrap();
    assert_eq!(known.acknowledged_by.as_deref(), Some("anna"));
    let told: Alert = heard(&mut acknowledged, |_| true).await;
    assert_eq!(told, known);

    house.restart().await;
    assert_eq!(house.alerts(json!({"active": true})).await, [known]);
    let cleared = Alert {
        cleared_at: Some(raised.at.after(Duration::from_secs(60))),
        message: "Hall is 25.4 °C again".into(),
        ..raised.clone()
    };
    house.tells(topic::ALERT_CLEARED, &cleared).await;
    house.alerts_until(json!({"active": true}), <[Alert]>::is_empty).await;
    let over = house
        .alerts_until(json!({"active": false}), |alerts| alerts.len() == 1)
        .await;
    assert_eq!(
        (over[0].cleared_at, over[0].acknowledged_by.as_deref()),
        (cleared.cleared_at, Some("anna"))
    );
    for (id, wanted) in [
        (json!(raised.id), error::NO_SUCH_ALERT),
        (json!(""), "wamp.error.invalid_argument"),
        (json!(5), "wamp.error.invalid_argument"),
    ] {
        let Err(Error::Rejected(fault)) = house.call(procedure::ALERT_ACKNOWLEDGE, json!({"id": id})).await else {
            panic!("{id} was taken");
        };
        assert_eq!(fault.uri(), wanted);
    }
}

#[tokio::test]
async fn a_test_message_says_what_came_of_it() {
    let mut phone = Phone::new().await;
    let house = House::new(&phone).await;
    let test = async || {
        house
            .call(procedure::NOTIFIER_TEST, json!({}))
            .await
            .unwrap()
            .value::<Value>()
            .unwrap()
    };
    assert_eq!(
        test().await,
        json!([{"channel": "ntfy", "ok": true, "detail": "delivered"}])
    );
    assert_eq!(phone.rings().await.header("title"), "Test from your house");
    phone.answers(&[401]);
    let refused = test().await;
    assert_eq!(refused[0]["ok"], false);
    assert!(
        refused[0]["detail"].as_str().unwrap().contains("access token"),
        "{refused}"
    );
}

#[tokio::test]
async fn without_a_channel_alerts_are_kept_all_the_same() {
    let phone = Phone::new().await;
    let mut house = House::new(&phone).await;
    house.settings.ntfy = None;
    house.restart().await;
    house.tells(topic::ALERT_RAISED, &alert("hall")).await;
    house
        .alerts_until(json!({"active": true}), |alerts| alerts.len() == 1)
        .await;
    let outcomes: Value = house
        .call(procedure::NOTIFIER_TEST, json!({}))
        .await
        .unwrap()
        .value()
        .unwrap();
    assert_eq!(outcomes, json!([]));
}

#[tokio::test]
async fn a_wrong_url_is_told_at_the_start() {
    let phone = Phone::new().await;
    let house = House::new(&phone).await;
    let settings = Settings {
        ntfy: Some(Ntfy {
            url: "ntfy.sh/my-house".into(),
            token: None,
            click: None,
        }),
        ..Settings::default()
    };
    let session = house.realm.join("another", "service").await;
    let database = Database::open(house.folder.path().join("house.db")).await.unwrap();
    let error = notifier::start(session, settings, database).await.unwrap_err();
    assert!(matches!(error, StartError::Ntfy(_)));
    assert!(error.to_string().contains("https://ntfy.sh/my-topic"), "{error}");
}
