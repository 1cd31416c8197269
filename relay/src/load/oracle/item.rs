//! Items of a game as docs/protocol.md has them, with their hashes and signatures. Nothing here is the ledger's.

use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest as _, Sha256};

use super::cbor::{Malformed, Node};

/// SHA-256, a public key or a game's name.
pub(crate) type Hash = [u8; 32];

/// SHA-256 of `parts`, one behind the other.
pub(crate) fn sha256(parts: &[&[u8]]) -> Hash {
    let mut hasher = Sha256::new();
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize().into()
}

/// A signed body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signed<'a> {
    body: &'a [u8],
    sig: [u8; 64],
    /// Of the body.
    pub(crate) hash: Hash,
}

impl<'a> Signed<'a> {
    fn read<'n>(node: &'n Node<'a>) -> Result<(Self, &'n Node<'a>), Malformed> {
        let [body, sig] = node.fields(["body", "sig"])?;
        let signed = Self {
            body: body.bytes,
            sig: sig.array()?,
            hash: sha256(&[body.bytes]),
        };
        Ok((signed, body))
    }

    /// Whether `key` signed it as a `kind` of `game`.
    pub(crate) fn is_by(&self, key: &Hash, kind: &str, game: &Hash) -> bool {
        let message = [
            b"rookery/1/",
            kind.as_bytes(),
            b"\0",
            game.as_slice(),
            self.body,
        ]
        .concat();
        let signature = Signature::from_bytes(&self.sig);
        VerifyingKey::from_bytes(key)
            .is_ok_and(|key| key.verify_strict(&message, &signature).is_ok())
    }
}

/// How time is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clock {
    None,
    Live { initial_s: u64, inc_s: u64 },
    Days(u64),
}

/// Which colour the creator has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Colours {
    White,
    Black,
    Drawn(Hash),
}

/// What begins a game.
#[derive(Debug)]
pub(crate) struct Genesis<'a> {
    pub(crate) signed: Signed<'a>,
    pub(crate) creator: Hash,
    pub(crate) clock: Clock,
    pub(crate) colours: Colours,
    pub(crate) homes: Vec<Hash>,
    pub(crate) is_standard: bool,
    pub(crate) start: &'a str,
    pub(crate) moves: Vec<&'a str>,
    pub(crate) kept_for: Option<Hash>,
}

/// Where a record stands in the chain.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) prev: Hash,
    pub(crate) height: u64,
    pub(crate) on: Option<Hash>,
}

/// What a record does.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Deed<'a> {
    Seat {
        join: Signed<'a>,
        joiner: Hash,
        nonce: [u8; 16],
        reveal: Option<[u8; 16]>,
    },
    Move {
        uci: &'a str,
        think_ms: u64,
        offer: bool,
    },
    Draw,
    Resign,
    Abort,
    /// A resignation off the chain, at this head.
    ResignAt(Hash),
    /// What the load tool's players never sign.
    Rewind,
}

/// What a player signed.
#[derive(Debug)]
pub(crate) struct Record<'a> {
    pub(crate) signed: Signed<'a>,
    /// The kind's name, as signatures have it.
    pub(crate) kind: &'a str,
    /// None for a resignation off the chain.
    pub(crate) place: Option<Place>,
    pub(crate) deed: Deed<'a>,
}

/// What a receipt is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Genesis,
    Record(Hash),
    Gap(u64),
    Flag,
    Home(Hash),
    Continued(Hash),
}

/// A relay's word.
#[derive(Debug)]
pub(crate) struct Receipt<'a> {
    pub(crate) signed: Signed<'a>,
    pub(crate) by: Hash,
    pub(crate) game: Hash,
    pub(crate) epoch: u64,
    pub(crate) seq: u64,
    pub(crate) prev: Option<Hash>,
    pub(crate) at_ms: u64,
    pub(crate) lag_ms: u64,
    pub(crate) what: What,
}

