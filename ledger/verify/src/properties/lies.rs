//! What no honest player or relay signs.

use rookery_ledger::id::{GameId, Hash, Height, Millis, Nonce, Ply};
use rookery_ledger::player::Options;
use rookery_ledger::record::{
    Clock, Colours, Consent, From, Item, Join, Move, Place, Receipt, Record, Rewind, Seat, Signed,
    Variant, What,
};
use rookery_ledger::sign::Keypair;
use rookery_ledger::{Colour, Game, Line, Player};
use shakmaty::{CastlingMode, Position as _};

use super::adapter;
use super::history::{CREATOR, JOINER, SECOND, STARTS, key};
use super::table::nth_move;

/// Another receipt for a place that has one, by the relay that signed that.
pub fn second_receipt(game: &Game, relays: &[Keypair; 2], pick: usize) -> Option<Item> {
    let counted = &game.state().counted;
    let counted = counted.get(pick % counted.len().max(1))?;
    let relay = relays.iter().find(|key| key.order() == counted.by)?;
    let mut receipt = counted.receipt;
    match pick / 7 % 6 {
        0 => receipt.at_ms = Millis::new(receipt.at_ms.get() + 7),
        1 => receipt.at_ms = Millis::new(receipt.at_ms.get() - 4_000),
        2 => receipt.what = What::Gap { ms: Millis::new(1) },
        3 => {
            let ms = Millis::new(100_000_000);
            receipt.what = What::Gap { ms };
        }
        4 => receipt.prev = Some(game.id().as_hash()),
        _ => receipt.what = What::Flag,
    }
    Some(Game::sign_receipt(relay, receipt))
}

/// A next receipt that no honest relay signs, or a right one at the wrong time, with what it is for.
pub fn wrong_receipt(game: &Game, relay: &Keypair, now: Millis, pick: usize) -> Vec<Item> {
    let receipt = |what, at| game.next_receipt(relay.order(), what, at, Millis::ZERO);
    let longest = game.longest_gap(now).get();
    let later = Millis::new(now.get() + 100_000_000);
    let signed = |receipt| vec![Game::sign_receipt(relay, receipt)];
    let gap = |ms| What::Gap {
        ms: Millis::new(ms),
    };
    let of = |item: Option<Item>, at| match item {
        Some(Item::Record(record)) => {
            let receipt = receipt(What::Record(record.hash()), at);
            vec![Item::Record(record), Game::sign_receipt(relay, receipt)]
        }
        _ => Vec::new(),
    };
    let known: Vec<Hash> = game.records().map(|(hash, _)| hash).collect();
    let known = known.get(pick / 16 % known.len().max(1)).copied();
    // By somebody else in the name of the relay.
    let in_its_name = |receipt: Receipt| {
        let (by, receipt) = (relay.order(), key(SECOND).sign(game.id(), receipt));
        Item::Receipt { by, receipt }
    };
    match pick % 17 {
        0 => signed(receipt(gap(longest + 1), now)),
        1 => signed(receipt(gap(longest), now)),
        2 => signed(receipt(What::Flag, now)),
        3 => signed(receipt(What::Flag, later)),
        4 => known.map_or_else(Vec::new, |hash| signed(receipt(What::Record(hash), now))),
        5 => signed(receipt(What::Genesis, now)),
        6 => of(forged(game, pick / 16), now),
        7 => {
            let by = key([CREATOR, JOINER][pick / 16 % 2]);
            let at = known.unwrap_or(game.id().as_hash());
            let resigned = by.sign(game.id(), Record::ResignAt { at });
            of(Some(Item::Record(resigned)), now)
        }
        8 => signed(receipt(What::Home(game.id().as_hash()), now)),
        9 => {
            let other = Receipt {
                game: GameId([7; 32]),
                ..receipt(What::Flag, later)
            };
            let by = relay.order();
            let receipt = relay.sign(game.id(), other);
            vec![Item::Receipt { by, receipt }]
        }
        10 => {
            let right = receipt(gap(0), now);
            let at_ms = Millis::new(right.at_ms.get().saturating_sub(5_000));
            signed(Receipt { at_ms, ..right })
        }
        11 => of(next_move(game, pick / 16), later),
        12 => vec![in_its_name(receipt(What::Flag, later))],
        13 => match next_move(game, pick / 16) {
            Some(Item::Record(record)) => {
                let receipt = in_its_name(receipt(What::Record(record.hash()), now));
                vec![Item::Record(record), receipt]
            }
            _ => Vec::new(),
        },
        14 => {
            // After an earlier receipt than the last.
            let counted = &game.state().counted;
            let earlier = counted.get(pick / 16 % counted.len().max(1));
            let prev = earlier.map(|earlier| earlier.hash);
            signed(Receipt {
                prev,
                ..receipt(gap(0), now)
            })
        }
        15 => {
            // Past a place that has none.
            let next = receipt(gap(0), now);
            let seq = next.seq.next();
            signed(Receipt { seq, ..next })
        }
        // The relay's own signature under a player's move.
        _ => match next_move(game, pick / 16) {
            Some(Item::Record(record)) => {
                let record = relay.sign(game.id(), record.body);
                of(Some(Item::Record(record)), now)
            }
            _ => Vec::new(),
        },
    }
}

