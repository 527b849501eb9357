//! Blocks of the bridge to Node.js: every operation on every block. What the bridge would trap as a panic is a finding here.

use crate::block::{Block, Refusal};
use crate::operations::OPERATIONS;

/// The least of the answers that are no length.
const OTHER_HEADER: i32 = i32::MAX - 1;
/// Room behind the inputs for the answers of most operations.
const ROOM_BYTES: usize = 4096;

/// A byte that chooses the operation; the rest is its block, as it is and with room behind it.
pub fn run(data: &[u8]) {
    let Some((&operation, block)) = data.split_first() else { return };
    let (_, operation) = OPERATIONS[usize::from(operation) % OPERATIONS.len()];
    let roomy = [block, &[0; ROOM_BYTES]].concat();
    for mut bytes in [block.to_vec(), roomy] {
        let answer = Block::new(&mut bytes).and_then(operation);
        assert_ne!(answer.err(), Some(Refusal::Panic), "only the bridge answers so");
        if let Ok(answer) = answer {
            let length = usize::try_from(answer).expect("a refusal has a name");
            assert!(length <= bytes.len() || answer >= OTHER_HEADER, "an answer is no longer than its block");
        }
    }
}
