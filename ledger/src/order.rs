//! What an honest orderer decides for one game: which receipts to append for what it is offered, and when. Pure: the
//! caller appends to the log, waits until that is durable, and only then commits here, signs and sends.

use std::collections::VecDeque;

use crate::codec;
use crate::game::{Game, Inserted};
use crate::id::{Epoch, Hash, Millis, OrderKey};
use crate::insert::Checked;
use crate::mutant::Mutant;
use crate::record::{Clock, Genesis, Home, Item, Lapsed, Receipt, Record, Signed, What};
use crate::refusal::Refusal;
use crate::sign::Keypair;
use crate::store;

/// How long after serving again a relay waits for the mover before it stamps the `Gap` of its own outage, ms.
pub const RETURN_MS: u64 = 10_000;
/// How long a successor waits for the second signature under a `Home` of a live game, ms.
pub const LAPSE_MS: u64 = 10_000;

/// One place of the order: the entry of the log, with the item that it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The unsigned receipt.
    pub receipt: Receipt,
    /// What it is for, where that is an item.
    pub item: Option<Item>,
}

/// What to do with what was offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Append these to the log if its head is the expected one; when durable call [`Orderer::commit`], then answer with `then`.
    Append {
        /// In order.
        entries: Vec<Entry>,
        /// None: carried out. Else the refusal to send once the entries are durable (a flag fell first).
        then: Option<Refusal>,
    },
    /// Make this durable (never to be undone), then sign and send it: the epoch will not be committed here.
    Lapse(Lapsed),
    /// It was carried out before, or needs nothing more now.
    Done,
    /// Another key orders this game: pass it on.
    Elsewhere(OrderKey),
    /// Not taken.
    Refused(Refusal),
}

/// The outage of this relay that is not stamped yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Outage {
    from: Millis,
    /// When it is stamped at the latest.
    until: Millis,
}

/// One game at one order key.
#[derive(Debug, Clone)]
pub struct Orderer {
    game: Game,
    key: OrderKey,
    outage: Option<Outage>,
    /// When the first signature under a `Home` to this key came, for each epoch that is neither committed nor lapsed.
    asked: Vec<(Home, Millis)>,
    /// Epochs that this key refused.
    lapsed: Vec<Epoch>,
    /// The record that was judged last, which need not be checked again when it is committed. Decides nothing.
    judged: Option<Signed<Record>>,
}

impl Orderer {
    /// An orderer for a game as it was read from the log; `lapsed` are the epochs that this key refused before.
    #[must_use]
    pub fn new(game: Game, key: OrderKey, lapsed: Vec<Epoch>) -> Self {
        Self {
            game,
            key,
            outage: None,
            asked: Vec::new(),
            lapsed,
            judged: None,
        }
    }

    /// The first entry of a new game.
    ///
    /// # Errors
    ///
    /// A [`Refusal`] where the genesis is not valid.
    pub fn create(
        genesis: Signed<Genesis>,
        key: OrderKey,
        at: Millis,
    ) -> Result<(Self, Entry), Refusal> {
        let game = Game::new(genesis.clone())?;
        let receipt = game.next_receipt(key, What::Genesis, at, Millis::ZERO);
        let entry = Entry {
            receipt,
            item: Some(Item::Genesis(genesis)),
        };
        Ok((Self::new(game, key, Vec::new()), entry))
    }

    /// The game as far as it is committed.
    #[must_use]
    pub fn game(&self) -> &Game {
        &self.game
    }

    /// What it holds beside the game: its outage that is not stamped yet, the `Home`s that it was asked for and when, the
    /// epochs that it refused. Two orderers that show the same over the same game decide alike.
    #[must_use]
    pub fn beside(&self) -> impl std::fmt::Debug {
        (self.outage, &self.asked, &self.lapsed)
    }

    /// Takes in what another relay ordered, or what this one may need should it take the game over. Nothing is decided.
    ///
    /// # Errors
    ///
    /// As [`Game::insert`].
    pub fn learn(&mut self, item: Item) -> Result<Inserted, Refusal> {
        self.game.insert(item)
    }

    /// Goes on from `before`, an orderer of the same game and key that knew less of the log: what only that one knew (what
    /// other keys ordered, signatures under a `Home` and when they were asked for) is kept.
    pub fn keep(&mut self, before: Self) {
        for item in before.game.items() {
            // Both hold what is valid; where they contradict each other both count as evidence.
            let _ = self.game.insert(item);
        }
        let epoch = self.game.orderer().map_or(Epoch::ZERO, |(_, epoch)| epoch);
        self.asked.extend(before.asked);
        self.asked.retain(|(home, _)| {
            home.epoch > epoch
                && !self.lapsed.contains(&home.epoch)
                && !self.game.has_committed(self.key, home.epoch)
        });
    }

