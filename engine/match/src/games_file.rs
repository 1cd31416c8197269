//! The PGN file of a match: games go in as they end, and come out again when an interrupted match goes on.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::SystemTime;

use anyhow::{Context, Result, bail};
use rookery_match::fault::FaultKind;
use rookery_match::game::GameRecord;
use rookery_match::pgn::{self, Header, PgnGame};
use rookery_match::standing::{Slot, Standing};
use shakmaty::{Color, KnownOutcome};

/// An open file, and what it held.
pub(crate) struct GamesFile {
    file: File,
    games: Vec<PgnGame>,
}

/// What tells the games of one match from others.
pub(crate) struct Identity {
    pub(crate) event: String,
    pub(crate) names: [String; 2],
    pub(crate) settings: String,
}

impl GamesFile {
    /// Opens a new file, or to `resume` one that there is. A game that was cut off is removed from it.
    pub(crate) fn open(path: &Path, resume: bool) -> Result<Self> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .with_context(|| format!("cannot open {}", path.display()))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)
            .with_context(|| format!("cannot read {}", path.display()))?;
        if !bytes.is_empty() && !resume {
            bail!(
                "{} has games already: go on with --resume, or name another file",
                path.display()
            );
        }
        let mut text = String::from_utf8_lossy(&bytes).into_owned();
        if !text.ends_with("\n\n") {
            let complete = text.rfind("[Event ").unwrap_or(0);
            text.truncate(complete);
        }
        let length = text.len() as u64;
        file.set_len(length)
            .and_then(|()| file.seek(SeekFrom::End(0)))
            .with_context(|| format!("cannot write {}", path.display()))?;
        let games = pgn::read(&text);
        Ok(Self { file, games })
    }

    /// The games of this match among those that were there.
    pub(crate) fn played(&self, identity: &Identity, pairs: usize) -> (HashSet<Slot>, Standing) {
        let mut played = HashSet::new();
        let mut standing = Standing::default();
        for game in &self.games {
            if let Some((slot, outcome, fault)) = of_match(game, identity)
                && slot.pair < pairs
                && played.insert(slot)
            {
                standing.add(slot, outcome, fault);
            }
        }
        (played, standing)
    }

    /// Appends a game, all at once.
    pub(crate) fn append(
        &mut self,
        slot: Slot,
        record: &GameRecord,
        identity: &Identity,
    ) -> Result<()> {
        let date = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        let date = date.get(..10).unwrap_or("????.??.??").replace('-', ".");
        let name = |color: Color| {
            let name = identity.names.get(slot.engine(color));
            name.map_or("?", String::as_str)
        };
        let header = Header {
            event: &identity.event,
            date: &date,
            round: &slot.round(),
            white: name(Color::White),
            black: name(Color::Black),
            settings: &identity.settings,
        };
        let text = pgn::write(record, &header);
        self.file
            .write_all(text.as_bytes())
            .and_then(|()| self.file.flush())
            .context("cannot write the games")
    }
}

type Found = (Slot, KnownOutcome, Option<(Color, FaultKind)>);

fn of_match(game: &PgnGame, identity: &Identity) -> Option<Found> {
    let slot = Slot::from_round(game.tag("Round")?)?;
    let names = [Color::White, Color::Black].map(|color| identity.names.get(slot.engine(color)));
    let [white, black] = names;
    let same = game.tag("Settings")? == identity.settings
        && Some(game.tag("White")?) == white.map(String::as_str)
        && Some(game.tag("Black")?) == black.map(String::as_str);
    let outcome = match game.result.as_deref()? {
        "1-0" => KnownOutcome::from_winner(Some(Color::White)),
        "0-1" => KnownOutcome::from_winner(Some(Color::Black)),
        "1/2-1/2" => KnownOutcome::Draw,
        _ => return None,
    };
    let fault = game.tag("Fault").and_then(|fault| {
        let (color, kind) = fault.split_once(' ')?;
        let color = if color == "White" {
            Color::White
        } else {
            Color::Black
        };
        Some((
            color,
            FaultKind::ALL
                .into_iter()
                .find(|known| known.name() == kind)?,
        ))
    });
    same.then_some((slot, outcome, fault))
}
