//! One board of the load: two clients that play game after game, and what they saw.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use libp2p::Multiaddr;
use rookery_ledger::Game;
use rookery_ledger::id::Hash;
use rookery_ledger::record::{Clock, Item};
use rookery_ledger::sign::Keypair;

use super::report::Measure;
use crate::client::{ClientError, Session, Table, new_key, usual_game};

/// Whole games that end on the board: the Opera game, the Immortal game, the Evergreen game, Loyd's stalemate in ten
/// moves, and the fool's mate.
const SCRIPTS: [&str; 5] = [
    "e2e4 e7e5 g1f3 d7d6 d2d4 c8g4 d4e5 g4f3 d1f3 d6e5 f1c4 g8f6 f3b3 d8e7 b1c3 c7c6 c1g5 b7b5 c3b5 c6b5 c4b5 b8d7 \
     e1c1 a8d8 d1d7 d8d7 h1d1 e7e6 b5d7 f6d7 b3b8 d7b8 d1d8",
    "e2e4 e7e5 f2f4 e5f4 f1c4 d8h4 e1f1 b7b5 c4b5 g8f6 g1f3 h4h6 d2d3 f6h5 f3h4 h6g5 h4f5 c7c6 g2g4 h5f6 h1g1 c6b5 \
     h2h4 g5g6 h4h5 g6g5 d1f3 f6g8 c1f4 g5f6 b1c3 f8c5 c3d5 f6b2 f4d6 c5g1 e4e5 b2a1 f1e2 b8a6 f5g7 e8d8 f3f6 g8f6 d6e7",
    "e2e4 e7e5 g1f3 b8c6 f1c4 f8c5 b2b4 c5b4 c2c3 b4a5 d2d4 e5d4 e1g1 d4d3 d1b3 d8f6 e4e5 f6g6 f1e1 g8e7 c1a3 b7b5 \
     b3b5 a8b8 b5a4 a5b6 b1d2 c8b7 d2e4 g6f5 c4d3 f5h5 e4f6 g7f6 e5f6 h8g8 a1d1 h5f3 e1e7 c6e7 a4d7 e8d7 d3f5 d7e8 \
     f5d7 e8f8 a3e7",
    "e2e3 a7a5 d1h5 a8a6 h5a5 h7h5 h2h4 a6h6 a5c7 f7f6 c7d7 e8f7 d7b7 d8d3 b7b8 d3h7 b8c8 f7g6 c8e6",
    "f2f3 e7e5 g2g4 d8h4",
];
/// Long enough that no clock runs out in a run.
const CLOCK: Clock = Clock::Live {
    initial_s: 86_400,
    inc_s: 0,
};

/// A board before it plays.
pub(super) struct Board {
    number: u32,
    address: Multiaddr,
    /// The creator's and the joiner's.
    sessions: [Session; 2],
    keys: [Keypair; 2],
}

/// What boards saw.
#[derive(Debug, Default)]
pub(super) struct Played {
    /// From the first byte sent to the opponent's frame read, for every move, microseconds.
    delays_us: Vec<u64>,
    /// From the start of play to the end of the last move, the longest of any board.
    elapsed: Duration,
    finished: u64,
    lost: u64,
    doubled: u64,
    diverging: u64,
}

impl Played {
    pub(super) fn add(&mut self, other: Self) {
        self.delays_us.extend(other.delays_us);
        self.elapsed = self.elapsed.max(other.elapsed);
        self.finished += other.finished;
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.diverging += other.diverging;
    }

    pub(super) fn is_clean(&self) -> bool {
        self.lost + self.doubled + self.diverging == 0
    }

    pub(super) fn measures(&mut self, seconds: u64) -> Vec<Measure> {
        self.delays_us.sort_unstable();
        let moves = self.delays_us.len();
        let quantile = |percent: usize| {
            let at = (moves * percent / 100).min(moves.saturating_sub(1));
            self.delays_us
                .get(at)
                .map_or(f64::NAN, |us| *us as f64 / 1000.0)
        };
        let elapsed = self.elapsed.as_secs_f64().max(seconds as f64);
        vec![
            Measure::new(
                "ordered moves with fsync",
                "moves/s",
                moves as f64 / elapsed,
            ),
            Measure::new("submit to opponent p50", "ms", quantile(50)),
            Measure::new("submit to opponent p99", "ms", quantile(99)),
            Measure::new("moves", "moves", moves as f64),
            Measure::new("whole games", "games", self.finished as f64),
            Measure::new("lost moves", "moves", self.lost as f64),
            Measure::new("doubled moves", "moves", self.doubled as f64),
            Measure::new("diverging games", "games", self.diverging as f64),
        ]
    }
}

