//! One client's connection: opened, signed in and subscribed in blocking calls, before anything is
//! measured.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use socket2::{Domain, SockRef, Socket, Type};
use wamp_protocol::framing::rawsocket::{Handshake, MaxLength};
use wamp_protocol::{Message, Serializer};

use crate::wire::{
    Carrier, Frame, MqttHandshake, NatsHandshake, TALKS_ONLY, Wire, envelope, relay_message, upgrade_request,
};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a connection is for; the relay wants to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Listener,
    Talker,
}

/// A connection whose session is open.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) stream: TcpStream,
    pub(crate) wire: Wire,
    input: Vec<u8>,
    /// The last request's id.
    pub(crate) request: u64,
    /// Its number at the relay.
    number: u16,
}

/// A connection that takes part in a measurement.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) stream: TcpStream,
    /// Sent at the end: its answer comes behind everything that was meant for this connection.
    pub(crate) last_word: Vec<u8>,
}

impl Connection {
    /// Connects and opens a session. `run` keeps what one measurement sends apart from the others.
    pub(crate) fn open(address: SocketAddr, wire: Wire, run: u32, part: Part) -> Result<Self> {
        Self::on(
            Socket::new(Domain::for_address(address), Type::STREAM, None)?,
            address,
            wire,
            run,
            part,
        )
    }

