//! The committed vectors in `vectors/v1` are what the code says. `ROOKERY_WRITE_VECTORS=1` writes them anew: only for a version
//! that nobody has used yet, because vectors never change.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod support;

use rookery_ledger::codec::{self, MAX_ITEM_BYTES};
use rookery_ledger::id::{Epoch, GameId, Hash, Millis, Ply};
use rookery_ledger::record::{
    Clock, Consent, From, Genesis, Hello, Item, Lapsed, Message, Receipt, Record, Said, Signed,
    VERSION, Variant, What,
};
use rookery_ledger::wire::{self, Direct, Gossip, Head, Push, Request, Seek, Token};
use rookery_ledger::{Game, rook};
use serde_json::{Value, json};
use support::*;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn vector(name: &str, bytes: &[u8], hash: Option<Hash>, error: Option<&str>) -> Value {
    let hash = hash.map(|hash| hash.to_string());
    json!({ "name": name, "hex": hex(bytes), "hash": hash, "accept": error.is_none(), "error": error })
}

/// What names an item: the hash of the body that is signed.
fn hash_of(item: &Item) -> Hash {
    match item {
        Item::Genesis(signed) => signed.hash(),
        Item::Record(signed) => signed.hash(),
        Item::Receipt { receipt, .. } => receipt.hash(),
        Item::Home(signed) => signed.hash(),
        Item::Lapsed { lapsed, .. } => lapsed.hash(),
        Item::Continued { seat, .. } => seat.hash(),
    }
}

/// A clocked game of every kind of receipt: lag, a gap, a takeback, a move of home, a flag.
fn clocked_game() -> Duel {
    let mut duel = Duel::new(Clock::Live {
        initial_s: 60,
        inc_s: 1,
    });
    let play = |duel: &mut Duel, uci: &str, took: u64, think: u64, lag: u64| {
        duel.now += took;
        duel.lag = lag;
        duel.count(duel.moving_after(uci, think, false)).unwrap();
        duel.lag = 0;
    };
    play(&mut duel, "e2e4", 2_000, 1_900, 80);
    play(&mut duel, "e7e5", 3_000, 2_950, 40);
    play(&mut duel, "g1f3", 4_000, 3_900, 500);
    duel.now += 2_000;
    duel.receipt(What::Gap {
        ms: Millis::new(1_500),
    })
    .unwrap();
    play(&mut duel, "b8c6", 1_000, 1_400, 60);
    duel.now += 500;
    duel.count(duel.rewinding(3)).unwrap();
    play(&mut duel, "g8f6", 700, 700, 60);
    let home = duel.home(1, &key(8));
    for by in [key(1), key(2)] {
        duel.game
            .insert(Item::Home(by.sign(home.game, home)))
            .unwrap();
    }
    duel.now += 30_000;
    duel.relay = key(8);
    let commit = duel.game.commit_receipt(&home, ms(duel.now));
    duel.game
        .insert(Game::sign_receipt(&key(8), commit))
        .unwrap();
    play(&mut duel, "f1c4", 1_000, 900, 60);
    duel.now += 62_000;
    duel.receipt(What::Flag).unwrap();
    assert!(duel.game.state().outcome().is_some());
    duel
}

fn continued(duel: &Duel) -> Item {
    let from = Some(From {
        game: duel.game.id(),
        head: duel.place().prev,
    });
    let next = Duel::unseated(Genesis {
        from,
        nonce: nonce(4),
        ..genesis(Clock::None)
    });
    let seat = next.seat(2, None);
    Item::Continued {
        genesis: Box::new(next.game.genesis().clone()),
        seat,
    }
}

