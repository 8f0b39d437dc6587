//! What is no protocol at all.

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use wamp_protocol::Serializer;

use super::support::{Kind, Server, Wire};

#[tokio::test]
async fn a_frame_of_the_wrong_type_ends_the_connection() {
    use futures_util::SinkExt as _;
    use tokio_tungstenite::tungstenite::Message as Frame;
    let server = Server::start().await;
    let mut client = server.join().await;
    let Wire::WebSocket(websocket) = &mut client.wire else {
        panic!("not a WebSocket")
    };
    websocket
        .send(Frame::binary(b"[48,1,{},\"com.procedure\"]".to_vec()))
        .await
        .unwrap();
    client.ends().await;
}

/// Octets that are no protocol at all, on every door: connections end, the router goes on.
#[tokio::test]
async fn garbage_ends_connections_and_nothing_else() {
    let server = Server::start().await;
    let mut state: u64 = 0x9E37_79B9_7F4A_7C15;
    for round in 0..300 {
        let mut garbage = Vec::new();
        for _ in 0..(round % 97) + 1 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            garbage.push((state >> 56) as u8);
        }
        match round % 3 {
            0 => {
                let mut stream = TcpStream::connect(server.address).await.unwrap();
                stream.write_all(&garbage).await.unwrap();
            }
            1 => {
                let mut client = server.join_by(Kind::RawSocket(Serializer::MsgPack)).await;
                let Wire::Raw(stream) = &mut client.wire else {
                    panic!("not a RawSocket")
                };
                stream.write_all(&garbage).await.unwrap();
            }
            _ => {
                let mut client = server.join_by(Kind::WebSocket(Serializer::Cbor)).await;
                client.send_octets(&garbage).await;
            }
        }
    }
    server.join().await.has_nothing_to_read().await;
}
