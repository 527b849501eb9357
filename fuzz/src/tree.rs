//! Appending leaves: a batch against one at a time, and against the recursive definition of RFC 6962, section 2.1.

use crate::fields::Fields;
use talos_kernel::{
    Appended, Hash, TREE_SIZE_MAX, append_bundle, append_leaves, hash_up, leaf_hash, leaf_hashes, node_hash,
};

/// Fields: size (8 bytes, the least significant first), edge, leaves.
pub fn append(data: &[u8]) {
    let mut fields = Fields::new(data);
    let size = u64::from_le_bytes(fields.array());
    let edge = fields.bytes();
    let leaves = fields.list(256);
    let hashes: Vec<Hash> = leaves.iter().map(|leaf| leaf_hash(leaf)).collect();
    assert_eq!(leaf_hashes(&leaves), hashes, "a batch of hashes is each of them");

    let fits = size <= TREE_SIZE_MAX - leaves.len() as u64 && edge.len() as u64 == 32 * u64::from(size.count_ones());
    let outcome = append_leaves(size, edge, &leaves);
    assert_eq!(outcome.is_ok(), fits, "an edge that belongs to a size is taken, and no other");
    if let Ok(appended) = outcome {
        assert_eq!(appended, one_by_one(size, edge, &leaves));
        assert_eq!(appended.leaf_hashes, hashes);
    }

    let bundle: Vec<u8> = leaves
        .iter()
        .flat_map(|leaf| {
            u16::try_from(leaf.len()).unwrap_or_default().to_be_bytes().into_iter().chain(leaf.iter().copied())
        })
        .collect();
    let bundled = append_bundle(size, edge, &bundle);
    let is_bundle = leaves.iter().all(|leaf| leaf.len() <= usize::from(u16::MAX));
    if is_bundle {
        assert_eq!(bundled.is_ok(), fits, "a bundle is taken where its entries are");
    }
    if let (Ok(bundled), true) = (bundled, is_bundle) {
        let whole = append_leaves(size, edge, &leaves).expect("as the bundle");
        assert_eq!((bundled.leaf_hashes, bundled.edge), (whole.leaf_hashes, whole.edge));
    }
    if hashes.len().is_power_of_two() {
        let nodes = hash_up(&hashes.concat()).expect("a tile");
        assert_eq!(nodes.last().copied().unwrap_or_else(|| hashes[0]), tree_hash(&hashes), "the last node is the root");
    }

    let fresh = append_leaves(0, &[], &leaves).expect("a tree from its beginning");
    let root = fresh.edge.iter().rev().copied().reduce(|right, left| parent(&left, &right));
    assert_eq!(root, (!hashes.is_empty()).then(|| tree_hash(&hashes)), "the edge leads to the root");
}

fn one_by_one(size: u64, edge: &[u8], leaves: &[&[u8]]) -> Appended {
    let mut appended = append_leaves(size, edge, &[]).expect("the same edge");
    for (leaf, size) in leaves.iter().zip(size..) {
        let next = append_leaves(size, &appended.edge.concat(), &[leaf]).expect("the edge of the leaf before");
        appended.edge = next.edge;
        appended.leaf_hashes.extend(next.leaf_hashes);
    }
    appended
}

fn tree_hash(hashes: &[Hash]) -> Hash {
    if let [only] = hashes {
        return *only;
    }
    let (left, right) = hashes.split_at(hashes.len().next_power_of_two() / 2);
    parent(&tree_hash(left), &tree_hash(right))
}

fn parent(left: &Hash, right: &Hash) -> Hash {
    node_hash(left, right).expect("two hashes")
}
