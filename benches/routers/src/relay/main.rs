//! A relay that parses nothing: the limit of what a router can reach on this machine.
//!
//! It has the router's sockets, threads and batching, and none of its work. A client says its
//! group (four octets, big end first; with the top bit set it only talks) and is told its number
//! in it (four octets). Then frames go both ways: four octets of length, two octets that name the
//! receiver (`0xffff`: everybody else who listens; at the receiver: who sent it), and so many
//! octets that nobody looks at.
//!
//! Like the router it copies small frames for each receiver and shares large ones; unlike it, it
//! also takes frames that follow one another to the same receivers as one piece.

mod outgoing;

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use crate::outgoing::Outgoing;

/// Octets before a frame's content.
const HEADER: usize = 6;
/// The receiver that stands for everybody else.
const ALL: u16 = u16::MAX;
/// In a group's number: whoever joins gets only what names it.
const TALKS_ONLY: u32 = 1 << 31;
/// Frames to the same receivers that have so many octets together are not copied for each.
const SHARED: usize = 16 * 1024;
/// Octets read at once; the router's reads are as large.
const READ: usize = 64 * 1024;

thread_local! {
    /// Shared by the connections of a thread: idle ones have no buffer.
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; READ]);
}

/// One connection's outgoing octets.
#[derive(Default)]
struct Peer {
    queue: Mutex<Outgoing>,
    filled: Notify,
    /// Nothing more comes for it.
    gone: std::sync::atomic::AtomicBool,
}

/// Who is in a group.
#[derive(Default)]
struct Members {
    /// By number.
    all: Vec<Arc<Peer>>,
    listeners: Vec<Arc<Peer>>,
}

type Group = Arc<RwLock<Members>>;

#[derive(Clone, Default)]
struct Groups(Arc<Mutex<HashMap<u32, Group>>>);

fn main() -> anyhow::Result<()> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).clamp(1, 4);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()?
        .block_on(serve())
}

async fn serve() -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let groups = Groups::default();
    loop {
        let (stream, _) = listener.accept().await?;
        let groups = groups.clone();
        tokio::spawn(async move {
            // Whoever goes, goes.
            let _ = welcome(stream, groups).await;
        });
    }
}

async fn welcome(mut stream: TcpStream, groups: Groups) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let group = stream.read_u32().await?;
    let (group, peer, number) = groups.join(group);
    stream.write_u32(u32::from(number)).await?;
    let (reader, writer) = stream.into_split();
    tokio::spawn(write(writer, Arc::clone(&peer)));
    let read = read(reader, &group, &peer, number).await;
    peer.gone.store(true, std::sync::atomic::Ordering::Release);
    peer.filled.notify_one();
    read
}

impl Groups {
    fn join(&self, number: u32) -> (Group, Arc<Peer>, u16) {
        let mut groups = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let group = Arc::clone(groups.entry(number & !TALKS_ONLY).or_default());
        drop(groups);
        let peer = Arc::new(Peer::default());
        let mut members = group.write().unwrap_or_else(PoisonError::into_inner);
        let place = u16::try_from(members.all.len()).unwrap_or(ALL);
        members.all.push(Arc::clone(&peer));
        if number & TALKS_ONLY == 0 {
            members.listeners.push(Arc::clone(&peer));
        }
        drop(members);
        (group, peer, place)
    }
}

impl Peer {
    fn lock(&self) -> MutexGuard<'_, Outgoing> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(&self, add: impl FnOnce(&mut Outgoing)) {
        if self.gone.load(std::sync::atomic::Ordering::Acquire) {
            return;
        }
        let mut queue = self.lock();
        let first = queue.is_empty();
        add(&mut queue);
        drop(queue);
        if first {
            self.filled.notify_one();
        }
    }
}

async fn read(reader: OwnedReadHalf, group: &Group, own: &Arc<Peer>, number: u16) -> io::Result<()> {
    // What has come of a frame that is not whole.
    let mut rest: Vec<u8> = Vec::new();
    loop {
        reader.readable().await?;
        let read: io::Result<usize> = BUFFER.with_borrow_mut(|buffer| {
            let count = reader.try_read(buffer)?;
            let octets = buffer.get_mut(..count).unwrap_or_default();
            if rest.is_empty() {
                let used = hand_on(octets, group, own, number);
                rest.extend_from_slice(octets.get(used..).unwrap_or_default());
            } else {
                rest.extend_from_slice(octets);
                let used = hand_on(&mut rest, group, own, number);
                rest.drain(..used);
            }
            Ok(count)
        });
        match read {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}

/// Hands on the whole frames, those that follow one another to the same receiver at once; how
/// many octets they are.
fn hand_on(octets: &mut [u8], group: &Group, own: &Arc<Peer>, number: u16) -> usize {
    let members = group.read().unwrap_or_else(PoisonError::into_inner);
    let mut at = 0;
    while let Some((to, end)) = run_from(octets, at, number) {
        let run = octets.get(at..end).unwrap_or_default();
        if run.len() < SHARED {
            members.send(to, own, |outgoing| outgoing.copy(run));
        } else {
            // One copy: taking over the memory that they were read into was slower, as each read
            // needs new memory then.
            let run = Bytes::copy_from_slice(run);
            members.send(to, own, |outgoing| outgoing.share(run.clone()));
        }
        at = end;
    }
    at
}

impl Members {
    /// Adds to what goes to `to`, to all others if it stands for them.
    fn send(&self, to: u16, own: &Arc<Peer>, add: impl Fn(&mut Outgoing)) {
        if to == ALL {
            for peer in self.listeners.iter().filter(|peer| !Arc::ptr_eq(peer, own)) {
                peer.send(&add);
            }
        } else if let Some(peer) = self.all.get(usize::from(to)) {
            peer.send(&add);
        }
    }
}

/// The receiver and the end of the frames from `at` on that have one receiver; the sender's
/// number is put into them.
fn run_from(octets: &mut [u8], at: usize, number: u16) -> Option<(u16, usize)> {
    let mut to = None;
    let mut end = at;
    while let Some([a, b, c, d, high, low]) = octets.get(end..).and_then(<[u8]>::first_chunk::<HEADER>).copied() {
        let receiver = u16::from_be_bytes([high, low]);
        let next = end + HEADER + u32::from_be_bytes([a, b, c, d]) as usize;
        if next > octets.len() || to.is_some_and(|to| to != receiver) {
            break;
        }
        to = Some(receiver);
        if let Some(place) = octets.get_mut(end + 4..end + HEADER) {
            place.copy_from_slice(&number.to_be_bytes());
        }
        end = next;
    }
    to.map(|to| (to, end))
}

async fn write(mut writer: OwnedWriteHalf, peer: Arc<Peer>) -> io::Result<()> {
    let mut taken = Outgoing::default();
    loop {
        std::mem::swap(&mut taken, &mut *peer.lock());
        if taken.is_empty() {
            if peer.gone.load(std::sync::atomic::Ordering::Acquire) {
                return writer.shutdown().await;
            }
            peer.filled.notified().await;
            continue;
        }
        writer.write_all_buf(&mut taken).await?;
        taken.clear();
    }
}
