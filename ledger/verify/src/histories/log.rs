//! The order log by itself: several writers of one chain at once, each of which names the end that it knows, as two
//! relays over one log would.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use anyhow::{Context, Result, anyhow};
use rookery_ledger::id::{GameId, OrderKey};
use rookery_relay::order_log::memory::Fate;
use rookery_relay::order_log::{
    Append, AppendError, ChainId, Entry, MemoryLog, OrderLog, Position, RedbLog,
};
use tokio::task::JoinSet;

use super::history::{Answer, Call, History, Op, Place};
use crate::real::Random;

const WRITERS: usize = 5;
const OPERATIONS: usize = 10;
const OWNER: OrderKey = OrderKey([9; 32]);

/// What the writers of a chain share.
struct Chain {
    log: Arc<dyn OrderLog>,
    id: ChainId,
    begin: Instant,
    ops: Mutex<Vec<Op>>,
}

/// The histories of one chain in the file `path` and of one in memory.
///
/// # Errors
///
/// Where the file cannot be opened or read.
pub(super) async fn record(path: &Path, random: &mut Random) -> Result<[History; 2]> {
    let open = || RedbLog::open(path, OWNER).context("cannot open a log");
    let log = Arc::new(open()?);
    let chain = Arc::new(Chain::new(log.clone(), random));
    chain.write(random, None).await?;
    log.close().await;
    let again = Chain {
        log: Arc::new(open()?),
        id: chain.id,
        begin: chain.begin,
        ops: Mutex::new(chain.ops()),
    };
    again.read(usize::MAX).await?;
    again.log.close().await;
    let memory = MemoryLog::default();
    let chain = Arc::new(Chain::new(Arc::new(memory.clone()), random));
    chain.write(random, Some(memory)).await?;
    chain.read(usize::MAX).await?;
    Ok([again.history(), chain.history()])
}

impl Chain {
    fn new(log: Arc<dyn OrderLog>, random: &mut Random) -> Self {
        let game = GameId(random.bytes());
        let id = ChainId {
            game,
            order_key: OWNER,
        };
        Self {
            log,
            id,
            begin: Instant::now(),
            ops: Mutex::default(),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.begin.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn ops(&self) -> Vec<Op> {
        let ops = self.ops.lock().unwrap_or_else(PoisonError::into_inner);
        ops.clone()
    }

    fn done(&self, client: usize, invoked: u64, call: Call, answer: Option<Answer>) {
        let answer = answer.map(|answer| (self.now(), answer));
        let mut ops = self.ops.lock().unwrap_or_else(PoisonError::into_inner);
        ops.push(Op {
            client,
            invoked,
            call,
            answer,
        });
    }

    fn history(&self) -> History {
        History {
            game: self.id.game.to_string(),
            ops: self.ops(),
        }
    }

    /// Writers side by side; in a log in memory some answers are lost.
    async fn write(self: &Arc<Self>, random: &mut Random, memory: Option<MemoryLog>) -> Result<()> {
        let mut writers = JoinSet::new();
        for client in 0..WRITERS {
            let (chain, random, memory) = (self.clone(), random.fork(), memory.clone());
            writers.spawn(async move { chain.writer(client, random, memory).await });
        }
        while let Some(ended) = writers.join_next().await {
            ended.map_err(|error| anyhow!("a writer stopped short: {error}"))??;
        }
        Ok(())
    }

    async fn writer(
        &self,
        client: usize,
        mut random: Random,
        memory: Option<MemoryLog>,
    ) -> Result<()> {
        let mut known = vec![self.id.game.to_string()];
        for number in 0..OPERATIONS {
            if random.below(3) == 0 {
                known = self.read(client).await?;
            }
            // Now and then at an end that it knows to be passed.
            let back = if random.below(6) == 0 { 2 } else { 1 };
            let end = known.len().saturating_sub(back);
            let prev = known[end].clone();
            let entries: Vec<String> = (0..=random.below(2))
                .map(|part| format!("{client}.{number}.{part}"))
                .collect();
            if let (Some(memory), 0) = (&memory, random.below(12)) {
                let lost = AppendError::Unavailable("lost".into());
                let fail = random.below(2) == 0;
                memory.next_append(if fail {
                    Fate::Fail(lost)
                } else {
                    Fate::LostAnswer
                });
            }
            let append = Append {
                chain: self.id,
                expected: Position(end as u64),
                genesis: None,
                entries: (0..)
                    .zip(&entries)
                    .map(|(seq, name)| Entry {
                        epoch: 0,
                        seq,
                        receipt: name.clone().into_bytes(),
                        item: None,
                    })
                    .collect(),
                open: None,
            };
            let invoked = self.now();
            let answer = match self.log.append(append).await {
                Ok(Position(seq)) => {
                    known.truncate(end + 1);
                    known.extend(entries.iter().cloned());
                    Some(Answer::Placed { seq })
                }
                Err(AppendError::Conflict { .. }) => Some(Answer::Refused {
                    code: "conflict".into(),
                    head: None,
                }),
                // Whether it was done is not known.
                Err(_) => None,
            };
            let moved_on = !matches!(answer, Some(Answer::Placed { .. }));
            self.done(client, invoked, Call::Append { entries, prev }, answer);
            if moved_on {
                known = self.read(client).await?;
            }
        }
        Ok(())
    }

    /// Reads the chain. Gives the names of what it holds, that of the game first.
    async fn read(&self, client: usize) -> Result<Vec<String>> {
        let invoked = self.now();
        let entries = self.log.read(self.id, Position::START, usize::MAX).await?;
        let mut names = vec![self.id.game.to_string()];
        let mut places = vec![Place {
            seq: 0,
            holds: names[0].clone(),
            record: true,
        }];
        for (Position(seq), entry) in entries {
            let holds = String::from_utf8_lossy(&entry.receipt).into_owned();
            names.push(holds.clone());
            places.push(Place {
                seq,
                holds,
                record: true,
            });
        }
        self.done(client, invoked, Call::Read, Some(Answer::Chain { places }));
        Ok(names)
    }
}
