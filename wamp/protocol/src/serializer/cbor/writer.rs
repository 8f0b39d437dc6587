//! Writing CBOR, in the shortest form of each number and length.

use bytes::{BufMut, BytesMut};

use super::{BINARY, DICT, LIST, NEGATIVE, TEXT, UNSIGNED};
use crate::Serializer;
use crate::serializer::write::{Head, Open, Writer, nearest, patch_head};

fn head(major: u8, argument: u64) -> Head {
    let major = major << 5;
    let mut head = Head::default();
    if let Ok(argument) = u8::try_from(argument) {
        if argument < 24 {
            head.push(&[major | argument]);
        } else {
            head.push(&[major | 24, argument]);
        }
    } else if let Ok(argument) = u16::try_from(argument) {
        head.push(&[major | 25]);
        head.push(&argument.to_be_bytes());
    } else if let Ok(argument) = u32::try_from(argument) {
        head.push(&[major | 26]);
        head.push(&argument.to_be_bytes());
    } else {
        head.push(&[major | 27]);
        head.push(&argument.to_be_bytes());
    }
    head
}

pub(crate) struct CborWriter<'b> {
    output: &'b mut BytesMut,
}

impl<'b> CborWriter<'b> {
    pub(crate) const fn new(output: &'b mut BytesMut) -> Self {
        Self { output }
    }

    fn head(&mut self, major: u8, argument: u64) {
        self.output.put_slice(head(major, argument).as_slice());
    }

    fn open(&mut self, major: u8, count: Option<u64>) -> Open {
        let at = self.output.len();
        self.head(major, count.unwrap_or(0));
        Open {
            at,
            count: 0,
            announced: count,
        }
    }

    fn close(&mut self, major: u8, open: &Open) {
        if open.announced.is_none() {
            patch_head(self.output, open.at, &head(major, open.count));
        }
    }
}

impl Writer for CborWriter<'_> {
    const SERIALIZER: Serializer = Serializer::Cbor;

    fn open_list(&mut self, count: Option<u64>) -> Open {
        self.open(LIST, count)
    }

    fn item(&mut self, list: &mut Open) {
        list.count += 1;
    }

    fn close_list(&mut self, list: Open) {
        self.close(LIST, &list);
    }

    fn open_dict(&mut self, count: Option<u64>) -> Open {
        self.open(DICT, count)
    }

    fn key(&mut self, dict: &mut Open, key: &str) {
        dict.count += 1;
        self.text(key);
    }

    fn close_dict(&mut self, dict: Open) {
        self.close(DICT, &dict);
    }

    fn null(&mut self) {
        self.output.put_u8(0xf6);
    }

    fn boolean(&mut self, value: bool) {
        self.output.put_u8(if value { 0xf5 } else { 0xf4 });
    }

    fn unsigned(&mut self, number: u64) {
        self.head(UNSIGNED, number);
    }

    fn integer(&mut self, number: i128) {
        if let Ok(number) = u64::try_from(number) {
            self.unsigned(number);
        } else if let Ok(below) = u64::try_from(-1 - number) {
            self.head(NEGATIVE, below);
        } else {
            self.float(nearest(number));
        }
    }

    fn float(&mut self, number: f64) {
        self.output.put_u8(0xfb);
        self.output.put_f64(number);
    }

    fn text(&mut self, text: &str) {
        self.head(TEXT, text.len() as u64);
        self.output.put_slice(text.as_bytes());
    }

    fn binary(&mut self, octets: &[u8]) {
        self.head(BINARY, octets.len() as u64);
        self.output.put_slice(octets);
    }

    fn raw(&mut self, encoded: &[u8]) {
        self.output.put_slice(encoded);
    }
}