    /// The key that orders the game, where it is not this one. An untimed game is stored by every relay.
    #[must_use]
    pub fn elsewhere(&self) -> Option<OrderKey> {
        let (home, _) = self.game.orderer()?;
        (self.game.is_clocked() && home != self.key).then_some(home)
    }

    /// After a restart or takeover: `last_mark` is the last alive mark of whoever served before, `now` the moment from
    /// which this relay serves. The time between is charged to nobody.
    pub fn resumed(&mut self, last_mark: Millis, now: Millis) {
        let runs = self.elsewhere().is_none() && self.game.flag_at(Millis::ZERO).is_some();
        if !runs || Mutant::OUTAGE_CHARGED.is_on() {
            return;
        }
        let since = self
            .game
            .state()
            .clocks
            .as_ref()
            .and_then(crate::clock::Clocks::since);
        let last = self
            .game
            .state()
            .last_stamping()
            .map(|last| last.receipt.at_ms);
        let from = last_mark
            .max(since.unwrap_or(last_mark))
            .max(last.unwrap_or(last_mark));
        self.outage = Some(Outage {
            from,
            until: Millis::new(now.get() + RETURN_MS),
        });
    }

    /// Whether an outage is still to be stamped: so long only the alive mark before it says where it began.
    #[must_use]
    pub fn owes_gap(&self) -> bool {
        let runs = || self.elsewhere().is_none() && self.game.flag_at(Millis::ZERO).is_some();
        self.outage.is_some() && runs()
    }

    /// When [`Orderer::tick`] has something to do next, if nothing else happens; `lag` is that of the side to move.
    #[must_use]
    pub fn wake_at(&self, lag: Millis) -> Option<Millis> {
        let flag = if self.elsewhere().is_some() {
            None
        } else {
            self.game.flag_at(lag)
        };
        let turn = match self.outage {
            Some(outage) if flag.is_some() => Some(outage.until),
            _ => flag,
        };
        let lapse = match self.game.genesis().body.clock {
            Clock::Live { .. } => self
                .asked
                .iter()
                .map(|(_, at)| Millis::new(at.get() + LAPSE_MS))
                .min(),
            _ => None,
        };
        // What was learnt since may have made a `Home` ready to commit or to lapse.
        let ready = match self.commit_if_ready(Millis::ZERO) {
            Decision::Done => None,
            _ => self.asked.iter().map(|(_, at)| *at).min(),
        };
        turn.into_iter().chain(lapse).chain(ready).min()
    }

    /// What time alone brings at `at`.
    #[must_use]
    pub fn tick(&mut self, at: Millis, lag: Millis) -> Decision {
        if self.elsewhere().is_none() {
            if let Some(outage) = self.outage {
                return if at >= outage.until {
                    self.gap_only(at)
                } else {
                    self.tick_lapses(at)
                };
            }
            if self.game.flag_is_due(at, lag) {
                return Decision::Append {
                    entries: vec![self.next(None, What::Flag, at, lag, None)],
                    then: None,
                };
            }
        }
        self.tick_lapses(at)
    }

    fn tick_lapses(&mut self, at: Millis) -> Decision {
        match self.commit_if_ready(at) {
            Decision::Done => {}
            decision => return decision,
        }
        if !matches!(self.game.genesis().body.clock, Clock::Live { .. }) {
            return Decision::Done;
        }
        let late = self
            .asked
            .iter()
            .find(|(_, asked)| at.get() >= asked.get() + LAPSE_MS);
        late.map_or(Decision::Done, |(home, _)| {
            Decision::Lapse(self.lapse_of(home))
        })
    }

    fn lapse_of(&self, home: &Home) -> Lapsed {
        Lapsed {
            game: self.game.id(),
            epoch: home.epoch,
        }
    }

    /// The side to move has a session again: its clock runs from here.
    #[must_use]
    pub fn mover_returned(&self, at: Millis) -> Decision {
        if self.outage.is_some() && self.elsewhere().is_none() {
            self.gap_only(at)
        } else {
            Decision::Done
        }
    }

    fn gap_only(&self, at: Millis) -> Decision {
        match self.gap(at) {
            Some(gap) => Decision::Append {
                entries: vec![gap],
                then: None,
            },
            None => Decision::Done,
        }
    }

