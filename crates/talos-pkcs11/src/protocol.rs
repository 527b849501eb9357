//! Requests and answers as lines.

use std::fmt;

use zeroize::Zeroizing;

use crate::hex;

/// The largest message that is signed: an envelope of the largest kind.
pub(crate) const MAX_MESSAGE_BYTES: usize = 1_048_576;
/// A line with its end: the word, a space, and two digits for each byte of the largest message.
pub(crate) const MAX_LINE_BYTES: usize = "sign ".len() + 2 * MAX_MESSAGE_BYTES + 1;

/// What is asked for.
pub(crate) enum Request {
    /// Load a module and find a key.
    Open(Open),
    /// Sign these bytes.
    Sign(Zeroizing<Vec<u8>>),
}

/// Which key of which token.
pub(crate) struct Open {
    /// Path of the module.
    pub(crate) module: Zeroizing<String>,
    /// Label of the token.
    pub(crate) token: Zeroizing<String>,
    /// Label of both halves of the key.
    pub(crate) key: Zeroizing<String>,
    /// The user's PIN.
    pub(crate) pin: Zeroizing<String>,
}

impl Request {
    /// Reads a line without its end.
    pub(crate) fn parse(line: &[u8]) -> Result<Self, Refusal> {
        let mut words = line.split(|byte| *byte == b' ');
        let word = words.next();
        let mut next = || words.next().and_then(hex::decode).ok_or(Refusal::request("FORM"));
        let request = match word {
            Some(b"sign") => Self::Sign(next()?),
            Some(b"open") => Self::Open(Open {
                module: text(&next()?)?,
                token: text(&next()?)?,
                key: text(&next()?)?,
                pin: text(&next()?)?,
            }),
            _ => return Err(Refusal::request("FORM")),
        };
        if words.next().is_some() { Err(Refusal::request("FORM")) } else { Ok(request) }
    }
}

fn text(bytes: &[u8]) -> Result<Zeroizing<String>, Refusal> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(_) => Err(Refusal::request("FORM")),
    }
}

/// What is answered.
pub(crate) enum Answer {
    /// The key is found and may be used.
    Ready([u8; 32]),
    /// The signature.
    Signed(Vec<u8>),
    /// It was not done.
    Refused(Refusal),
}

impl fmt::Display for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready(public_key) => write!(formatter, "ready {}", hex::encode(public_key)),
            Self::Signed(signature) => write!(formatter, "signed {}", hex::encode(signature)),
            Self::Refused(Refusal { what, detail }) => write!(formatter, "refused {what} {detail}"),
        }
    }
}

/// Why something was not done: `MODULE`, `TOKEN`, `PIN`, `KEY`, `DEVICE` or `REQUEST`, and a word that says more.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    what: &'static str,
    detail: String,
}

impl Refusal {
    /// The detail is cut to 64 letters, digits and underscores: a module's words go no further than this.
    pub(crate) fn new(what: &'static str, detail: &str) -> Self {
        let plain = detail.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '_');
        Self { what, detail: plain.take(64).collect() }
    }

    /// A request that cannot be answered.
    pub(crate) fn request(detail: &str) -> Self {
        Self::new("REQUEST", detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_foreign_words_plain_and_short() {
        let refusal = Refusal::new("DEVICE", "VendorDefined(7)\nsigned 00 \u{e9}");
        assert_eq!(Answer::Refused(refusal).to_string(), "refused DEVICE VendorDefined7signed00");
        let long = Refusal::new("DEVICE", &"a".repeat(65));
        assert_eq!(Answer::Refused(long).to_string().len(), "refused DEVICE ".len() + 64);
    }
}