fn items() -> Vec<Value> {
    let mut out = Vec::new();
    let mut put = |name: &str, item: &Item| {
        out.push(vector(
            name,
            &codec::encode(item),
            Some(hash_of(item)),
            None,
        ))
    };
    put(
        "genesis, untimed",
        &Item::Genesis(signed(genesis(Clock::None))),
    );
    put("genesis, live", &Item::Genesis(signed(genesis(BLITZ))));
    put(
        "genesis, days, colours drawn, seat kept, chess960, moves",
        &Item::Genesis(signed(Genesis {
            variant: Variant::Chess960,
            moves: vec!["e2e4".into(), "e7e5".into()],
            clock: Clock::Days { days: 3 },
            seat: Some(key(2).player()),
            takebacks: false,
            from: Some(From {
                game: GameId([5; 32]),
                head: nowhere(),
            }),
            ..drawn()
        })),
    );
    let clocked = clocked_game();
    for item in &clocked.game.items()[1..] {
        let name = match item {
            Item::Record(signed) => match &signed.body {
                Record::Seat(_) => "record, seat, clocked",
                Record::Move(_) => "record, move, clocked",
                _ => "record, rewind, clocked",
            },
            Item::Receipt { receipt, .. } => match receipt.body.what {
                What::Genesis => "receipt, genesis",
                What::Record(_) => "receipt, record",
                What::Gap { .. } => "receipt, gap",
                What::Flag => "receipt, flag",
                What::Home(_) => "receipt, home",
                What::Continued(_) => "receipt, continued",
            },
            _ => "home, one signature",
        };
        put(name, item);
    }
    let mut free = Duel::unseated(drawn());
    let seat = free.seat(2, Some(nonce(7)));
    put("record, seat, with reveal", &Item::Record(seat.clone()));
    free.count(seat).unwrap();
    let offer = free.moving_after("e2e4", 1_234, true);
    put("record, move with an offer", &Item::Record(offer.clone()));
    free.count(offer).unwrap();
    let (at, mover, waiter) = (free.place(), free.mover(), free.waiter());
    put(
        "record, draw",
        &Item::Record(free.sign(&mover, Record::Draw(at))),
    );
    put(
        "record, resign",
        &Item::Record(free.sign(&mover, Record::Resign(at))),
    );
    put(
        "record, abort",
        &Item::Record(free.sign(&mover, Record::Abort(at))),
    );
    put("record, rewind", &Item::Record(free.rewinding(0)));
    put(
        "record, resign off the chain",
        &Item::Record(free.sign(&waiter, Record::ResignAt { at: at.prev })),
    );
    let lapsed = Lapsed {
        game: clocked.game.id(),
        epoch: Epoch::new(2),
    };
    put(
        "lapsed",
        &Item::Lapsed {
            by: key(8).order(),
            lapsed: key(8).sign(lapsed.game, lapsed),
        },
    );
    let before = Duel::new(BLITZ);
    let next = continued(&before);
    put("continued", &next);
    let receipt = before.next_receipt(What::Continued(hash_of(&next)));
    put("receipt, continued", &Game::sign_receipt(&key(9), receipt));
    out.extend(refused_items());
    out
}

