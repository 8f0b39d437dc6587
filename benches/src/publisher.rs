//! An MQTT client that publishes as fast as it is let, or at a steady rate: packets are put
//! together before anything is measured, so that the machine is the hub's.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

/// How often packets that are due are written.
const STEP: Duration = Duration::from_millis(5);
/// Octets of packets written at once when there is no rate.
const CHUNK: usize = 16 * 1024;
/// How long the server may keep a publisher waiting.
const PATIENCE: Duration = Duration::from_secs(60);

/// A connection that is signed in.
pub(crate) struct Publisher(TcpStream);

impl Publisher {
    /// Connects and signs in (MQTT 3.1.1, a clean session without keep-alive).
    pub(crate) fn connect(server: &str, client_id: &str) -> Result<Self> {
        let mut stream = TcpStream::connect(server)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut body = b"\x00\x04MQTT\x04\x02\x00\x00".to_vec();
        body.extend((client_id.len() as u16).to_be_bytes());
        body.extend(client_id.as_bytes());
        stream.write_all(&packet(0x10, &body))?;
        let mut answer = [0; 4];
        stream.read_exact(&mut answer)?;
        ensure!(
            answer == [0x20, 2, 0, 0],
            "the server refuses the publisher: {answer:?}"
        );
        Ok(Self(stream))
    }

    /// Writes all packets, `rate` of them a second or as fast as the server takes them; how long
    /// that took.
    pub(crate) fn send(&mut self, packets: &[Vec<u8>], rate: Option<f64>) -> Result<Duration> {
        let started = Instant::now();
        let mut sent = 0;
        while sent < packets.len() {
            let due = match rate {
                Some(rate) => {
                    std::thread::sleep(STEP);
                    (started.elapsed().as_secs_f64() * rate) as usize
                }
                None => packets.len(),
            };
            while sent < due.min(packets.len()) {
                let mut chunk = Vec::with_capacity(2 * CHUNK);
                while sent < due.min(packets.len()) && chunk.len() < CHUNK {
                    chunk.extend(&packets[sent]);
                    sent += 1;
                }
                self.0.write_all(&chunk)?;
            }
        }
        Ok(started.elapsed())
    }
}

/// A PUBLISH packet without acknowledgement.
pub(crate) fn publish(topic: &str, payload: &str, retain: bool) -> Vec<u8> {
    let mut body = (topic.len() as u16).to_be_bytes().to_vec();
    body.extend(topic.as_bytes());
    body.extend(payload.as_bytes());
    packet(0x30 | u8::from(retain), &body)
}

fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut packet = vec![first];
    let mut left = body.len();
    loop {
        let low = (left & 0x7f) as u8;
        left >>= 7;
        packet.push(if left > 0 { low | 0x80 } else { low });
        if left == 0 {
            break;
        }
    }
    packet.extend(body);
    packet
}
