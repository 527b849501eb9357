//! Tree hashes of RFC 6962, section 2.1, and the compact range that a log appends to: specification 20.4 and
//! 20.19.
//!
//! `leaf = SHA-256(0x00 || data)`, `node = SHA-256(0x01 || left || right)`.

use crate::error::{Error, exact, require, require_count};
use crate::hash::SHA256_BYTES;
use sha2::{Digest, Sha256};

/// Largest tree: sizes are integers that every implementation has exactly.
pub const TREE_SIZE_MAX: u64 = (1 << 53) - 1;

/// Entries or leaves of one call, at most. Longer runs are several calls.
pub const BATCH_MAX_ENTRIES: usize = 65_536;

/// A 32-byte hash.
pub type Hash = [u8; SHA256_BYTES];

/// What an append gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// Hash of each new leaf, in order.
    pub leaf_hashes: Vec<Hash>,
    /// The new edge: roots of the perfect subtrees, largest first, one per bit that is set in the new size.
    pub edge: Vec<Hash>,
}

/// Hash of one leaf.
#[must_use]
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(leaf).finalize().into()
}

/// Hash of each leaf.
#[must_use]
pub fn leaf_hashes(leaves: &[&[u8]]) -> Vec<Hash> {
    leaves.iter().map(|leaf| leaf_hash(leaf)).collect()
}

/// Hash of an inner node.
///
/// # Errors
/// [`Error::Argument`] unless both children have 32 bytes.
pub fn node_hash(left: &[u8], right: &[u8]) -> Result<Hash, Error> {
    Ok(parent(exact("left", left)?, exact("right", right)?))
}

/// Appends leaves to a tree of `size` leaves whose edge is given, 32 bytes per bit that is set in `size`, left to right.
///
/// # Errors
/// [`Error::Argument`] for an edge of another length, [`Error::Parameter`] for more than [`BATCH_MAX_ENTRIES`] leaves and
/// for a size that is beyond [`TREE_SIZE_MAX`] before or after.
pub fn append_leaves(size: u64, edge: &[u8], leaves: &[&[u8]]) -> Result<Appended, Error> {
    require_count("leaves", leaves.len() <= BATCH_MAX_ENTRIES)?;
    require_count("size", size <= TREE_SIZE_MAX - leaves.len() as u64)?;
    let (roots, rest) = edge.as_chunks::<SHA256_BYTES>();
    require("edge", rest.is_empty() && roots.len() == size.count_ones() as usize)?;
    let mut edge = roots.to_vec();
    let leaf_hashes = leaf_hashes(leaves);
    for (leaf, before) in leaf_hashes.iter().zip(size..) {
        let mut root = *leaf;
        // Each bit set at the end of the size is a perfect subtree that the new one completes.
        for left in edge.drain(edge.len() - before.trailing_ones() as usize..).rev() {
            root = parent(&left, &root);
        }
        edge.push(root);
    }
    Ok(Appended { leaf_hashes, edge })
}

fn parent(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}
