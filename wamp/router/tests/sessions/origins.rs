//! Web pages that may speak with the router, and those that may not.

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use wamp_router::RouterConfig;

use super::support::{Server, open_realm};

/// The answer's head to a request with these lines.
async fn head(server: &Server, request: &str, lines: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let text = format!(
        "{request} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n{lines}\r\n{body}",
        server.address,
        body.len()
    );
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut head = String::new();
    let mut octet = [0];
    while !head.ends_with("\r\n\r\n") && stream.read_exact(&mut octet).await.is_ok() {
        head.push(char::from(octet[0]));
    }
    head.to_lowercase()
}

fn status(head: &str) -> u16 {
    head.split(' ').nth(1).unwrap().parse().unwrap()
}

async fn websocket(server: &Server, origin: Option<&str>) -> u16 {
    let mut lines = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: wamp.2.json\r\n"
        .to_owned();
    if let Some(origin) = origin {
        lines += &format!("Origin: {origin}\r\n");
    }
    status(&head(server, "GET /ws", &lines, "").await)
}

async fn long_poll(server: &Server, origin: &str) -> String {
    let body = json!({ "protocols": ["wamp.2.json"] }).to_string();
    head(server, "POST /lp/open", &format!("Origin: {origin}\r\n"), &body).await
}

#[tokio::test]
async fn a_page_of_another_host_is_refused_unless_it_is_allowed() {
    let closed = Server::start().await;
    let open = Server::with(RouterConfig {
        realms: vec![open_realm()],
        allowed_origins: vec!["https://panel.example".to_owned()],
        ..RouterConfig::default()
    })
    .await;
    for server in [&closed, &open] {
        let own = format!("http://{}", server.address);
        for (origin, expected) in [
            (None, 101),
            (Some(own.as_str()), 101),
            (Some("http://evil.example"), 403),
        ] {
            assert_eq!(websocket(server, origin).await, expected, "{origin:?}");
        }
        assert_eq!(status(&long_poll(server, &own).await), 200);
        assert_eq!(status(&long_poll(server, "http://evil.example").await), 403);
    }
    let panel = "https://panel.example";
    assert_eq!(websocket(&closed, Some(panel)).await, 403);
    assert_eq!(websocket(&open, Some(panel)).await, 101);
    assert_eq!(status(&long_poll(&closed, panel).await), 403);
    let head = long_poll(&open, panel).await;
    assert_eq!(status(&head), 200);
    assert!(
        head.contains("access-control-allow-origin: https://panel.example\r\n"),
        "{head}"
    );
    assert!(
        closed
            .router
            .metrics()
            .render()
            .contains("wamp_connections_refused_total 4")
    );
}

#[tokio::test]
async fn a_browser_may_ask_before_it_sends_a_long_poll_request() {
    let server = Server::with(RouterConfig {
        realms: vec![open_realm()],
        allowed_origins: vec!["https://panel.example".to_owned()],
        ..RouterConfig::default()
    })
    .await;
    for (origin, expected) in [("https://panel.example", 204), ("https://evil.example", 403)] {
        let lines = format!("Origin: {origin}\r\nAccess-Control-Request-Method: POST\r\n");
        let head = head(&server, "OPTIONS /lp/open", &lines, "").await;
        assert_eq!(status(&head), expected, "{head}");
        assert_eq!(
            head.contains("access-control-allow-headers: content-type"),
            expected == 204
        );
    }
}
