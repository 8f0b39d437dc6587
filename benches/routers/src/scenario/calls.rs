//! Calls: several callers with so many calls in flight each, and one callee that gives back what
//! it gets. Each sees at its end that nothing more comes.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::receiving::READ;
use super::{Place, Run, next_run};
use crate::connection::{Connection, Part, Ready};
use crate::wire::{Frame, Stamp, Wire};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) fn run(place: Place<'_>, callers: usize, in_flight: usize, size: usize) -> Result<Run> {
    let run = next_run();
    let procedure = format!("bench.procedure{run}");
    let open = |part| Connection::open(place.server.address, place.wire, run, part);
    // First of its group: at the relay calls go to number 0.
    let mut callee = open(Part::Listener)?;
    callee.register(&procedure)?;
    let callee = callee.into_ready()?;
    let mut ready = Vec::new();
    for _ in 0..callers {
        ready.push(open(Part::Talker)?.into_ready()?);
    }
    let done = Arc::new(Notify::new());
    let before = place.server.cpu_seconds();
    let (wire, time) = (place.wire, place.time);
    let (latencies, seconds, after) = std::thread::scope(|scope| {
        let answering = scope.spawn(|| on_this_thread(answer(callee, wire, size, Arc::clone(&done))));
        let began = Instant::now();
        let calling = on_this_thread(async {
            let mut calling = JoinSet::new();
            for (index, ready) in ready.into_iter().enumerate() {
                let caller = Caller {
                    wire,
                    procedure: procedure.clone(),
                    text: vec![b'x'; size],
                    began,
                    sent: 0,
                    number: index as u64,
                    latencies: Vec::new(),
                };
                calling.spawn(tokio::time::timeout(
                    time + PATIENCE,
                    caller.run(ready, in_flight, time),
                ));
            }
            let (mut latencies, mut ended) = (Vec::new(), Vec::new());
            while let Some(caller) = calling.join_next().await {
                let (caller, end) = caller?.context("calls are not answered")??;
                latencies.extend(caller.latencies);
                ended.push(end);
            }
            let seconds = began.elapsed().as_secs_f64();
            let after = place.server.cpu_seconds();
            for end in ended {
                end.nothing_more(wire).await.context("a caller")?;
            }
            Ok((latencies, seconds, after))
        });
        done.notify_one();
        let answered = answering.join().ok().context("the callee panicked")?;
        let calling = calling?;
        answered.context("the callee")?;
        Ok::<_, anyhow::Error>(calling)
    })?;
    Ok(Run {
        done: latencies.len() as u64,
        seconds,
        cpu: before.zip(after).map(|(before, after)| after - before),
        latencies,
        memory: None,
    })
}

fn on_this_thread<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(work)
}

/// Octets read, frame by frame.
struct Input {
    octets: Vec<u8>,
    filled: usize,
}

impl Input {
    fn new() -> Self {
        Self {
            octets: vec![0; READ],
            filled: 0,
        }
    }

    /// Reads once and lets `take` see every whole frame.
    async fn read(
        &mut self,
        stream: &TcpStream,
        wire: Wire,
        mut take: impl FnMut(&[u8], std::ops::Range<usize>) -> Result<()>,
    ) -> Result<Heard> {
        loop {
            stream.readable().await?;
            match stream.try_read(&mut self.octets[self.filled..]) {
                Ok(0) => bail!("the server closed the connection"),
                Ok(count) => self.filled += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
                Err(error) => return Err(error.into()),
            }
            break;
        }
        let mut at = 0;
        let mut heard = Heard::Messages;
        while let Some(Frame { size, body }) = wire.frame(&self.octets[at..self.filled])? {
            if wire.is_last_word(&self.octets[at..at + size], body.as_ref()) {
                heard = Heard::LastWord;
            } else if let Some(body) = body {
                take(&self.octets[at..at + size], body)?;
            }
            at += size;
        }
        self.octets.copy_within(at..self.filled, 0);
        self.filled -= at;
        if self.filled == self.octets.len() {
            self.octets.resize(2 * self.filled, 0);
        }
        Ok(heard)
    }
}

/// What a read brought.
#[derive(Debug, PartialEq, Eq)]
enum Heard {
    Messages,
    /// The answer to the last word, or a goodbye.
    LastWord,
}

/// A connection on which everything has come that was expected.
struct End {
    stream: TcpStream,
    input: Input,
    last_word: Vec<u8>,
}