/// Bytes that are no item, each one step away from a good one.
fn refused_items() -> Vec<Value> {
    let duel = Duel::new(Clock::None);
    let good = codec::encode(&Item::Record(duel.moving("e2e4")));
    let changed = |from: &[u8], to: &[u8]| {
        let at = good
            .windows(from.len())
            .position(|window| window == from)
            .unwrap();
        [&good[..at], to, &good[at + from.len()..]].concat()
    };
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("a byte missing", good[..good.len() - 1].to_vec()),
        ("a byte too many", [good.as_slice(), &[0]].concat()),
        (
            "think_ms in two bytes",
            changed(b"\x68think_ms\x00", b"\x68think_ms\x18\x00"),
        ),
        (
            "think_ms as float",
            changed(b"\x68think_ms\x00", b"\x68think_ms\xfb\0\0\0\0\0\0\0\0"),
        ),
        (
            "think_ms negative",
            changed(b"\x68think_ms\x00", b"\x68think_ms\x20"),
        ),
        (
            "think_ms 2^53",
            changed(b"\x68think_ms\x00", b"\x68think_ms\x1b\x00\x20\0\0\0\0\0\0"),
        ),
        (
            "think_ms tagged",
            changed(b"\x68think_ms\x00", b"\x68think_ms\xc1\x00"),
        ),
        (
            "think_ms null",
            changed(b"\x68think_ms\x00", b"\x68think_ms\xf6"),
        ),
        (
            "prev as link",
            changed(b"\x64prev\x58\x20", b"\x64prev\xd8\x2a\x58\x20"),
        ),
        (
            "offer undefined",
            changed(b"\x65offer\xf4", b"\x65offer\xf7"),
        ),
        (
            "uci of open length",
            changed(b"\x63uci\x64e2e4", b"\x63uci\x7f\x64e2e4\xff"),
        ),
        (
            "uci not UTF-8",
            changed(b"\x63uci\x64e2e4", b"\x63uci\x64e2\xff\xfe"),
        ),
        (
            "fields in another order",
            changed(
                b"\x63uci\x64e2e4\x65offer\xf4",
                b"\x65offer\xf4\x63uci\x64e2e4",
            ),
        ),
        ("unknown field", {
            let wider = changed(b"\xa1\x64move\xa4", b"\xa1\x64move\xa5");
            let at = wider
                .windows(6)
                .position(|window| window == b"\x65offer")
                .unwrap();
            [&wider[..at], b"\x64note\x00".as_slice(), &wider[at..]].concat()
        }),
        (
            "field twice",
            changed(
                b"\xa1\x64move\xa4\x62at",
                b"\xa1\x64move\xa5\x62at\xf6\x62at",
            ),
        ),
        (
            "on left out",
            changed(b"\xa3\x62on\xf6\x64prev", b"\xa2\x64prev"),
        ),
        ("unknown kind", changed(b"\x64move", b"\x64hop!")),
        (
            "hash of 31 bytes",
            changed(b"\x64prev\x58\x20", b"\x64prev\x58\x1f"),
        ),
        ("empty", Vec::new()),
        ("open map", vec![0xbf, 0xff]),
        ("a list of 2^40", vec![0x9b, 0, 0, 1, 0, 0, 0, 0, 0]),
        ("seventeen lists", vec![0x81; 17]),
        ("too large", codec::encode(&"x".repeat(MAX_ITEM_BYTES))),
    ];
    cases
        .into_iter()
        .map(|(name, bytes)| {
            let error = codec::decode::<Item>(&bytes, MAX_ITEM_BYTES).unwrap_err();
            // The largest would fill the file: its vector says how to make it.
            if bytes.len() > 4_000 {
                let mut vector = vector(name, &bytes[..8], None, Some(error.code()));
                vector["repeat_last_to"] = json!(bytes.len());
                return vector;
            }
            vector(name, &bytes, None, Some(error.code()))
        })
        .collect()
}

fn frames<T: serde::Serialize>(frames: Vec<(&str, T)>) -> Vec<Value> {
    let frames = frames.into_iter().map(|(name, frame)| {
        let bytes = wire::frame(&frame);
        vector(name, &bytes, Some(codec::hash_bytes(&bytes)), None)
    });
    frames.collect()
}

fn hello() -> Signed<Hello> {
    let peer = |n: u8| [[0x00, 0x24, 0x08, 0x01, 0x12, 0x20].as_slice(), &[n; 32]].concat();
    let hello = Hello {
        player: key(1).player(),
        from: peer(1),
        to: peer(2),
        nonce: nonce(6),
    };
    key(1).sign(GameId::NONE, hello)
}

fn said(duel: &Duel, message: Message) -> Signed<Said> {
    let said = Said {
        player: key(2).player(),
        at_ms: ms(7_000),
        message,
    };
    key(2).sign(duel.game.id(), said)
}

