//! Whether a refusal of a record is true: `docs/protocol.md` gives the code for each rule that a record can break.

use super::known::{Known, View};
use crate::reference::{Board, Content, Record, Side};

/// Rivals for one place that a game keeps.
const RIVALS: usize = 3;

/// The codes that are true of a record which may not stand; for one that may, none but `too-many`.
pub(super) fn true_codes(view: &View, known: &Known, record: &Record) -> Vec<&'static str> {
    let mut codes = Vec::new();
    let clocked = view.is_clocked();
    let rivals = view
        .records
        .iter()
        .filter(|other| other.prev == record.prev && other.hash != record.hash);
    if !clocked && rivals.count() >= RIVALS {
        codes.push("too-many");
    }
    if view.accepts(record) {
        return codes;
    }
    let board = match view.place_of(record) {
        Some(board) => board,
        // What it rests on is not known, so nothing else can be said.
        None => {
            codes.push("unknown-prev");
            view.board.clone()
        }
    };
    let off_chain = matches!(record.content, Content::ResignAt);
    let mut put = |code, is: bool| {
        if is {
            codes.push(code);
        }
    };
    put("game-over", board.end().is_some());
    put("unknown-prev", clocked && !board.has(record.prev));
    put(
        "stale-head",
        clocked && board.has(record.prev) && board.head() != record.prev,
    );
    put(
        "wrong-height",
        !off_chain && record.height != Some(board.height() + 1),
    );
    put("wrong-on", !off_chain && record.on.is_some() != clocked);
    let Some(players) = board.players() else {
        let seats = matches!(record.content, Content::Seat { .. });
        put("not-seated", !seats);
        put("bad-signature", !record.by.contains(&view.setup.creator));
        put("seat-reserved", cannot_sit(view, record));
        put(
            "bad-reveal",
            seats && !fits(view, &board, record, view.setup.creator),
        );
        return codes;
    };
    let at = |side: Side| players[usize::from(side == Side::Black)];
    let turn = if off_chain {
        board.turn_at(record.prev).unwrap_or(board.turn())
    } else {
        board.turn()
    };
    let (mover, other) = (at(turn), at(turn.other()));
    let author = if off_chain { other } else { mover };
    put("bad-signature", !record.by.contains(&author));
    put(
        "not-your-turn",
        !off_chain && record.by.contains(&other) && !record.by.contains(&mover),
    );
    put("resign-on-chain", off_chain && record.by.contains(&mover));
    put("not-seated", off_chain && record.prev == known.game.0);
    let fits = fits(view, &board, record, mover);
    match &record.content {
        Content::Rewind {
            consent_at,
            to_ply,
            consent_by,
        } => {
            let (least, most) = (view.setup.moves.len(), board.moves().len());
            put("no-takebacks", !view.setup.takebacks);
            put(
                "bad-consent",
                *consent_at != board.head() || !consent_by.contains(&other),
            );
            put("bad-ply", *to_ply < least || *to_ply >= most);
        }
        Content::Seat { .. } => put("seat-taken", true),
        Content::Move { .. } => put("illegal-move", !fits),
        Content::Draw => put("no-draw", !fits),
        Content::Abort => put("abort-too-late", !fits),
        Content::Resign | Content::ResignAt => {}
    }
    codes
}

/// Whether what the record says may be said at this head, if it were signed and placed as it should be.
fn fits(view: &View, board: &Board, record: &Record, author: [u8; 32]) -> bool {
    let placed = Record {
        prev: board.head(),
        height: Some(board.height() + 1),
        on: view.is_clocked().then_some([0; 32]),
        by: [author].into(),
        ..record.clone()
    };
    board.after(&view.setup, &placed).is_some()
}

fn cannot_sit(view: &View, record: &Record) -> bool {
    let Content::Seat { joiner, .. } = record.content else {
        return false;
    };
    joiner == view.setup.creator || view.setup.seat.is_some_and(|kept| kept != joiner)
}

/// The first of them, for people.
pub(super) fn why_not(view: &View, known: &Known, record: &Record) -> &'static str {
    true_codes(view, known, record)
        .first()
        .copied()
        .unwrap_or("no rule is broken")
}
