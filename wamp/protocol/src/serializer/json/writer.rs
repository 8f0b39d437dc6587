//! Writing JSON, without white space.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{BufMut, BytesMut};

use super::BINARY_MARK;
use crate::Serializer;
use crate::serializer::write::{Open, Writer};

pub(crate) struct JsonWriter<'b> {
    output: &'b mut BytesMut,
}

impl<'b> JsonWriter<'b> {
    pub(crate) const fn new(output: &'b mut BytesMut) -> Self {
        Self { output }
    }

    fn open(&mut self, mark: u8) -> Open {
        self.output.put_u8(mark);
        Open {
            at: 0,
            count: 0,
            announced: None,
        }
    }

    fn separate(&mut self, open: &mut Open) {
        if open.count > 0 {
            self.output.put_u8(b',');
        }
        open.count += 1;
    }
}

impl Writer for JsonWriter<'_> {
    const SERIALIZER: Serializer = Serializer::Json;

    fn open_list(&mut self, _count: Option<u64>) -> Open {
        self.open(b'[')
    }

    fn item(&mut self, list: &mut Open) {
        self.separate(list);
    }

    fn close_list(&mut self, _list: Open) {
        self.output.put_u8(b']');
    }

    fn open_dict(&mut self, _count: Option<u64>) -> Open {
        self.open(b'{')
    }

    fn key(&mut self, dict: &mut Open, key: &str) {
        self.separate(dict);
        self.text(key);
        self.output.put_u8(b':');
    }

    fn close_dict(&mut self, _dict: Open) {
        self.output.put_u8(b'}');
    }

    fn null(&mut self) {
        self.output.put_slice(b"null");
    }

    fn boolean(&mut self, value: bool) {
        self.output.put_slice(if value { b"true" } else { b"false" });
    }

    fn unsigned(&mut self, number: u64) {
        let mut digits = [0; 20];
        let mut rest = number;
        let mut from = digits.len();
        loop {
            from -= 1;
            #[allow(clippy::cast_possible_truncation, reason = "below ten")]
            let digit = (rest % 10) as u8;
            digits[from] = b'0' + digit;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        self.output.put_slice(&digits[from..]);
    }

    fn integer(&mut self, number: i128) {
        match u64::try_from(number) {
            Ok(number) => self.unsigned(number),
            // Writing into memory does not fail.
            Err(_) => {
                let _ = write!(self.output, "{number}");
            }
        }
    }

    /// JSON has no NaN and no infinity; they become null, as JavaScript writes them.
    fn float(&mut self, number: f64) {
        if number.is_finite() {
            let _ = write!(self.output, "{number:?}");
        } else {
            self.null();
        }
    }

    fn text(&mut self, text: &str) {
        self.output.put_u8(b'"');
        let octets = text.as_bytes();
        let mut from = 0;
        loop {
            let special = super::string::special_from(octets, from);
            self.output.put_slice(&octets[from..special]);
            let Some(octet) = octets.get(special) else { break };
            self.escape(*octet);
            from = special + 1;
        }
        self.output.put_u8(b'"');
    }

    fn binary(&mut self, octets: &[u8]) {
        self.output.put_slice(BINARY_MARK);
        let from = self.output.len();
        let length = octets.len().div_ceil(3) * 4;
        self.output.put_bytes(0, length);
        // The room is what base64 needs, so this does not fail.
        let _ = STANDARD.encode_slice(octets, &mut self.output[from..]);
        self.output.put_u8(b'"');
    }

    fn raw(&mut self, encoded: &[u8]) {
        self.output.put_slice(encoded);
    }
}

impl JsonWriter<'_> {
    fn escape(&mut self, octet: u8) {
        let short = match octet {
            b'"' | b'\\' => octet,
            0x08 => b'b',
            0x0c => b'f',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            _ => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                self.output.put_slice(b"\\u00");
                self.output.put_u8(HEX[usize::from(octet >> 4)]);
                self.output.put_u8(HEX[usize::from(octet & 0x0f)]);
                return;
            }
        };
        self.output.put_slice(&[b'\\', short]);
    }
}
