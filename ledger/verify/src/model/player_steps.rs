//! Steps of players, and what must be so after each.

use rookery_ledger::id::{Millis, Nonce};
use rookery_ledger::record::Item;
use rookery_ledger::{Colour, PlayError, Player, Refusal};

use super::facts::{Facts, broken, worth};
use super::steps::{MOVES, PlayerInput, PlayerNode, Steps, order_key, player_key};

impl Steps {
    /// A player who knows no more than the genesis.
    pub(super) fn new_player(&self, who: u8) -> Result<u32, Refusal> {
        let player = Player::open(player_key(who), self.genesis.clone(), None)?;
        Ok(self.put_player(who, player))
    }

    fn put_player(&self, who: u8, player: Player) -> u32 {
        let items = player.game().items();
        let known = self.known(&items);
        let own = format!("{:?}", player.moving());
        let facts = Facts::of(
            player.game(),
            &items,
            known.clone(),
            &own,
            &self.guilty,
            &self.sound,
        );
        let key = (who, known, facts.view);
        if let Some(id) = self.players.find(&key) {
            return id;
        }
        let wanted = items
            .iter()
            .filter(|item| matches!(item, Item::Record(_) | Item::Home(_)));
        let last = facts.counted.last().map(|(_, _, hash)| *hash);
        let node = PlayerNode {
            behind: player.moving().is_some_and(|home| Some(home.after) != last),
            held: wanted
                .map(|item| (self.item(item), matches!(item, Item::Home(_))))
                .collect(),
            sends: items.iter().map(|item| self.item(item)).collect(),
            forwards: player
                .to_forward()
                .iter()
                .map(|item| self.item(item))
                .collect(),
            player,
            who,
            facts,
        };
        self.players.put(key, node)
    }

    /// The state after a player's step, and the promises that the step broke.
    pub(super) fn player(&self, node: u32, input: PlayerInput) -> (u32, u16) {
        self.player_steps.or_take((node, input), || {
            let before = self.players.get(node);
            let mut player = before.player.clone();
            let mut wrong = 0;
            match input {
                PlayerInput::Receive(item) => drop(player.receive((*self.items.get(item)).clone())),
                PlayerInput::Seat(joiner) => drop(player.seat(self.join(joiner))),
                PlayerInput::Play(option) => {
                    let side = usize::from(player.game().state().line.turn() == Colour::Black);
                    drop(player.play(MOVES[side][usize::from(option)], Millis::ZERO, false));
                }
                PlayerInput::Resign => drop(player.resign()),
                PlayerInput::MoveHome(host) => drop(player.move_home(order_key(host).order())),
                PlayerInput::AgreeHome(item) => {
                    if let Item::Home(home) = &*self.items.get(item) {
                        let _ = player.receive(Item::Home(*home));
                        drop(player.agree_home(home.body));
                    }
                }
                PlayerInput::Reload => {
                    let key = player_key(before.who);
                    if let Ok(mut again) =
                        Player::open(key, self.genesis.clone(), before.player.secret())
                    {
                        for item in before.player.game().items() {
                            let _ = again.receive(item);
                        }
                        again.resume();
                        player = again;
                    }
                }
            }
            let after = self.put_player(before.who, player);
            let now = self.players.get(after);
            if matches!(input, PlayerInput::Reload) && now.facts.view != before.facts.view {
                wrong |= broken::RESTART;
            }
            wrong |= self.refused_by_the_seat(&now);
            (
                after,
                wrong | self.undone(&before, &now) | self.bettered(&before, &now, input),
            )
        })
    }

    /// An honest player never sees undone what it counted, as long as no relay lies, whatever the other player signs.
    fn undone(&self, before: &PlayerNode, now: &PlayerNode) -> u16 {
        let kept = now.facts.counted.starts_with(&before.facts.counted);
        let honest = self.scenario.equivocations == 0 || before.who != self.scenario.equivocator;
        if kept || !honest || self.scenario.lies > 0 {
            0
        } else {
            broken::UNDONE
        }
    }

    /// Once a game is over no further record betters the result of who signed it.
    fn bettered(&self, before: &PlayerNode, now: &PlayerNode, input: PlayerInput) -> u16 {
        let PlayerInput::Receive(item) = input else {
            return 0;
        };
        let Item::Record(record) = &*self.items.get(item) else {
            return 0;
        };
        let (game, over) = (now.player.game(), before.facts.outcome);
        let author = game
            .record(record.hash())
            .and_then(|entry| game.colour_of(entry.author));
        match (over, author) {
            (Some(_), Some(author)) if worth(now.facts.outcome, author) > worth(over, author) => {
                broken::BETTERED
            }
            _ => 0,
        }
    }

    /// Who wished to sit and sits not is told so by the Seat.
    fn refused_by_the_seat(&self, node: &PlayerNode) -> u16 {
        let (Some(seat), None) = (node.facts.seat, node.player.colour()) else {
            return 0;
        };
        match node.player.join(Nonce([3; 16])) {
            Err(PlayError::Refused(Refusal::SeatTaken { .. }))
                if node.player.game().record(seat).is_some() =>
            {
                0
            }
            _ => broken::SEATS,
        }
    }
}
