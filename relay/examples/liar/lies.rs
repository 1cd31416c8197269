//! What the liar says instead of the truth, and what it does with what it hears. What it signs is a function of the true
//! order, so every client of one face hears the same whenever it asks. Pure, so that players can be tried on it without a network.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use rookery_ledger::Game;
use rookery_ledger::id::{GameId, Hash, Millis, PlayerKey};
use rookery_ledger::record::{Item, Receipt, Record, Signed, What};
use rookery_ledger::sign::Keypair;
use rookery_ledger::wire::{Push, Request};

/// How long a held request waits, ms.
const HOLD_MS: u64 = 5_000;
/// How far the clock is set back, ms.
const BACK_MS: u64 = 60_000;

/// The lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lie {
    /// None: the same relay, and what it says is true.
    Honest,
    /// The joiner is shown another receipt for a place than the creator, and what follows it.
    Double,
    /// A receipt names the one before the last.
    Splice,
    /// A receipt has a wrong signature.
    Signature,
    /// A receipt is for a move that is none.
    Invalid,
    /// A receipt is earlier than the one before.
    Backwards,
    /// The joiner is shown nothing any more.
    Withhold,
    /// The joiner's records are refused, as if there were no room.
    Refuse,
    /// The joiner's records are taken, and nothing is said of them.
    Swallow,
    /// The joiner's records are held back for 5 s, so that others come first.
    Reorder,
    /// Receipts say that twice as much time has passed.
    Stretch,
}

impl Lie {
    /// All of them by name.
    pub(crate) const ALL: [(&str, Self); 11] = [
        ("honest", Self::Honest),
        ("double", Self::Double),
        ("splice", Self::Splice),
        ("signature", Self::Signature),
        ("invalid", Self::Invalid),
        ("backwards", Self::Backwards),
        ("withhold", Self::Withhold),
        ("refuse", Self::Refuse),
        ("swallow", Self::Swallow),
        ("reorder", Self::Reorder),
        ("stretch", Self::Stretch),
    ];
}

/// One client, as far as the liar knows it.
#[derive(Debug, Default)]
pub(crate) struct Face {
    player: Option<PlayerKey>,
}

/// What becomes of a request.
pub(crate) enum Heard {
    /// The session hears it, after so many ms.
    Pass {
        /// The request, as it is passed on.
        request: Request,
        /// How much later.
        after: u64,
    },
    /// The client gets this answer, and the session hears nothing.
    Answer(Push),
    /// The session hears nothing.
    Nothing,
}

/// What one face of a game is told instead of the true receipts.
#[derive(Debug, Default)]
struct Story {
    /// By place: the receipt as it was told.
    told: BTreeMap<u64, Signed<Receipt>>,
    /// What is told in place of each true receipt, by its hash.
    instead: BTreeMap<Hash, Hash>,
}

#[derive(Debug, Default)]
struct Script {
    creator: Option<PlayerKey>,
    /// The true receipts of the game have come to the place where the lie begins.
    began: bool,
    records: BTreeMap<Hash, Signed<Record>>,
    /// The creator's and everybody's else.
    stories: [Story; 2],
}

/// The relay's other half.
pub(crate) struct Liar {
    lie: Lie,
    at: u64,
    key: Keypair,
    scripts: Mutex<BTreeMap<GameId, Script>>,
}

impl Liar {
    pub(crate) fn new(lie: Lie, at: u64, key: Keypair) -> Self {
        Self {
            lie,
            at,
            key,
            scripts: Mutex::default(),
        }
    }

    fn with<T>(&self, game: GameId, then: impl FnOnce(&mut Script) -> T) -> T {
        let mut scripts = self.scripts.lock().unwrap_or_else(PoisonError::into_inner);
        then(scripts.entry(game).or_default())
    }

    pub(crate) fn hear(&self, face: &mut Face, request: Request) -> Heard {
        let pass = |request, after| Heard::Pass { request, after };
        match request {
            Request::Hello { ref hello, .. } => {
                face.player = hello.as_ref().map(|hello| hello.body.player);
                pass(request, 0)
            }
            Request::Watch { id, game, after } => {
                let after = after.map(|told| self.with(game, |script| script.truth(told)));
                pass(Request::Watch { id, game, after }, 0)
            }
            Request::Submit {
                id,
                game,
                item: Item::Record(record),
            } => self.submitted(face, id, game, record),
            request => pass(request, 0),
        }
    }

    fn submitted(&self, face: &Face, id: u32, game: GameId, record: Signed<Record>) -> Heard {
        let hash = record.hash();
        let lied_to = self.with(game, |script| {
            script.records.insert(hash, record.clone());
            script.began && script.is_lied_to(face)
        });
        let item = Item::Record(record);
        let request = Request::Submit { id, game, item };
        match self.lie {
            Lie::Refuse if lied_to => Heard::Answer(Push::Refused {
                id,
                code: "log-unavailable".into(),
                words: "The log is busy; try again in a moment.".into(),
                head: None,
                item: None,
                retry_ms: Some(Millis::new(1_000)),
            }),
            Lie::Swallow if lied_to => Heard::Nothing,
            Lie::Reorder if lied_to => Heard::Pass {
                request,
                after: HOLD_MS,
            },
            _ => Heard::Pass { request, after: 0 },
        }
    }

