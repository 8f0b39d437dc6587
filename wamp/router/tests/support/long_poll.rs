//! HTTP requests, as little of them as long-poll needs.

use std::net::SocketAddr;

use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

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
    stream.read_to_end(&mut answer).await.unwrap();
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
        return (0, Vec::new());
    };
    let status = std::str::from_utf8(&answer[9..12]).unwrap().parse().unwrap();
    (status, answer[end + 4..].to_vec())
}