    fn gap(&self, at: Millis) -> Option<Entry> {
        let outage = self.outage?;
        let ms = at
            .min(outage.until)
            .saturating_sub(outage.from)
            .min(self.game.longest_gap(at));
        Some(self.next(None, What::Gap { ms }, at, Millis::ZERO, None))
    }

    /// The entry after `before`, or after the last committed one.
    fn next(
        &self,
        before: Option<&Entry>,
        what: What,
        at: Millis,
        lag: Millis,
        item: Option<Item>,
    ) -> Entry {
        let mut receipt = self.game.next_receipt(self.key, what, at, lag);
        if let Some(before) = before {
            receipt.seq = before.receipt.seq.next();
            if !Mutant::BEHIND_NO_GAP.is_on() {
                receipt.prev = Some(codec::hash(&before.receipt));
            }
            receipt.at_ms = receipt.at_ms.max(before.receipt.at_ms);
        }
        Entry { receipt, item }
    }

    /// Decides on an item that arrived at `at`; `lag` is the measured lag of who sent it.
    #[must_use]
    pub fn submit(&mut self, item: &Item, at: Millis, lag: Millis) -> Decision {
        match item {
            Item::Genesis(genesis) if genesis.body == self.game.genesis().body => Decision::Done,
            Item::Genesis(_) => Decision::Refused(Refusal::WrongGame),
            Item::Record(record) if self.game.is_clocked() => self.submit_clocked(record, at, lag),
            Item::Record(record) => self.submit_untimed(record, at, lag),
            Item::Home(home) => self.submit_home(home, at),
            Item::Continued { seat, .. } => self.submit_continued(item, seat.hash(), at, lag),
            // Receipts and lapses of others are kept as evidence and change nothing that this relay orders.
            Item::Receipt { .. } | Item::Lapsed { .. } => match self.game.insert(item.clone()) {
                Ok(_) => self.commit_if_ready(at),
                Err(refusal) => Decision::Refused(refusal),
            },
        }
    }

    fn submit_untimed(&mut self, record: &Signed<Record>, at: Millis, lag: Millis) -> Decision {
        let hash = record.hash();
        // A record counts by its signature alone, so it may be in the game before it is on disk; the receipt may not.
        match self.game.insert(Item::Record(record.clone())) {
            Err(refusal) => return Decision::Refused(refusal),
            // It waits, but nothing durable says so: the sender must send it again behind what it rests on.
            Ok(Inserted::Held) => return Decision::Refused(self.why_held(record)),
            Ok(Inserted::New | Inserted::Duplicate) if self.game.record(hash).is_none() => {
                return Decision::Refused(self.why_held(record));
            }
            Ok(Inserted::New | Inserted::Duplicate) => {}
        }
        let mut entries: Vec<Entry> = Vec::new();
        for record in self.unreceipted_with(record) {
            let what = What::Record(record.hash());
            let entry = self.next(entries.last(), what, at, lag, Some(Item::Record(record)));
            entries.push(entry);
        }
        if entries.is_empty() {
            return Decision::Done;
        }
        Decision::Append {
            entries,
            then: None,
        }
    }

    /// The record, what it rests on and what rests on it, as far as they stand without a receipt of this key, each behind
    /// what it rests on. What waited for the record stands from now on, and whoever sent it may not send it again; what it
    /// rests on may stand although it could not be made durable.
    fn unreceipted_with(&self, record: &Signed<Record>) -> Vec<Signed<Record>> {
        let lacks = |hash: &Hash| !self.game.is_receipted_by(self.key, *hash);
        let below = |hash: Hash| {
            let record = &self.game.record(hash)?.signed.body;
            let prev = match record {
                Record::ResignAt { at } => *at,
                other => other.place()?.prev,
            };
            self.game.record(prev).map(|_| prev)
        };
        let mut lowest = record.hash();
        while let Some(prev) = below(lowest).filter(lacks) {
            lowest = prev;
        }
        let mut found = Vec::new();
        let mut next = VecDeque::from([lowest]);
        while let Some(hash) = next.pop_front() {
            let Some(entry) = self.game.record(hash) else {
                continue;
            };
            if lacks(&hash) {
                found.push(entry.signed.clone());
            }
            next.extend(self.game.children(hash).map(|(child, _)| child));
            let resigns_here = |entry: &&store::Entry| matches!(entry.signed.body, Record::ResignAt { at } if at == hash);
            let resignations = self.game.resignations().filter(resigns_here);
            next.extend(resignations.map(|entry| entry.signed.hash()));
        }
        found
    }

