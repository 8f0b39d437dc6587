//! Octets on their way to one connection.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Buf, Bytes};

/// Small runs one after the other in memory of their own, large ones shared with other receivers.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    /// What comes first.
    front: VecDeque<Bytes>,
    /// What comes after it.
    tail: Vec<u8>,
    /// Octets of `tail` that have been written.
    written: usize,
}

impl Outgoing {
    /// Memory beyond this is given back when everything has been written.
    const KEPT: usize = 1 << 20;

    pub(crate) fn is_empty(&self) -> bool {
        self.front.is_empty() && self.tail.len() == self.written
    }

    /// Appends a copy.
    pub(crate) fn copy(&mut self, octets: &[u8]) {
        self.tail.extend_from_slice(octets);
    }

    /// Appends the octets themselves.
    pub(crate) fn share(&mut self, octets: Bytes) {
        if self.tail.len() > self.written {
            let mut before = Bytes::from(std::mem::take(&mut self.tail));
            before.advance(std::mem::take(&mut self.written));
            self.front.push_back(before);
        }
        self.front.push_back(octets);
    }

    /// Forgets what has been written; keeps memory for what comes next.
    pub(crate) fn clear(&mut self) {
        self.front.clear();
        self.tail.clear();
        self.written = 0;
        if self.tail.capacity() > Self::KEPT {
            self.tail = Vec::new();
        }
    }

    fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        let tail = self.tail.get(self.written..).filter(|tail| !tail.is_empty());
        self.front.iter().map(|part| &part[..]).chain(tail)
    }
}

/// For vectored writes.
impl Buf for Outgoing {
    fn remaining(&self) -> usize {
        self.pieces().map(<[u8]>::len).sum()
    }

    fn has_remaining(&self) -> bool {
        !self.is_empty()
    }

    fn chunk(&self) -> &[u8] {
        self.pieces().next().unwrap_or_default()
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let mut used = 0;
        for (slice, piece) in slices.iter_mut().zip(self.pieces()) {
            *slice = IoSlice::new(piece);
            used += 1;
        }
        used
    }

    fn advance(&mut self, mut count: usize) {
        while let Some(part) = self.front.front_mut() {
            if part.len() > count {
                return part.advance(count);
            }
            count -= part.len();
            self.front.pop_front();
        }
        self.written += count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything, taken in steps of so many octets.
    fn taken(mut outgoing: Outgoing, step: usize) -> Vec<u8> {
        let mut all = Vec::new();
        while outgoing.has_remaining() {
            let mut slices = [IoSlice::new(&[]); 2];
            let used = outgoing.chunks_vectored(&mut slices);
            let octets: Vec<u8> = slices[..used].iter().flat_map(|slice| slice.iter().copied()).collect();
            let count = octets.len().min(step);
            all.extend_from_slice(&octets[..count]);
            outgoing.advance(count);
        }
        all
    }

    #[test]
    fn copied_and_shared_octets_leave_in_the_order_in_which_they_came() {
        for step in [1, 3, 4, 100] {
            let mut outgoing = Outgoing::default();
            outgoing.share(Bytes::from_static(b"abc"));
            outgoing.copy(b"de");
            outgoing.copy(b"f");
            outgoing.share(Bytes::from_static(b"gh"));
            outgoing.share(Bytes::from_static(b"i"));
            outgoing.copy(b"jkl");
            assert_eq!(outgoing.remaining(), 12);
            assert_eq!(taken(outgoing, step), b"abcdefghijkl", "in steps of {step}");
        }
    }

    #[test]
    fn what_is_shared_is_not_copied_and_what_was_written_does_not_come_again() {
        let run = Bytes::from(vec![b'x'; 8]);
        let mut outgoing = Outgoing::default();
        outgoing.copy(b"ab");
        outgoing.advance(1);
        outgoing.share(run.clone());
        let shared = outgoing.pieces().nth(1).map(<[u8]>::as_ptr);
        assert_eq!(shared, Some(run.as_ptr()));
        assert_eq!(taken(outgoing, 100), b"bxxxxxxxx");
    }
}
