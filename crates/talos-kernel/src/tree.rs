//! Tree hashes of RFC 6962, section 2.1, the compact range that a log appends to, and tiles: specification 20.4, 20.19, 20.21
//! and 20.22.
//!
//! `leaf = SHA-256(0x00 || data)`, `node = SHA-256(0x01 || left || right)`.

use crate::error::{Error, exact, require, require_count};
use crate::hash::{SHA256_BYTES, sha256};
use sha2::{Digest, Sha256};

/// Largest tree: sizes are integers that every implementation has exactly.
pub const TREE_SIZE_MAX: u64 = (1 << 53) - 1;

/// Entries or leaves of one call, at most. Longer runs are several calls.
pub const BATCH_MAX_ENTRIES: usize = 65_536;

/// Hashes of a whole tile (C2SP tlog-tiles, height 8).
pub const TILE_MAX_HASHES: usize = 256;

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

/// What the append of a bundle gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppendedBundle {
    /// Hash of each new leaf, in order.
    pub leaf_hashes: Vec<Hash>,
    /// Root of each tile of 256 leaves that became whole, in order.
    pub tile_roots: Vec<Hash>,
    /// The new edge: roots of the perfect subtrees, largest first, one per bit that is set in the new size.
    pub edge: Vec<Hash>,
    /// Root of the new tree.
    pub root: Hash,
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
    let (leaf_hashes, edge, _) = grow(size, edge, leaves)?;
    Ok(Appended { leaf_hashes, edge })
}

/// Appends the entries of a bundle of tlog-tiles, each behind its length in two bytes, big endian, to a tree of `size` leaves
/// whose edge is given as in [`append_leaves`].
///
/// # Errors
/// [`Error::Argument`] for a bundle that ends within an entry and for an edge of another length, [`Error::Parameter`] for more
/// than [`BATCH_MAX_ENTRIES`] entries and for a size that is beyond [`TREE_SIZE_MAX`] before or after.
pub fn append_bundle(size: u64, edge: &[u8], bundle: &[u8]) -> Result<AppendedBundle, Error> {
    let leaves = entries_of(bundle).ok_or(Error::Argument("bundle"))?;
    require_count("entries", leaves.len() <= BATCH_MAX_ENTRIES)?;
    let (leaf_hashes, edge, tile_roots) = grow(size, edge, &leaves)?;
    let root = edge.iter().rev().copied().reduce(|right, left| parent(&left, &right)).unwrap_or_else(|| sha256(&[]));
    Ok(AppendedBundle { leaf_hashes, tile_roots, edge, root })
}

/// Every node above these hashes of 32 bytes whose leaves are all among them, row by row, the lowest first.
///
/// # Errors
/// [`Error::Argument`] unless there are 1 to [`TILE_MAX_HASHES`] whole hashes.
pub fn hash_up(hashes: &[u8]) -> Result<Vec<Hash>, Error> {
    let (row, rest) = hashes.as_chunks::<SHA256_BYTES>();
    require("hashes", rest.is_empty() && (1..=TILE_MAX_HASHES).contains(&row.len()))?;
    let mut nodes: Vec<Hash> = pairs(row).collect();
    let mut start = 0;
    while nodes.len() - start > 1 {
        let above: Vec<Hash> = pairs(&nodes[start..]).collect();
        start = nodes.len();
        nodes.extend(above);
    }
    Ok(nodes)
}

fn pairs(row: &[Hash]) -> impl Iterator<Item = Hash> {
    row.as_chunks().0.iter().map(|[left, right]| parent(left, right))
}

/// The entries of a bundle; `None` where it ends within one.
fn entries_of(mut bundle: &[u8]) -> Option<Vec<&[u8]>> {
    let mut entries = Vec::new();
    while !bundle.is_empty() {
        let (length, rest) = bundle.split_first_chunk()?;
        let (entry, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        entries.push(entry);
        bundle = rest;
    }
    Some(entries)
}

/// Leaf hashes, new edge, and the root of each tile that became whole.
type Grown = (Vec<Hash>, Vec<Hash>, Vec<Hash>);

fn grow(size: u64, edge: &[u8], leaves: &[&[u8]]) -> Result<Grown, Error> {
    require_count("size", size <= TREE_SIZE_MAX - leaves.len() as u64)?;
    let (roots, rest) = edge.as_chunks::<SHA256_BYTES>();
    require("edge", rest.is_empty() && roots.len() == size.count_ones() as usize)?;
    let mut edge = roots.to_vec();
    let mut tile_roots = Vec::new();
    let leaf_hashes = leaf_hashes(leaves);
    for (leaf, before) in leaf_hashes.iter().zip(size..) {
        let mut root = *leaf;
        // Each bit set at the end of the size is a perfect subtree that the new one completes.
        for (height, left) in (1..).zip(edge.drain(edge.len() - before.trailing_ones() as usize..).rev()) {
            root = parent(&left, &root);
            if height == TILE_MAX_HASHES.ilog2() {
                tile_roots.push(root);
            }
        }
        edge.push(root);
    }
    Ok((leaf_hashes, edge, tile_roots))
}

fn parent(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}