fn requests() -> Vec<Value> {
    let mut duel = Duel::new(BLITZ);
    let join = duel.join(2);
    duel.play("e2e4");
    let game = duel.game.id();
    let items = duel.game.items();
    let consent = key(1).sign(
        game,
        Consent {
            at: duel.place().prev,
            to_ply: Ply::new(0),
        },
    );
    let by_waiter = key(2).sign(
        game,
        Consent {
            at: duel.place().prev,
            to_ply: Ply::new(0),
        },
    );
    let at = duel.place().prev;
    let say = |message| Request::Say {
        id: 6,
        game,
        said: said(&duel, message),
    };
    let mut out = frames(vec![
        (
            "hello",
            Request::Hello {
                versions: vec![VERSION],
                agent: "test/1".into(),
                hello: Some(hello()),
                token: None,
            },
        ),
        (
            "hello to watch",
            Request::Hello {
                versions: vec![2, 1],
                agent: String::new(),
                hello: None,
                token: None,
            },
        ),
        (
            "hello with a token",
            Request::Hello {
                versions: vec![2, 1],
                agent: "test/1".into(),
                hello: Some(hello()),
                token: Some(Token("q7m2x-kd93v-0hzrt-8wbnc".into())),
            },
        ),
        (
            "submit genesis",
            Request::Submit {
                id: 1,
                game,
                item: items[0].clone(),
            },
        ),
        (
            "submit record",
            Request::Submit {
                id: 2,
                game,
                item: items[2].clone(),
            },
        ),
        ("join", Request::Join { id: 3, game, join }),
        (
            "watch all",
            Request::Watch {
                id: 4,
                game,
                after: None,
            },
        ),
        (
            "watch after",
            Request::Watch {
                id: 4,
                game,
                after: duel.place().on,
            },
        ),
        ("unwatch", Request::Unwatch { game }),
        (
            "list",
            Request::List {
                id: 5,
                game,
                listed: true,
            },
        ),
        ("lobby", Request::Lobby { on: true }),
        (
            "say chat",
            say(Message::Chat {
                text: "gl hf ♞".into(),
            }),
        ),
        (
            "say ask, to move",
            say(Message::AskTakeback {
                at,
                to_ply: Ply::new(0),
                consent: None,
            }),
        ),
        (
            "say ask, with consent",
            say(Message::AskTakeback {
                at,
                to_ply: Ply::new(0),
                consent: Some(by_waiter),
            }),
        ),
        ("say consent", say(Message::Consent { consent })),
        ("say decline", say(Message::Decline { at })),
        (
            "say signal",
            say(Message::Signal {
                data: "{\"type\":\"offer\"}".into(),
            }),
        ),
        ("echo", Request::Echo { n: 300 }),
    ]);
    out.push(vector(
        "a length of four bytes with the top bit",
        &[0xff, 0xff, 0xff, 0xff, 0x01],
        None,
        Some("too-large"),
    ));
    out.push(vector(
        "a length of 65,537",
        &[0x81, 0x80, 0x04],
        None,
        Some("too-large"),
    ));
    out.push(vector(
        "a padded length",
        &[0x81, 0x00, 0x00],
        None,
        Some("not-canonical"),
    ));
    out.push(vector("an empty frame", &[0x00], None, Some("malformed")));
    out
}

