//! A game that moves from one relay to another and back, both traced: the first dies, players sign too early or alone, the
//! second is killed too.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use libp2p::Multiaddr;
use rookery_ledger::Player;
use rookery_ledger::id::{Millis, Nonce, OrderKey};
use rookery_ledger::record::{Clock, Item, Signed};
use rookery_ledger::sign::Keypair;
use rookery_ledger::wire::{Push, Request};
use rookery_relay::client::usual_game;
use shakmaty::{CastlingMode, Position as _};

use super::record::{Gone, Recorded};
use crate::real::{Link, Lost, Random, Setup};

const CLOCK: Clock = Clock::Live {
    initial_s: 600,
    inc_s: 2,
};
/// Longer than any step of the script takes.
const PATIENCE: Duration = Duration::from_secs(15);

/// How the game leaves its first home.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leaving {
    /// Both count the same and sign the same.
    Agreed,
    /// One has not heard the last receipt, and signs for the one before: the new home knows better and refuses.
    Behind,
    /// One signs alone, and asks again after the time in which it should have been answered.
    Alone,
}

/// The game does not go on as the protocol says.
#[derive(Debug)]
pub(super) struct Stuck;

impl std::fmt::Display for Stuck {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a game that moves from home to home does not go on")
    }
}

/// Two players and where they are connected now.
struct Pair {
    keys: [Keypair; 2],
    players: [Player; 2],
    links: Option<[Link; 2]>,
}

/// Plays one such game. Gives the traces of both relays.
///
/// # Errors
///
/// Where a relay does not start, or the game does not go on as the protocol says.
pub(super) async fn record(
    program: &Path,
    patient: bool,
    random: &mut Random,
) -> Result<Vec<Recorded>> {
    let folder = tempfile::tempdir().context("no temporary folder")?;
    let mut setups = Vec::new();
    for name in ["first", "second"] {
        let data = folder.path().join(name);
        fs::create_dir(&data)?;
        let file = folder.path().join(name).join("trace.jsonl");
        let setup = Setup::new(program, &data, random)?;
        let traced = ["--trace".to_owned(), file.display().to_string()];
        setups.push((setup.with(traced), file));
    }
    let [(first, first_file), (second, second_file)] = &setups[..] else {
        bail!("two relays");
    };
    let (mut one, mut two) = (first.start()?, second.start()?);
    let orders = [first.order_key()?.order(), second.order_key()?.order()];
    let mut pair = Pair::new(orders, random)?;
    pair.connect(&one.address).await?;
    pair.sit(random).await?;
    pair.play(3 + random.below(6), random).await?;
    let leaving = match random.below(3) {
        0 => Leaving::Agreed,
        1 => Leaving::Behind,
        _ if patient => Leaving::Alone,
        _ => Leaving::Agreed,
    };
    if leaving == Leaving::Behind {
        pair.play_unheard(random).await?;
    }
    one.kill();
    let mut kills = 1;
    let left = pair.leave(&two.address, orders[1], leaving).await;
    left.context(Stuck)?;
    let played = pair.play(2 + random.below(4), random).await;
    played.context(Stuck)?;
    two.kill();
    kills += 1;
    two = second.start().context(Gone)?;
    pair.go_on(&two.address, 2 + random.below(4), random)
        .await?;
    // And back, with the first home up again.
    one = first.start().context(Gone)?;
    let left = pair.leave(&one.address, orders[0], Leaving::Agreed);
    left.await.context(Stuck)?;
    pair.play(2, random).await.context(Stuck)?;
    one.kill();
    kills += 1;
    one = first.start().context(Gone)?;
    pair.go_on(&one.address, 2, random).await?;
    one.terminate()?;
    two.kill();
    let mut traces = Vec::new();
    for file in [first_file, second_file] {
        let text = fs::read_to_string(file).context("the relay left no trace")?;
        traces.push(Recorded { text, kills });
        kills = 0;
    }
    Ok(traces)
}

fn lost(Lost(words): Lost) -> anyhow::Error {
    anyhow!("the session is lost: {words}")
}

impl Pair {
    fn new(homes: [OrderKey; 2], random: &mut Random) -> Result<Self> {
        let keys = [(); 2].map(|()| Keypair::from_secret(&random.bytes()));
        let options = usual_game(CLOCK, homes.to_vec());
        let [secret, nonce] = [(); 2].map(|()| Nonce(random.bytes()));
        let creator = Player::create(keys[0].clone(), options, nonce, secret)?;
        let genesis = creator.game().genesis().clone();
        let joiner = Player::open(keys[1].clone(), genesis, None)?;
        Ok(Self {
            keys,
            players: [creator, joiner],
            links: None,
        })
    }

    /// Both go to a relay and bring all that they know; it may not know the game.
    async fn connect(&mut self, address: &Multiaddr) -> Result<()> {
        let first = Link::open(address, &self.keys[0]).await.map_err(lost)?;
        let second = Link::open(address, &self.keys[1]).await.map_err(lost)?;
        self.links = Some([first, second]);
        let game = self.players[0].id();
        for who in [0, 1] {
            for item in self.players[who].game().items() {
                self.submit(who, item).await?;
            }
        }
        // Not before both have brought what they know: records without a receipt of that relay are shown to who asks.
        for who in [0, 1] {
            let after = None;
            self.ask(who, |id| Request::Watch { id, game, after })
                .await?;
        }
        Ok(())
    }