/// One item of a game.
#[derive(Debug)]
pub(crate) enum Item<'a> {
    Genesis(Genesis<'a>),
    Record(Record<'a>),
    Receipt(Receipt<'a>),
    /// `home`, `lapsed` or `continued`, of which games on one relay have none.
    Other,
}

impl<'a> Item<'a> {
    /// The item that a value is.
    pub(crate) fn read(node: &Node<'a>) -> Result<Self, Malformed> {
        match node.kind()? {
            ("genesis", Some(signed)) => Ok(Self::Genesis(genesis(signed)?)),
            ("record", Some(signed)) => Ok(Self::Record(record(signed)?)),
            ("receipt", Some(inner)) => Ok(Self::Receipt(receipt(inner)?)),
            ("home" | "lapsed" | "continued", Some(_)) => Ok(Self::Other),
            _ => Err(Malformed("no item")),
        }
    }
}

fn inner<'n, 'a>(found: Option<&'n Node<'a>>) -> Result<&'n Node<'a>, Malformed> {
    found.ok_or(Malformed("a kind without its fields"))
}

fn genesis<'a>(node: &Node<'a>) -> Result<Genesis<'a>, Malformed> {
    let (signed, body) = Signed::read(node)?;
    let [
        v,
        variant,
        start,
        moves,
        clock,
        creator,
        colours,
        seat,
        takebacks,
        homes,
        _from,
        nonce,
    ] = body.fields([
        "v",
        "variant",
        "start",
        "moves",
        "clock",
        "creator",
        "colours",
        "seat",
        "takebacks",
        "homes",
        "from",
        "nonce",
    ])?;
    if v.int()? != 1 {
        return Err(Malformed("another version"));
    }
    takebacks.bool()?;
    nonce.array::<16>()?;
    let clock = match clock.kind()? {
        ("none", None) => Clock::None,
        ("live", Some(live)) => {
            let [initial_s, inc_s] = live.fields(["initial_s", "inc_s"])?;
            Clock::Live {
                initial_s: initial_s.int()?,
                inc_s: inc_s.int()?,
            }
        }
        ("days", Some(days)) => Clock::Days(days.fields(["days"])?[0].int()?),
        _ => return Err(Malformed("no clock")),
    };
    let colours = match colours.kind()? {
        ("white", None) => Colours::White,
        ("black", None) => Colours::Black,
        ("drawn", Some(drawn)) => Colours::Drawn(drawn.fields(["commit"])?[0].array()?),
        _ => return Err(Malformed("no colours")),
    };
    Ok(Genesis {
        signed,
        creator: creator.array()?,
        clock,
        colours,
        homes: homes
            .list()?
            .iter()
            .map(Node::array)
            .collect::<Result<_, _>>()?,
        is_standard: variant.text()? == "standard",
        start: start.text()?,
        moves: moves
            .list()?
            .iter()
            .map(Node::text)
            .collect::<Result<_, _>>()?,
        kept_for: seat.some().map(Node::array).transpose()?,
    })
}

fn place(node: &Node<'_>) -> Result<Place, Malformed> {
    let [prev, height, on] = node.fields(["prev", "height", "on"])?;
    Ok(Place {
        prev: prev.array()?,
        height: height.int()?,
        on: on.some().map(Node::array).transpose()?,
    })
}

fn record<'a>(node: &Node<'a>) -> Result<Record<'a>, Malformed> {
    let (signed, body) = Signed::read(node)?;
    let (kind, fields) = body.kind()?;
    let fields = inner(fields)?;
    let (place, deed) = match kind {
        "seat" => {
            let [at, join, reveal] = fields.fields(["at", "join", "reveal"])?;
            let (join, wish) = Signed::read(join)?;
            let [joiner, nonce] = wish.fields(["player", "nonce"])?;
            let deed = Deed::Seat {
                join,
                joiner: joiner.array()?,
                nonce: nonce.array()?,
                reveal: reveal.some().map(Node::array).transpose()?,
            };
            (Some(place(at)?), deed)
        }
        "move" => {
            let [at, uci, think_ms, offer] = fields.fields(["at", "uci", "think_ms", "offer"])?;
            let deed = Deed::Move {
                uci: uci.text()?,
                think_ms: think_ms.int()?,
                offer: offer.bool()?,
            };
            (Some(place(at)?), deed)
        }
        "rewind" => {
            let [at, _consent] = fields.fields(["at", "consent"])?;
            (Some(place(at)?), Deed::Rewind)
        }
        "draw" => (Some(place(fields)?), Deed::Draw),
        "resign" => (Some(place(fields)?), Deed::Resign),
        "abort" => (Some(place(fields)?), Deed::Abort),
        "resign_at" => (None, Deed::ResignAt(fields.fields(["at"])?[0].array()?)),
        _ => return Err(Malformed("no record")),
    };
    Ok(Record {
        signed,
        kind,
        place,
        deed,
    })
}

fn receipt<'a>(node: &Node<'a>) -> Result<Receipt<'a>, Malformed> {
    let [by, receipt] = node.fields(["by", "receipt"])?;
    let (signed, body) = Signed::read(receipt)?;
    let [game, epoch, seq, prev, at_ms, lag_ms, what] =
        body.fields(["game", "epoch", "seq", "prev", "at_ms", "lag_ms", "what"])?;
    let what = match what.kind()? {
        ("genesis", None) => What::Genesis,
        ("flag", None) => What::Flag,
        ("record", Some(hash)) => What::Record(hash.array()?),
        ("gap", Some(gap)) => What::Gap(gap.fields(["ms"])?[0].int()?),
        ("home", Some(hash)) => What::Home(hash.array()?),
        ("continued", Some(hash)) => What::Continued(hash.array()?),
        _ => return Err(Malformed("a receipt for nothing")),
    };
    Ok(Receipt {
        signed,
        by: by.array()?,
        game: game.array()?,
        epoch: epoch.int()?,
        seq: seq.int()?,
        prev: prev.some().map(Node::array).transpose()?,
        at_ms: at_ms.int()?,
        lag_ms: lag_ms.int()?,
        what,
    })
}