fn pushes() -> Vec<Value> {
    let mut duel = Duel::new(BLITZ);
    let join = duel.join(2);
    duel.play("e2e4");
    let game = duel.game.id();
    let (order, now_ms) = (key(9).order(), ms(9_000));
    let head = Some(Head {
        hash: duel.place().prev,
        height: duel.game.state().line.height(),
    });
    let seat = duel.game.items()[1].clone();
    let seek = Seek {
        genesis: signed(genesis(BLITZ)),
        relay: vec!["/dns4/relay.example/tcp/443/wss".into()],
    };
    let refused = |code: &str, head, item, retry_ms| Push::Refused {
        id: 2,
        code: code.into(),
        words: "a sentence".into(),
        head,
        item,
        retry_ms,
    };
    frames(vec![
        (
            "welcome",
            Push::Welcome {
                versions: vec![VERSION],
                agent: "relay/1".into(),
                nonce: nonce(6),
                order,
                now_ms,
            },
        ),
        ("ready", Push::Ready { v: VERSION }),
        ("done", Push::Done { id: 1 }),
        (
            "refused with the head",
            refused("stale-head", head, None, None),
        ),
        (
            "refused with the Seat",
            refused("seat-taken", None, Some(seat), None),
        ),
        (
            "refused for now",
            refused("rate-limited", None, None, Some(Millis::new(1_500))),
        ),
        (
            "items",
            Push::Items {
                game,
                items: duel.game.items(),
            },
        ),
        ("joined", Push::Joined { game, join }),
        (
            "said",
            Push::Said {
                game,
                said: said(&duel, Message::Chat { text: "hi".into() }),
            },
        ),
        (
            "presence",
            Push::Presence {
                game,
                creator: true,
                joiner: false,
            },
        ),
        (
            "lobby",
            Push::Lobby {
                reset: true,
                add: vec![seek],
                remove: vec![game],
            },
        ),
        (
            "beat",
            Push::Beat {
                n: 300,
                now_ms,
                log_busy: false,
                rtt_ms: Millis::new(31),
            },
        ),
        (
            "bye",
            Push::Bye {
                code: "draining".into(),
                words: "a sentence".into(),
            },
        ),
    ])
}

/// Gossip has no length in front: a message of gossipsub is one value.
fn gossip() -> Vec<Value> {
    let mut duel = Duel::new(BLITZ);
    duel.play("e2e4");
    let game = duel.game.id();
    let seek = Seek {
        genesis: signed(genesis(BLITZ)),
        relay: vec![],
    };
    let values = [
        (
            "items",
            Gossip::Items {
                game,
                items: duel.game.items()[1..].to_vec(),
            },
        ),
        ("seek", Gossip::Seek(Box::new(seek))),
        ("unseek", Gossip::Unseek { game }),
    ];
    let vectors = values.iter().map(|(name, value)| {
        let bytes = codec::encode(value);
        vector(name, &bytes, Some(codec::hash_bytes(&bytes)), None)
    });
    vectors.collect()
}

/// A message of a data channel is one value too.
fn direct() -> Vec<Value> {
    let mut duel = Duel::new(Clock::None);
    duel.play("e2e4");
    let items = duel.game.items();
    let item = items.last().unwrap().clone();
    let names: Vec<_> = items.iter().map(codec::hash).collect();
    let said = Said {
        player: key(1).player(),
        at_ms: Millis::new(1_700_000_000_000),
        message: Message::Chat {
            text: "no relay".into(),
        },
    };
    let values = [
        (
            "know-more",
            Direct::Know {
                items: names.clone(),
                more: true,
            },
        ),
        (
            "know-nothing-else",
            Direct::Know {
                items: Vec::new(),
                more: false,
            },
        ),
        ("item", Direct::Item { item }),
        ("kept", Direct::Kept { item: names[0] }),
        (
            "said",
            Direct::Said {
                said: key(1).sign(duel.game.id(), said),
            },
        ),
    ];
    let mut vectors: Vec<_> = values
        .iter()
        .map(|(name, value)| {
            let bytes = codec::encode(value);
            vector(name, &bytes, Some(codec::hash_bytes(&bytes)), None)
        })
        .collect();
    let mut longer = codec::encode(&values[3].1);
    longer.push(0);
    for (name, bytes) in [("kept-and-more", longer), ("nothing", Vec::new())] {
        let error = wire::decode_direct(&bytes).unwrap_err();
        vectors.push(vector(name, &bytes, None, Some(error.code())));
    }
    vectors
}

