use rookery_games::Ply;
use shakmaty::Square;
use tempfile::TempDir;

use super::super::options::Setting;
use super::*;

const ENGINE: u64 = 12_345;

fn game(number: u64) -> Game {
    let ply = |score| Ply {
        from: Square::E2,
        to: Square::E4,
        promotion: None,
        score,
    };
    Game {
        winner: None,
        opening: 1,
        plies: vec![ply(None), ply(Some(number as i16)), ply(Some(3))],
    }
}

fn games(range: std::ops::Range<u64>) -> Vec<Game> {
    range.map(game).collect()
}

struct Place(TempDir);

impl Place {
    fn new() -> Place {
        Place(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("games.zst")
    }

    fn progress(&self) -> PathBuf {
        self.0.path().join("games.zst.progress")
    }

    fn open(&self) -> Result<Output, Error> {
        Output::open(&self.path(), Settings::default(), ENGINE)
    }

    /// Adds games to the file and leaves it as a process that is killed would.
    fn add(&self, range: std::ops::Range<u64>) -> Written {
        let mut output = self.open().unwrap();
        for game in games(range) {
            output.add(game).unwrap();
        }
        output.written
    }

    fn read(&self) -> Vec<Game> {
        let bytes = fs::read(self.path()).unwrap();
        let reader = Reader::new(bytes.as_slice()).unwrap();
        reader.map(Result::unwrap).collect()
    }

    fn error(&self) -> String {
        self.open().err().unwrap().to_string()
    }
}

#[test]
fn games_go_into_the_file_by_whole_frames() {
    let place = Place::new();
    let mut output = place.open().unwrap();
    for number in 0..70 {
        output.add(game(number)).unwrap();
    }
    let (games_now, positions_now) = (output.written().games, output.written().positions);
    assert_eq!((games_now, positions_now), (70, 140));
    assert_eq!(place.read(), games(0..64));
    output.flush().unwrap();
    assert_eq!(place.read(), games(0..70));
    output.flush().unwrap();
    assert_eq!(place.read(), games(0..70));
}

#[test]
fn after_a_kill_it_goes_on_after_the_last_whole_frame() {
    let place = Place::new();
    let written = place.add(0..40);
    assert_eq!((written.games, written.positions), (32, 64));
    // A frame that was cut off, or one that the progress file does not know of yet.
    let mut file = OpenOptions::new().append(true).open(place.path()).unwrap();
    file.write_all(b"half a frame").unwrap();
    drop(file);
    assert_eq!(place.open().unwrap().written(), written);
    assert_eq!(place.add(32..96).games, 96);
    assert_eq!(place.read(), games(0..96));
    assert_eq!(fs::read_dir(place.0.path()).unwrap().count(), 2);
}

#[test]
fn two_processes_do_not_write_one_file() {
    let place = Place::new();
    let output = place.open().unwrap();
    assert!(matches!(place.open(), Err(Error::Busy(_))));
    drop(output);
    assert!(place.open().is_ok());
}

#[test]
fn what_others_wrote_is_left_alone() {
    let place = Place::new();
    fs::write(place.path(), "a letter").unwrap();
    assert!(matches!(place.open(), Err(Error::Foreign { .. })));
    assert_eq!(fs::read(place.path()).unwrap(), b"a letter");
    assert!(!place.progress().exists());

    let place = Place::new();
    fs::create_dir(place.path()).unwrap();
    assert!(matches!(place.open(), Err(Error::NotAFile(_))));

    for text in ["", "a letter", "rookery datagen 1\nbench x\n", "\u{7f}"] {
        let place = Place::new();
        fs::write(place.progress(), text).unwrap();
        assert!(
            matches!(place.open(), Err(Error::Progress { .. })),
            "{text}"
        );
    }
    let place = Place::new();
    fs::write(place.progress(), b"\xff\xfe").unwrap();
    assert!(place.error().contains("it is no text"));

    let nowhere = Place::new().path();
    let error = Output::open(&nowhere, Settings::default(), ENGINE);
    assert!(matches!(error, Err(Error::Io { doing: "open", .. })));
}

#[test]
fn other_settings_or_another_engine_do_not_go_on() {
    let place = Place::new();
    place.add(0..32);
    let other = Settings::default().with(Setting::Nodes, 7);
    let error = Output::open(&place.path(), other, ENGINE).err().unwrap();
    assert!(error.to_string().contains("begun with nodes 5000, not 7"));
    let error = Output::open(&place.path(), Settings::default(), 1);
    assert!(matches!(error, Err(Error::OtherEngine { .. })));
    assert_eq!(place.read(), games(0..32));
}

#[test]
fn a_changed_file_is_found_out() {
    let place = Place::new();
    let written = place.add(0..64);
    let bytes = fs::read(place.path()).unwrap();
    fs::write(place.path(), &bytes[..bytes.len() - 1]).unwrap();
    assert!(matches!(place.open(), Err(Error::Short { .. })));
    let mut flipped = bytes.clone();
    flipped[bytes.len() / 2] ^= 1;
    fs::write(place.path(), &flipped).unwrap();
    assert!(matches!(place.open(), Err(Error::Damaged { .. })));
    fs::write(place.path(), &bytes).unwrap();
    let progress = fs::read_to_string(place.progress()).unwrap();
    fs::write(place.progress(), progress.replace("games 64", "games 63")).unwrap();
    assert!(matches!(place.open(), Err(Error::Counts(_))));
    fs::write(place.progress(), &progress).unwrap();
    assert_eq!(place.open().unwrap().written(), written);
    fs::remove_file(place.path()).unwrap();
    assert!(matches!(place.open(), Err(Error::Short { .. })));
}

#[test]
fn a_progress_file_is_read_as_it_was_printed() {
    let begun = Begun {
        settings: Settings::default().entries().collect(),
        engine: 8,
        written: Written {
            games: 1,
            positions: 2,
            bytes: 3,
        },
    };
    let text = begun.print();
    assert_eq!(Begun::parse(&text).unwrap(), begun);
    for cut in 0..text.lines().count() {
        let cut: Vec<&str> = text.lines().take(cut).collect();
        assert!(Begun::parse(&cut.join("\n")).is_err());
    }
}
