//! Signs with an Ed25519 key that a PKCS #11 token keeps.
//!
//! The program reads requests from its standard input and answers each with one line on its standard output; it ends with its input.
//! The vendor's module is loaded into this process and into no other. What it is told, the PIN among it, comes by its input alone.
//!
//! ```text
//! open <module path> <token label> <key label> <PIN>     ready <public key>
//! sign <message>                                         signed <signature>
//!                                                        refused <WHAT> <detail>
//! ```
//!
//! Fields are hexadecimal, apart from those of a refusal, which are words.

#![forbid(unsafe_code)]

mod hex;
mod protocol;
mod token;

use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::ExitCode;

use protocol::{Answer, MAX_LINE_BYTES, Refusal, Request};
use token::{Cryptoki, Token};
use zeroize::Zeroizing;

fn main() -> ExitCode {
    let input = BufReader::new(io::stdin().lock());
    match serve::<Cryptoki>(input, io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Answers requests until the input ends. A line that is too long ends it as well: where the next begins is not known then.
fn serve<T: Token>(mut input: impl BufRead, mut output: impl Write) -> io::Result<()> {
    let mut token: Option<T> = None;
    while let Some(line) = read_line(&mut input)? {
        let answer =
            Request::parse(&line).and_then(|request| answer(&mut token, request)).unwrap_or_else(Answer::Refused);
        writeln!(output, "{answer}")?;
        output.flush()?;
    }
    Ok(())
}

fn answer<T: Token>(token: &mut Option<T>, request: Request) -> Result<Answer, Refusal> {
    match (request, token.as_ref()) {
        (Request::Open(open), None) => {
            let opened = T::open(&open)?;
            let public_key = opened.public_key();
            *token = Some(opened);
            Ok(Answer::Ready(public_key))
        }
        (Request::Sign(message), Some(opened)) => opened.sign(&message).map(Answer::Signed),
        (Request::Open(_), Some(_)) => Err(Refusal::request("OPEN")),
        (Request::Sign(_), None) => Err(Refusal::request("CLOSED")),
    }
}

/// The next line without its end, wiped when it is dropped: it may hold the PIN. None at the end of the input.
fn read_line(input: &mut impl BufRead) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let mut line = Zeroizing::new(Vec::with_capacity(1024));
    input.take(MAX_LINE_BYTES as u64 + 1).read_until(b'\n', &mut line)?;
    match line.pop() {
        None => Ok(None),
        Some(b'\n') => Ok(Some(line)),
        Some(_) => Err(io::Error::from(io::ErrorKind::InvalidData)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::Open;

    /// A key that signs by repeating what it is given.
    struct Echo;

    impl Token for Echo {
        fn open(open: &Open) -> Result<Self, Refusal> {
            if open.pin.as_str() == "5678" { Ok(Self) } else { Err(Refusal::new("PIN", "PinIncorrect")) }
        }

        fn public_key(&self) -> [u8; 32] {
            [7; 32]
        }

        fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Refusal> {
            Ok(message.to_vec())
        }
    }

    fn played(input: &[u8]) -> (bool, Vec<String>) {
        let mut output = Vec::new();
        let is_whole = serve::<Echo>(input, &mut output).is_ok();
        (is_whole, String::from_utf8(output).unwrap().lines().map(str::to_owned).collect())
    }

    #[test]
    fn answers_line_by_line_and_opens_once() {
        let ready = format!("ready {}", "07".repeat(32));
        let (is_whole, lines) =
            played(b"sign 00\nopen 61 62 63 31\nopen 61 62 63 35363738\nopen 61 62 63 35363738\nsign 00ff\nsign \n");
        assert!(is_whole);
        let expected = [
            "refused REQUEST CLOSED",
            "refused PIN PinIncorrect",
            &ready,
            "refused REQUEST OPEN",
            "signed 00ff",
            "signed ",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn refuses_what_is_no_request() {
        let odd: [&[u8]; 9] = [
            b"",
            b"sign",
            b"sign 0",
            b"sign 0g",
            b"sign 00 00",
            b"SIGN 00",
            b"open 61 62 63",
            b"open ff 62 63 31",
            b"\xff",
        ];
        for line in odd {
            let (is_whole, lines) = played(&[line, b"\n"].concat());
            assert!(is_whole);
            assert_eq!(lines, ["refused REQUEST FORM"], "{line:?}");
        }
    }

    #[test]
    fn ends_with_a_line_that_is_too_long_or_has_no_end() {
        let longest = [b"sign ".as_slice(), &b"0".repeat(MAX_LINE_BYTES - 6), b"\n"].concat();
        assert_eq!(longest.len(), MAX_LINE_BYTES);
        assert!(played(&[b"open 61 62 63 35363738\n".as_slice(), &longest].concat()).0);
        let longer = [b"0".as_slice(), &longest].concat();
        let (is_whole, lines) = played(&longer[..=MAX_LINE_BYTES]);
        assert_eq!((is_whole, lines.len()), (true, 1));
        let (is_whole, lines) = played(&[b"00".as_slice(), &longest].concat());
        assert_eq!((is_whole, lines.len()), (false, 0));
        assert!(!played(b"sign 00").0);
        assert_eq!(played(b""), (true, Vec::new()));
    }
}