/// Whole games as `.rook` files, with the state that they fold to.
fn games() -> Vec<Value> {
    let mut mate = Duel::new(Clock::None);
    mate.play("f2f3 e7e5 g2g4 d8h4");
    let mut agreed = Duel::unseated(drawn());
    let seat = agreed.seat(2, Some(nonce(7)));
    agreed.count(seat).unwrap();
    agreed.play("e2e4 e7e5");
    agreed.count(agreed.moving_after("g1f3", 10, true)).unwrap();
    agreed
        .count(agreed.sign(&agreed.mover(), Record::Draw(agreed.place())))
        .unwrap();
    let mut rivals = Duel::new(Clock::None);
    let rival = rivals.moving("d2d4");
    rivals.play("e2e4 e7e5");
    rivals.game.insert(Item::Record(rival)).unwrap();
    let mut seats = Duel::new(Clock::None);
    let second = seats.seat(3, None);
    seats.play("e2e4");
    seats.game.insert(Item::Record(second)).unwrap();
    let mut resigned = Duel::new(Clock::None);
    let resign = resigned.sign(
        &key(2),
        Record::ResignAt {
            at: resigned.place().prev,
        },
    );
    resigned.play("e2e4 e7e5 g1f3");
    resigned.game.insert(Item::Record(resign)).unwrap();
    let mut forked = Duel::new(BLITZ);
    forked.play("e2e4");
    let fork = forked.next_receipt(What::Flag);
    forked.play("e7e5 g1f3 b8c6");
    forked
        .game
        .insert(Game::sign_receipt(&key(9), fork))
        .unwrap();
    let mut ended = Duel::new(BLITZ);
    let next = continued(&ended);
    ended.game.insert(next.clone()).unwrap();
    ended.receipt(What::Continued(hash_of(&next))).unwrap();
    let next = |duel: &Duel| {
        let record = duel.moving("e7e5");
        let receipt = duel.next_receipt(What::Record(record.hash()));
        (record, receipt)
    };
    let mut spliced = Duel::new(BLITZ);
    let before = spliced.game.state().last_receipt().unwrap().hash;
    spliced.play("e2e4");
    let (record, receipt) = next(&spliced);
    let prev = Some(before);
    let past = Game::sign_receipt(&key(9), Receipt { prev, ..receipt });
    spliced.game.insert(Item::Record(record)).unwrap();
    spliced.game.insert(past).unwrap();
    let mut back = Duel::new(BLITZ);
    back.now = 9_000;
    back.play("e2e4");
    let (record, receipt) = next(&back);
    let at_ms = ms(1_000);
    let earlier = Game::sign_receipt(&key(9), Receipt { at_ms, ..receipt });
    back.game.insert(Item::Record(record)).unwrap();
    back.game.insert(earlier).unwrap();
    let mut illegal = Duel::new(BLITZ);
    let record = illegal.moving("e2e5");
    illegal.receipt(What::Record(record.hash())).unwrap();
    illegal.game.insert(Item::Record(record)).unwrap();
    let mut chess960 = Duel::from_fen(
        "1rk4r/pppppppp/8/8/8/8/PPPPPPPP/1RK4R w KQkq - 0 1",
        Variant::Chess960,
    );
    chess960.play("c1b1 c8h8 a2a4");
    let named: Vec<(&str, Vec<Item>)> = vec![
        ("untimed, fool's mate", mate.game.items()),
        (
            "untimed, drawn by agreement, colours by lot",
            agreed.game.items(),
        ),
        (
            "untimed, two records for one place: the first move's author has lost",
            rivals.game.items(),
        ),
        (
            "untimed, two Seats: the creator has lost",
            seats.game.items(),
        ),
        (
            "untimed, a resignation comes before what extends its head",
            resigned.game.items(),
        ),
        (
            "chess960, castling both ways, going on",
            chess960.game.items(),
        ),
        (
            "live, with a gap, a takeback, a move of home and a flag",
            clocked_game().game.items(),
        ),
        (
            "live, a fork: the branch that the records name",
            forked.game.items(),
        ),
        ("live, ended by its continuation", ended.game.items()),
        (
            "live, a splice: a receipt names the one before the last",
            spliced.game.items(),
        ),
        (
            "live, a clock that runs back: the record counts, at the time of the receipt before",
            back.game.items(),
        ),
        (
            "live, a receipt for a move that is none",
            illegal.game.items(),
        ),
    ];
    let mut out = Vec::new();
    for (name, items) in &named {
        let bytes = rook::write(items);
        let (game, refused) = rook::open(&bytes).unwrap();
        assert_eq!(refused, None);
        let mut vector = vector(name, &bytes, Some(codec::hash_bytes(&bytes)), None);
        vector["result"] = result(&game);
        out.push(vector);
    }
    let (_, items) = &named[0];
    for (name, change) in wrong() {
        let bytes = rook::write(&change(items.clone()));
        let error = rook::open(&bytes)
            .map(|(_, refused)| refused.unwrap().1)
            .unwrap_or_else(|refusal| refusal);
        out.push(vector(name, &bytes, None, Some(error.code())));
    }
    out
}

