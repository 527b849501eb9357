//! The operations that vectors name, each from the members of a case to those of its outcome.

mod fused;
mod primitive;

use crate::support::{bytes, hex, list};
use serde_json::{Map, Value, json};
use talos_kernel::Error;

/// Why an operation of a case has no result.
#[derive(Debug)]
pub(crate) enum Refusal {
    Kernel(Error),
    /// A count that is negative or no integer: the types of this crate do not have it.
    NoSuchNumber,
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Kernel(error)
    }
}

pub(crate) type Outcome = Result<Value, Refusal>;

/// Typed access to a case's input; a misspelt member fails the case.
pub(crate) struct Input<'a>(pub(crate) &'a Value);

impl Input<'_> {
    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        self.optional_bytes(name).unwrap_or_else(|| panic!("the case has no {name}Hex"))
    }

    pub(crate) fn optional_bytes(&self, name: &str) -> Option<Vec<u8>> {
        self.0.get(format!("{name}Hex")).map(|value| bytes(value.as_str().expect("hex")))
    }

    pub(crate) fn list(&self, name: &str) -> Vec<Vec<u8>> {
        let values = list(&self.0[format!("{name}Hex")]);
        values.iter().map(|value| bytes(value.as_str().expect("hex"))).collect()
    }

    pub(crate) fn count(&self, name: &str) -> Result<usize, Refusal> {
        let value = &self.0[name];
        assert!(value.is_number(), "the case has no number {name}");
        value.as_u64().and_then(|count| count.try_into().ok()).ok_or(Refusal::NoSuchNumber)
    }
}

/// A list of byte strings as the kernel takes it.
pub(crate) fn slices(list: &[Vec<u8>]) -> Vec<&[u8]> {
    list.iter().map(Vec::as_slice).collect()
}

/// Asserts that a failure left nothing in an output.
pub(crate) fn blank<T>(outcome: Result<T, Error>, outputs: &[&[u8]]) -> Result<T, Error> {
    if outcome.is_err() {
        assert!(
            outputs.iter().all(|output| output.iter().all(|&byte| byte == 0)),
            "something of a refused input is left"
        );
    }
    outcome
}

/// Derived keys of 32 bytes each, under their names.
pub(crate) fn named(names: [&str; 3], keys: &[u8; 96]) -> Value {
    names
        .iter()
        .zip(keys.chunks_exact(32))
        .map(|(name, key)| ((*name).to_owned(), json!(hex(key))))
        .collect::<Map<_, _>>()
        .into()
}

pub(crate) fn run(operation: &str, input: &Input<'_>) -> Outcome {
    match operation {
        "ratchetStep" | "ratchetSeal" | "ratchetOpen" | "ratchetReceive" | "ratchetForward" | "ratchetAdvance" => {
            fused::ratchet(operation, input)
        }
        "ratchetTurn" => fused::turn(input),
        "handshakeInitiate" => fused::initiate(input),
        "handshakeRespond" => fused::respond(input),
        "verifyEnvelopes" | "verifyEntries" | "appendLeaves" | "appendBundle" | "hashUp" => {
            fused::evidence(operation, input)
        }
        _ => primitive::primitive(operation, input),
    }
}