/// A move of the side to move, whether or not the game is over.
fn next_move(game: &Game, pick: usize) -> Option<Item> {
    let line = &game.state().line;
    let by = adapter::keypair_of(line.author())?;
    line.players()?;
    let at = Place {
        prev: line.head(),
        height: Height::new(line.height().get() + 1),
        on: Some(game.state().last_receipt()?.hash),
    };
    let record = Record::Move(Move {
        at,
        uci: nth_move(line, pick)?,
        think_ms: Millis::ZERO,
        offer: false,
    });
    Some(Item::Record(by.sign(game.id(), record)))
}

/// The opening of an untimed game that goes on from the head, or from an earlier one, with the hash of its Seat.
pub fn continuation(game: &Game, pick: usize) -> Option<(Item, Hash)> {
    if !game.is_clocked() {
        return None;
    }
    let line = &game.state().line;
    let heads: Vec<Hash> = game.records().map(|(hash, _)| hash).collect();
    let head = if pick.is_multiple_of(2) {
        line.head()
    } else {
        *heads.get(pick / 16 % heads.len().max(1))?
    };
    let (creator, joiner) = if pick % 8 < 4 {
        (CREATOR, JOINER)
    } else {
        (JOINER, CREATOR)
    };
    let options = Options {
        variant: Variant::Standard,
        start: STARTS[0].0.into(),
        moves: vec![],
        clock: Clock::None,
        colour: Some(Colour::White),
        seat: None,
        takebacks: false,
        homes: vec![],
        from: Some(From {
            game: game.id(),
            head,
        }),
    };
    let mut next = Player::create(key(creator), options, Nonce([5; 16]), Nonce([6; 16])).ok()?;
    let genesis = Box::new(next.game().genesis().clone());
    let joiner = Player::open(key(joiner), *genesis.clone(), None).ok()?;
    let join = joiner.join(Nonce([7; 16])).ok()?;
    let Item::Record(seat) = next.seat(join).ok()? else {
        return None;
    };
    let hash = seat.hash();
    Some((Item::Continued { genesis, seat }, hash))
}

/// Another move for the place of the line's last move, by its author.
pub fn rival_of_last(game: &Game, pick: usize) -> Option<Item> {
    let last = game.state().line.moves().len().checked_sub(1)?;
    rival(game, last, pick)
}

/// Another move for the place of the line's move `at`, by its author.
pub fn rival(game: &Game, at: usize, pick: usize) -> Option<Item> {
    let line = &game.state().line;
    let entry = game.record(line.moves().get(at)?.record?)?;
    let Record::Move(played) = &entry.signed.body else {
        return None;
    };
    let by = adapter::keypair_of(entry.author)?;
    let legal = line.positions().get(at)?.legal_moves();
    let mut rival = played.clone();
    rival.uci = legal
        .get(pick % legal.len().max(1))?
        .to_uci(line.castling_mode())
        .to_string();
    rival.think_ms = Millis::ZERO;
    Some(Item::Record(by.sign(game.id(), Record::Move(rival))))
}