    /// Why a record waits instead of standing where it says.
    fn why_held(&self, record: &Signed<Record>) -> Refusal {
        let line = &self.game.state().line;
        let stands = record.body.place().map(|place| place.prev);
        if stands.is_some_and(|prev| self.game.is_head(prev)) {
            return Refusal::TooMany;
        }
        if line.players().is_none() {
            return Refusal::NotSeated;
        }
        Refusal::UnknownPrev {
            head: line.head(),
            height: line.height(),
        }
    }

    /// Why what both players sign waits: nobody is known to sit who signed it.
    fn why_unsigned(&self) -> Refusal {
        if self.game.state().line.players().is_some() {
            Refusal::BadSignature
        } else {
            Refusal::NotSeated
        }
    }

    /// Whether a receipt that counts is for the record.
    fn is_counted(&self, hash: Hash) -> bool {
        let mut counted = self.game.state().counted.iter();
        counted.any(|counted| counted.valid && counted.receipt.what == What::Record(hash))
    }

    fn submit_clocked(&mut self, record: &Signed<Record>, at: Millis, lag: Millis) -> Decision {
        let hash = record.hash();
        if self.is_counted(hash) && !Mutant::REPEATED.is_on() {
            return Decision::Done;
        }
        if let Some(home) = self.elsewhere() {
            // Kept as well: it may be what a receipt of that home is for, should this key take the game over.
            let _ = self.game.insert(Item::Record(record.clone()));
            return match self.commit_if_ready(at) {
                Decision::Done => Decision::Elsewhere(home),
                commit => commit,
            };
        }
        if let Err(refusal) = self.game.judge(record) {
            return Decision::Refused(refusal);
        }
        self.judged = Some(record.clone());
        self.append(What::Record(hash), at, lag, Item::Record(record.clone()))
    }

    /// Appends what was judged, behind the gap that is due, or behind a flag instead.
    fn append(&mut self, what: What, at: Millis, lag: Millis, item: Item) -> Decision {
        let gap = self.gap(at);
        let gap_ms = match gap.as_ref().map(|entry| entry.receipt.what) {
            Some(What::Gap { ms }) => ms,
            _ => Millis::ZERO,
        };
        let mut entries: Vec<Entry> = gap.into_iter().collect();
        let stamp = at.max(
            self.game
                .state()
                .last_receipt()
                .map_or(at, |last| last.receipt.at_ms),
        );
        let flag_at = self
            .game
            .flag_at(lag)
            .map(|flag| flag.get().saturating_add(gap_ms.get()));
        if flag_at.is_some_and(|flag| stamp.get() >= flag) {
            let turn = self.game.state().line.turn();
            entries.push(self.next(entries.last(), What::Flag, at, lag, None));
            return Decision::Append {
                entries,
                then: Some(Refusal::OutOfTime { turn }),
            };
        }
        entries.push(self.next(entries.last(), what, at, lag, Some(item)));
        Decision::Append {
            entries,
            then: None,
        }
    }

    fn submit_continued(&mut self, item: &Item, seat: Hash, at: Millis, lag: Millis) -> Decision {
        if let Some(home) = self.elsewhere() {
            return Decision::Elsewhere(home);
        }
        let state = self.game.state();
        if state
            .counted
            .iter()
            .any(|counted| counted.receipt.what == What::Continued(seat))
        {
            return Decision::Done;
        }
        if let Some(outcome) = state.outcome() {
            return Decision::Refused(Refusal::GameOver(outcome));
        }
        match self.game.insert(item.clone()) {
            Err(refusal) => return Decision::Refused(refusal),
            Ok(Inserted::Held) => return Decision::Refused(self.why_unsigned()),
            Ok(Inserted::New | Inserted::Duplicate) => {}
        }
        let (head, height) = (
            self.game.state().line.head(),
            self.game.state().line.height(),
        );
        let Item::Continued { genesis, .. } = item else {
            return Decision::Refused(Refusal::WrongGame);
        };
        if genesis.body.from.is_none_or(|from| from.head != head) {
            return Decision::Refused(Refusal::StaleHead { head, height });
        }
        self.append(What::Continued(seat), at, lag, item.clone())
    }

