//! What the fuzz targets do, one public function for each target; the files in `fuzz_targets` only call them.
//!
//! Every function takes the bytes that libFuzzer makes, cuts them into fields (see [`fields`]), calls the kernel and asserts
//! what specification 20-kernel promises for *every* input: nothing opens but what was sealed, a failure leaves zeros or
//! nothing in the outputs, and the two engines agree. The seeds are made of `contracts/vectors` in the same form.

pub mod aead;
pub mod curves;
pub mod evidence;
pub mod fields;
pub mod handshake;
pub mod kem;
pub mod node;
pub mod ratchet;
pub mod tree;

/// The engine on dalek and RustCrypto: the kernel runs the other one where the processor has what that needs.
#[allow(dead_code, reason = "the file is the kernel's, and the targets compare most of it")]
#[path = "../../crates/talos-kernel/src/engine/plain.rs"]
mod plain;

// The bridge's blocks and operations, which are safe code; only what calls them from JavaScript stays outside.
#[allow(dead_code, reason = "the names of the operations are for JavaScript")]
#[path = "../../crates/talos-node/src/block.rs"]
mod block;
#[path = "../../crates/talos-node/src/operations.rs"]
mod operations;

/// As the bridge has it, for its operations.
mod boundary {
    use crate::block::{Answer, Block};

    pub(crate) type Operation = fn(Block<'_>) -> Answer;
}

/// What outputs are filled with before a call, so that bytes that it left alone can be told from zeros.
const POISON: u8 = 0xa5;

fn is_all(bytes: &[u8], value: u8) -> bool {
    bytes.iter().all(|&byte| byte == value)
}
