//! What is in a chain of the log: what was acknowledged or read is there; what was asked for and never answered may be.

use rookery_relay::trace::Entry;

/// An append that may or may not have been carried out, all of it or nothing.
#[derive(Debug, Clone)]
struct Maybe {
    expected: u64,
    entries: Vec<Entry>,
    /// Whether its process is gone, so that what is not there when it is read will never be.
    settled: bool,
}

/// One chain of a game in the log.
#[derive(Debug, Clone, Default)]
pub(super) struct Chain {
    /// In order, each with its place where that is known.
    entries: Vec<(Option<u64>, Entry)>,
    maybes: Vec<Maybe>,
}

impl Chain {
    /// What is there for certain.
    pub(super) fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.entries.iter().map(|(_, entry)| entry)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The place of the last entry; 0 where there is none, nothing where it is not known.
    fn end(&self) -> Option<u64> {
        self.entries.last().map_or(Some(0), |(place, _)| *place)
    }

    /// The log says where the chain ends.
    pub(super) fn ends_at(&mut self, end: u64) -> Result<(), String> {
        let Some(own) = self.end() else {
            return Ok(());
        };
        if end < own {
            return Err(format!(
                "P3: the log's chain ends at {end}, and {own} was acknowledged"
            ));
        }
        if end == own {
            self.maybes.retain(|maybe| !maybe.settled);
        } else if !self.may_go_on() {
            return Err(format!(
                "P2: the log's chain ends at {end}, and nothing was ever appended behind {own}"
            ));
        }
        Ok(())
    }

    fn may_go_on(&self) -> bool {
        let end = self.end();
        self.maybes
            .iter()
            .any(|maybe| !maybe.entries.is_empty() && end.is_none_or(|end| end == maybe.expected))
    }

    /// Takes entries that were there before the trace begins.
    pub(super) fn adopt(&mut self, found: &[(u64, Entry)]) {
        let known = self.end().unwrap_or(0);
        let new = found.iter().filter(|(place, _)| *place > known);
        self.entries
            .extend(new.map(|(place, entry)| (Some(*place), entry.clone())));
    }

    /// The log gives at most `limit` entries behind the place `after`.
    pub(super) fn read(
        &mut self,
        after: u64,
        limit: u64,
        found: &[(u64, Entry)],
    ) -> Result<(), String> {
        let first = self
            .entries
            .iter()
            .rposition(|(place, _)| place.is_some_and(|place| place <= after))
            .map_or(0, |last| last + 1);
        let mut last = after;
        for (at, (place, entry)) in (first..).zip(found) {
            if *place <= last {
                return Err(format!("P2: the log gives place {place} behind {last}"));
            }
            last = *place;
            if at == self.entries.len() {
                self.resolve(entry)?;
            }
            let Some((known, own)) = self.entries.get_mut(at) else {
                return Err(format!(
                    "P2: the log holds an entry at {place} that nobody appended"
                ));
            };
            if own != entry || known.is_some_and(|known| known != *place) {
                return Err(format!(
                    "P3: the log gives another entry at {place} than was acknowledged there"
                ));
            }
            *known = Some(*place);
        }
        let end = first + found.len();
        let full = found.len() as u64 >= limit;
        if !full && end < self.entries.len() {
            let lost = self.entries.len() - end;
            return Err(format!(
                "P3: the log has lost the last {lost} entries of a chain that were acknowledged"
            ));
        }
        if !full {
            self.maybes.retain(|maybe| !maybe.settled);
        }
        Ok(())
    }

    /// An append of which nothing was heard has been carried out: it begins with this entry.
    fn resolve(&mut self, entry: &Entry) -> Result<(), String> {
        let end = self.end();
        let fits = |maybe: &Maybe| {
            end.is_none_or(|end| end == maybe.expected) && maybe.entries.first() == Some(entry)
        };
        let Some(found) = self.maybes.iter().position(fits) else {
            return Err("P2: the log holds an entry that nobody appended there".into());
        };
        let maybe = self.maybes.remove(found);
        // All or nothing: the rest of it is there too.
        self.entries
            .extend(maybe.entries.into_iter().map(|entry| (None, entry)));
        Ok(())
    }

    /// The log says that it has appended these at `expected`.
    pub(super) fn appended(
        &mut self,
        expected: u64,
        entries: Vec<Entry>,
        head: u64,
    ) -> Result<(), String> {
        if self.end().is_some_and(|end| end != expected) {
            return Err(format!(
                "P2: the log appends behind {expected}, where its chain does not end"
            ));
        }
        if (head > expected) == entries.is_empty() {
            return Err(format!(
                "P2: the log appends {} entries behind {expected} and ends at {head}",
                entries.len()
            ));
        }
        // Whoever else expected this end came too late.
        self.maybes.retain(|maybe| maybe.expected > expected);
        let last = entries.len();
        let placed = (1..)
            .zip(entries)
            .map(|(at, entry)| ((at == last).then_some(head), entry));
        self.entries.extend(placed);
        Ok(())
    }

    /// The log says that the chain does not end where an append expected it.
    pub(super) fn conflict(&self, expected: u64) -> Result<(), String> {
        if self.end() == Some(expected) && !self.may_go_on() {
            return Err(format!(
                "P2: the log refuses an append at {expected}, where its chain ends"
            ));
        }
        Ok(())
    }

    /// An append of which it is not known whether it was carried out.
    pub(super) fn unknown(&mut self, expected: u64, entries: Vec<Entry>) {
        self.maybes.push(Maybe {
            expected,
            entries,
            settled: false,
        });
    }

    /// The process is gone.
    pub(super) fn settle(&mut self) {
        for maybe in &mut self.maybes {
            maybe.settled = true;
        }
    }
}