/// What its author may not sign at the head: the other player's move, a move at another height, a takeback by a consent
/// of one's own or to an earlier head, an end that cannot be had, a move that is none or is written in another way.
pub fn forged(game: &Game, pick: usize) -> Option<Item> {
    let line = &game.state().line;
    let players = line.players()?;
    let (mover, waiter) = (*players.get(line.turn()), *players.get(line.turn().other()));
    let (mover, waiter) = (adapter::keypair_of(mover)?, adapter::keypair_of(waiter)?);
    let id = game.id();
    let at = Place {
        prev: line.head(),
        height: line.height().next(),
        on: game.state().last_receipt().map(|last| last.hash),
    };
    let uci = nth_move(line, pick / 16);
    let played = |at, uci: Option<String>| {
        let (think_ms, offer) = (Millis::ZERO, false);
        Some(Record::Move(Move {
            at,
            uci: uci?,
            think_ms,
            offer,
        }))
    };
    let rewind = |by: &Keypair, consent: Consent| {
        let consent = by.sign(id, consent);
        Record::Rewind(Rewind { at, consent })
    };
    let (least, most) = line.rewind_range().unwrap_or((line.ply(), line.ply()));
    let back = |to_ply| Consent {
        at: at.prev,
        to_ply,
    };
    let signed = match pick % 15 {
        0 => waiter.sign(id, played(at, uci)?),
        1 => {
            let height = at.height.next();
            mover.sign(id, played(Place { height, ..at }, uci)?)
        }
        2 => mover.sign(id, rewind(&mover, back(least))),
        3 => {
            let heads: Vec<_> = game.records().map(|(hash, _)| hash).collect();
            let at = *heads.get(pick / 16 % heads.len().max(1))?;
            mover.sign(id, rewind(&waiter, Consent { at, to_ply: least }))
        }
        4 => mover.sign(id, rewind(&waiter, back(line.ply()))),
        5 => mover.sign(
            id,
            rewind(&waiter, back(Ply::new(least.get().saturating_sub(1)))),
        ),
        6 => mover.sign(id, Record::Draw(at)),
        7 => mover.sign(id, Record::Abort(at)),
        8 => mover.sign(id, Record::ResignAt { at: at.prev }),
        9 => mover.sign(id, played(at, Some("e2e5".into()))?),
        10 => mover.sign(id, played(at, uci.map(|uci| uci.to_uppercase()))?),
        11 => waiter.sign(id, Record::Resign(at)),
        12 => {
            let on = at.on.is_none().then_some(at.prev);
            mover.sign(id, played(Place { on, ..at }, uci)?)
        }
        13 => mover.sign(id, played(at, castling_otherwise(line))?),
        // What the other agreed to is another ply.
        _ => {
            let consent = waiter.sign(id, back(least));
            let body = back(most);
            let consent = Signed { body, ..consent };
            mover.sign(id, Record::Rewind(Rewind { at, consent }))
        }
    };
    Some(Item::Record(signed))
}

/// Castling, if it is legal, as the other kind of chess writes it.
fn castling_otherwise(line: &Line) -> Option<String> {
    let other = match line.castling_mode() {
        CastlingMode::Standard => CastlingMode::Chess960,
        CastlingMode::Chess960 => CastlingMode::Standard,
    };
    let legal = line.position().legal_moves();
    let castling = legal.iter().find(|played| played.is_castle())?;
    Some(castling.to_uci(other).to_string())
}

/// Who gives up off turn at a head that may lie behind: where the last move was made, or where by chance that player may
/// or may not.
pub fn resigned_earlier(game: &Game, pick: usize) -> Option<Item> {
    let (at, by) = if pick.is_multiple_of(2) {
        let last = game.record(game.state().line.moves().last()?.record?)?;
        let by = if key(CREATOR).player() == last.author {
            JOINER
        } else {
            CREATOR
        };
        (last.signed.body.place()?.prev, by)
    } else {
        let heads: Vec<_> = game.records().map(|(hash, _)| hash).collect();
        let at = *heads.get(pick / 4 % heads.len().max(1))?;
        (at, [CREATOR, JOINER][pick / 2 % 2])
    };
    let record = Record::ResignAt { at };
    Some(Item::Record(key(by).sign(game.id(), record)))
}

/// A Seat that may not stand: of who wished for nothing, of another player than the one that it is kept for, of the creator
/// alone, by the joiner, or with another secret than the promised one.
pub fn wrong_seat(game: &Game, secret: Nonce, pick: usize) -> Item {
    let (id, genesis) = (game.id(), &game.genesis().body);
    let drawn = matches!(genesis.colours, Colours::Drawn { .. });
    let wish = |player: u8, by: u8| {
        let (player, nonce) = (key(player).player(), Nonce([11; 16]));
        key(by).sign(id, Join { player, nonce })
    };
    let (mut join, mut reveal, mut by) = (wish(JOINER, JOINER), drawn.then_some(secret), CREATOR);
    match pick % 6 {
        0 if genesis.seat.is_some() => join = wish(SECOND, SECOND),
        1 if drawn => reveal = Some(Nonce([12; 16])),
        2 => reveal = (!drawn).then_some(secret),
        3 => join = wish(CREATOR, CREATOR),
        4 => by = JOINER,
        _ => join = wish(JOINER, SECOND),
    }
    let on = game.state().last_receipt().map(|last| last.hash);
    let at = Place {
        prev: id.as_hash(),
        height: Height::new(1),
        on: on.filter(|_| game.is_clocked()),
    };
    let seat = Record::Seat(Seat { at, join, reveal });
    Item::Record(key(by).sign(id, seat))
}

/// A Seat for another joiner, by the creator, for the place of the first.
pub fn second_seat(game: &Game) -> Option<Item> {
    let mut second = game
        .records()
        .find_map(|(_, entry)| match &entry.signed.body {
            Record::Seat(seat) => Some(seat.clone()),
            _ => None,
        })?;
    let joiner = Player::open(key(SECOND), game.genesis().clone(), None).ok()?;
    second.join = joiner.join(Nonce([4; 16])).ok()?;
    let record = Record::Seat(second);
    Some(Item::Record(key(CREATOR).sign(game.id(), record)))
}
