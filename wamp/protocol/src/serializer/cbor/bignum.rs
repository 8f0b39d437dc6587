//! Whole numbers too large for 64 bits, which CBOR has as tagged octets (RFC 8949, section 3.4.3).

use std::borrow::Cow;

use crate::serializer::read::Token;

/// The number that the octets are, the most significant first.
const POSITIVE: u64 = 2;
/// One less than that number's negative.
const NEGATIVE: u64 = 3;

/// Whether octets with this tag are a number.
pub(super) const fn is_tag(tag: Option<u64>) -> bool {
    matches!(tag, Some(POSITIVE | NEGATIVE))
}

/// What octets with this tag stand for: a number beyond 128 bits is the float next to it.
pub(super) fn token(tag: Option<u64>, octets: Cow<'_, [u8]>) -> Token<'_> {
    if !is_tag(tag) {
        return Token::Binary(octets);
    }
    let from = octets.iter().position(|octet| *octet != 0).unwrap_or(octets.len());
    let (first, rest) = octets[from..].split_at((octets.len() - from).min(16));
    let number = first
        .iter()
        .fold(0, |number: u128, octet| number << 8 | u128::from(*octet));
    let negative = tag == Some(NEGATIVE);
    match i128::try_from(number) {
        Ok(number) if rest.is_empty() => Token::Integer(if negative { -1 - number } else { number }),
        _ => {
            let magnitude = nearest(number, rest);
            Token::Float(if negative { -magnitude } else { magnitude })
        }
    }
}

/// `first` is more than a float's precision; of `rest` matters how long it is, and whether it is zero.
#[allow(clippy::cast_precision_loss, reason = "the float next to it is wanted")]
fn nearest(first: u128, rest: &[u8]) -> f64 {
    let first = first | u128::from(rest.iter().any(|octet| *octet != 0));
    // Whatever is longer than this is infinite.
    let bits = i32::try_from(rest.len()).unwrap_or(i32::MAX).min(1024) * 8;
    first as f64 * 2f64.powi(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(tag: u64, octets: &[u8]) -> String {
        match token(Some(tag), Cow::Borrowed(octets)) {
            Token::Integer(number) => number.to_string(),
            Token::Float(number) => format!("{number:e}"),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn tagged_octets_are_the_number_or_the_float_next_to_it() {
        let after = |first: &[u8], zeros: usize| [first, &vec![0; zeros]].concat();
        for (tag, octets, expected) in [
            (POSITIVE, vec![], "0"),
            (POSITIVE, vec![0, 0, 1], "1"),
            (NEGATIVE, vec![], "-1"),
            (POSITIVE, after(&[1], 8), "18446744073709551616"),
            (NEGATIVE, after(&[1], 8), "-18446744073709551617"),
            (POSITIVE, vec![0x7f; 16], "169473963133173273960190490760135540607"),
            (POSITIVE, after(&[0x80], 15), "1.7014118346046923e38"),
            (NEGATIVE, after(&[1], 20), "-1.461501637330903e48"),
            (POSITIVE, after(&[1], 200), "inf"),
        ] {
            assert_eq!(number(tag, &octets), expected, "{tag} {octets:?}");
        }
        // 2^136 + 2^83 is halfway between two floats: the next bit decides.
        let mut octets = after(&[1], 17);
        octets[7] = 0x08;
        let even = number(POSITIVE, &octets);
        octets[17] = 1;
        assert_ne!(number(POSITIVE, &octets), even);
        assert!(matches!(token(None, Cow::Borrowed(&[1])), Token::Binary(_)));
        assert!(matches!(token(Some(4), Cow::Borrowed(&[1])), Token::Binary(_)));
    }
}
