//! `rookery-relay verify`: checks a signed game from its file alone.

use std::collections::HashSet;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use rookery_ledger::id::Hash;
use rookery_ledger::record::{Item, Record, What};
use rookery_ledger::{Game, rook};
use serde::Serialize;

/// What `verify` is told.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The signed game; - reads standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// As one line of JSON
    #[arg(long)]
    json: bool,
}

/// What came out.
#[derive(Debug, Serialize, PartialEq, Eq)]
struct Verdict {
    /// `verified`, `broken` or `proof`; `unreadable` where nothing could be checked.
    status: &'static str,
    game: Option<String>,
    plies: Option<u64>,
    /// As in PGN: 1-0, 0-1, 1/2-1/2 or *.
    result: Option<&'static str>,
    /// The item of the file, counted from 0, at which it is broken.
    at: Option<usize>,
    /// How the game ended, or what is wrong: a stable word.
    reason: Option<String>,
}

impl Verdict {
    fn of(game: &Game) -> Self {
        let outcome = game.state().outcome();
        Self {
            status: "verified",
            game: Some(game.id().to_string()),
            plies: Some(game.state().line.ply().get()),
            result: Some(outcome.map_or("*", |outcome| outcome.as_pgn())),
            at: None,
            reason: outcome.map(|outcome| outcome.reason.as_str().to_owned()),
        }
    }

    fn exit(&self) -> ExitCode {
        ExitCode::from(match self.status {
            "verified" => 0,
            "unreadable" => 2,
            _ => 1,
        })
    }
}

fn unreadable(reason: impl Into<String>) -> Verdict {
    Verdict {
        status: "unreadable",
        game: None,
        plies: None,
        result: None,
        at: None,
        reason: Some(reason.into()),
    }
}

fn verdict(bytes: &[u8]) -> Verdict {
    let items = match rook::read(bytes) {
        Ok(items) => items,
        Err(error) => return unreadable(error.code()),
    };
    if !matches!(items.first(), Some(Item::Genesis(_))) {
        return unreadable("no-genesis");
    }
    let (game, refused) = match rook::open(bytes) {
        Ok(opened) => opened,
        Err(refusal) => {
            return Verdict {
                status: "broken",
                at: Some(0),
                ..unreadable(refusal.code())
            };
        }
    };
    let found = Verdict::of(&game);
    if let Some(proof) = game.state().proofs.first() {
        return Verdict {
            status: "proof",
            reason: Some(proof.code().into()),
            ..found
        };
    }
    if let Some((at, refusal)) = refused {
        return Verdict {
            status: "broken",
            at: Some(at),
            reason: Some(refusal.code().into()),
            ..found
        };
    }
    if let Some(at) = first_loose(&items) {
        return Verdict {
            status: "broken",
            at: Some(at),
            reason: Some("missing-items".into()),
            ..found
        };
    }
    found
}

/// The first item that rests on one which is not in the file.
fn first_loose(items: &[Item]) -> Option<usize> {
    let hash = |item: &Item| match item {
        Item::Genesis(genesis) => Some(genesis.hash()),
        Item::Record(record) => Some(record.hash()),
        Item::Receipt { receipt, .. } => Some(receipt.hash()),
        Item::Home(home) => Some(home.hash()),
        Item::Continued { seat, .. } => Some(seat.hash()),
        Item::Lapsed { .. } => None,
    };
    let there: HashSet<Hash> = items.iter().filter_map(hash).collect();
    let rests_on = |item: &Item| match item {
        Item::Record(record) => match &record.body {
            Record::ResignAt { at } => vec![*at],
            body => body
                .place()
                .map(|place| [Some(place.prev), place.on])
                .into_iter()
                .flatten()
                .flatten()
                .collect(),
        },
        Item::Receipt { receipt, .. } => {
            let what = match receipt.body.what {
                What::Record(hash) | What::Home(hash) | What::Continued(hash) => Some(hash),
                What::Genesis | What::Gap { .. } | What::Flag => None,
            };
            receipt.body.prev.into_iter().chain(what).collect()
        }
        Item::Home(home) => vec![home.body.after],
        Item::Genesis(_) | Item::Lapsed { .. } | Item::Continued { .. } => Vec::new(),
    };
    items
        .iter()
        .position(|item| rests_on(item).iter().any(|hash| !there.contains(hash)))
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One byte more than a file may have tells that it has too many.
    let most = rook::MAX_FILE_BYTES as u64 + 1;
    if path == Path::new("-") {
        std::io::stdin().take(most).read_to_end(&mut bytes)?;
    } else {
        std::fs::File::open(path)?
            .take(most)
            .read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

pub(super) fn run(args: &Args) -> ExitCode {
    let verdict = match read(&args.file) {
        Ok(bytes) => verdict(&bytes),
        Err(error) => unreadable(format!("cannot read {}: {error}", args.file.display())),
    };
    if args.json {
        match serde_json::to_string(&verdict) {
            Ok(line) => println!("{line}"),
            Err(error) => return super::fail(&error),
        }
        return verdict.exit();
    }
    let reason = verdict.reason.as_deref().unwrap_or("the game goes on");
    match (verdict.status, &verdict.game) {
        ("verified", Some(game)) => println!(
            "Verified: game {game}, {} plies, {} ({reason}).",
            verdict.plies.unwrap_or(0),
            verdict.result.unwrap_or("*")
        ),
        ("proof", _) => {
            println!("The file holds proof that someone signed what nobody honest signs: {reason}.")
        }
        ("broken", _) => match verdict.at {
            Some(at) => println!("Broken at item {at}: {reason}."),
            None => println!("Broken: {reason}."),
        },
        _ => eprintln!("Cannot be checked: {reason}."),
    }
    verdict.exit()
}
