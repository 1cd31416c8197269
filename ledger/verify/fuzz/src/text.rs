//! What people and other programs write: names in hexadecimal, moves, positions.

use std::fmt::Display;
use std::str::FromStr;

use rookery_ledger::genesis::{canonical_fen, canonical_uci};
use rookery_ledger::id::{GameId, Hash, Nonce, OrderKey, PlayerKey, Signature};
use rookery_ledger::record::{Clock, Colours, From, Genesis, Item, Variant};
use rookery_ledger::{Game, codec, pgn};
use shakmaty::fen::Fen;
use shakmaty::san::SanPlus;
use shakmaty::uci::UciMove;
use shakmaty::{CastlingMode, Chess, Position as _};

use crate::input::Choices;
use crate::pool::key;

/// Positions with castling both ways, promotions, en passant, and few pieces.
const POSITIONS: [(&str, CastlingMode); 5] = [
    (
        "r3k2r/pppppppp/8/8/8/8/PPPPPPPP/R3K2R w KQkq - 0 1",
        CastlingMode::Standard,
    ),
    (
        "1r2k2r/8/8/8/8/8/8/RK4R1 w GAhb - 0 1",
        CastlingMode::Chess960,
    ),
    (
        "6k1/P4ppp/8/8/8/8/5PPp/6K1 w - - 0 1",
        CastlingMode::Standard,
    ),
    (
        "rnbqkbnr/ppp1pppp/8/8/3pP3/8/PPPP1PPP/RNBQKBNR b KQkq e3 0 3",
        CastlingMode::Standard,
    ),
    ("8/8/8/3k4/3p4/3K4/8/8 w - - 0 1", CastlingMode::Standard),
];

/// Text where a name, a move or a position is expected. The first byte says which.
pub fn text(data: &[u8]) {
    let Some((kind, bytes)) = data.split_first() else {
        return;
    };
    let text = String::from_utf8_lossy(bytes);
    match kind % 8 {
        0 => hex::<Hash>(&text, 32),
        1 => hex::<GameId>(&text, 32),
        2 => hex::<PlayerKey>(&text, 32),
        3 => hex::<OrderKey>(&text, 32),
        4 => hex::<Signature>(&text, 64),
        5 => hex::<Nonce>(&text, 16),
        6 => position(&text),
        _ => moves(&text),
    }
}

/// A name that is read is printed as it was written, and is of the right length.
fn hex<T: FromStr + Display>(text: &str, bytes: usize) {
    if let Ok(name) = text.parse::<T>() {
        assert_eq!(name.to_string(), text);
        assert_eq!(text.len(), 2 * bytes);
        let plain = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        assert!(text.chars().all(plain), "{text:?}");
    } else {
        let lower = text.chars().all(|c| "0123456789abcdef".contains(c));
        assert!(!lower || text.len() != 2 * bytes, "{text:?} is a name");
    }
}

/// A position that is read has one text.
fn position(text: &str) {
    let Ok(fen) = text.parse::<Fen>() else {
        return;
    };
    for mode in [CastlingMode::Standard, CastlingMode::Chess960] {
        let Ok(position) = fen.clone().into_position::<Chess>(mode) else {
            continue;
        };
        let once = canonical_fen(&position);
        let again: Fen = once.parse().expect("a canonical FEN is a FEN");
        let again: Chess = again
            .into_position(mode)
            .expect("a legal position is legal");
        assert_eq!(canonical_fen(&again), once);
    }
}

/// A move that is understood is legal, has one text, and is the same move by that.
fn moves(text: &str) {
    for (fen, mode) in POSITIONS {
        let fen: Fen = fen.parse().expect("these positions are FENs");
        let position: Chess = fen.into_position(mode).expect("these positions are legal");
        let Some(uci) = canonical_uci(&position, mode, text) else {
            continue;
        };
        let twice = canonical_uci(&position, mode, &uci);
        assert_eq!(twice.as_deref(), Some(uci.as_str()), "of {text:?}");
        let legal = position.legal_moves();
        let named = legal.iter().filter(|m| m.to_uci(mode).to_string() == uci);
        assert_eq!(named.count(), 1, "{uci:?} of {text:?}");
        let meant = text.parse::<UciMove>().ok();
        let meant = meant.and_then(|uci| uci.to_move(&position).ok());
        let said = uci.parse::<UciMove>().ok();
        let said = said.and_then(|uci| uci.to_move(&position).ok());
        assert_eq!(meant, said, "{uci:?} of {text:?}");
    }
}

