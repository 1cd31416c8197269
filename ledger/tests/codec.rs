//! There is one byte string for each value, and nothing else is taken: by hand, and by changing every byte.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod support;

use proptest::prelude::*;
use rookery_ledger::codec::{self, CodecError, MAX_ITEM_BYTES};
use rookery_ledger::id::{Hash, Height, Millis};
use rookery_ledger::record::{Clock, Item, Message, Said};
use rookery_ledger::wire::{self, Head, Push, Request};
use rookery_ledger::{Game, Inserted, rook};
use support::*;

fn echo(bytes: &[u8]) -> Result<Request, &'static str> {
    wire::decode_request(bytes).map_err(|error| error.code())
}

/// `{"echo": {"n": ...}}`
fn echo_of(n: &[u8]) -> Vec<u8> {
    [b"\xa1\x64echo\xa1\x61n".as_slice(), n].concat()
}

#[test]
fn only_the_one_form_of_a_value_is_taken() {
    assert_eq!(echo(&echo_of(&[5])), Ok(Request::Echo { n: 5 }));
    let cases: [(&str, &[u8], &str); 16] = [
        ("5 in two bytes", &[0x18, 5], "not-canonical"),
        (
            "5 in nine bytes",
            &[0x1b, 0, 0, 0, 0, 0, 0, 0, 5],
            "not-canonical",
        ),
        ("negative", &[0x24], "not-canonical"),
        (
            "float",
            &[0xfb, 0x40, 0x14, 0, 0, 0, 0, 0, 0],
            "not-canonical",
        ),
        ("half float", &[0xf9, 0x45, 0], "not-canonical"),
        ("tag", &[0xc1, 5], "not-canonical"),
        ("link", &[0xd8, 0x2a, 0x41, 0], "not-canonical"),
        ("undefined", &[0xf7], "not-canonical"),
        ("simple value 32", &[0xf8, 0x20], "not-canonical"),
        ("open list", &[0x9f, 5, 0xff], "not-canonical"),
        ("break", &[0xff], "not-canonical"),
        ("2^53", &[0x1b, 0, 0x20, 0, 0, 0, 0, 0, 0], "not-canonical"),
        ("reserved length", &[0x1c], "malformed"),
        ("null", &[0xf6], "malformed"),
        ("text", &[0x61, b'5'], "malformed"),
        (
            "more than 32 bits",
            &[0x1b, 0, 0, 0, 1, 0, 0, 0, 0],
            "malformed",
        ),
    ];
    for (name, n, code) in cases {
        assert_eq!(echo(&echo_of(n)), Err(code), "{name}");
    }
    assert_eq!(
        echo(&[echo_of(&[5]), vec![0]].concat()),
        Err("malformed"),
        "more behind it"
    );
    assert_eq!(
        echo(b"\xa1\x64echo\xa2\x61n\x05\x61z\x05"),
        Err("not-canonical"),
        "unknown field"
    );
    assert_eq!(
        echo(b"\xa1\x64echo\xa2\x61n\x05\x61n\x05"),
        Err("not-canonical"),
        "twice"
    );
    assert_eq!(echo(b"\xa1\x64echo\xa0"), Err("malformed"), "missing field");
    assert_eq!(
        echo(b"\xa1\x64echo\x81\x05"),
        Err("malformed"),
        "a list for a map"
    );
    assert_eq!(
        echo(b"\xa1\x64Echo\xa1\x61n\x05"),
        Err("malformed"),
        "unknown kind"
    );
    assert_eq!(
        echo(b"\xa1\x44echo\xa1\x61n\x05"),
        Err("not-canonical"),
        "a key of bytes"
    );
    assert_eq!(
        echo(b"\xa1\x64ech\xff\xa1\x61n\x05"),
        Err("malformed"),
        "not UTF-8"
    );
    assert_eq!(
        echo(b"\xbf\x64echo\xa1\x61n\x05\xff"),
        Err("not-canonical"),
        "open map"
    );
    assert_eq!(
        echo(b"\xa1\x7f\x64echo\xff\xa1\x61n\x05"),
        Err("not-canonical"),
        "open text"
    );
    assert_eq!(echo(b""), Err("malformed"));
    // Keys go by length, then by bytes; an absent option is null, not left out.
    let head = codec::encode(&Head {
        hash: nowhere(),
        height: Height::new(1),
    });
    let (height, hash) = (
        b"\x66height\x01".as_slice(),
        [b"\x64hash\x58\x20".as_slice(), &[0xee; 32]].concat(),
    );
    assert_eq!(head, [b"\xa2", hash.as_slice(), height].concat());
    let swapped = [b"\xa2", height, &hash].concat();
    assert_eq!(
        codec::decode::<Head>(&swapped, 100),
        Err(CodecError::NotCanonical)
    );
    let watch = Request::Watch {
        id: 1,
        game: rookery_ledger::id::GameId::NONE,
        after: None,
    };
    let bytes = codec::encode(&watch);
    let without: Vec<u8> = {
        let at = bytes
            .windows(7)
            .position(|w| w == b"\x65after\xf6")
            .unwrap();
        let mut bytes = bytes.clone();
        bytes.drain(at..at + 7);
        let map = bytes.iter().position(|b| *b == 0xa3).unwrap();
        bytes[map] = 0xa2;
        bytes
    };
    assert_eq!(echo(&without), Err("not-canonical"));
}