    /// Asks, and waits for the answer, whatever it is.
    async fn ask(&mut self, who: usize, request: impl FnOnce(u32) -> Request) -> Result<()> {
        let links = self.links.as_mut().context("no session")?;
        let asked = links[who].ask(request).await.map_err(lost)?;
        let late = Instant::now() + PATIENCE;
        loop {
            let links = self.links.as_mut().context("no session")?;
            match links[who].next(late).await.map_err(lost)? {
                None => bail!("no answer"),
                Some(Push::Done { id } | Push::Refused { id, .. }) if id == asked => return Ok(()),
                Some(push) => self.take(who, push),
            }
        }
    }

    async fn submit(&mut self, who: usize, item: Item) -> Result<()> {
        let game = self.players[0].id();
        self.ask(who, |id| Request::Submit { id, game, item }).await
    }

    fn take(&mut self, who: usize, push: Push) {
        if let Push::Items { items, .. } = push {
            for item in items {
                let _ = self.players[who].receive(item);
            }
        }
    }

    /// Listens until something is so for both.
    async fn until(&mut self, what: &str, is: impl Fn(&Player) -> bool) -> Result<()> {
        let late = Instant::now() + PATIENCE;
        while !self.players.iter().all(&is) {
            if Instant::now() > late {
                bail!("{what} does not come");
            }
            for who in [0, 1] {
                let soon = Instant::now() + Duration::from_millis(2);
                let links = self.links.as_mut().context("no session")?;
                if let Some(push) = links[who].next(soon).await.map_err(lost)? {
                    self.take(who, push);
                }
            }
        }
        Ok(())
    }

    async fn sit(&mut self, random: &mut Random) -> Result<()> {
        self.until("the first receipt", |player| {
            player.game().state().last_receipt().is_some()
        })
        .await?;
        let join = self.players[1].join(Nonce(random.bytes()))?;
        let seat = self.players[0].seat(join)?;
        self.submit(0, seat).await?;
        self.until("the seat", |player| player.players().is_some())
            .await
    }

    /// Signs a move of the side to move.
    fn sign(&mut self, random: &mut Random) -> Result<(usize, Item)> {
        let line = &self.players[0].game().state().line;
        let mover = usize::from(self.players[0].colour() != Some(line.turn()));
        let moves = line.position().legal_moves();
        let chosen = random.pick(&moves).context("the game is over")?;
        let uci = chosen.to_uci(CastlingMode::Standard).to_string();
        let item = self.players[mover].play(&uci, Millis::new(3), false)?;
        Ok((mover, item))
    }

    async fn play(&mut self, plies: u64, random: &mut Random) -> Result<()> {
        for _ in 0..plies {
            if self.players[0].game().state().outcome().is_some() {
                return Ok(());
            }
            let (mover, item) = self.sign(random)?;
            let Item::Record(record) = &item else {
                bail!("no record");
            };
            let hash = record.hash();
            self.submit(mover, item).await?;
            self.until("the move", |player| {
                player.game().state().line.find(hash).is_some()
            })
            .await?;
        }
        Ok(())
    }

    /// Both come back to a relay that was killed, and play on.
    async fn go_on(&mut self, address: &Multiaddr, plies: u64, random: &mut Random) -> Result<()> {
        self.connect(address).await.context(Stuck)?;
        self.play(plies, random).await.context(Stuck)
    }

    /// The mover plays; the other hears nothing of it.
    async fn play_unheard(&mut self, random: &mut Random) -> Result<()> {
        let (mover, item) = self.sign(random)?;
        self.submit(mover, item).await?;
        let late = Instant::now() + PATIENCE;
        while self.players[mover].pending().is_some() && Instant::now() < late {
            let links = self.links.as_mut().context("no session")?;
            let soon = Instant::now() + Duration::from_millis(2);
            if let Some(push) = links[mover].next(soon).await.map_err(lost)? {
                self.take(mover, push);
            }
        }
        Ok(())
    }

    /// Both go to `address` and move the game to its key.
    async fn leave(&mut self, address: &Multiaddr, to: OrderKey, leaving: Leaving) -> Result<()> {
        // Who knows less signs; where both know the same it is the creator.
        let heights = [0, 1].map(|who| self.players[who].game().state().counted.len());
        let first = usize::from(heights[1] < heights[0]);
        let early = match leaving {
            Leaving::Agreed => None,
            Leaving::Behind | Leaving::Alone => Some(self.players[first].move_home(to)?),
        };
        self.connect(address).await?;
        if let Some(early) = early {
            let Item::Home(Signed { body: asked, .. }) = early else {
                bail!("no home");
            };
            self.submit(first, early.clone()).await?;
            if leaving == Leaving::Alone {
                tokio::time::sleep(Duration::from_millis(10_050)).await;
                self.submit(first, early).await?;
            }
            self.until("the refusal of the epoch", |player| {
                player.game().has_lapsed(to, asked.epoch)
            })
            .await?;
            // A second signature that comes too late changes nothing.
            let game = self.players[0].id();
            let late = self.keys[1 - first].sign(game, asked);
            self.submit(1 - first, Item::Home(late)).await?;
        }
        let home = self.players[first].move_home(to)?;
        self.submit(first, home.clone()).await?;
        let Item::Home(signed) = home else {
            bail!("no home");
        };
        self.until("the bytes to sign", |player| {
            let mut known = player.game().home_signatures();
            known.any(|(_, home)| home.body == signed.body)
        })
        .await?;
        let agreed = self.players[1 - first].agree_home(signed.body)?;
        self.submit(1 - first, agreed).await?;
        self.until("the commit", |player| {
            player.game().orderer() == Some((to, signed.body.epoch))
        })
        .await
    }
}
