//! One client's connection: bytes in, packets to the state, what it is owed out.

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use component::now;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::Shared;
use super::codec::{CodecFault, Connect, Packet, Version, Writer, decode, split_frame};
use super::state::Verdict;

/// How long a new connection may take to say who it is.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// A client that takes nothing for so long is gone.
const WRITE_WITHIN: Duration = Duration::from_secs(30);
/// Bytes written in one go.
const CHUNK: usize = 64 * 1024;
/// Room for what is read in one go.
const READ_ROOM: usize = 4096;
/// Bytes a client may send before it has signed in.
const LONGEST_CONNECT: usize = 64 * 1024;

/// Why a connection ended, as a sentence.
#[derive(Debug, thiserror::Error)]
pub(super) enum Ended {
    #[error("it hung up")]
    HungUp,
    #[error("it said goodbye")]
    Goodbye,
    #[error("it said nothing for {} seconds", .0.as_secs())]
    Silent(Duration),
    #[error("it takes nothing")]
    Stuck,
    #[error("another connection has its client id")]
    TakenOver,
    #[error("the server stops")]
    Stopping,
    #[error("it broke the protocol: {0}")]
    Protocol(#[from] CodecFault),
    #[error("it was refused: {0}")]
    Refused(&'static str),
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

pub(super) struct Connection {
    stream: TcpStream,
    input: BytesMut,
    output: BytesMut,
    version: Version,
    shared: Arc<Shared>,
}

impl Connection {
    pub(super) fn new(stream: TcpStream, shared: Arc<Shared>) -> Self {
        Self {
            stream,
            input: BytesMut::new(),
            output: BytesMut::new(),
            version: Version::V3,
            shared,
        }
    }

    /// Serves the client until one side ends it.
    pub(super) async fn serve(mut self) -> (String, Ended) {
        let signed_in = timeout(CONNECT_WITHIN, self.sign_in()).await;
        let connect = match signed_in {
            Ok(Ok(connect)) => connect,
            Ok(Err(ended)) => return (String::new(), ended),
            Err(_) => return (String::new(), Ended::Silent(CONNECT_WITHIN)),
        };
        let (number, connection, present) = self.shared.state().connect(&connect, now());
        let assigned = connect
            .client_id
            .starts_with(ASSIGNED)
            .then_some(connect.client_id.as_str());
        let longest = u32::try_from(self.shared.longest_packet).unwrap_or(u32::MAX);
        self.writer().connack(present, 0, assigned, longest);
        let ended = self.talk(&connect, number, connection).await;
        self.shared.state().disconnect(number, connection, now());
        (connect.client_id, ended)
    }

    fn writer(&mut self) -> Writer<'_> {
        Writer {
            version: self.version,
            out: &mut self.output,
        }
    }

    async fn sign_in(&mut self) -> Result<Connect, Ended> {
        let (first, body) = loop {
            if self.input.first().is_some_and(|first| *first != CONNECT) {
                return Err(Ended::Refused("its first packet is not CONNECT"));
            }
            if let Some(frame) = split_frame(&mut self.input, LONGEST_CONNECT)? {
                break frame;
            }
            self.read().await?;
        };
        let mut connect = match decode(Version::V3, first, body) {
            Ok(Packet::Connect(connect)) => *connect,
            Ok(_) => return Err(Ended::Refused("its first packet is not CONNECT")),
            Err(fault) => {
                if matches!(fault, CodecFault::UnknownLevel(_)) {
                    self.refuse(1).await?;
                }
                return Err(fault.into());
            }
        };
        self.version = connect.version;
        if connect.client_id.is_empty() {
            if !connect.clean && self.version == Version::V3 {
                self.refuse(2).await?;
                return Err(Ended::Refused("it wants a lasting session without a client id"));
            }
            connect.client_id = format!("{ASSIGNED}{}", self.shared.next_assigned());
        }
        if !self
            .shared
            .may_enter(connect.user.as_deref(), connect.password.as_deref())
        {
            let code = if self.version == Version::V5 { 0x86 } else { 4 };
            self.refuse(code).await?;
            return Err(Ended::Refused("its user or password is wrong"));
        }
        Ok(connect)
    }

    async fn refuse(&mut self, code: u8) -> Result<(), Ended> {
        self.writer().connack(false, code, None, 0);
        self.flush().await
    }

    async fn talk(&mut self, connect: &Connect, number: u64, connection: u64) -> Ended {
        match self.exchange(connect, number, connection).await {
            Ok(never) => match never {},
            Err(ended) => {
                // Section 3.14.2.1: why a MQTT 5 client is sent away.
                let reason = match &ended {
                    Ended::TakenOver => Some(0x8e),
                    Ended::Stopping => Some(0x8b),
                    Ended::Silent(_) => Some(0x8d),
                    Ended::Protocol(_) => Some(0x81),
                    Ended::HungUp | Ended::Goodbye | Ended::Stuck | Ended::Refused(_) | Ended::Io(_) => None,
                };
                if let Some(reason) = reason {
                    self.writer().disconnect(reason);
                    // It is being sent away; whether it hears why makes no difference.
                    let _ = self.flush().await;
                }
                ended
            }
        }
    }

    async fn exchange(
        &mut self,
        connect: &Connect,
        number: u64,
        connection: u64,
    ) -> Result<std::convert::Infallible, Ended> {
        // Section 3.1.2.10: half as long again as the client promised.
        let patience = match connect.keep_alive {
            0 => Duration::from_secs(u64::from(u32::MAX)),
            seconds => Duration::from_secs(u64::from(seconds)) * 3 / 2,
        };
        let wake = self.shared.state().wake_of(number);
        let mut stopping = self.shared.stopping.subscribe();
        if *stopping.borrow() {
            return Err(Ended::Stopping);
        }
        let quiet = sleep(patience);
        tokio::pin!(quiet);
        loop {
            self.take_packets(number).await?;
            self.send_what_is_owed(number, connection).await?;
            self.input.reserve(READ_ROOM);
            tokio::select! {
                read = self.stream.read_buf(&mut self.input) => {
                    if read? == 0 {
                        return Err(Ended::HungUp);
                    }
                    quiet.as_mut().reset(tokio::time::Instant::now() + patience);
                }
                () = wake.notified() => {}
                () = &mut quiet => return Err(Ended::Silent(patience)),
                _ = stopping.changed() => {
                    // The hub's farewell is among it.
                    self.send_what_is_owed(number, connection).await?;
                    return Err(Ended::Stopping);
                }
            }
        }
    }

    /// Hands every whole packet that has come to the state.
    async fn take_packets(&mut self, number: u64) -> Result<(), Ended> {
        while let Some((first, body)) = split_frame(&mut self.input, self.shared.longest_packet)? {
            let packet = decode(self.version, first, body)?;
            let permit = match &packet {
                // Publishers wait while the bridge is behind; nothing is lost.
                Packet::Publish(_) => Arc::clone(&self.shared.room).acquire_owned().await.ok(),
                _ => None,
            };
            let mut writer = Writer {
                version: self.version,
                out: &mut self.output,
            };
            let verdict = self.shared.state().handle(number, packet, permit, now(), &mut writer);
            if verdict == Verdict::Close {
                return Err(Ended::Goodbye);
            }
            if self.output.len() > CHUNK {
                self.flush().await?;
            }
        }
        Ok(())
    }

    async fn send_what_is_owed(&mut self, number: u64, connection: u64) -> Result<(), Ended> {
        loop {
            let more = {
                let mut state = self.shared.state();
                if !state.is_current(number, connection) {
                    return Err(Ended::TakenOver);
                }
                let mut writer = Writer {
                    version: self.version,
                    out: &mut self.output,
                };
                state.write(number, &mut writer, CHUNK)
            };
            self.flush().await?;
            if !more {
                return Ok(());
            }
        }
    }

    async fn read(&mut self) -> Result<(), Ended> {
        if self.stream.read_buf(&mut self.input).await? == 0 {
            return Err(Ended::HungUp);
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), Ended> {
        if self.output.is_empty() {
            return Ok(());
        }
        timeout(WRITE_WITHIN, self.stream.write_all(&self.output))
            .await
            .map_err(|_| Ended::Stuck)??;
        self.output.clear();
        Ok(())
    }
}

/// The first byte of a CONNECT packet.
const CONNECT: u8 = 0x10;
/// How client ids start that this server makes up.
const ASSIGNED: &str = "domovoi-guest-";