#[test]
fn claimed_lengths_and_deep_nesting_cost_nothing() {
    for major in [0x40_u8, 0x60, 0x80, 0xa0] {
        let claim = [
            &[major | 0x1b],
            [0x00, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff].as_slice(),
        ]
        .concat();
        assert_eq!(echo(&claim), Err("malformed"));
        assert_eq!(echo(&echo_of(&claim)), Err("malformed"));
    }
    assert_eq!(echo(&[0x81; 60_000]), Err("malformed"));
    assert_eq!(echo(&b"\xa1\x61a".repeat(20_000)), Err("malformed"));
    assert_eq!(
        echo(&vec![0x60; wire::MAX_FRAME_BYTES + 1]),
        Err("too-large")
    );
    // A million items of nothing in one list: each is looked at, none is built.
    assert_eq!(
        echo(&[&[0x99, 0xff, 0x00][..], &[0xf6; 0xff00]].concat()),
        Err("malformed")
    );
}

/// A bit of everything that goes over the wire.
fn samples() -> Vec<Vec<u8>> {
    let mut duel = Duel::new(BLITZ);
    duel.play("e2e4 e7e5");
    duel.count(duel.rewinding(1)).unwrap();
    let items = duel.game.items();
    let said = key(1).sign(
        duel.game.id(),
        Said {
            player: key(1).player(),
            at_ms: ms(5),
            message: Message::AskTakeback {
                at: nowhere(),
                to_ply: rookery_ledger::id::Ply::new(1),
                consent: None,
            },
        },
    );
    let mut out: Vec<Vec<u8>> = items.iter().map(codec::encode).collect();
    out.push(codec::encode(&Push::Said {
        game: duel.game.id(),
        said: said.clone(),
    }));
    out.push(codec::encode(&Request::Say {
        id: 1,
        game: duel.game.id(),
        said,
    }));
    let beat = Push::Beat {
        n: 300,
        now_ms: ms(9),
        log_busy: true,
        rtt_ms: Millis::new(31),
    };
    out.push(codec::encode(&beat));
    out.push(codec::encode(&Push::Items {
        game: duel.game.id(),
        items,
    }));
    out
}

/// Decodes as whatever it may be; where that is something, it must be these very bytes.
fn same_or_refused(bytes: &[u8]) -> bool {
    let item = codec::decode::<Item>(bytes, MAX_ITEM_BYTES).map(|item| codec::encode(&item));
    let push = wire::decode_push(bytes).map(|push| codec::encode(&push));
    let request = wire::decode_request(bytes).map(|request| codec::encode(&request));
    let direct = wire::decode_direct(bytes).map(|direct| codec::encode(&direct));
    [item, push, request, direct]
        .into_iter()
        .flatten()
        .all(|again| again == bytes)
}

