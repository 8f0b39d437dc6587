//! An ntfy server that keeps what it is told: where people's phones would listen.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use serde_json::Value;

/// A message as a phone would show it.
#[derive(Debug, Clone)]
pub struct Message {
    /// Title and text, wherever in the request they stood.
    pub text: String,
}

/// The server; it ends when this is dropped.
pub struct Ntfy {
    messages: Arc<Mutex<Vec<Message>>>,
    /// The topic's URL.
    pub url: String,
    task: tokio::task::JoinHandle<()>,
}

impl Ntfy {
    /// Starts listening on a free port.
    pub async fn start() -> Self {
        let messages = Arc::new(Mutex::new(Vec::new()));
        let app = Router::new()
            .route("/", post(take))
            .route("/{topic}", post(take).put(take))
            .with_state(Arc::clone(&messages));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/house", listener.local_addr().expect("an address"));
        let task = tokio::spawn(async move {
            axum::serve(listener, app).await.expect("the server runs");
        });
        Self { messages, url, task }
    }

    /// Everything phones were told.
    pub fn messages(&self) -> Vec<Message> {
        self.messages.lock().expect("no panic under the lock").clone()
    }
}

impl Drop for Ntfy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Both of ntfy's publish forms: a JSON object at the root, or headers and text at a topic.
async fn take(State(messages): State<Arc<Mutex<Vec<Message>>>>, headers: HeaderMap, body: Bytes) -> &'static str {
    let title = headers
        .get("title")
        .and_then(|title| title.to_str().ok())
        .unwrap_or_default();
    let text = match serde_json::from_slice::<Value>(&body) {
        Ok(Value::Object(object)) => {
            let field = |name: &str| object.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            format!("{}\n{}", field("title"), field("message"))
        }
        _ => format!("{title}\n{}", String::from_utf8_lossy(&body)),
    };
    messages.lock().expect("no panic under the lock").push(Message { text });
    "{\"id\":\"1\"}"
}
