//! What every serializer's writer can do.

use bytes::{BufMut, BytesMut};

use crate::{Dict, Serializer, Value};

/// A list or dict that is being written.
#[derive(Debug)]
pub(crate) struct Open {
    /// Where its first octet is.
    pub(crate) at: usize,
    /// Items or pairs written so far.
    pub(crate) count: u64,
    /// How many were announced; `None` when the count is filled in at the end.
    pub(crate) announced: Option<u64>,
}

pub(crate) trait Writer {
    const SERIALIZER: Serializer;

    /// Begins a list; give the count where it is known, it saves work.
    fn open_list(&mut self, count: Option<u64>) -> Open;
    /// Goes before each item.
    fn item(&mut self, list: &mut Open);
    fn close_list(&mut self, list: Open);
    /// Begins a dict; give the count where it is known, it saves work.
    fn open_dict(&mut self, count: Option<u64>) -> Open;
    fn key(&mut self, dict: &mut Open, key: &str);
    fn close_dict(&mut self, dict: Open);
    fn null(&mut self);
    fn boolean(&mut self, value: bool);
    fn unsigned(&mut self, number: u64);
    fn integer(&mut self, number: i128);
    fn float(&mut self, number: f64);
    fn text(&mut self, text: &str);
    fn binary(&mut self, octets: &[u8]);
    /// One value that is encoded already.
    fn raw(&mut self, encoded: &[u8]);

    fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.null(),
            Value::Bool(value) => self.boolean(*value),
            Value::Integer(value) => self.integer(*value),
            Value::Float(value) => self.float(*value),
            Value::String(value) => self.text(value),
            Value::Binary(value) => self.binary(value),
            Value::List(items) => {
                let mut list = self.open_list(Some(items.len() as u64));
                for item in items {
                    self.item(&mut list);
                    self.value(item);
                }
                self.close_list(list);
            }
            Value::Dict(dict) => self.dict(dict),
        }
    }

    fn dict(&mut self, entries: &Dict) {
        let mut dict = self.open_dict(Some(entries.0.len() as u64));
        for (key, value) in &entries.0 {
            self.key(&mut dict, key);
            self.value(value);
        }
        self.close_dict(dict);
    }
}

/// A number too large for 64 bits, as the float next to it.
#[allow(clippy::cast_precision_loss, reason = "no format has a type for it that others read")]
pub(crate) const fn nearest(number: i128) -> f64 {
    number as f64
}

/// The octets that begin a value: its marker and length.
#[derive(Debug, Default)]
pub(crate) struct Head {
    octets: [u8; 9],
    length: usize,
}

impl Head {
    pub(crate) fn push(&mut self, octets: &[u8]) {
        let end = self.length + octets.len();
        if let Some(room) = self.octets.get_mut(self.length..end) {
            room.copy_from_slice(octets);
            self.length = end;
        }
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.octets[..self.length]
    }
}

/// Puts `head` where one octet was kept free for it, and moves what follows if it needs more.
pub(crate) fn patch_head(output: &mut BytesMut, at: usize, head: &Head) {
    let head = head.as_slice();
    if head.len() > 1 {
        let end = output.len();
        output.put_bytes(0, head.len() - 1);
        output.copy_within(at + 1..end, at + head.len());
    }
    output[at..at + head.len()].copy_from_slice(head);
}
