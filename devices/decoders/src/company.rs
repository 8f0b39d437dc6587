//! Makers who put values where the company's id should be: every value is another company.

use crate::{Advert, DecodeError, Memory};

/// The company data that is new in `advert`, the id's two octets in front as they were on the air.
///
/// Bluetooth stacks collect what a device said under each id, so only what differs from the last
/// advert was just said.
///
/// # Errors
/// Nothing is new, or several are, of which nobody can tell the newest.
pub(crate) fn newest(advert: &Advert, memory: &mut Memory) -> Result<Vec<u8>, DecodeError> {
    let before = std::mem::replace(&mut memory.company_data, advert.manufacturer_data.clone());
    let mut fresh = advert.manufacturer_data.iter().filter(|entry| !before.contains(entry));
    let (id, data) = match (advert.manufacturer_data.as_slice(), fresh.next(), fresh.next()) {
        ([], _, _) => return Err(DecodeError::Truncated),
        ([_], None, _) | (_, None, _) => return Err(DecodeError::Repeated),
        (_, Some(only), None) => only,
        (_, Some(_), Some(_)) => return Err(DecodeError::Ambiguous),
    };
    Ok([&id.to_le_bytes()[..], data].concat())
}