impl End {
    /// Says the last word and sees that its answer is all that comes.
    async fn nothing_more(mut self, wire: Wire) -> Result<()> {
        self.stream.write_all(&self.last_word).await?;
        let answer = async {
            loop {
                let unasked = |frame: &[u8], body| {
                    let message =
                        String::from_utf8_lossy(frame.get::<std::ops::Range<usize>>(body).unwrap_or_default());
                    bail!("after the last message comes {message:?}")
                };
                if self.input.read(&self.stream, wire, unasked).await? == Heard::LastWord {
                    return Ok(());
                }
            }
        };
        let answered = tokio::time::timeout(PATIENCE, answer).await;
        answered.context("the server does not answer the last word")?
    }
}

async fn answer(callee: Ready, wire: Wire, size: usize, done: Arc<Notify>) -> Result<()> {
    let Ready { stream, last_word } = callee;
    stream.set_nonblocking(true)?;
    let mut stream = TcpStream::from_std(stream)?;
    let mut input = Input::new();
    let mut output = Vec::new();
    loop {
        tokio::select! {
            () = done.notified() => {
                let end = End { stream, input, last_word };
                return end.nothing_more(wire).await;
            }
            read = input.read(&stream, wire, |frame, body| wire.answer(&mut output, frame, body, size)) => {
                if read? == Heard::LastWord {
                    bail!("the server says goodbye");
                }
            }
        }
        stream.write_all(&output).await?;
        output.clear();
    }
}

struct Caller {
    wire: Wire,
    procedure: String,
    text: Vec<u8>,
    began: Instant,
    sent: u64,
    number: u64,
    latencies: Vec<u64>,
}

impl Caller {
    async fn run(mut self, ready: Ready, in_flight: usize, time: Duration) -> Result<(Self, End)> {
        let Ready { stream, last_word } = ready;
        stream.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(stream)?;
        let until = self.began + time;
        let mut input = Input::new();
        let mut output = Vec::new();
        let mut got = 0;
        self.call(&mut output, in_flight);
        loop {
            stream.write_all(&output).await?;
            output.clear();
            let before = got;
            let (wire, size) = (self.wire, self.text.len());
            let (began, latencies, number) = (self.began, &mut self.latencies, self.number);
            let mut now = None;
            let heard = input
                .read(&stream, wire, |frame, body| {
                    let stamp = wire.stamp(&frame[body], size)?;
                    got += 1;
                    if stamp.count != got || stamp.publisher != number {
                        bail!("answer {got} of caller {number} says that it is {stamp:?}");
                    }
                    let now = *now.get_or_insert_with(|| began.elapsed().as_nanos() as u64);
                    latencies.push(now.saturating_sub(stamp.nanoseconds));
                    Ok(())
                })
                .await?;
            if heard == Heard::LastWord {
                bail!("the server says goodbye");
            }
            if Instant::now() < until {
                self.call(&mut output, (got - before) as usize);
            } else if got == self.sent {
                let end = End {
                    stream,
                    input,
                    last_word,
                };
                return Ok((self, end));
            }
        }
    }

    fn call(&mut self, output: &mut Vec<u8>, count: usize) {
        let nanoseconds = self.began.elapsed().as_nanos() as u64;
        for _ in 0..count {
            self.sent += 1;
            let stamp = Stamp {
                publisher: self.number,
                count: self.sent,
                nanoseconds,
            };
            stamp.write(&mut self.text);
            self.wire.call(output, &self.procedure, self.sent, &self.text);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;

    use super::*;

    /// What a caller finds at its end where the server sends `before` it answers the last word.
    fn ended(before: &[u8]) -> Result<()> {
        on_this_thread(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
            let stream = TcpStream::connect(listener.local_addr()?).await?;
            let (mut server, _) = listener.accept().await?;
            let last_word = Wire::Relay.last_word(0)?;
            let end = End {
                stream,
                input: Input::new(),
                last_word: last_word.clone(),
            };
            let answer = async {
                let mut word = vec![0; last_word.len()];
                server.read_exact(&mut word).await?;
                server.write_all(before).await?;
                server.write_all(&word).await?;
                Ok::<_, anyhow::Error>(())
            };
            let (answered, ended) = tokio::join!(answer, end.nothing_more(Wire::Relay));
            answered.and(ended)
        })
    }

    #[test]
    fn an_answer_after_the_last_is_noticed() {
        ended(b"").expect("nothing is wrong");
        let mut answer = Vec::new();
        Wire::Relay.call(&mut answer, "", 1, b"again");
        let error = ended(&answer).expect_err("something came");
        assert_eq!(error.to_string(), "after the last message comes \"again\"");
    }
}
