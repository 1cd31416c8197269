//! Outlet for a reader who may be too slow: those that went in come out in order, and what did not go in ends the session.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use shuttle::rand::{Rng as _, thread_rng};

use crate::outbox_queue::{End, Outlet, Sender, channel};

#[derive(Default)]
struct Table {
    end: End,
    /// Whether somebody asks for the end.
    cutting: AtomicBool,
    /// The frames that went in before the end, by sender.
    sure: Mutex<BTreeMap<u8, u32>>,
}

/// Reads as the session's writer does: until the end, and then what is still there.
async fn read(table: Arc<Table>, mut frames: Outlet<(u8, u32)>) -> BTreeMap<u8, u32> {
    let mut read: BTreeMap<u8, u32> = BTreeMap::new();
    let mut take = |(sender, number): (u8, u32)| {
        let next = read.entry(sender).or_default();
        assert_eq!(number, *next, "a frame is missing or out of order");
        *next += 1;
    };
    while let Some(frame) = frames.next(&table.end).await {
        take(frame);
        if thread_rng().r#gen() {
            shuttle::thread::yield_now();
        }
    }
    let why = table.end.why();
    while let Some(frame) = frames.try_next() {
        take(frame);
    }
    if why.is_some() {
        assert_eq!(table.end.why(), why, "another reason than the first");
    }
    read
}

/// Gives the number of frames that it offered.
async fn send(table: Arc<Table>, sender: u8, queue: Sender<(u8, u32)>) -> u32 {
    let many = thread_rng().gen_range(1..=4);
    for number in 0..many {
        queue.send((sender, number), &table.end);
        if table.end.why().is_some() {
            return number + 1;
        }
        let mut sure = table.sure.lock().unwrap_or_else(PoisonError::into_inner);
        sure.insert(sender, number + 1);
    }
    many
}

pub(crate) fn run() {
    let mut dice = thread_rng();
    let room = [1, 2, 3, 16, 16][dice.gen_range(0..5)];
    let (queue, frames) = channel(room);
    let table = Arc::new(Table::default());
    let reader = shuttle::future::spawn(read(table.clone(), frames));
    let senders: Vec<_> = (0..dice.gen_range(1..=3))
        .map(|n| shuttle::future::spawn(send(table.clone(), n, queue.clone())))
        .collect();
    drop(queue);
    if dice.r#gen() {
        let table = table.clone();
        let cutter = async move {
            table.cutting.store(true, Ordering::Relaxed);
            table.end.cut("draining", "The relay is being restarted.");
        };
        drop(shuttle::future::spawn(cutter));
    }
    let mut offered = BTreeMap::new();
    for (sender, task) in (0..).zip(senders) {
        let Ok(many) = shuttle::future::block_on(task) else {
            panic!("a sender was stopped");
        };
        offered.insert(sender, many);
    }
    let Ok(read) = shuttle::future::block_on(reader) else {
        panic!("the reader was stopped");
    };
    let sure = table.sure.lock().unwrap_or_else(PoisonError::into_inner);
    for (sender, number) in &*sure {
        let there = read.get(sender).copied().unwrap_or_default();
        assert!(there >= *number, "{there} of {number} frames came out");
    }
    match table.end.why().map(|cut| cut.code) {
        None => assert_eq!(
            read, offered,
            "frames were dropped, and the session goes on"
        ),
        Some("too-slow") => assert!(room < 12, "too slow, with room for all"),
        Some(code) => assert!(
            table.cutting.load(Ordering::Relaxed),
            "ended without a reason: {code}"
        ),
    }
}
