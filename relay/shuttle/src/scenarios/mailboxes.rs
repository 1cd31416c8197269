//! Messages for games that come and go: each that was taken is read, once, in the order in which its sender sent it, and a
//! game has one task at a time.

use std::collections::BTreeMap;

use std::sync::{Arc, Mutex, PoisonError};

use rookery_ledger::id::GameId;
use shuttle::future::JoinHandle;
use shuttle::rand::{Rng as _, thread_rng};

use crate::mailboxes::Mailboxes;
use crate::sync::mpsc::Receiver;

/// A message: its sender, and its number there.
type Message = (u8, u32);

/// Games that fit into memory.
const LIMIT: usize = 2;

struct Table {
    mailboxes: Mailboxes<Message>,
    /// What was read, by game and sender.
    read: Mutex<BTreeMap<(GameId, u8), Vec<u32>>>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    running: Mutex<BTreeMap<GameId, usize>>,
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Table {
    fn start(self: &Arc<Self>, id: GameId, messages: Receiver<Message>) {
        let task = shuttle::future::spawn(play(self.clone(), id, messages));
        locked(&self.tasks).push(task);
    }
}

/// A game's task: reads, and leaves when it has read enough and nothing waits.
async fn play(table: Arc<Table>, id: GameId, mut messages: Receiver<Message>) {
    {
        let mut running = locked(&table.running);
        let now = running.entry(id).or_default();
        *now += 1;
        assert_eq!(*now, 1, "a game has two tasks");
    }
    loop {
        let patience = thread_rng().gen_range(0..3);
        for _ in 0..patience {
            if let Ok((sender, number)) = messages.try_recv() {
                locked(&table.read)
                    .entry((id, sender))
                    .or_default()
                    .push(number);
            }
        }
        // From here on another task of this game may run.
        *locked(&table.running).entry(id).or_default() -= 1;
        if table.mailboxes.leave(id, &messages, || ()) {
            break;
        }
        *locked(&table.running).entry(id).or_default() += 1;
        shuttle::thread::yield_now();
    }
}

async fn send(table: Arc<Table>, sender: u8, games: Vec<GameId>) -> BTreeMap<GameId, Vec<u32>> {
    let mut sent: BTreeMap<GameId, Vec<u32>> = BTreeMap::new();
    for number in 0..thread_rng().gen_range(1..=3) {
        let id = games[thread_rng().gen_range(0..games.len())];
        let message = (sender, number);
        let start = |messages| table.start(id, messages);
        match table.mailboxes.send(id, LIMIT as u64, message, start).await {
            Ok(()) => sent.entry(id).or_default().push(number),
            Err(back) => assert_eq!(back, message, "another message comes back"),
        }
        assert!(table.mailboxes.len() <= LIMIT, "more games than fit");
    }
    sent
}

pub(crate) fn run() {
    let mut dice = thread_rng();
    let table = Arc::new(Table {
        mailboxes: Mailboxes::new(dice.gen_range(1..=2)),
        read: Mutex::default(),
        tasks: Mutex::default(),
        running: Mutex::default(),
    });
    let games: Vec<GameId> = (0..dice.gen_range(1..=3))
        .map(|n| GameId([n; 32]))
        .collect();
    let senders: Vec<_> = (0..dice.gen_range(2..=3))
        .map(|sender| shuttle::future::spawn(send(table.clone(), sender, games.clone())))
        .collect();
    let mut sent = BTreeMap::new();
    for (sender, task) in (0..).zip(senders) {
        let Ok(numbers) = shuttle::future::block_on(task) else {
            panic!("a sender was stopped");
        };
        sent.extend(
            numbers
                .into_iter()
                .map(|(id, numbers)| ((id, sender), numbers)),
        );
    }
    loop {
        let Some(task) = locked(&table.tasks).pop() else {
            break;
        };
        assert!(
            shuttle::future::block_on(task).is_ok(),
            "a game was stopped"
        );
    }
    let read = std::mem::take(&mut *locked(&table.read));
    assert_eq!(read, sent, "what was read is not what was sent");
    assert!(
        table.mailboxes.is_empty(),
        "a game stays in memory without a task"
    );
}
