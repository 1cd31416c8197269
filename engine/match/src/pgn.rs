//! Portable Game Notation (PGN, Edwards 1994): finished games as text, and as much reading as openings and an
//! interrupted match need.

mod read;
mod write;

pub use read::{PgnError, PgnGame, read};
pub use write::{Header, write};

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use shakmaty::fen::Fen;
    use shakmaty::{ByColor, CastlingMode, Color, KnownOutcome};

    use super::*;
    use crate::board::Board;
    use crate::fault::{Fault, FaultKind};
    use crate::game::{GameRecord, Played};
    use crate::limit::Limit;
    use crate::result::{Ending, Reason};
    use crate::uci::{Info, Score};

    fn record(fen: &str, mode: CastlingMode, book: usize, moves: &str) -> GameRecord {
        let fen: Fen = fen.parse().unwrap();
        let start: shakmaty::Chess = fen.into_position(mode).unwrap();
        let mut board = Board::new(start.clone(), mode);
        let mut played = Vec::new();
        for (index, word) in moves.split_whitespace().enumerate() {
            let m = board.read(word).unwrap();
            board.play(m);
            let info = Info {
                depth: Some(9),
                score: Some(Score::Centipawns(-25)),
                nodes: Some(1234),
            };
            let search = (index >= book).then_some((info, Duration::from_millis(34)));
            played.push(Played { m, search });
        }
        GameRecord {
            start,
            mode,
            moves: played,
            ending: board.ending().unwrap_or(Ending::draw(Reason::Level)),
            fault: None,
            limits: ByColor {
                white: Limit::Nodes(5),
                black: Limit::Nodes(5),
            },
        }
    }

    const HEADER: Header<'_> = Header {
        event: "A \"test\" \\ of it",
        date: "2026.01.02",
        round: "12.2",
        white: "A",
        black: "B",
        settings: "5 nodes; option {x}=[y]",
    };
    const START: &str = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1";

    fn read_back(record: &GameRecord) -> PgnGame {
        let text = write(record, &HEADER);
        let games = read(&text);
        assert_eq!(games.len(), 1, "{text}");
        let (start, moves) = games[0].replay(record.mode).unwrap();
        assert_eq!(start, record.start);
        let written: Vec<_> = record.moves.iter().map(|played| played.m).collect();
        assert_eq!(moves, written, "{text}");
        games.into_iter().next().unwrap()
    }

    #[test]
    fn a_game_is_read_back_as_it_was() {
        let moves = "e2e4 e7e5 f1c4 b8c6 d1h5 g8f6 h5f7";
        let record = record(START, CastlingMode::Standard, 2, moves);
        let text = write(&record, &HEADER);
        let tail = "1. e4 e5 {opening} 2. Bc4 {-0.25/9 0.034s 1234n} 2... Nc6";
        assert!(text.contains(tail), "{text}");
        assert!(text.ends_with("{checkmate}\n1-0\n\n"), "{text}");
        let game = read_back(&record);
        assert_eq!(game.tag("Event"), Some(HEADER.event));
        assert_eq!(game.tag("Settings"), Some(HEADER.settings));
        assert_eq!(game.tag("PlyCount"), Some("7"));
        assert_eq!(game.tag("Termination"), Some("normal"));
        assert_eq!(game.tag("FEN"), None);
        assert_eq!(game.result.as_deref(), Some("1-0"));
    }

    #[test]
    fn a_game_from_a_position_has_it_even_where_black_begins() {
        let fen = "4k3/P7/8/8/8/8/7p/4K3 b - - 0 31";
        let record = record(fen, CastlingMode::Standard, 0, "h2h1q e1d2 h1g1 a7a8n");
        let game = read_back(&record);
        assert_eq!(game.tag("FEN"), Some(fen));
        assert_eq!(game.tag("SetUp"), Some("1"));
        assert!(write(&record, &HEADER).contains("31... h1=Q+"));
    }

    #[test]
    fn chess960_castling_is_read_back() {
        let fen = "1r3k1r/8/8/8/8/8/8/1R3K1R w HBhb - 0 1";
        let record = record(fen, CastlingMode::Chess960, 0, "f1b1 f8h8");
        assert_eq!(read_back(&record).moves, ["O-O-O", "O-O"]);
        assert_eq!(read_back(&record).tag("Variant"), Some("Chess960"));
    }

    #[test]
    fn a_fault_is_told_and_cannot_break_the_text() {
        let mut record = record(START, CastlingMode::Standard, 1, "e2e4 e7e5");
        record.fault = Some((
            Color::White,
            Fault::new(FaultKind::IllegalMove, "`}1-0 {\n[Event \"x\"]`"),
        ));
        record.ending = Ending::new(
            KnownOutcome::from_winner(Some(Color::Black)),
            Reason::Fault(FaultKind::IllegalMove),
        );
        let game = read_back(&record);
        assert_eq!(game.result.as_deref(), Some("0-1"));
        assert_eq!(game.tag("Fault"), Some("White illegal-move"));
        assert_eq!(game.tag("Termination"), Some("rules infraction"));
    }

    #[test]
    fn hostile_text_is_read_without_harm() {
        for text in [
            "",
            "{",
            "(((",
            ")))",
            "[",
            "[Event",
            "[Event \"a\\",
            ";",
            "1.",
            "1... e5 1-0 1-0 *",
            "é\u{0}\u{fffd} {é",
            "1. e4 ]",
            "]",
        ] {
            for game in read(text) {
                let _ = game.replay(CastlingMode::Standard);
            }
        }
        let cut = read("[Event \"a\"]\n\n1. e4 e5\n\n[Event \"b\"]\n\n1. d4 1-0\n");
        assert_eq!(cut.len(), 2);
        assert_eq!(cut[0].result, None);
        assert_eq!(cut[1].tag("Event"), Some("b"));
        let (_, moves) = cut[0].replay(CastlingMode::Standard).unwrap();
        assert_eq!(moves.len(), 2);
    }
}
