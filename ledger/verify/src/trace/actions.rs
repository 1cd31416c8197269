//! The actions of the model (`model/world`, `model/steps`) and where they are in a trace and in the relay. The table in
//! `docs/verification.md` is this one; a test holds both complete.

/// An action of the model, the lines of a trace that tell of it, and the functions of the relay that do it.
#[derive(Debug)]
pub(super) struct Mapped {
    /// As `Type::Variant`; nothing for what the model leaves out.
    pub(super) action: &'static str,
    /// Variants of the trace's `Event`.
    pub(super) events: &'static [&'static str],
    /// As `file: function`; nothing for what clients do.
    pub(super) code: &'static [&'static str],
}

const fn mapped(
    action: &'static str,
    events: &'static [&'static str],
    code: &'static [&'static str],
) -> Mapped {
    Mapped {
        action,
        events,
        code,
    }
}

/// The whole table.
pub(super) const MAPPED: &[Mapped] = &[
    mapped(
        "Action::Submit",
        &["Submit", "Reply", "Forward"],
        &[
            "game/driver.rs: on_submit",
            "sequencer/submitting.rs: submit",
            "sequencer/submitting.rs: refuse",
        ],
    ),
    mapped(
        "RelayInput::Submit",
        &["Submit", "Append"],
        &[
            "sequencer/submitting.rs: create",
            "sequencer/submitting.rs: send_home",
            "sequencer/appending.rs: carry_out",
        ],
    ),
    mapped(
        "Action::Tick",
        &["Tick", "Later"],
        &["game/driver.rs: on_time", "sequencer/jobs.rs: tick"],
    ),
    mapped(
        "RelayInput::Tick",
        &["Tick", "Append"],
        &["sequencer/jobs.rs: tick", "sequencer/appending.rs: lapse"],
    ),
    mapped(
        "Action::Returned",
        &["Returned"],
        &["game/mod.rs: on_watch", "sequencer/jobs.rs: returned"],
    ),
    mapped(
        "RelayInput::Returned",
        &["Returned", "Append"],
        &["sequencer/jobs.rs: returned"],
    ),
    mapped(
        "Action::Apply",
        &["Append", "Appended", "Conflict"],
        &[
            "sequencer/appending.rs: append",
            "sequencer/appending.rs: append_kept",
            "sequencer/foreign.rs: start",
            "order_log/request.rs: put_to",
        ],
    ),
    mapped(
        "Action::Answer",
        &[
            "Appended", "Ordered", "Publish", "Reply", "Reached", "Mark", "Upstream",
        ],
        &[
            "sequencer/jobs.rs: go_on",
            "sequencer/appending.rs: appended",
            "sequencer/appending.rs: tell_stage",
            "sequencer/appending.rs: close",
            "game/driver.rs: obey",
        ],
    ),
    mapped(
        "RelayInput::Answered",
        &["Appended", "Conflict", "LogFailed", "Publish"],
        &["sequencer/mod.rs: answered", "sequencer/foreign.rs: next"],
    ),
    mapped(
        "Action::LoseAnswer",
        &["LogFailed", "Trouble"],
        &["sequencer/appending.rs: append_failed"],
    ),
    mapped(
        "Action::Late",
        &["Found", "Entries"],
        &["order_log/redb/transaction.rs: append"],
    ),
    mapped(
        "Action::Crash",
        &["Alive", "Start"],
        &["cli/serve.rs: mark_alive"],
    ),
    mapped(
        "Action::Restart",
        &["Start", "Opened", "Read"],
        &[
            "cli/serve.rs: serve",
            "cli/serve.rs: resume",
            "game/mod.rs: run",
        ],
    ),
    mapped(
        "RelayInput::Start",
        &[
            "Start",
            "Opened",
            "Read",
            "FindGame",
            "Found",
            "ReadChain",
            "Entries",
        ],
        &[
            "sequencer/reading.rs: start",
            "sequencer/reading.rs: next",
            "sequencer/reading.rs: build",
            "sequencer/jobs.rs: take",
        ],
    ),
    mapped(
        "Action::CatchUp",
        &[
            "Conflict",
            "FindGame",
            "Found",
            "ReadChain",
            "Entries",
            "Publish",
        ],
        &[
            "sequencer/appending.rs: append_failed",
            "sequencer/jobs.rs: read",
            "sequencer/jobs.rs: after_read",
        ],
    ),
    mapped(
        "RelayInput::Read",
        &["Read", "FindGame", "Found", "ReadChain", "Entries"],
        &["game/mod.rs: on_message", "sequencer/jobs.rs: read"],
    ),
    mapped(
        "Action::Hear",
        &["Publish", "Shown"],
        &[
            "game/audience.rs: publish",
            "sequencer/entries.rs: in_order",
        ],
    ),
    mapped(
        "Action::Forward",
        &["Learn", "Publish", "Submit"],
        &["game/mod.rs: on_fellow", "sequencer/learning.rs: learn_on"],
    ),
    mapped(
        "RelayInput::Learn",
        &["Learn", "Append", "Publish"],
        &[
            "sequencer/learning.rs: learn",
            "sequencer/learning.rs: tell_missed",
        ],
    ),
    mapped(
        "Action::Stray",
        &["Submit", "Learn", "Reply"],
        &["sequencer/submitting.rs: refuse"],
    ),
    mapped(
        "Action::Wait",
        &["Tick", "Alive"],
        &["cli/serve.rs: keep_time"],
    ),
    mapped("Action::Equivocate", &["Submit"], &[]),
    mapped("Action::Countersign", &["Submit"], &[]),
    mapped("Action::Lie", &["Submit", "Learn"], &[]),
    mapped("Action::Act", &[], &[]),
    mapped("Action::Receive", &[], &[]),
    mapped("PlayerInput::Receive", &["Publish", "Shown"], &[]),
    mapped("PlayerInput::Seat", &["Submit"], &[]),
    mapped("PlayerInput::Play", &["Submit"], &[]),
    mapped("PlayerInput::Resign", &["Submit"], &[]),
    mapped("PlayerInput::MoveHome", &["Submit"], &[]),
    mapped("PlayerInput::AgreeHome", &["Submit"], &[]),
    mapped(
        "PlayerInput::Reload",
        &["Shown"],
        &["game/mod.rs: on_watch"],
    ),
    mapped("", &["Left"], &["games.rs: leave"]),
    mapped("", &["Draining", "Ended"], &["cli/serve.rs: drain"]),
    mapped("", &["Hole"], &["trace/file.rs: write"]),
];

/// The table as `docs/verification.md` has it.
pub(super) fn markdown() -> String {
    let code = |words: &[&str]| {
        let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
        if words.is_empty() {
            "-".to_owned()
        } else {
            words.join(", ")
        }
    };
    let mut text =
        "| the model's action | lines of the trace | where in `relay/src/` |\n|---|---|---|\n"
            .to_owned();
    for row in MAPPED {
        let action = if row.action.is_empty() {
            "not in the model".to_owned()
        } else {
            code(&[row.action])
        };
        text += &format!("| {action} | {} | {} |\n", code(row.events), code(row.code));
    }
    text
}
