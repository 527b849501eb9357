//! Hexadecimal, in lower case when written and in either when read.

use zeroize::Zeroizing;

/// The bytes that the digits say; none for an odd number of them and for anything else.
pub(crate) fn decode(digits: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(digits.len() / 2));
    for pair in digits.chunks_exact(2) {
        let [high, low] = [pair[0], pair[1]].map(|digit| char::from(digit).to_digit(16));
        bytes.push(u8::try_from(high? * 16 + low?).ok()?);
    }
    Some(bytes)
}

/// Two digits for each byte.
pub(crate) fn encode(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes_and_refuses_the_rest() {
        let all: Vec<u8> = (0..=255).collect();
        let text = encode(&all);
        assert_eq!(decode(text.as_bytes()).unwrap().as_slice(), all);
        assert_eq!(decode(text.to_uppercase().as_bytes()).unwrap().as_slice(), all);
        assert!(decode(b"").unwrap().is_empty());
        for odd in ["0", "0g", "g0", " 0", "0x", "\u{660}"] {
            assert!(decode(odd.as_bytes()).is_none(), "{odd}");
        }
    }
}
