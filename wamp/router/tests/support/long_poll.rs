//! HTTP requests, as little of them as long-poll needs.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Longer than any request waits.
const PATIENCE: Duration = Duration::from_secs(20);

/// A long-poll transport that has been opened.
pub(crate) struct LongPollWire {
    address: SocketAddr,
    pub(crate) id: String,
}

impl LongPollWire {
    pub(crate) async fn open(address: SocketAddr, protocol: &str, headers: &[(&str, &str)]) -> Self {
        let body = json!({ "protocols": ["wamp.2.unknown", protocol] }).to_string();
        let (status, answer) = post_saying(address, "/lp/open?x=1", headers, body.as_bytes()).await;
        assert_eq!(status, 200);
        let answer: Json = serde_json::from_slice(&answer).unwrap();
        assert_eq!(answer["protocol"], protocol);
        Self {
            address,
            id: answer["transport"].as_str().unwrap().to_owned(),
        }
    }

    /// A request whose answer is not read.
    pub(crate) async fn begin(&self, verb: &str, body: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let head = format!(
            "POST /lp/{}/{verb} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n",
            self.id,
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(body).await.unwrap();
        stream
    }

    /// Closes the connection of a request that has no answer yet, and waits until the router has
    /// closed it too.
    pub(crate) async fn give_up(mut stream: TcpStream) {
        stream.shutdown().await.unwrap();
        let mut answer = Vec::new();
        let reading = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
        reading.expect("a connection is not closed").unwrap();
        assert!(answer.is_empty(), "{}", String::from_utf8_lossy(&answer));
    }

    pub(crate) async fn post(&self, verb: &str, body: &[u8]) -> (u16, Vec<u8>) {
        post(self.address, &format!("/lp/{}/{verb}", self.id), body).await
    }
}

/// The status and body of the answer to a POST request; status 0 when there is none.
pub(crate) async fn post(address: SocketAddr, path: &str, body: &[u8]) -> (u16, Vec<u8>) {
    post_saying(address, path, &[], body).await
}

async fn post_saying(address: SocketAddr, path: &str, headers: &[(&str, &str)], body: &[u8]) -> (u16, Vec<u8>) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let lines: String = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{lines}Content-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    let mut answer = Vec::new();
    let reading = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    reading.expect("a request is not answered").unwrap();
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
        return (0, Vec::new());
    };
    let status = std::str::from_utf8(&answer[9..12]).unwrap().parse().unwrap();
    (status, answer[end + 4..].to_vec())
}
