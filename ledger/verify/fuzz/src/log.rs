//! What a relay reads from its log: rows of any bytes, games of any rows. What cannot be read is an error.

use std::sync::OnceLock;

use rookery_ledger::codec;
use rookery_ledger::id::{Epoch, Millis, OrderKey};
use rookery_ledger::record::{Item, Lapsed};
use rookery_relay::order_log::{
    Entry, Position, ReadError, Request, Response, StoredGame, decode_entry, encode_entry,
};
use rookery_relay::sequencer::{Progress, Reading};

use crate::input::Choices;
use crate::player;
use crate::pool::key;

/// Answers that a reading is given before it is left alone: a log may go on for ever.
const ANSWERS: usize = 64;

/// The first byte says whether the rest is a row, or chooses what a log answers.
pub fn log(data: &[u8]) {
    match data.split_first() {
        Some((kind, row)) if kind % 4 == 0 => {
            if let Some(entry) = decode_entry(row) {
                assert_eq!(encode_entry(&entry), row, "written otherwise than read");
            }
        }
        Some((_, rest)) => read(&mut Choices::new(rest)),
        None => {}
    }
}

/// The items of one of some games.
fn items(kind: u8) -> &'static [Item] {
    static GAMES: OnceLock<Vec<Vec<Item>>> = OnceLock::new();
    // Live and short, by days, untimed; colours drawn.
    let games = GAMES.get_or_init(|| [0, 3, 4, 5, 64].map(player::some_items).into());
    &games[usize::from(kind) % games.len()]
}

fn read(input: &mut Choices) {
    let own = key(9);
    let items = items(input.byte());
    let Some(Item::Genesis(genesis)) = items.first() else {
        return;
    };
    let game = genesis.body.id();
    let (mut reading, mut asked) = Reading::start(game);
    for _ in 0..ANSWERS {
        let response = answer(input, items, asked);
        match reading.next(&own, response) {
            Progress::Ask(request) => asked = request,
            Progress::Ended(Ok(Some(loaded))) => {
                let mut orderer = loaded.orderer;
                let file = rookery_ledger::rook::write(&orderer.game().items());
                assert!(
                    rookery_ledger::rook::open(&file).is_ok(),
                    "the game of a log"
                );
                // It goes on from there, whatever it was.
                for item in items {
                    let _ = orderer.submit(item, Millis::new(2_000_000), Millis::ZERO);
                }
                let _ = orderer.tick(Millis::new(input.number()), Millis::new(input.number()));
                return;
            }
            Progress::Ended(Ok(None) | Err(_)) => return,
        }
    }
}

fn answer(input: &mut Choices, items: &[Item], asked: Request) -> Response {
    match (input.byte(), asked) {
        (250, _) => Response::Game(Err(ReadError::Unavailable("not now".into()))),
        (251, _) => Response::Append(Ok(Position(input.number()))),
        (252, _) => Response::Read(Ok(Vec::new())),
        (253, _) => Response::Game(Ok(None)),
        (_, Request::Game(_)) => {
            let chains = (0..1 + input.below(3)).map(|_| {
                let order_key = [key(9).order(), key(8).order(), OrderKey([0; 32])];
                let order_key = input.of(&order_key).unwrap_or(OrderKey([0; 32]));
                (order_key, Position(input.number() % 40))
            });
            Response::Game(Ok(Some(StoredGame {
                chains: chains.collect(),
                genesis: bytes(input, items, 0),
                open: input.flag(),
            })))
        }
        (_, Request::Read { after, limit, .. }) => {
            let mut at = after.0;
            let page = (0..input.below(24).min(limit)).map(|_| {
                at = match input.byte() {
                    255 => input.number(),
                    _ => at.saturating_add(1),
                };
                (Position(at), entry(input, items, at as usize))
            });
            Response::Read(Ok(page.collect()))
        }
        (_, Request::Append(_)) => Response::Append(Ok(Position(1))),
    }
}

/// The bytes of an item, sometimes others.
fn bytes(input: &mut Choices, items: &[Item], usual: usize) -> Vec<u8> {
    match input.byte() {
        255 => {
            let n = input.below(64);
            input.bytes(n).to_vec()
        }
        254 => {
            let mut bytes = codec::encode(&items[usual % items.len()]);
            let at = input.word() as usize % bytes.len();
            bytes[at] ^= 1 << input.below(8);
            bytes
        }
        253 => codec::encode(&items[input.below(items.len())]),
        _ => codec::encode(&items[usual % items.len()]),
    }
}

fn entry(input: &mut Choices, items: &[Item], at: usize) -> Entry {
    // Behind each receipt in the game is what it is for.
    let receipts: Vec<usize> = (0..items.len())
        .filter(|i| matches!(items[*i], Item::Receipt { .. }))
        .collect();
    let place = receipts
        .get((at.wrapping_sub(1)) % receipts.len().max(1))
        .copied();
    let place = place.unwrap_or_default();
    let Item::Receipt { receipt, .. } = &items[place] else {
        return Entry {
            epoch: input.number(),
            seq: input.number(),
            receipt: bytes(input, items, place),
            item: None,
        };
    };
    let kind = input.byte();
    if kind >= 240 {
        let lapsed = Lapsed {
            game: receipt.body.game,
            epoch: Epoch::new(input.number()),
        };
        return Entry {
            epoch: input.number(),
            seq: u64::MAX,
            receipt: if kind == 255 {
                bytes(input, items, place)
            } else {
                codec::encode(&lapsed)
            },
            item: None,
        };
    }
    Entry {
        epoch: if kind == 239 {
            input.number()
        } else {
            receipt.body.epoch.get()
        },
        seq: if kind == 238 {
            input.number()
        } else {
            receipt.body.seq.get()
        },
        receipt: match kind {
            200..=219 => bytes(input, items, place),
            220..=237 => codec::encode(&items[place]),
            _ => codec::encode(&receipt.body),
        },
        item: (kind & 1 == 0).then(|| bytes(input, items, place.saturating_sub(1))),
    }
}