    pub(crate) fn say(&self, face: &Face, push: Push) -> Option<Push> {
        match push {
            Push::Items { game, items } => {
                let items = self.with(game, |script| self.tell(script, face, items));
                (!items.is_empty()).then_some(Push::Items { game, items })
            }
            push => Some(push),
        }
    }

    fn tell(&self, script: &mut Script, face: &Face, items: Vec<Item>) -> Vec<Item> {
        let mut told: Vec<Item> = Vec::new();
        for item in items {
            match item {
                Item::Genesis(genesis) => {
                    script.creator = Some(genesis.body.creator);
                    told.push(Item::Genesis(genesis));
                }
                Item::Record(record) => {
                    script.records.insert(record.hash(), record.clone());
                    told.push(Item::Record(record));
                }
                Item::Receipt { by, receipt } if by == self.key.order() => {
                    let withheld = self.lie == Lie::Withhold && script.is_lied_to(face);
                    if withheld && receipt.body.seq.get() >= self.at {
                        hide(&mut told, receipt.body.what);
                        continue;
                    }
                    script.began |= receipt.body.seq.get() + 1 >= self.at;
                    self.receipt(script, face, receipt, &mut told);
                }
                item => told.push(item),
            }
        }
        told
    }

    /// Tells a receipt, with whatever it takes to lie about it.
    fn receipt(
        &self,
        script: &mut Script,
        face: &Face,
        honest: Signed<Receipt>,
        told: &mut Vec<Item>,
    ) {
        let lied_to = script.is_lied_to(face);
        let seq = honest.body.seq.get();
        let story = &script.stories[usize::from(lied_to)];
        let before = seq
            .checked_sub(1)
            .and_then(|before| story.told.get(&before))
            .copied();
        let prev = honest
            .body
            .prev
            .map(|prev| *story.instead.get(&prev).unwrap_or(&prev));
        let mut body = Receipt {
            prev,
            ..honest.body
        };
        let mut forged = None;
        let (here, from_here) = (seq == self.at, seq >= self.at);
        match self.lie {
            Lie::Double if here && lied_to => body.lag_ms = body.lag_ms.next(),
            Lie::Splice if here => {
                let past = seq.checked_sub(2).and_then(|past| story.told.get(&past));
                body.prev = past.map(Signed::hash);
            }
            Lie::Backwards if here => {
                let before = before.map_or(0, |before| before.body.at_ms.get());
                body.at_ms = Millis::new(before.saturating_sub(BACK_MS));
            }
            Lie::Stretch if from_here => {
                let begin = self
                    .at
                    .checked_sub(1)
                    .and_then(|begin| story.told.get(&begin));
                let begin = begin.map_or(body.at_ms, |begin| begin.body.at_ms);
                let passed = body.at_ms.saturating_sub(begin).get();
                body.at_ms = Millis::new(begin.get() + 2 * passed);
            }
            Lie::Invalid if here => {
                forged = script.forged(body.what);
                if let Some(forged) = &forged {
                    hide(told, body.what);
                    body.what = What::Record(forged.hash());
                }
            }
            _ => {}
        }
        let story = &mut script.stories[usize::from(lied_to)];
        let Item::Receipt { by, mut receipt } = Game::sign_receipt(&self.key, body) else {
            return;
        };
        story.told.insert(seq, receipt);
        if body != honest.body {
            story.instead.insert(honest.hash(), receipt.hash());
        }
        if self.lie == Lie::Signature && here {
            receipt.sig.0[0] ^= 1;
        }
        told.push(Item::Receipt { by, receipt });
        told.extend(forged.map(Item::Record));
    }
}

/// Takes the record that a receipt is for out again: it stands before its receipt.
fn hide(told: &mut Vec<Item>, what: What) {
    told.retain(
        |item| !matches!(item, Item::Record(record) if what == What::Record(record.hash())),
    );
}

impl Script {
    /// Whether this client is who is lied to, where not everybody is: not the creator.
    fn is_lied_to(&self, face: &Face) -> bool {
        face.player.is_some() && face.player != self.creator
    }

    /// The true receipt that was told as this one.
    fn truth(&self, told: Hash) -> Hash {
        let mut instead = self.stories.iter().flat_map(|story| &story.instead);
        let found = instead.find(|(_, shown)| **shown == told);
        found.map_or(told, |(honest, _)| *honest)
    }

    /// The record of a receipt with a move that nobody can make.
    fn forged(&self, what: What) -> Option<Signed<Record>> {
        let What::Record(hash) = what else {
            return None;
        };
        let mut forged = self.records.get(&hash)?.clone();
        let Record::Move(played) = &mut forged.body else {
            return None;
        };
        played.uci = "a1h8".into();
        Some(forged)
    }
}
