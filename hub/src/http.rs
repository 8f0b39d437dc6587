//! What the one port answers over HTTP beside WAMP: the pages, `/healthz` and `/metrics`.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, Response, StatusCode};
use hyper_util::service::TowerToHyperService;
use serde_json::json;
use wamp_router::HttpFallback;

use crate::components::Components;
use crate::services::MqttView;
use crate::{metrics, web};

/// What is answered from.
#[derive(Clone)]
pub struct Site {
    /// How the services fare; the bare router has none.
    pub components: Components,
    /// For its figures.
    pub router: wamp_router::Router,
    /// When the program was started.
    pub started: Instant,
    /// For its figures.
    pub mqtt: MqttView,
    /// Whether the pages of the house are served.
    pub pages: bool,
}

/// The site, for the router's listener.
pub fn fallback(site: Site) -> HttpFallback {
    let routes: Router = Router::new().fallback(answer).with_state(Arc::new(site));
    HttpFallback::new(TowerToHyperService::new(routes))
}

async fn answer(State(site): State<Arc<Site>>, request: Request) -> Response<Body> {
    match request.uri().path() {
        "/healthz" => site.health(),
        "/metrics" => site.metrics(),
        path if site.pages => web::answer(request.method(), path, request.headers()),
        _ => web::plain(StatusCode::NOT_FOUND, "WAMP is spoken at /ws\n"),
    }
}

impl Site {
    /// 200 once every service has joined, 503 while one has not; the body says how each fares.
    fn health(&self) -> Response<Body> {
        let healthy = self.components.all_running();
        let body = json!({
            "status": if healthy { "ok" } else { "unavailable" },
            "version": env!("CARGO_PKG_VERSION"),
            "uptime_seconds": self.started.elapsed().as_secs(),
            "components": self.components.shown(),
        });
        let status = if healthy {
            StatusCode::OK
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        };
        fresh(status, "application/json", body.to_string())
    }

    fn metrics(&self) -> Response<Body> {
        let mut text = self.router.metrics().render();
        // Ours come after the router's; the text has one end.
        if let Some(without_end) = text.strip_suffix(END) {
            text.truncate(without_end.len());
        }
        metrics::write(&mut text, &self.components, self.started);
        if let Some(counters) = self.mqtt.counters() {
            metrics::write_mqtt(&mut text, &counters);
        }
        text.push_str(END);
        fresh(StatusCode::OK, metrics::CONTENT_TYPE, text)
    }
}

/// What OpenMetrics text ends with.
const END: &str = "# EOF\n";

fn fresh(status: StatusCode, content_type: &'static str, body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