    /// The same with so small a receive buffer that whoever does not read is soon noticed.
    pub(crate) fn open_narrow(address: SocketAddr, wire: Wire, run: u32) -> Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        socket.set_recv_buffer_size(8 * 1024)?;
        Self::on(socket, address, wire, run, Part::Listener)
    }

    fn on(socket: Socket, address: SocketAddr, wire: Wire, run: u32, part: Part) -> Result<Self> {
        socket.connect(&address.into())?;
        let stream = TcpStream::from(socket);
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut connection = Self {
            stream,
            wire,
            input: Vec::new(),
            request: 0,
            number: 0,
        };
        connection.sign_in(address, run, part)?;
        Ok(connection)
    }

    fn sign_in(&mut self, address: SocketAddr, run: u32, part: Part) -> Result<()> {
        match self.wire {
            Wire::Relay => {
                let group = if part == Part::Talker { run | TALKS_ONLY } else { run };
                self.stream.write_all(&group.to_be_bytes())?;
                let mut number = [0; 4];
                self.stream.read_exact(&mut number)?;
                self.number = u32::from_be_bytes(number) as u16;
            }
            Wire::Mqtt => {
                let port = self.stream.local_addr()?.port();
                self.stream
                    .write_all(&MqttHandshake::connect(&format!("m{run}-{port}")))?;
                self.next()?;
            }
            Wire::Nats => {
                self.stream.write_all(NatsHandshake::CONNECT)?;
                self.until(b"PONG")?;
            }
            Wire::Wamp(carrier, serializer) => {
                match carrier {
                    Carrier::RawSocket => self.shake_hands(serializer)?,
                    Carrier::WebSocket => self.upgrade(address, serializer)?,
                }
                self.say(r#"[1,"realm1",{"roles":{"publisher":{},"subscriber":{},"caller":{},"callee":{}}}]"#)?;
                let answer = self.message()?;
                if !matches!(answer, Message::Welcome(_)) {
                    bail!("the router answers HELLO with {answer:?}");
                }
            }
        }
        Ok(())
    }

    fn shake_hands(&mut self, serializer: Serializer) -> Result<()> {
        let own = Handshake {
            max_length: MaxLength::MAX,
            serializer,
        };
        self.stream.write_all(&own.octets())?;
        let mut answer = [0; 4];
        self.stream.read_exact(&mut answer)?;
        own.answered(answer)?;
        Ok(())
    }

    fn upgrade(&mut self, address: SocketAddr, serializer: Serializer) -> Result<()> {
        self.stream
            .write_all(upgrade_request(&address.to_string(), serializer).as_bytes())?;
        let end = loop {
            if let Some(at) = self.input.windows(4).position(|octets| octets == b"\r\n\r\n") {
                break at + 4;
            }
            self.read()?;
        };
        let head: Vec<u8> = self.input.drain(..end).collect();
        if !head.starts_with(b"HTTP/1.1 101") {
            bail!("no WebSocket: {}", String::from_utf8_lossy(&head));
        }
        Ok(())
    }

    fn read(&mut self) -> Result<()> {
        let mut octets = [0; 16 * 1024];
        let count = self.stream.read(&mut octets)?;
        if count == 0 {
            bail!("the server closed the connection");
        }
        self.input.extend_from_slice(&octets[..count]);
        Ok(())
    }

    /// The next frame that carries something, or for servers other than WAMP's any.
    pub(crate) fn next(&mut self) -> Result<Vec<u8>> {
        loop {
            while let Some(Frame { size, body }) = self.wire.frame(&self.input)? {
                let frame: Vec<u8> = self.input.drain(..size).collect();
                match body {
                    Some(body) => return Ok(frame[body].to_vec()),
                    None if !matches!(self.wire, Wire::Wamp(..)) => return Ok(frame),
                    None => {}
                }
            }
            self.read()?;
        }
    }

    fn until(&mut self, line: &[u8]) -> Result<()> {
        while !self.next()?.starts_with(line) {}
        Ok(())
    }

    /// Sends a WAMP message, written here in JSON.
    pub(crate) fn say(&mut self, json: &str) -> Result<()> {
        let octets = self.message_frame(json)?;
        self.stream.write_all(&octets)?;
        Ok(())
    }

    fn message_frame(&self, json: &str) -> Result<Vec<u8>> {
        let Wire::Wamp(carrier, serializer) = self.wire else {
            bail!("this is no WAMP connection");
        };
        let message = Serializer::Json.decode(Bytes::copy_from_slice(json.as_bytes()))?;
        let mut octets = Vec::new();
        envelope(carrier, serializer, &mut octets, &serializer.encode(&message)?);
        Ok(octets)
    }

    /// The next WAMP message.
    pub(crate) fn message(&mut self) -> Result<Message> {
        let Wire::Wamp(_, serializer) = self.wire else {
            bail!("this is no WAMP connection");
        };
        let octets = self.next()?;
        Ok(serializer.decode(octets.into())?)
    }

    /// Subscribes to a topic, or to all that begin with it.
    pub(crate) fn subscribe(&mut self, topic: &str, prefix: bool) -> Result<()> {
        match self.wire {
            Wire::Relay => {}
            Wire::Mqtt => {
                self.stream.write_all(&MqttHandshake::subscribe(topic, prefix))?;
                self.next()?;
            }
            Wire::Nats => {
                self.stream.write_all(&NatsHandshake::subscribe(topic, prefix))?;
                self.until(b"PONG")?;
            }
            Wire::Wamp(..) => {
                let policy = if prefix { "prefix" } else { "exact" };
                self.subscribe_all(std::iter::once((policy, topic.to_owned())))?;
            }
        }
        Ok(())
    }

    /// WAMP subscriptions by match policy and pattern, sent before any answer is waited for.
    pub(crate) fn subscribe_all(&mut self, patterns: impl Iterator<Item = (&'static str, String)>) -> Result<()> {
        let mut waiting = 0;
        let mut octets = Vec::new();
        for (policy, pattern) in patterns {
            self.request += 1;
            let request = self.request;
            octets.extend(self.message_frame(&format!(r#"[32,{request},{{"match":"{policy}"}},"{pattern}"]"#))?);
            waiting += 1;
            if waiting == 500 {
                self.flush_subscriptions(&mut octets, &mut waiting)?;
            }
        }
        self.flush_subscriptions(&mut octets, &mut waiting)
    }

    fn flush_subscriptions(&mut self, octets: &mut Vec<u8>, waiting: &mut u32) -> Result<()> {
        self.stream.write_all(octets)?;
        octets.clear();
        for _ in 0..std::mem::take(waiting) {
            let answer = self.message()?;
            if !matches!(answer, Message::Subscribed(_)) {
                bail!("the router answers SUBSCRIBE with {answer:?}");
            }
        }
        Ok(())
    }

    /// Offers a procedure.
    pub(crate) fn register(&mut self, procedure: &str) -> Result<()> {
        if !matches!(self.wire, Wire::Wamp(..)) {
            return Ok(());
        }
        self.request += 1;
        self.say(&format!(r#"[64,{},{{}},"{procedure}"]"#, self.request))?;
        let answer = self.message()?;
        if !matches!(answer, Message::Registered(_)) {
            bail!("the router answers REGISTER with {answer:?}");
        }
        Ok(())
    }

    /// What a session takes beside connecting: at the relay as many exchanges as WAMP has, of
    /// about as many octets, so that it is measured what they cost and not that they are there.
    /// The first is made by opening, where WAMP asks for its WebSocket.
    pub(crate) fn exchange_as_wamp(&mut self) -> Result<()> {
        /// HELLO and WELCOME have so many together, half of it each way; GOODBYE and its answer.
        const OCTETS: [usize; 2] = [400, 60];
        if self.wire == Wire::Relay {
            for octets in OCTETS {
                let frame = relay_message(self.number, octets);
                self.stream.write_all(&frame)?;
                self.next()?;
            }
        }
        Ok(())
    }

    /// Ends the session in an orderly way and drops the connection at once: thousands that linger
    /// would use up the ports.
    pub(crate) fn close(mut self) -> Result<()> {
        match self.wire {
            Wire::Wamp(..) => {
                self.stream.write_all(&self.wire.last_word(self.number)?)?;
                let answer = self.message()?;
                if !matches!(answer, Message::Goodbye(_)) {
                    bail!("the router answers GOODBYE with {answer:?}");
                }
            }
            Wire::Mqtt => self.stream.write_all(&MqttHandshake::DISCONNECT)?,
            Wire::Relay | Wire::Nats => {}
        }
        SockRef::from(&self.stream)
            .set_linger(Some(Duration::ZERO))
            .context("closing")
    }

    /// The socket with what it says last, ready for the measurement.
    pub(crate) fn into_ready(self) -> Result<Ready> {
        let last_word = self.wire.last_word(self.number)?;
        Ok(Ready {
            stream: self.into_stream()?,
            last_word,
        })
    }

    /// The socket, ready for the measurement; whatever came before it must have been read.
    pub(crate) fn into_stream(self) -> Result<TcpStream> {
        if !self.input.is_empty() {
            bail!("something came before it was asked for");
        }
        self.stream.set_read_timeout(None)?;
        Ok(self.stream)
    }
}