type Change = fn(Vec<Item>) -> Vec<Item>;

/// One thing wrong with fool's mate: what the game says to the first item that it refuses.
fn wrong() -> Vec<(&'static str, Change)> {
    fn record(items: &mut [Item], at: usize) -> &mut Signed<Record> {
        let Item::Record(record) = &mut items[at] else {
            panic!()
        };
        record
    }
    vec![
        ("a signature with one bit changed", |mut items| {
            record(&mut items, 2).sig.0[0] ^= 1;
            items
        }),
        ("the signature of the other player", |mut items| {
            let Item::Genesis(genesis) = items[0].clone() else {
                panic!()
            };
            let body = record(&mut items, 2).body.clone();
            *record(&mut items, 2) = key(2).sign(genesis.body.id(), body);
            items
        }),
        ("a signature for another game", |mut items| {
            let body = record(&mut items, 2).body.clone();
            *record(&mut items, 2) = key(1).sign(GameId([1; 32]), body);
            items
        }),
        ("an illegal move", |items| {
            let duel = Duel::new(Clock::None);
            [items[..2].to_vec(), vec![Item::Record(duel.moving("e2e5"))]].concat()
        }),
        ("a move out of turn", |items| {
            let duel = Duel::new(Clock::None);
            let body = duel.moving("e2e4").body;
            [
                items[..2].to_vec(),
                vec![Item::Record(duel.sign(&key(2), body))],
            ]
            .concat()
        }),
        ("a move after the end", |items| {
            let mut mated = Duel::new(Clock::None);
            mated.play("f2f3 e7e5 g2g4 d8h4");
            let late = mated.sign(&key(1), Record::Resign(mated.place()));
            [items, vec![Item::Record(late)]].concat()
        }),
        ("an `on` in an untimed game", |items| {
            let duel = Duel::new(Clock::None);
            let mut at = duel.place();
            at.on = Some(nowhere());
            [
                items[..2].to_vec(),
                vec![Item::Record(duel.sign(&key(1), Record::Resign(at)))],
            ]
            .concat()
        }),
        ("an unknown version", |_| {
            vec![Item::Genesis(signed(Genesis {
                v: 2,
                ..genesis(Clock::None)
            }))]
        }),
        ("a start that is no canonical FEN", |_| {
            let start = START.replace("KQkq", "QKqk");
            vec![Item::Genesis(signed(Genesis {
                start,
                ..genesis(Clock::None)
            }))]
        }),
        ("no genesis", |items| items[1..].to_vec()),
    ]
}

