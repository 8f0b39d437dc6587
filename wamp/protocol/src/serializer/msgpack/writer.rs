//! Writing MessagePack, in the shortest form of each number and length.

use bytes::{BufMut, BytesMut};

use crate::Serializer;
use crate::serializer::write::{Head, Open, Writer, nearest, patch_head};

/// The markers of one kind of value, by how much room its length takes.
struct Markers {
    /// For lengths below `small`, or-ed with the length.
    fixed: u8,
    small: u8,
    /// For one octet of length, where there is such a form.
    one: Option<u8>,
    two: u8,
    four: u8,
}

const LIST: Markers = Markers {
    fixed: 0x90,
    small: 16,
    one: None,
    two: 0xdc,
    four: 0xdd,
};
const DICT: Markers = Markers {
    fixed: 0x80,
    small: 16,
    one: None,
    two: 0xde,
    four: 0xdf,
};
const TEXT: Markers = Markers {
    fixed: 0xa0,
    small: 32,
    one: Some(0xd9),
    two: 0xda,
    four: 0xdb,
};
const BINARY: Markers = Markers {
    fixed: 0,
    small: 0,
    one: Some(0xc4),
    two: 0xc5,
    four: 0xc6,
};

impl Markers {
    fn head(&self, length: u64) -> Head {
        let mut head = Head::default();
        match (u8::try_from(length), u16::try_from(length), self.one) {
            (Ok(length), ..) if length < self.small => head.push(&[self.fixed | length]),
            (Ok(length), _, Some(one)) => head.push(&[one, length]),
            (_, Ok(length), _) => {
                head.push(&[self.two]);
                head.push(&length.to_be_bytes());
            }
            _ => {
                head.push(&[self.four]);
                // A message ends at 16 MiB on every transport, far below this limit.
                head.push(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
            }
        }
        head
    }
}

pub(crate) struct MsgPackWriter<'b> {
    output: &'b mut BytesMut,
}

impl<'b> MsgPackWriter<'b> {
    pub(crate) const fn new(output: &'b mut BytesMut) -> Self {
        Self { output }
    }

    fn open(&mut self, markers: &Markers, count: Option<u64>) -> Open {
        let at = self.output.len();
        self.output.put_slice(markers.head(count.unwrap_or(0)).as_slice());
        Open {
            at,
            count: 0,
            announced: count,
        }
    }

    fn close(&mut self, markers: &Markers, open: &Open) {
        if open.announced.is_none() {
            patch_head(self.output, open.at, &markers.head(open.count));
        }
    }
}

impl Writer for MsgPackWriter<'_> {
    const SERIALIZER: Serializer = Serializer::MsgPack;

    fn open_list(&mut self, count: Option<u64>) -> Open {
        self.open(&LIST, count)
    }

    fn item(&mut self, list: &mut Open) {
        list.count += 1;
    }

    fn close_list(&mut self, list: Open) {
        self.close(&LIST, &list);
    }

    fn open_dict(&mut self, count: Option<u64>) -> Open {
        self.open(&DICT, count)
    }

    fn key(&mut self, dict: &mut Open, key: &str) {
        dict.count += 1;
        self.text(key);
    }

    fn close_dict(&mut self, dict: Open) {
        self.close(&DICT, &dict);
    }

    fn null(&mut self) {
        self.output.put_u8(0xc0);
    }

    fn boolean(&mut self, value: bool) {
        self.output.put_u8(if value { 0xc3 } else { 0xc2 });
    }

    fn unsigned(&mut self, number: u64) {
        if let Ok(number) = u8::try_from(number) {
            if number >= 0x80 {
                self.output.put_u8(0xcc);
            }
            self.output.put_u8(number);
        } else if let Ok(number) = u16::try_from(number) {
            self.output.put_u8(0xcd);
            self.output.put_u16(number);
        } else if let Ok(number) = u32::try_from(number) {
            self.output.put_u8(0xce);
            self.output.put_u32(number);
        } else {
            self.output.put_u8(0xcf);
            self.output.put_u64(number);
        }
    }

    fn integer(&mut self, number: i128) {
        if let Ok(number) = u64::try_from(number) {
            self.unsigned(number);
        } else if let Ok(number) = i8::try_from(number) {
            if number < -32 {
                self.output.put_u8(0xd0);
            }
            self.output.put_i8(number);
        } else if let Ok(number) = i16::try_from(number) {
            self.output.put_u8(0xd1);
            self.output.put_i16(number);
        } else if let Ok(number) = i32::try_from(number) {
            self.output.put_u8(0xd2);
            self.output.put_i32(number);
        } else if let Ok(number) = i64::try_from(number) {
            self.output.put_u8(0xd3);
            self.output.put_i64(number);
        } else {
            self.float(nearest(number));
        }
    }

    fn float(&mut self, number: f64) {
        self.output.put_u8(0xcb);
        self.output.put_f64(number);
    }

    fn text(&mut self, text: &str) {
        self.output.put_slice(TEXT.head(text.len() as u64).as_slice());
        self.output.put_slice(text.as_bytes());
    }

    fn binary(&mut self, octets: &[u8]) {
        self.output.put_slice(BINARY.head(octets.len() as u64).as_slice());
        self.output.put_slice(octets);
    }

    fn raw(&mut self, encoded: &[u8]) {
        self.output.put_slice(encoded);
    }
}
