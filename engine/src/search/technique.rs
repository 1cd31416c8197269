//! The techniques of the search by their names, so that each can be left out to see what it is worth. Only builds with
//! the feature `ablation` can leave any out; in all others asking costs nothing.

/// What makes the tree small, or the search's judgement better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Technique {
    Aspiration,
    MateDistance,
    UpcomingRepetition,
    Correction,
    WideCorrection,
    Improving,
    Hindsight,
    ReverseFutility,
    Razoring,
    NullMove,
    ProbCut,
    InternalIterativeReduction,
    LateMovePruning,
    Futility,
    HistoryPruning,
    ExchangePruning,
    SingularExtension,
    DoubleExtension,
    CheckExtension,
    LateMoveReduction,
    ReductionTerms,
    DeeperShallower,
    Continuation,
    Threats,
    PawnHistory,
    HistoryFromCutoffs,
    HistoryFromFailures,
    QuiescenceFutility,
    Softening,
}

/// What is left out of the search: nothing.
#[cfg(not(feature = "ablation"))]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ablation;

#[cfg(not(feature = "ablation"))]
impl Ablation {
    pub(crate) const fn from_environment() -> Ablation {
        Ablation
    }

    pub(super) const fn keeps(self, _: Technique) -> bool {
        true
    }
}

/// What is left out of the search: one bit for each technique.
#[cfg(feature = "ablation")]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ablation(u64);

#[cfg(feature = "ablation")]
impl Ablation {
    const NAMES: [(&str, Technique); 29] = [
        ("aspiration", Technique::Aspiration),
        ("mate-distance", Technique::MateDistance),
        ("upcoming-repetition", Technique::UpcomingRepetition),
        ("correction", Technique::Correction),
        ("wide-correction", Technique::WideCorrection),
        ("improving", Technique::Improving),
        ("hindsight", Technique::Hindsight),
        ("reverse-futility", Technique::ReverseFutility),
        ("razoring", Technique::Razoring),
        ("null-move", Technique::NullMove),
        ("probcut", Technique::ProbCut),
        ("iir", Technique::InternalIterativeReduction),
        ("late-move-pruning", Technique::LateMovePruning),
        ("futility", Technique::Futility),
        ("history-pruning", Technique::HistoryPruning),
        ("see-pruning", Technique::ExchangePruning),
        ("singular", Technique::SingularExtension),
        ("double-extension", Technique::DoubleExtension),
        ("check-extension", Technique::CheckExtension),
        ("late-move-reduction", Technique::LateMoveReduction),
        ("reduction-terms", Technique::ReductionTerms),
        ("deeper-shallower", Technique::DeeperShallower),
        ("continuation", Technique::Continuation),
        ("threats", Technique::Threats),
        ("pawn-history", Technique::PawnHistory),
        ("history-from-cutoffs", Technique::HistoryFromCutoffs),
        ("history-from-failures", Technique::HistoryFromFailures),
        ("quiescence-futility", Technique::QuiescenceFutility),
        ("softening", Technique::Softening),
    ];

    /// Reads `ROOKERY_ABLATE`, names with commas between. A wrong name ends the program: a match that leaves out
    /// nothing by mistake would measure nothing.
    pub(crate) fn from_environment() -> Ablation {
        let names = std::env::var("ROOKERY_ABLATE").unwrap_or_default();
        let mut bits = 0;
        for name in names.split(',').filter(|name| !name.is_empty()) {
            let Some((_, technique)) = Ablation::NAMES.iter().find(|(known, _)| *known == name)
            else {
                let known: Vec<_> = Ablation::NAMES.iter().map(|(known, _)| *known).collect();
                eprintln!("ROOKERY_ABLATE: {name} is none of {}", known.join(", "));
                std::process::exit(2);
            };
            bits |= 1 << *technique as u32;
        }
        Ablation(bits)
    }

    pub(super) const fn keeps(self, technique: Technique) -> bool {
        self.0 & (1 << technique as u32) == 0
    }
}