fn result(game: &Game) -> Value {
    let state = game.state();
    let clock = |colour| {
        state
            .clocks
            .as_ref()
            .map(|clocks| clocks.remaining(colour).get())
    };
    json!({
        "game": game.id().to_string(),
        "head": state.line.head().to_string(),
        "height": state.line.height().get(),
        "fen": state.line.fen(),
        "result": state.outcome().map_or("*", |outcome| outcome.as_pgn()),
        "reason": state.outcome().map(|outcome| outcome.reason.as_str()),
        "white_ms": clock(rookery_ledger::Colour::White),
        "black_ms": clock(rookery_ledger::Colour::Black),
        "proofs": state.proofs.iter().map(rookery_ledger::Proof::code).collect::<Vec<_>>(),
    })
}

#[test]
fn the_committed_vectors_are_what_the_code_says() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/v1");
    let files = [
        ("items.json", items()),
        ("requests.json", requests()),
        ("pushes.json", pushes()),
        ("gossip.json", gossip()),
        ("direct.json", direct()),
        ("games.json", games()),
    ];
    for (name, vectors) in files {
        let lines: Vec<String> = vectors.iter().map(|vector| format!("  {vector}")).collect();
        let text = format!("[\n{}\n]\n", lines.join(",\n"));
        let path = folder.join(name);
        if std::env::var_os("ROOKERY_WRITE_VECTORS").is_some() {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&path, &text).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        for (line, (ours, theirs)) in text.lines().zip(committed.lines()).enumerate() {
            assert_eq!(ours, theirs, "{name}, line {}", line + 1);
        }
        assert_eq!(text.len(), committed.len(), "{name}");
    }
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

fn committed(name: &str) -> Vec<(String, Vec<u8>, Option<String>)> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("vectors/v1")
        .join(name);
    let vectors: Vec<Value> =
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let read = |vector: &Value| {
        let mut bytes = unhex(vector["hex"].as_str().unwrap());
        if let Some(len) = vector["repeat_last_to"].as_u64() {
            let last = *bytes.last().unwrap();
            bytes.resize(len as usize, last);
        }
        assert_eq!(
            vector["accept"].as_bool().unwrap(),
            vector["error"].is_null()
        );
        (
            vector["name"].as_str().unwrap().to_owned(),
            bytes,
            vector["error"].as_str().map(str::to_owned),
        )
    };
    vectors.iter().map(read).collect()
}

#[test]
fn every_committed_vector_is_taken_or_refused_as_it_says() {
    for (name, bytes, error) in committed("items.json") {
        let said = codec::decode::<Item>(&bytes, MAX_ITEM_BYTES)
            .err()
            .map(|error| error.code().to_owned());
        assert_eq!(said, error, "{name}");
    }
    for (name, bytes, error) in committed("requests.json") {
        let mut frames = wire::Frames::default();
        frames.push(&bytes);
        let said = frames
            .next_frame()
            .and_then(|frame| wire::decode_request(frame.unwrap()).map(drop));
        assert_eq!(
            said.err().map(|error| error.code().to_owned()),
            error,
            "{name}"
        );
    }
    for (name, bytes, error) in committed("pushes.json") {
        let mut frames = wire::Frames::default();
        frames.push(&bytes);
        let said = frames
            .next_frame()
            .and_then(|frame| wire::decode_push(frame.unwrap()).map(drop));
        assert_eq!(
            said.err().map(|error| error.code().to_owned()),
            error,
            "{name}"
        );
    }
    for (name, bytes, _) in committed("gossip.json") {
        assert!(
            codec::decode::<Gossip>(&bytes, wire::MAX_FRAME_BYTES).is_ok(),
            "{name}"
        );
    }
    for (name, bytes, error) in committed("direct.json") {
        let said = wire::decode_direct(&bytes)
            .err()
            .map(|error| error.code().to_owned());
        assert_eq!(said, error, "{name}");
    }
    for (name, bytes, error) in committed("games.json") {
        let said = match rook::open(&bytes) {
            Ok((_, refused)) => refused.map(|(_, refusal)| refusal.code()),
            Err(refusal) => Some(refusal.code()),
        };
        assert_eq!(said.map(str::to_owned), error, "{name}");
    }
}
