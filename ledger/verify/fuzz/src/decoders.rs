//! Bytes that anyone may send: what is read is the one form of what it says, and nothing else is read.

use std::fmt::Debug;

use rookery_ledger::codec::{self, MAX_ITEM_BYTES};
use rookery_ledger::record::{
    Consent, Genesis, Hello, Home, Item, Join, Lapsed, Receipt, Record, Said, Signed,
};
use rookery_ledger::wire::{self, Frames, MAX_FRAME_BYTES, Push, Request};
use rookery_ledger::{Proof, pgn, rook};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::input::Choices;
use crate::plain;

/// Reads `bytes` as a `T`, and holds what comes of it against the naive reading.
fn read<T: Serialize + DeserializeOwned + PartialEq + Debug>(
    bytes: &[u8],
    max: usize,
) -> Option<T> {
    let value: T = codec::decode(bytes, max).ok()?;
    assert!(bytes.len() <= max, "longer than it may be");
    assert_eq!(
        plain::first(bytes),
        Some(bytes.len()),
        "not in its one form"
    );
    assert_eq!(codec::encode(&value), bytes, "written otherwise than read");
    Some(value)
}

/// The signed values of the protocol. The first byte says as which one the rest is read.
pub fn item(data: &[u8]) {
    let Some((kind, bytes)) = data.split_first() else {
        return;
    };
    let split = codec::split_first(bytes).ok();
    assert_eq!(
        split.map(|(value, _)| value.len()),
        plain::first(bytes),
        "how long the first value is"
    );
    match kind % 12 {
        0 => drop(read::<Signed<Genesis>>(bytes, MAX_ITEM_BYTES)),
        1 => drop(read::<Signed<Record>>(bytes, MAX_ITEM_BYTES)),
        2 => drop(read::<Receipt>(bytes, MAX_ITEM_BYTES)),
        3 => drop(read::<Lapsed>(bytes, MAX_ITEM_BYTES)),
        4 => drop(read::<Signed<Home>>(bytes, MAX_ITEM_BYTES)),
        5 => drop(read::<Signed<Join>>(bytes, MAX_ITEM_BYTES)),
        6 => drop(read::<Signed<Consent>>(bytes, MAX_ITEM_BYTES)),
        7 => drop(read::<Signed<Hello>>(bytes, MAX_ITEM_BYTES)),
        8 => drop(read::<Signed<Said>>(bytes, MAX_ITEM_BYTES)),
        9 => drop(read::<Proof>(bytes, MAX_ITEM_BYTES)),
        _ => drop(read::<Item>(bytes, MAX_ITEM_BYTES)),
    }
}

/// What clients, relays, fellow relays and the two players say. The first byte says who speaks.
pub fn message(data: &[u8]) {
    let Some((kind, bytes)) = data.split_first() else {
        return;
    };
    match kind % 4 {
        0 => {
            let read = read::<Request>(bytes, MAX_FRAME_BYTES);
            assert_eq!(wire::decode_request(bytes).ok(), read);
            read.iter().for_each(|request| framed(request, bytes));
        }
        1 => {
            let read = read::<Push>(bytes, MAX_FRAME_BYTES);
            assert_eq!(wire::decode_push(bytes).ok(), read);
            read.iter().for_each(|push| framed(push, bytes));
        }
        2 => drop(read::<wire::Gossip>(bytes, MAX_FRAME_BYTES)),
        _ => {
            let read = read::<wire::Direct>(bytes, MAX_FRAME_BYTES);
            assert_eq!(wire::decode_direct(bytes).ok(), read);
        }
    }
}

/// A message in its frame is cut out of a stream again.
fn framed<T: Serialize>(message: &T, bytes: &[u8]) {
    let mut cutter = Frames::default();
    cutter.push(&wire::frame(message));
    assert_eq!(cutter.next_frame(), Ok(Some(bytes)));
    assert_eq!(cutter.pending(), 0);
}

/// A stream, cut into frames in whatever pieces it comes: as if it had come whole.
pub fn frames(data: &[u8]) {
    let mut input = Choices::new(data);
    let (mut pieces, mut stream) = (Vec::new(), Vec::new());
    let mut long = 0;
    while !input.is_over() {
        let start = stream.len();
        match input.byte() {
            // A long frame in few bytes of input: its head, and what it is filled with.
            0xf0.. if long < 2 => {
                long += 1;
                let len = MAX_FRAME_BYTES - 8 + input.below(16);
                stream.extend([len as u8 | 0x80, (len >> 7) as u8 | 0x80, (len >> 14) as u8]);
                stream.extend(std::iter::repeat_n(input.byte(), len));
            }
            n => stream.extend(input.bytes(usize::from(n))),
        }
        pieces.push(start..stream.len());
    }
    let (wanted, sound) = cut(&stream);
    let (mut cutter, mut came, mut failed) = (Frames::default(), Vec::new(), false);
    'stream: for piece in pieces {
        cutter.push(&stream[piece]);
        loop {
            match cutter.next_frame() {
                Ok(Some(frame)) => came.push(frame.to_vec()),
                Ok(None) => break,
                Err(_) => {
                    failed = true;
                    break 'stream;
                }
            }
        }
    }
    assert_eq!(came, wanted, "the frames");
    assert_eq!(failed, !sound, "whether the stream has an end as it should");
    if sound {
        let taken: usize = wanted.iter().map(|frame| with_head(frame.len())).sum();
        assert_eq!(cutter.pending(), stream.len() - taken);
    }
}

/// How long a frame of `len` bytes is with its head.
fn with_head(len: usize) -> usize {
    len + match len {
        0..0x80 => 1,
        0x80..0x4000 => 2,
        _ => 3,
    }
}

/// The whole frames of a stream, read naively, and whether nothing in it is wrong.
fn cut(stream: &[u8]) -> (Vec<Vec<u8>>, bool) {
    let (mut rest, mut frames) = (stream, Vec::new());
    loop {
        let end = rest.iter().take(4).position(|byte| *byte < 0x80);
        let Some(end) = end else {
            return (frames, rest.len() < 4);
        };
        let mut len = 0;
        for byte in rest[..=end].iter().rev() {
            len = len * 128 + usize::from(byte & 0x7f);
        }
        let padded = end > 0 && rest[end] == 0;
        if padded || len > 65_536 {
            return (frames, false);
        }
        let Some(frame) = rest.get(end + 1..end + 1 + len) else {
            return (frames, true);
        };
        frames.push(frame.to_vec());
        rest = &rest[end + 1 + len..];
    }
}

/// A `.rook` file: read, opened, written and opened again.
pub fn file(data: &[u8]) {
    if let Ok(items) = rook::read(data) {
        assert_eq!(rook::write(&items), data, "written otherwise than read");
    }
    let Ok((game, _)) = rook::open(data) else {
        return;
    };
    let items = game.items();
    let written = rook::write(&items);
    let again = rook::open(&written).map(|(again, _)| again);
    let again = again.expect("what the ledger writes it opens");
    crate::fold::assert_same(&game, &again, "from the file that it was written to");
    assert_eq!(
        again.items(),
        items,
        "the items of the file that was written"
    );
    let text = pgn::write(&game);
    assert!(text.ends_with('\n') && !text.contains('\0'), "{text}");
    for proof in &game.state().proofs {
        assert!(proof.holds(&game), "{proof:?}");
    }
}
