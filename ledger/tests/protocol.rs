//! `docs/protocol.md` names every field and every code that there is, and no other.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod support;

use std::collections::BTreeSet;

use rookery_ledger::{Proof, codec};
use serde_json::Value;
use support::*;

fn read(path: &str) -> String {
    std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// Every name before a colon in the CDDL of the document, comments aside.
fn fields_of_the_document() -> BTreeSet<String> {
    let text = read("../docs/protocol.md");
    let blocks = text
        .split("```cddl\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap());
    let mut names = BTreeSet::new();
    for line in blocks.flat_map(str::lines) {
        let code = line.split(';').next().unwrap();
        for (at, _) in code.match_indices(':') {
            let word = code[..at]
                .rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .next()
                .unwrap();
            names.insert(word.to_owned());
        }
    }
    names
}

/// Adds the keys of all maps in the values that `bytes` begin with, `count` of them.
fn keys<'a>(mut bytes: &'a [u8], count: u64, names: &mut BTreeSet<String>) -> &'a [u8] {
    for _ in 0..count {
        let (first, rest) = bytes.split_first().unwrap();
        let (major, info) = (first >> 5, u64::from(first & 0x1f));
        let extra = if info < 24 { 0 } else { 1_usize << (info - 24) };
        let (number, rest) = rest.split_at(extra);
        let number = if extra == 0 {
            info
        } else {
            number.iter().fold(0, |n, byte| n << 8 | u64::from(*byte))
        };
        bytes = match major {
            2 | 3 => &rest[number as usize..],
            4 => keys(rest, number, names),
            5 => {
                let mut rest = rest;
                for _ in 0..number {
                    let len = usize::from(rest[0] & 0x1f);
                    names.insert(String::from_utf8(rest[1..=len].to_vec()).unwrap());
                    rest = keys(&rest[1 + len..], 1, names);
                }
                rest
            }
            _ => rest,
        };
    }
    bytes
}

fn fields_of_the_code() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (file, framed) in [
        ("items", false),
        ("requests", true),
        ("pushes", true),
        ("gossip", false),
        ("direct", false),
    ] {
        let vectors: Vec<Value> =
            serde_json::from_str(&read(&format!("vectors/v1/{file}.json"))).unwrap();
        for vector in vectors.iter().filter(|vector| vector["accept"] == true) {
            let hex = vector["hex"].as_str().unwrap();
            let bytes: Vec<u8> = (0..hex.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
                .collect();
            let prefix = if framed {
                bytes.iter().position(|byte| byte & 0x80 == 0).unwrap() + 1
            } else {
                0
            };
            assert!(keys(&bytes[prefix..], 1, &mut names).is_empty());
        }
    }
    // Proofs are no item; one of each.
    let duel = Duel::new(BLITZ);
    let record = duel.moving("e2e4");
    let receipt = key(9).sign(
        duel.game.id(),
        duel.next_receipt(rookery_ledger::record::What::Flag),
    );
    let (author, by) = (key(1).player(), key(9).order());
    let lapsed = rookery_ledger::record::Lapsed {
        game: duel.game.id(),
        epoch: rookery_ledger::id::Epoch::new(1),
    };
    let lapsed = key(9).sign(duel.game.id(), lapsed);
    let proofs = [
        Proof::Equivocation {
            author,
            first: record.clone(),
            second: record.clone(),
        },
        Proof::DoubleReceipt {
            by,
            first: receipt,
            second: receipt,
        },
        Proof::Splice {
            by,
            first: receipt,
            second: receipt,
        },
        Proof::TimeRunsBack {
            by,
            first: receipt.body,
            second: receipt,
        },
        Proof::LapsedAndCommitted {
            by,
            lapsed,
            commit: receipt,
        },
        Proof::InvalidReceipt {
            by,
            receipt,
            code: String::new(),
            record: Some(record),
        },
    ];
    for proof in &proofs {
        keys(&codec::encode(proof), 1, &mut names);
    }
    names
}

#[test]
fn the_fields_of_the_document_are_those_of_the_vectors() {
    assert_eq!(fields_of_the_document(), fields_of_the_code());
}

#[test]
fn every_code_and_every_reason_is_in_the_document() {
    let text = read("../docs/protocol.md");
    for source in ["refusal.rs", "codec.rs", "outcome.rs"] {
        let source = read(&format!("src/{source}"));
        for (at, _) in source.match_indices("=> \"") {
            let word = source[at + 4..].split('"').next().unwrap();
            let is_code = word.chars().all(|c| c.is_ascii_lowercase() || c == '-');
            if is_code && !["white", "black"].contains(&word) {
                assert!(text.contains(&format!("`{word}`")), "{word}");
            }
        }
    }
    let clocked = read("src/clocked.rs");
    for (at, _) in clocked.match_indices("guilty(\"") {
        let word = clocked[at + 8..].split('"').next().unwrap();
        assert!(text.contains(&format!("`{word}`")), "{word}");
    }
    assert!(read("src/links.rs").contains("\"loose-link\"") && text.contains("`loose-link`"));
}