/// A genesis of any content, well signed: what is taken begins a game that can be shown, stored and played.
pub fn genesis(data: &[u8]) {
    let mut input = Choices::new(data);
    let creator = key(1);
    let home = |n: u8| key(n).order();
    let clock = match input.below(4) {
        0 => Clock::None,
        1 => Clock::Live {
            initial_s: input.number() as u32,
            inc_s: input.number() as u32,
        },
        2 => Clock::Days {
            days: input.number() as u32,
        },
        _ => Clock::Live {
            initial_s: 60,
            inc_s: 0,
        },
    };
    let kinds = input.byte();
    let homes = (0..input.below(11)).map(|_| home(2 + input.byte() % 9));
    let homes = homes.collect();
    let v = if kinds & 0xc0 == 0xc0 {
        input.byte().into()
    } else {
        1
    };
    let text = String::from_utf8_lossy(input.rest());
    let (start, moves) = text.split_once('\n').unwrap_or((&text, ""));
    let genesis = Genesis {
        v,
        variant: if kinds & 1 == 0 {
            Variant::Standard
        } else {
            Variant::Chess960
        },
        start: if start.is_empty() {
            POSITIONS[0].0.into()
        } else {
            start.into()
        },
        moves: moves.split_terminator(' ').map(str::to_owned).collect(),
        clock,
        creator: creator.player(),
        colours: match kinds >> 1 & 3 {
            0 => Colours::White,
            1 => Colours::Black,
            _ => Colours::Drawn {
                commit: Hash([kinds; 32]),
            },
        },
        seat: (kinds & 8 != 0).then(|| key(kinds >> 4 & 3).player()),
        takebacks: kinds & 16 != 0,
        homes,
        from: (kinds & 32 != 0).then_some(From {
            game: GameId([3; 32]),
            head: Hash([4; 32]),
        }),
        nonce: Nonce([5; 16]),
    };
    let signed = creator.sign(genesis.id(), genesis);
    let mut forged = signed.clone();
    forged.sig.0[0] ^= 1;
    let game = Game::new(signed.clone());
    assert!(Game::new(forged).is_err(), "a forged genesis begins a game");
    let Ok(game) = game else { return };
    let body = &signed.body;
    let bytes = codec::encode(&Item::Genesis(signed.clone()));
    assert!(
        bytes.len() <= codec::MAX_ITEM_BYTES,
        "{} bytes",
        bytes.len()
    );
    let line = &game.state().line;
    assert_eq!(line.outcome(), None, "over before it begins");
    assert_eq!(line.moves().len(), body.moves.len());
    // Each move must be the text that the ledger prints for it, and have its place in the PGN.
    for (i, (played, before)) in body.moves.iter().zip(line.positions()).enumerate() {
        let uci = canonical_uci(before, line.castling_mode(), played);
        assert_eq!(uci.as_ref(), Some(played), "move {i}");
    }
    let sans = pgn::sans(&game);
    assert_eq!(sans.len(), body.moves.len());
    for (san, before) in sans.iter().zip(line.positions()) {
        let san: SanPlus = san.parse().expect("the ledger prints SAN");
        assert!(san.san.to_move(before).is_ok(), "{san}");
    }
    let tag = format!("[FEN \"{}\"]", body.start);
    let text = pgn::write(&game);
    let standard = canonical_fen(&Chess::default());
    assert_eq!(text.contains(&tag), body.start != standard, "{text}");
    let clocked = body.clock != Clock::None;
    assert!(!clocked || !body.homes.is_empty(), "a clock and no home");
    assert_eq!(game.state().clocks.is_some(), clocked);
}