    /// A signature under a `Home`. The key that it names commits once both players signed the same bytes and it counts
    /// every receipt up to `after`; it lapses the epoch where they signed different ones, where it counts receipts past
    /// `after`, or where a signer asks: by sending the signature again when [`LAPSE_MS`] have passed.
    fn submit_home(&mut self, home: &Signed<Home>, at: Millis) -> Decision {
        match self.game.insert(Item::Home(*home)) {
            Err(refusal) => return Decision::Refused(refusal),
            Ok(Inserted::Held) => return Decision::Refused(self.why_unsigned()),
            Ok(Inserted::New | Inserted::Duplicate) => {}
        }
        let home = home.body;
        let epoch_now = self.game.orderer().map_or(Epoch::ZERO, |(_, epoch)| epoch);
        if home.to != self.key || home.epoch <= epoch_now {
            return Decision::Done;
        }
        if self.game.has_committed(self.key, home.epoch) {
            // Whatever the commit rests on is not known here any more; to refuse the epoch now would break a promise.
            return Decision::Done;
        }
        let mut signatures = self.game.home_signatures();
        let rival =
            signatures.any(|(_, other)| other.body.epoch == home.epoch && other.body != home);
        let lapsed = self.lapsed.contains(&home.epoch) && !Mutant::COMMITS_WHAT_LAPSED.is_on();
        if lapsed || rival {
            return Decision::Lapse(self.lapse_of(&home));
        }
        let asked = self.asked.iter().find(|(asked, _)| *asked == home);
        let again = asked.is_some_and(|(_, asked)| at.get() >= asked.get() + LAPSE_MS);
        if asked.is_none() {
            self.asked.push((home, at));
        }
        match self.commit_if_ready(at) {
            Decision::Done if again => Decision::Lapse(self.lapse_of(&home)),
            decision => decision,
        }
    }

    /// The commit, or the refusal, of a `Home` to this key that both players signed.
    fn commit_if_ready(&self, at: Millis) -> Decision {
        let last = self.game.state().last_receipt().map(|last| last.hash);
        for (home, _) in &self.asked {
            if !self.game.homes().any(|signed| signed == home) {
                continue;
            }
            let mut counted = self.game.state().counted.iter();
            let behind = counted.any(|counted| counted.hash == home.after);
            if last == Some(home.after) || (behind && Mutant::COMMITS_BEHIND.is_on()) {
                let entry = Entry {
                    receipt: self.game.commit_receipt(home, at),
                    item: Some(Item::Home(self.signature(home))),
                };
                return Decision::Append {
                    entries: vec![entry],
                    then: None,
                };
            }
            // `after` counts here and is not the newest: a player counts less than this relay knows.
            if behind {
                return Decision::Lapse(self.lapse_of(home));
            }
        }
        Decision::Done
    }

    fn signature(&self, home: &Home) -> Signed<Home> {
        let mut signatures = self
            .game
            .home_signatures()
            .filter(|(_, signed)| signed.body == *home);
        // `submit_home` has seen both.
        signatures.next().map_or(
            Signed {
                body: *home,
                sig: crate::id::Signature([0; 64]),
            },
            |(_, signed)| *signed,
        )
    }

    /// The entries are durable: signs them, takes them into the game, and gives the items to send, in order.
    pub fn commit(&mut self, key: &Keypair, entries: &[Entry]) -> Vec<Item> {
        let mut items = Vec::with_capacity(2 * entries.len());
        for entry in entries {
            if matches!(entry.receipt.what, What::Gap { .. }) {
                self.outage = None;
            }
            let receipt = Game::sign_receipt(key, entry.receipt);
            let mut carried: Vec<Item> = entry.item.iter().cloned().collect();
            if let Some(Item::Home(home)) = &entry.item {
                // Whoever signed one needs the other's to count the commit; a watcher needs both.
                let signatures = self.game.home_signatures();
                let others =
                    signatures.filter(|(_, other)| other.body == home.body && *other != home);
                carried.extend(others.map(|(_, other)| Item::Home(*other)));
            }
            for item in carried {
                let is_judged = matches!((&item, &self.judged), (Item::Record(record), Some(judged)) if record == judged);
                let checked = if is_judged { Checked::Yes } else { Checked::No };
                // What was judged before it was appended is not refused now.
                let _ = self.game.insert_as(item.clone(), checked);
                items.push(item);
            }
            let _ = self.game.insert_as(receipt.clone(), Checked::Yes);
            items.push(receipt);
        }
        self.judged = None;
        let epoch = self.game.orderer().map_or(Epoch::ZERO, |(_, epoch)| epoch);
        self.asked.retain(|(home, _)| home.epoch > epoch);
        items
    }

    /// The lapse is durable: signs it and takes it into the game.
    pub fn lapse(&mut self, key: &Keypair, lapsed: Lapsed) -> Item {
        self.asked.retain(|(home, _)| home.epoch != lapsed.epoch);
        self.lapsed.push(lapsed.epoch);
        let item = Item::Lapsed {
            by: key.order(),
            lapsed: key.sign(lapsed.game, lapsed),
        };
        let _ = self.game.insert(item.clone());
        item
    }
}
