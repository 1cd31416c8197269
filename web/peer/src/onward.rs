//! Going on without the clock: what the two players of a clocked game say to each other about it, and which game follows. No I/O.

use rookery_ledger::id::{GameId, Hash, Nonce, PlayerKey};
use rookery_ledger::record::{
    Clock, Colours, From, Genesis, Item, Join, Message, Record, Signed, VERSION, What,
};
use rookery_ledger::{Colour, Line, PlayError, Reason, codec};
use serde::{Deserialize, Serialize};

use crate::table::Table;

/// Stands before it in a signal, which else helps to open a channel.
const PREFIX: &str = "rookery-onward:";

/// What this player offered, or accepted of the other one: kept, so that nothing else is signed after a reload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Onward {
    /// The game that follows, by whoever offered it.
    pub(crate) genesis: Signed<Genesis>,
    /// The wish to sit down, where the other player offered it.
    pub(crate) join: Option<Signed<Join>>,
}

impl Onward {
    pub(crate) fn id(&self) -> GameId {
        self.genesis.body.id()
    }
}

/// What is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Saying {
    /// A game without a clock from the present head, with the seat kept for the other player.
    Offer { genesis: Signed<Genesis> },
    /// The answer: a wish to sit down there.
    Join { game: GameId, join: Signed<Join> },
    /// The Seat: the players go on there.
    Seat { game: GameId, seat: Signed<Record> },
    /// By the channel alone: it carries that game from here on.
    Here { game: GameId },
    /// The offer is declined, taken back or out of date.
    Decline { game: GameId },
}

impl Saying {
    pub(crate) fn message(&self) -> Message {
        let mut data = PREFIX.to_owned();
        for byte in codec::encode(self) {
            for digit in [byte >> 4, byte & 15] {
                data.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
            }
        }
        Message::Signal { data }
    }

    /// What a signal says of it; none where it is about something else, or cannot be read.
    pub(crate) fn read(data: &str) -> Option<Self> {
        let digits = data.strip_prefix(PREFIX)?;
        let digit = |byte: &u8| char::from(*byte).to_digit(16);
        let pairs = digits.as_bytes().chunks(2);
        let bytes: Option<Vec<u8>> = pairs
            .map(|pair| match pair {
                [high, low] => u8::try_from(digit(high)? << 4 | digit(low)?).ok(),
                _ => None,
            })
            .collect();
        codec::decode(&bytes?, codec::MAX_ITEM_BYTES).ok()
    }
}

impl Table {
    /// The line to which the players' records lead, with those on their way to the relay; none where it is not known or
    /// ends the game.
    fn tip(&self) -> Option<Line> {
        let game = self.player.game();
        let mut tip = self.head();
        for item in self.player.to_forward() {
            if let Item::Record(signed) = item {
                // Whoever resigned off the chain wants no other game.
                signed.body.place()?;
                tip = signed.hash();
            }
        }
        let line = game.line_at(tip)?;
        line.outcome().is_none().then_some(line)
    }

    /// The game without a clock that this player may offer now, or that the other one may: the same but for the nonce.
    pub(crate) fn onward_genesis(
        &self,
        creator: PlayerKey,
        nonce: Nonce,
    ) -> Result<Genesis, PlayError> {
        let before = &self.player.game().genesis().body;
        let line = self.tip().ok_or(PlayError::NotReady)?;
        let players = *line.players().ok_or(PlayError::NotReady)?;
        let colour = line.colour_of(creator).ok_or(PlayError::NotAPlayer)?;
        Ok(Genesis {
            v: VERSION,
            variant: before.variant,
            start: before.start.clone(),
            moves: line.moves().iter().map(|m| m.uci.clone()).collect(),
            clock: Clock::None,
            creator,
            colours: match colour {
                Colour::White => Colours::White,
                Colour::Black => Colours::Black,
            },
            seat: Some(*players.get(colour.other())),
            takebacks: before.takebacks,
            homes: before.homes.clone(),
            from: Some(From {
                game: self.id(),
                head: line.head(),
            }),
            nonce,
        })
    }

    /// Whether the players can still agree on leaving the clock.
    pub(crate) fn may_leave_clock(&self) -> bool {
        self.kept
            && self.check_device().is_ok()
            && self.player.game().is_clocked()
            && self.plays()
            && self.goes_on_in().is_none()
    }

    /// Whether a game that was offered still is what follows from here.
    fn stands(&self, genesis: &Genesis) -> bool {
        self.may_leave_clock()
            && self
                .onward_genesis(genesis.creator, genesis.nonce)
                .is_ok_and(|follows| follows == *genesis)
    }

    /// What this player offered or accepted, while that stands.
    pub(crate) fn own_onward(&self) -> Option<&Onward> {
        let onward = self.notes.onward.as_ref();
        onward.filter(|onward| self.stands(&onward.genesis.body))
    }

    /// What the other player offers, while that stands and is not answered.
    pub(crate) fn asked_onward(&self) -> Option<&Signed<Genesis>> {
        let asked = self.offered.as_ref()?;
        let answered = self.own_onward().is_some_and(|own| own.genesis == *asked);
        (!answered && self.stands(&asked.body)).then_some(asked)
    }

    /// The game without a clock in which both players go on from here, with its Seat.
    pub(crate) fn continuation(&self) -> Option<&(Signed<Genesis>, Signed<Record>)> {
        let game = self.player.game();
        game.continuations().next()?;
        let state = game.state();
        if let Some(outcome) = state.outcome() {
            let ended = state
                .counted
                .iter()
                .rev()
                .find_map(|counted| match counted.receipt.what {
                    What::Continued(seat) => Some(seat),
                    _ => None,
                });
            return game.continuations().find(|(_, seat)| {
                outcome.reason == Reason::Continued && Some(seat.hash()) == ended
            });
        }
        let head = self.tip()?.head();
        game.continuations()
            .find(|(genesis, _)| follows_at(&genesis.body, head))
    }

    pub(crate) fn goes_on_in(&self) -> Option<GameId> {
        self.continuation().map(|(genesis, _)| genesis.body.id())
    }

    /// What the relay that orders the game is to be told, so that it ends here.
    pub(crate) fn to_end(&self) -> Option<Item> {
        let game = self.player.game();
        let state = game.state();
        let (genesis, seat) = self.continuation().filter(|_| state.outcome().is_none())?;
        let item = || Item::Continued {
            genesis: Box::new(genesis.clone()),
            seat: seat.clone(),
        };
        follows_at(&genesis.body, state.line.head()).then(item)
    }

    /// How far the agreement has come, for the page.
    pub(crate) fn leaving(&self) -> &'static str {
        match self.own_onward() {
            Some(Onward { join: None, .. }) => "offered",
            Some(Onward { join: Some(_), .. }) => "accepted",
            None if self.asked_onward().is_some() => "asked",
            None => "none",
        }
    }
}

fn follows_at(genesis: &Genesis, head: Hash) -> bool {
    genesis.from.is_some_and(|from| from.head == head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_read_again_and_nothing_else_is() {
        let saying = Saying::Here {
            game: GameId([7; 32]),
        };
        let Message::Signal { data } = saying.message() else {
            panic!("no signal");
        };
        assert_eq!(Saying::read(&data), Some(saying));
        for other in [
            "{\"v\":1,\"want\":true}".to_owned(),
            PREFIX.to_owned(),
            format!("{data}0"),
            format!("{data}zz"),
            data.replace("rookery", "rook"),
            format!("{PREFIX}{}", "00".repeat(codec::MAX_ITEM_BYTES + 1)),
        ] {
            assert_eq!(Saying::read(&other), None, "{other}");
        }
    }
}
