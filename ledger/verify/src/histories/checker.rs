//! Is there one order of all operations, each somewhere between its call and its answer, in which a register of places
//! gives the answers that were heard? A search after Wing and Gong, with Lowe's memory of what was tried.

use std::collections::{BTreeSet, HashSet};

use super::history::{Answer, Call, History, Op};

/// What the search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Linearizable,
    /// No order explains the answers; why the search got no further.
    Broken(String),
}

/// The sequential register: what each place holds, in order, from the genesis on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Register<'a> {
    places: Vec<(&'a str, bool)>,
}

impl<'a> Register<'a> {
    fn new(game: &'a str) -> Self {
        Self {
            places: vec![(game, true)],
        }
    }

    /// The newest record, on which the next one must stand.
    fn head(&self) -> &'a str {
        let newest = self.places.iter().rev().find(|(_, record)| *record);
        newest.map_or("", |(holds, _)| holds)
    }

    fn place_of(&self, holds: &str) -> Option<u64> {
        let at = self.places.iter().position(|(held, _)| *held == holds);
        at.map(|at| at as u64)
    }

    /// The register after the operation, or none where it would have answered otherwise.
    fn after(&self, op: &'a Op) -> Option<Self> {
        let answer = op.answer.as_ref().map(|(_, answer)| answer);
        match &op.call {
            Call::Submit { record, prev } => {
                let held = self.place_of(record);
                let fits = held.is_none() && self.head() == prev;
                match answer {
                    Some(Answer::Refused { head, .. }) => {
                        let truly = head.as_deref().is_none_or(|head| head == self.head());
                        (held.is_none() && !fits && truly).then(|| self.clone())
                    }
                    Some(Answer::Placed { seq }) => match held {
                        Some(at) => (at == *seq).then(|| self.clone()),
                        None => (fits && *seq == self.places.len() as u64)
                            .then(|| self.with(record, true)),
                    },
                    Some(Answer::Chain { .. }) => None,
                    None if fits => Some(self.with(record, true)),
                    None => Some(self.clone()),
                }
            }
            Call::Append { entries, prev } => {
                let fits = self.head() == prev;
                let appended = || {
                    let mut next = self.clone();
                    next.places
                        .extend(entries.iter().map(|entry| (entry.as_str(), true)));
                    next
                };
                match answer {
                    Some(Answer::Refused { .. }) => (!fits).then(|| self.clone()),
                    Some(Answer::Placed { seq }) => {
                        let last = self.places.len() + entries.len() - 1;
                        (fits && *seq == last as u64).then(appended)
                    }
                    Some(Answer::Chain { .. }) => None,
                    None if fits => Some(appended()),
                    None => Some(self.clone()),
                }
            }
            Call::Read => match answer {
                Some(Answer::Chain { places }) => {
                    let same = places.len() == self.places.len()
                        && (0..)
                            .zip(places)
                            .zip(&self.places)
                            .all(|((seq, read), held)| {
                                read.seq == seq && (read.holds.as_str(), read.record) == *held
                            });
                    same.then(|| self.clone())
                }
                Some(_) => None,
                None => Some(self.clone()),
            },
            Call::Own { entry } => Some(self.with(entry, false)),
        }
    }

    fn with(&self, holds: &'a str, record: bool) -> Self {
        let mut next = self.clone();
        next.places.push((holds, record));
        next
    }
}

/// Which operations have had their turn.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Done(Vec<u64>);

impl Done {
    fn new(ops: usize) -> Self {
        Self(vec![0; ops.div_ceil(64)])
    }

    fn has(&self, op: usize) -> bool {
        self.0[op / 64] >> (op % 64) & 1 == 1
    }

    fn put(&mut self, op: usize) {
        self.0[op / 64] |= 1 << (op % 64);
    }
}

/// Searches for an order.
pub(super) fn check(history: &History) -> Verdict {
    // By their calls, so that those that may come next are at the front.
    let mut ops: Vec<&Op> = history.ops.iter().collect();
    ops.sort_by_key(|op| op.invoked);
    let mut open = vec![(Done::new(ops.len()), Register::new(&history.game))];
    let mut tried = HashSet::new();
    let mut furthest = (0, String::new());
    while let Some((mut done, register)) = open.pop() {
        settle(&ops, &mut done, &register);
        if !tried.insert((done.clone(), register.clone())) {
            continue;
        }
        let waiting: Vec<usize> = (0..ops.len()).filter(|op| !done.has(*op)).collect();
        if waiting.iter().all(|op| ops[*op].answer.is_none()) {
            return Verdict::Linearizable;
        }
        let reached = ops.len() - waiting.len();
        if reached >= furthest.0 {
            furthest = (reached, stuck(&ops, &waiting, &register));
        }
        for op in next(&ops, &waiting) {
            // What has no answer and changes nothing need not happen.
            if let Some(after) = register.after(ops[op])
                && after != register
            {
                let mut done = done.clone();
                done.put(op);
                open.push((done, after));
            }
        }
    }
    Verdict::Broken(furthest.1)
}

/// Those of the waiting operations that may come next: none of the others was answered before they were called.
fn next<'a>(ops: &'a [&Op], waiting: &'a [usize]) -> impl Iterator<Item = usize> + 'a {
    let answered = waiting
        .iter()
        .filter_map(|op| ops[*op].answer.as_ref().map(|(at, _)| *at))
        .min()
        .unwrap_or(u64::MAX);
    let may = move |op: &usize| ops[*op].invoked <= answered;
    waiting.iter().copied().filter(may)
}

/// Gives their turn to operations that fit and change nothing: to have it now takes nothing from any other.
fn settle(ops: &[&Op], done: &mut Done, register: &Register<'_>) {
    loop {
        let waiting: Vec<usize> = (0..ops.len()).filter(|op| !done.has(*op)).collect();
        let idle: BTreeSet<usize> = next(ops, &waiting)
            .filter(|op| ops[*op].answer.is_some())
            .filter(|op| register.after(ops[*op]).as_ref() == Some(register))
            .collect();
        if idle.is_empty() {
            return;
        }
        for op in idle {
            done.put(op);
        }
    }
}

/// What had to come next and could not.
fn stuck(ops: &[&Op], waiting: &[usize], register: &Register<'_>) -> String {
    let first = waiting
        .iter()
        .filter_map(|op| ops[*op].answer.as_ref().map(|(at, _)| (*at, *op)))
        .min();
    let Some((_, op)) = first else {
        return String::new();
    };
    let op = ops[op];
    format!(
        "with {} places and the head {}, no order explains what client {} heard: {:?} of {:?}",
        register.places.len(),
        register.head(),
        op.client,
        op.answer.as_ref().map(|(_, answer)| answer),
        op.call
    )
}
