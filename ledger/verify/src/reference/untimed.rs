//! The fold of an untimed game: the records decide, and nothing else.

use super::{Board, Content, End, Record, Setup};

/// The state of the set of `records`; nothing if the genesis is not playable.
#[must_use]
pub fn untimed(setup: &Setup, records: &[Record]) -> Option<Board> {
    let mut board = Board::new(setup)?;
    loop {
        let here = board.head();
        // A resignation at this head comes before all that extends it.
        let resigned = records
            .iter()
            .filter(|record| record.prev == here)
            .find_map(|record| board.resigns_at(record));
        if board.end().is_none()
            && let Some(loser) = resigned
        {
            board.end_with(End::lost(loser, "resignation"));
            return Some(board);
        }
        let mut next: Vec<(&Record, Board)> = records
            .iter()
            .filter_map(|record| Some((record, board.after(setup, record)?)))
            .collect();
        next.sort_by_key(|(record, _)| record.hash);
        next.dedup_by_key(|(record, _)| record.hash);
        match next.len() {
            0 => return Some(board),
            1 => board = next.remove(0).1,
            _ => {
                let seats = matches!(next[0].0.content, Content::Seat { .. });
                let loser = if seats {
                    board = next.remove(0).1;
                    let creator = board
                        .players()?
                        .iter()
                        .position(|id| *id == setup.creator)?;
                    [super::Side::White, super::Side::Black][creator]
                } else {
                    board.turn()
                };
                board.end_with(End::lost(loser, "equivocation"));
                return Some(board);
            }
        }
        if board.end().is_some() {
            return Some(board);
        }
    }
}
