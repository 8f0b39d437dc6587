//! Calls: several callers with so many calls in flight each, and one callee that gives back what
//! it gets.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use tokio::io::AsyncWriteExt as _;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::receiving::READ;
use super::{Place, Run, next_run};
use crate::connection::{Connection, Part};
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
    let callee = callee.into_stream()?;
    let mut streams = Vec::new();
    for _ in 0..callers {
        streams.push(open(Part::Talker)?.into_stream()?);
    }
    let done = Arc::new(Done::default());
    let before = place.server.cpu_seconds();
    let (wire, time) = (place.wire, place.time);
    let (answered, seconds) = std::thread::scope(|scope| {
        let answering = scope.spawn(|| on_this_thread(answer(callee, wire, size, Arc::clone(&done))));
        let began = Instant::now();
        let calling = on_this_thread(async {
            let mut calling = JoinSet::new();
            for (index, stream) in streams.into_iter().enumerate() {
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
                    caller.run(stream, in_flight, time),
                ));
            }
            let mut latencies = Vec::new();
            while let Some(caller) = calling.join_next().await {
                latencies.extend(caller?.context("calls are not answered")??);
            }
            Ok(latencies)
        });
        let seconds = began.elapsed().as_secs_f64();
        done.flag.store(true, Relaxed);
        done.notify.notify_one();
        let answered = answering.join().ok().context("the callee panicked")?;
        let latencies = calling?;
        answered?;
        Ok::<_, anyhow::Error>((latencies, seconds))
    })?;
    let after = place.server.cpu_seconds();
    Ok(Run {
        done: answered.len() as u64,
        seconds,
        cpu: before.zip(after).map(|(before, after)| after - before),
        latencies: answered,
        memory: None,
    })
}

#[derive(Default)]
struct Done {
    flag: AtomicBool,
    notify: Notify,
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
        stream: &tokio::net::TcpStream,
        wire: Wire,
        mut take: impl FnMut(&[u8], std::ops::Range<usize>) -> Result<()>,
    ) -> Result<()> {
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
        while let Some(Frame { size, body }) = wire.frame(&self.octets[at..self.filled])? {
            if let Some(body) = body {
                take(&self.octets[at..at + size], body)?;
            }
            at += size;
        }
        self.octets.copy_within(at..self.filled, 0);
        self.filled -= at;
        if self.filled == self.octets.len() {
            self.octets.resize(2 * self.filled, 0);
        }
        Ok(())
    }
}

async fn answer(stream: TcpStream, wire: Wire, size: usize, done: Arc<Done>) -> Result<()> {
    stream.set_nonblocking(true)?;
    let mut stream = tokio::net::TcpStream::from_std(stream)?;
    let mut input = Input::new();
    let mut output = Vec::new();
    loop {
        tokio::select! {
            () = done.notify.notified() => return Ok(()),
            read = input.read(&stream, wire, |frame, body| wire.answer(&mut output, frame, body, size)) => {
                match read {
                    Err(_) if done.flag.load(Relaxed) => return Ok(()),
                    read => read?,
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
    async fn run(mut self, stream: TcpStream, in_flight: usize, time: Duration) -> Result<Vec<u64>> {
        stream.set_nonblocking(true)?;
        let mut stream = tokio::net::TcpStream::from_std(stream)?;
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
            input
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
            if Instant::now() < until {
                self.call(&mut output, (got - before) as usize);
            } else if got == self.sent {
                return Ok(self.latencies);
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