impl Board {
    /// Connects two players.
    pub(super) async fn open(address: &Multiaddr, number: u32) -> Result<Self, ClientError> {
        let keys = [new_key()?, new_key()?];
        Ok(Self {
            number,
            address: address.clone(),
            sessions: [
                Session::connect(address, Some(&keys[0])).await?,
                Session::connect(address, Some(&keys[1])).await?,
            ],
            keys,
        })
    }

    /// Plays until the deadline, then has the games looked at by somebody who was not there.
    pub(super) async fn play(
        self,
        deadline: Instant,
        pause: Option<Duration>,
    ) -> Result<Played, ClientError> {
        let Self {
            number,
            address,
            mut sessions,
            keys,
        } = self;
        let begin = Instant::now();
        let mut played = Played::default();
        let mut games = Vec::new();
        // Boards are at different games and places at any moment, as players are.
        let mut scripts = SCRIPTS.iter().cycle().skip(number as usize % SCRIPTS.len());
        while let (true, Some(script)) = (Instant::now() < deadline, scripts.next()) {
            let mut tables = sit_down(sessions, &keys).await?;
            let mut acknowledged = Vec::new();
            for uci in script.split_whitespace() {
                if Instant::now() >= deadline {
                    break;
                }
                let next = pause.map(|pause| Instant::now() + pause);
                let (hash, delay) = play(&mut tables, uci).await?;
                played
                    .delays_us
                    .push(u64::try_from(delay.as_micros()).unwrap_or(u64::MAX));
                acknowledged.push(hash);
                if let Some(next) = next {
                    tokio::time::sleep_until(next.into()).await;
                }
            }
            played.elapsed = begin.elapsed();
            let game = tables[0].id();
            played.finished += u64::from(tables[0].game().state().outcome().is_some());
            games.push((
                game,
                acknowledged,
                [moves_of(tables[0].game()), moves_of(tables[1].game())],
            ));
            let [creator, joiner] = tables;
            sessions = [creator.leave().await?, joiner.leave().await?];
        }
        let outsider = new_key()?;
        for (game, acknowledged, seen) in games {
            let session = Session::connect(&address, None).await?;
            let table = Table::watch(session, outsider.clone(), game).await?;
            played.add(verdict(table.game(), table.arrived(), &acknowledged, &seen));
        }
        Ok(played)
    }
}

/// A new game between two sessions.
async fn sit_down(
    [creator, joiner]: [Session; 2],
    keys: &[Keypair; 2],
) -> Result<[Table; 2], ClientError> {
    let options = usual_game(CLOCK, vec![creator.welcome().order]);
    let mut creator = Table::create(creator, keys[0].clone(), options).await?;
    let mut joiner = Table::watch(joiner, keys[1].clone(), creator.id()).await?;
    let seated = creator.until("the joiner to sit", |game| {
        game.state().line.players().is_some()
    });
    let (joined, seated) = tokio::join!(joiner.join(), seated);
    joined?;
    seated?;
    Ok([creator, joiner])
}

/// The side to move plays. Gives the record, and how long it took from the first byte sent to the opponent's frame read.
async fn play(tables: &mut [Table; 2], uci: &str) -> Result<(Hash, Duration), ClientError> {
    let [first, second] = tables;
    let (mover, waiter) = if first.is_my_turn() {
        (first, second)
    } else {
        (second, first)
    };
    let item = mover.sign(uci)?;
    let hash = match &item {
        Item::Record(record) => record.hash(),
        _ => return Err(ClientError::Unexpected("a record")),
    };
    let begin = Instant::now();
    let arrived = |game: &Game| game.state().line.head() == hash;
    let (sent, got) = tokio::join!(
        mover.submit(item),
        waiter.until("the opponent's move", arrived)
    );
    sent?;
    let delay = got?.duration_since(begin);
    mover
        .until("the receipt of one's own move", arrived)
        .await?;
    Ok((hash, delay))
}

