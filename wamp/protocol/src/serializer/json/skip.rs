//! Checking a JSON value without keeping anything of it.

use super::JsonReader;
use crate::serializer::read::{Fault, RESULT_DEPTH};

/// The lists and dicts that are open: one bit each, set for a dict.
struct Nesting {
    dicts: u128,
    depth: usize,
    /// How many there may be.
    levels: usize,
}

const _: () = assert!(RESULT_DEPTH <= 128, "one bit per level");

impl Nesting {
    const fn enter(&mut self, dict: bool) -> Result<(), Fault> {
        if self.depth >= self.levels {
            return Err(Fault::TooDeep);
        }
        self.depth += 1;
        self.dicts = self.dicts << 1 | dict as u128;
        Ok(())
    }

    const fn leave(&mut self) {
        self.depth -= 1;
        self.dicts >>= 1;
    }

    const fn in_dict(&self) -> bool {
        self.dicts & 1 == 1
    }
}

impl JsonReader<'_> {
    pub(super) fn skip_value(&mut self, levels: usize) -> Result<(), Fault> {
        let mut nesting = Nesting {
            dicts: 0,
            depth: 0,
            levels,
        };
        loop {
            if self.skip_scalar_or_enter(&mut nesting)? {
                continue;
            }
            if self.leave_what_ends(&mut nesting)? {
                return Ok(());
            }
        }
    }

    /// Reads a scalar or an empty container, or enters one; `true` when a value must follow.
    fn skip_scalar_or_enter(&mut self, nesting: &mut Nesting) -> Result<bool, Fault> {
        match self.next()? {
            b'"' => self.skip_string()?,
            b'-' | b'0'..=b'9' => {
                self.skip_number()?;
            }
            b't' => self.literal("true")?,
            b'f' => self.literal("false")?,
            b'n' => self.literal("null")?,
            b'[' => {
                self.at += 1;
                nesting.enter(false)?;
                if self.next()? != b']' {
                    return Ok(true);
                }
                self.at += 1;
                nesting.leave();
            }
            b'{' => {
                self.at += 1;
                nesting.enter(true)?;
                if self.next()? != b'}' {
                    self.skip_key()?;
                    return Ok(true);
                }
                self.at += 1;
                nesting.leave();
            }
            _ => return Err(Fault::Malformed("no JSON value")),
        }
        Ok(false)
    }

    /// After a value: leaves every container that ends here; `true` when that was the outermost.
    fn leave_what_ends(&mut self, nesting: &mut Nesting) -> Result<bool, Fault> {
        while nesting.depth > 0 {
            match (self.next()?, nesting.in_dict()) {
                (b',', false) => {
                    self.at += 1;
                    return Ok(false);
                }
                (b',', true) => {
                    self.at += 1;
                    self.skip_key()?;
                    return Ok(false);
                }
                (b']', false) | (b'}', true) => {
                    self.at += 1;
                    nesting.leave();
                }
                _ => return Err(Fault::Malformed("neither a comma nor the end after a value")),
            }
        }
        Ok(true)
    }

    fn skip_key(&mut self) -> Result<(), Fault> {
        if self.next()? != b'"' {
            return Err(Fault::KeyNotText);
        }
        self.skip_string()?;
        self.colon()
    }
}
