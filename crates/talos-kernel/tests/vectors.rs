//! The vectors of the kernel, valid and invalid, and the roots of the tree vectors.

mod operations;
mod support;

use operations::{Input, Refusal, run, slices};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use support::{hex, own_vectors};
use talos_kernel::{append_leaves, node_hash, sha256};

/// Holds a case against its outcome: each member that is expected, or the code.
fn judge(case: &Value) -> Result<(), String> {
    let input = &case["input"];
    let outcome = run(input["operation"].as_str().expect("an operation"), &Input(input));
    if case["valid"] == true {
        let actual = outcome.map_err(|refusal| format!("refused: {refusal:?}"))?;
        for (name, expected) in case["expected"].as_object().expect("expectations") {
            if actual.get(name) != Some(expected) {
                return Err(format!("{name} is {:?}, not {expected}", actual.get(name)));
            }
        }
        return Ok(());
    }
    let expected = case["error"].as_str().expect("a code");
    match outcome {
        Err(Refusal::Kernel(error)) if error.code() == expected => Ok(()),
        Err(Refusal::NoSuchNumber) if ["KERNEL_ARGUMENT", "KERNEL_PARAMETER"].contains(&expected) => Ok(()),
        other => Err(format!("{other:?}, not {expected}")),
    }
}

fn run_file(name: &str, least: usize) {
    let cases = own_vectors(name);
    let failures: Vec<String> = cases
        .iter()
        .filter_map(|case| judge(case).err().map(|why| format!("{} ({}): {why}", case["id"], case["description"])))
        .collect();
    assert!(failures.is_empty(), "{} of {} cases:\n{}", failures.len(), cases.len(), failures.join("\n"));
    assert!(cases.len() >= least, "{name} has {} cases only", cases.len());
}

#[test]
fn hashes_agree_with_the_vectors() {
    run_file("kernel/hash.json", 20);
}

#[test]
fn aead_agrees_with_the_vectors() {
    run_file("kernel/aead.json", 20);
}

#[test]
fn ed25519_agrees_with_the_vectors() {
    run_file("kernel/ed25519.json", 70);
}

#[test]
fn x25519_agrees_with_the_vectors() {
    run_file("kernel/x25519.json", 15);
}

#[test]
fn ml_kem_agrees_with_the_vectors() {
    run_file("kernel/mlkem768.json", 10);
}

#[test]
fn the_ratchet_agrees_with_the_vectors() {
    run_file("kernel/ratchet.json", 100);
}

#[test]
fn the_handshake_agrees_with_the_vectors() {
    run_file("kernel/handshake.json", 40);
}

#[test]
fn runs_of_evidence_agree_with_the_vectors() {
    run_file("kernel/evidence.json", 60);
}

#[test]
fn bundles_and_tiles_agree_with_the_vectors() {
    run_file("kernel/tree.json", 40);
}

#[test]
fn no_file_of_kernel_vectors_is_left_out() {
    let folder = support::repository().join("contracts/vectors/kernel");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
        .collect();
    names.sort();
    println!("skipped: argon2id.json, since passwords stay with the portable backend");
    let expected =
        ["aead", "argon2id", "ed25519", "evidence", "handshake", "hash", "mlkem768", "ratchet", "tree", "x25519"];
    assert_eq!(names, expected.map(|name| format!("{name}.json")));
}

#[test]
fn roots_of_the_tree_vectors_come_from_appended_leaves() {
    let mut counts = BTreeMap::new();
    for case in own_vectors("merkle/tree.json") {
        let operation = case["input"]["operation"].as_str().expect("an operation").to_owned();
        if operation == "root" && case["valid"] == true {
            let leaves = Input(&case["input"]).list("leaves");
            let appended = append_leaves(0, &[], &slices(&leaves)).expect("an append");
            let root =
                appended.edge.iter().rev().copied().reduce(|right, left| node_hash(&left, &right).expect("a node"));
            let root = root.unwrap_or_else(|| sha256(&[]));
            assert_eq!(json!(hex(root)), case["expected"]["rootHex"], "{}", case["id"]);
        }
        *counts.entry(operation).or_insert(0) += 1;
    }
    assert!(counts["root"] >= 5, "{counts:?}");
}
