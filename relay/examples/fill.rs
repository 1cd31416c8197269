//! Fills the log of a data folder with whole games, as if they had been played there: signed by their players, receipted,
//! ended by mate, and archived but for some. For measuring a relay that has a long life behind it.
//!
//! `fill --data DIR --games 1000000 --live 10000`; it says what it made as a line of JSON.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a tool for measurements"
)]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use clap::Parser as _;
use futures::future::try_join_all;
use rookery_ledger::codec;
use rookery_ledger::id::{Epoch, GameId, Height, Millis, Nonce, Seq};
use rookery_ledger::record::{
    Clock, Colours, Genesis, Item, Join, Move, Place, Receipt, Record, Seat, Signed, VERSION,
    Variant, What,
};
use rookery_ledger::sign::Keypair;
use rookery_relay::keys::Keys;
use rookery_relay::order_log::{Append, ChainId, Entry, OrderLog as _, Position, RedbLog};
use tokio::sync::mpsc;

/// Ends in mate after four plies.
const MOVES: [&str; 4] = ["f2f3", "e7e5", "g2g4", "d8h4"];
/// Games that are on their way to the disk together.
const BATCH: usize = 1_024;

#[derive(clap::Parser)]
struct Args {
    /// The data folder; its keys and its log are made where there are none
    #[arg(long)]
    data: PathBuf,
    /// Games to write
    #[arg(long, default_value_t = 1_000_000)]
    games: u64,
    /// Of these, games that are not archived
    #[arg(long, default_value_t = 10_000)]
    live: u64,
    /// How many days ago they were played
    #[arg(long, default_value_t = 30)]
    days: u64,
    /// Numbers the first game; another one gives other games by the same players
    #[arg(long, default_value_t = 0)]
    first: u64,
}

/// Who plays, who orders, and when.
struct Hall {
    players: [Keypair; 2],
    order: Keypair,
    at: Millis,
}

fn nonce(number: u64, use_of: u8) -> Nonce {
    let mut bytes = [use_of; 16];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    Nonce(bytes)
}

impl Hall {
    /// The game of that number, as the relay would have appended it.
    fn game(&self, number: u64) -> Append {
        let [white, black] = &self.players;
        let genesis = Genesis {
            v: VERSION,
            variant: Variant::Standard,
            start: "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1".into(),
            moves: Vec::new(),
            clock: Clock::None,
            creator: white.player(),
            colours: Colours::White,
            seat: None,
            takebacks: false,
            homes: vec![self.order.order()],
            from: None,
            nonce: nonce(number, 1),
        };
        let id = genesis.id();
        let genesis = white.sign(id, genesis);
        let join = black.sign(
            id,
            Join {
                player: black.player(),
                nonce: nonce(number, 2),
            },
        );
        let mut prev = id.as_hash();
        let mut records: Vec<Signed<Record>> = Vec::new();
        for height in 1..=MOVES.len() as u64 + 1 {
            let at = Place {
                prev,
                height: Height::new(height),
                on: None,
            };
            let (author, record) = match height {
                1 => {
                    let (join, reveal) = (join.clone(), None);
                    (white, Record::Seat(Seat { at, join, reveal }))
                }
                _ => {
                    let ply = height as usize - 2;
                    let made = Move {
                        at,
                        uci: MOVES[ply].into(),
                        think_ms: Millis::new(1_500),
                        offer: false,
                    };
                    (&self.players[ply % 2], Record::Move(made))
                }
            };
            let signed = author.sign(id, record);
            prev = signed.hash();
            records.push(signed);
        }
        let items = std::iter::once((What::Genesis, Item::Genesis(genesis.clone())));
        let records = records.into_iter();
        let records = records.map(|record| (What::Record(record.hash()), Item::Record(record)));
        Append {
            chain: self.chain(id),
            expected: Position::START,
            genesis: Some(codec::encode(&Item::Genesis(genesis))),
            entries: self.receipted(id, items.chain(records)),
            open: Some(false),
        }
    }

    fn chain(&self, game: GameId) -> ChainId {
        let order_key = self.order.order();
        ChainId { game, order_key }
    }

    fn receipted(&self, game: GameId, items: impl Iterator<Item = (What, Item)>) -> Vec<Entry> {
        let (mut prev, mut entries) = (None, Vec::new());
        for (seq, (what, item)) in (0..).zip(items) {
            let receipt = Receipt {
                game,
                epoch: Epoch::ZERO,
                seq: Seq::new(seq),
                prev,
                at_ms: Millis::new(self.at.get() + 2_000 * seq),
                lag_ms: Millis::ZERO,
                what,
            };
            prev = Some(codec::hash(&receipt));
            entries.push(Entry {
                epoch: 0,
                seq,
                receipt: codec::encode(&receipt),
                item: Some(codec::encode(&item)),
            });
        }
        entries
    }
}

#[tokio::main]
async fn main() {
    let args = Args::parse();
    let began = Instant::now();
    let keys = Keys::load_or_make(&args.data).expect("keys");
    let path = args.data.join("order.redb");
    let log = RedbLog::open(&path, keys.order_key()).expect("the log");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let at = u64::try_from(now.as_millis()).unwrap() - args.days * 86_400_000;
    let hall = Arc::new(Hall {
        players: [1, 2].map(|name| Keypair::from_secret(&[name; 32])),
        order: Keypair::from_secret(&keys.order.to_bytes()),
        at: Millis::new(at),
    });
    let (made, mut making) = mpsc::channel(4);
    let (games, first) = (args.games, args.first);
    std::thread::spawn(move || {
        let numbers: Vec<u64> = (first..first + games).collect();
        for numbers in numbers.chunks(BATCH) {
            // Signing is all the work; the writer is a thread of its own.
            let half = numbers.len() / 2;
            let (front, back) = numbers.split_at(half);
            let sign = |numbers: &[u64]| -> Vec<Append> {
                numbers.iter().map(|number| hall.game(*number)).collect()
            };
            let batch = std::thread::scope(|scope| {
                let back = scope.spawn(|| sign(back));
                let mut batch = sign(front);
                batch.extend(back.join().expect("a batch"));
                batch
            });
            if made.blocking_send(batch).is_err() {
                return;
            }
        }
    });
    let (mut written, mut archived, mut samples) = (0, 0, Vec::new());
    while let Some(batch) = making.recv().await {
        let names: Vec<GameId> = batch.iter().map(|append| append.chain.game).collect();
        if written == 0 {
            samples = names.iter().take(3).map(ToString::to_string).collect();
        }
        let appends = batch.into_iter().map(|append| log.append(append));
        try_join_all(appends).await.expect("room in the log");
        let left = (args.games - args.live.min(args.games)).saturating_sub(archived);
        let some = names.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        archived += log.archive(names[..some].to_vec()).await.expect("room");
        written += names.len() as u64;
        if written % (64 * BATCH as u64) == 0 {
            let seconds = began.elapsed().as_secs();
            eprintln!("{written} games in {seconds} s");
        }
    }
    log.close().await;
    let bytes = std::fs::metadata(&path).map_or(0, |file| file.len());
    let made = serde_json::json!({
        "games": written, "archived": archived, "bytes": bytes,
        "seconds": began.elapsed().as_secs_f64(), "some": samples,
    });
    println!("{made}");
}