/// What the two players and the outsider disagree about.
fn verdict(
    game: &Game,
    arrived: &[Item],
    acknowledged: &[Hash],
    seen: &[Vec<String>; 2],
) -> Played {
    let lost = acknowledged
        .iter()
        .filter(|hash| !game.is_receipted(**hash) || game.record(**hash).is_none());
    let moves = moves_of(game);
    let mut places = BTreeSet::new();
    let mut known = BTreeSet::new();
    let mut doubled = 0;
    for item in arrived {
        if let Item::Receipt { by, receipt } = item
            && known.insert(receipt.hash())
            && !places.insert((*by, receipt.body.epoch, receipt.body.seq))
        {
            doubled += 1;
        }
    }
    Played {
        lost: lost.count() as u64,
        doubled: doubled + game.state().proofs.len() as u64,
        diverging: u64::from(seen.iter().any(|seen| *seen != moves)),
        ..Played::default()
    }
}

fn moves_of(game: &Game) -> Vec<String> {
    game.state()
        .line
        .moves()
        .iter()
        .map(|played| played.uci.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use rookery_ledger::id::{Millis, Nonce};
    use rookery_ledger::player::Options;
    use rookery_ledger::record::What;
    use rookery_ledger::{Colour, Player};

    use super::*;

    /// Two players at an untimed game, White first.
    fn seated() -> (Player, Player) {
        let options = Options {
            colour: Some(Colour::White),
            ..usual_game(Clock::None, Vec::new())
        };
        let [white, black] = [1, 2].map(|seed| Keypair::from_secret(&[seed; 32]));
        let mut creator = Player::create(white, options, Nonce([0; 16]), Nonce([0; 16])).unwrap();
        let genesis = creator.game().genesis().clone();
        let mut joiner = Player::open(black, genesis, None).unwrap();
        let join = joiner.join(Nonce([7; 16])).unwrap();
        joiner.receive(creator.seat(join).unwrap()).unwrap();
        (creator, joiner)
    }

    #[test]
    fn every_script_is_a_whole_legal_game() {
        for script in SCRIPTS {
            let (mut creator, mut joiner) = seated();
            let (mut mover, mut waiter) = (&mut creator, &mut joiner);
            for uci in script.split_whitespace() {
                waiter
                    .receive(mover.play(uci, Millis::ZERO, false).expect(uci))
                    .unwrap();
                std::mem::swap(&mut mover, &mut waiter);
            }
            assert!(mover.game().state().outcome().is_some(), "{script}");
        }
    }

    #[test]
    fn a_lost_a_doubled_and_a_diverging_move_are_each_found() {
        let relay = Keypair::from_secret(&[9; 32]);
        let (mut creator, _) = seated();
        let mut arrived = Vec::new();
        let Item::Record(first) = creator.play("e2e4", Millis::ZERO, false).unwrap() else {
            panic!("a move is a record");
        };
        let hash = first.hash();
        let receipt = |creator: &Player, at| {
            let at = Millis::new(at);
            let next =
                creator
                    .game()
                    .next_receipt(relay.order(), What::Record(hash), at, Millis::ZERO);
            Game::sign_receipt(&relay, next)
        };
        let (one, other) = (receipt(&creator, 1), receipt(&creator, 2));
        let seen = [vec!["e2e4".to_owned()], vec!["e2e4".to_owned()]];
        let counts = |creator: &Player, arrived: &[Item], seen| {
            let played = verdict(creator.game(), arrived, &[hash], seen);
            (played.lost, played.doubled, played.diverging)
        };
        assert_eq!(counts(&creator, &arrived, &seen), (1, 0, 0), "no receipt");
        creator.receive(one.clone()).unwrap();
        arrived.push(one);
        assert_eq!(counts(&creator, &arrived, &seen), (0, 0, 0));
        let differs = [seen[0].clone(), Vec::new()];
        assert_eq!(counts(&creator, &arrived, &differs), (0, 0, 1));
        arrived.push(other);
        assert_eq!(counts(&creator, &arrived, &seen), (0, 1, 0));
    }
}