#[test]
fn every_changed_byte_is_refused_or_another_value_and_no_change_of_an_item_is_counted() {
    let mut duel = Duel::new(BLITZ);
    duel.play("e2e4");
    let good: std::collections::BTreeSet<Vec<u8>> =
        duel.game.items().iter().map(codec::encode).collect();
    for bytes in samples() {
        for at in 0..bytes.len() {
            for change in [0x01, 0x20, 0x80, 0xff] {
                let mut bytes = bytes.clone();
                bytes[at] ^= change;
                assert!(same_or_refused(&bytes));
            }
            assert!(same_or_refused(&bytes[..at]));
        }
    }
    for bytes in &good {
        for at in 0..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[at] ^= 0x01;
            let Ok(item) = codec::decode::<Item>(&bytes, MAX_ITEM_BYTES) else {
                continue;
            };
            // Its signature does not fit any more. At most the hash is one that is known, or it waits, where what it names
            // or who signed it may still come.
            let mut game = duel.game.clone();
            let taken = game.insert(item);
            assert_ne!(taken, Ok(Inserted::New), "byte {at}");
            let known = game.items().len() - usize::from(taken == Ok(Inserted::Held));
            assert_eq!(game.items()[..known], duel.game.items());
            assert_eq!(game.state().line.head(), duel.game.state().line.head());
        }
    }
}

#[test]
fn a_file_reads_back_and_says_what_was_refused() {
    let mut duel = Duel::new(Clock::None);
    duel.play("f2f3 e7e5 g2g4 d8h4");
    let items = duel.game.items();
    let file = rook::write(&items);
    let (game, refused) = rook::open(&file).unwrap();
    assert_eq!((game.items(), refused), (items.clone(), None));
    assert_eq!(game.state().outcome(), duel.game.state().outcome());
    let illegal = Item::Record(Duel::new(Clock::None).moving("e2e5"));
    let with_bad = [items.clone(), vec![illegal]].concat();
    let (game, refused) = rook::open(&rook::write(&with_bad)).unwrap();
    assert_eq!(
        refused.map(|(at, refusal)| (at, refusal.code())),
        Some((items.len(), "illegal-move"))
    );
    assert_eq!(game.items(), items);
    assert_eq!(rook::open(&file[1..]).unwrap_err().code(), "malformed");
    assert_eq!(
        rook::open(&rook::write(&items[1..])).unwrap_err().code(),
        "bad-genesis"
    );
    assert_eq!(rook::open(&[]).unwrap_err().code(), "bad-genesis");
    assert_eq!(
        rook::read(&file[..file.len() - 1]).unwrap_err().code(),
        "malformed"
    );
    let large = codec::encode(&"x".repeat(MAX_ITEM_BYTES));
    assert_eq!(rook::read(&large).unwrap_err().code(), "too-large");
    let open = [file.clone(), vec![0x9f, 0xff]].concat();
    assert_eq!(rook::read(&open).unwrap_err().code(), "not-canonical");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_bring_a_decoder_or_a_game_down(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        (which, cut, at) in (any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<prop::sample::Index>()),
    ) {
        prop_assert!(same_or_refused(&bytes));
        let _ = rook::open(&bytes);
        let mut frames = wire::Frames::default();
        frames.push(&bytes);
        while let Ok(Some(frame)) = frames.next_frame() {
            let _ = wire::decode_request(frame);
        }
        // A piece of one value in the middle of another.
        let samples = samples();
        let mut spliced = samples[which.index(samples.len())].clone();
        let at = at.index(spliced.len());
        let cut = &bytes[..cut.index(bytes.len() + 1)];
        spliced.splice(at..(at + cut.len() / 2).min(spliced.len()), cut.iter().copied());
        prop_assert!(same_or_refused(&spliced));
        if let Ok(item) = codec::decode::<Item>(&spliced, MAX_ITEM_BYTES) {
            let _ = Game::new(signed(genesis(Clock::None))).unwrap().insert(item);
        }
    }

    #[test]
    fn hashes_and_keys_read_back_from_their_text(bytes in any::<[u8; 32]>()) {
        prop_assert_eq!(Hash(bytes).to_string().parse(), Ok(Hash(bytes)));
    }
}
