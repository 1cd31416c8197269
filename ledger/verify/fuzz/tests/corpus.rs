//! Every input that is kept, past crashes among them, without a fuzzer.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use rookery_fuzz::TARGETS;

/// A panic in a task of a runtime ends that task only.
static PANICKED: AtomicBool = AtomicBool::new(false);

/// The most files and bytes of one target's corpus.
const MOST: (usize, u64) = (160, 200_000);

#[test]
fn no_target_finds_anything_in_what_is_kept() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        PANICKED.store(true, Ordering::SeqCst);
        usual(info);
    }));
    for (name, run) in TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("corpus")
            .join(name);
        let mut files: Vec<_> = fs::read_dir(&folder)
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        assert!(files.len() >= 8, "{name} has {} inputs", files.len());
        let mut bytes = 0;
        for file in &files {
            let input = fs::read(file).unwrap();
            bytes += input.len() as u64;
            let ended = std::panic::catch_unwind(|| run(&input));
            let sound = ended.is_ok() && !PANICKED.load(Ordering::SeqCst);
            assert!(sound, "{name} finds something in {}", file.display());
        }
        assert!(
            files.len() <= MOST.0 && bytes <= MOST.1,
            "{name}: {} files, {bytes} bytes",
            files.len()
        );
    }
}

#[test]
fn each_target_has_its_program() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz_targets");
    for (name, _) in TARGETS {
        let program = fs::read_to_string(folder.join(format!("{name}.rs"))).unwrap();
        assert!(
            program.contains(&format!("rookery_fuzz::{name}(data)")),
            "{name}"
        );
    }
    assert_eq!(fs::read_dir(&folder).unwrap().count(), TARGETS.len());
}
