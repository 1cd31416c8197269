//! Who and what is in a run: relays, logs, games, players with their ways. All of it follows from the seed.

use anyhow::{Result, anyhow};
use rookery_ledger::genesis::canonical_fen;
use rookery_ledger::id::{Nonce, OrderKey};
use rookery_ledger::player::Options;
use rookery_ledger::record::{Clock, Variant};
use rookery_ledger::sign::Keypair;
use rookery_ledger::{Colour, Player};
use shakmaty::fen::Fen;
use shakmaty::{CastlingMode, Chess};

use super::client::{Casting, Client, Role};
use super::manners::{Ending, Manners};
use crate::real::Random;

/// How the relays stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hosting {
    /// One order key over one log.
    Cluster,
    /// A key and a log each.
    Hosts,
}

/// What a seed gives to begin with.
pub(super) struct Cast {
    pub(super) hosting: Hosting,
    /// Whether the logs are the shipped store.
    pub(super) shipped: bool,
    pub(super) order: [Keypair; 2],
    pub(super) clients: Vec<Client>,
    pub(super) games: usize,
    pub(super) random: Random,
}

const STANDARD: &str = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1";
/// Chess960 start positions, and others from which there is something to castle, promote or take en passant.
const STARTS: [(Variant, &str); 6] = [
    (
        Variant::Chess960,
        "bqnbrkrn/pppppppp/8/8/8/8/PPPPPPPP/BQNBRKRN w GEge - 0 1",
    ),
    (
        Variant::Chess960,
        "rkbbnqnr/pppppppp/8/8/8/8/PPPPPPPP/RKBBNQNR w HAha - 0 1",
    ),
    (
        Variant::Chess960,
        "nrkbbqrn/pppppppp/8/8/8/8/PPPPPPPP/NRKBBQRN w GBgb - 0 1",
    ),
    (
        Variant::Standard,
        "r3k2r/pppq1ppp/2npbn2/4p3/4P3/2NPBN2/PPPQ1PPP/R3K2R w KQkq - 0 9",
    ),
    (
        Variant::Standard,
        "r1bqkbnr/pppp1ppp/2n5/4p3/4P3/5N2/PPPP1PPP/RNBQKB1R w KQkq - 2 3",
    ),
    (
        Variant::Standard,
        "8/PPPk4/8/2pp4/2PP4/8/3K1ppp/8 w - - 0 1",
    ),
];

impl Cast {
    pub(super) fn of(seed: u64) -> Result<Self> {
        let mut random = Random::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x726f_6f6b);
        let hosting = if random.below(5) < 2 {
            Hosting::Cluster
        } else {
            Hosting::Hosts
        };
        let shipped = seed.is_multiple_of(10);
        let first = Keypair::from_secret(&random.bytes());
        let second = match hosting {
            Hosting::Cluster => first.clone(),
            Hosting::Hosts => Keypair::from_secret(&random.bytes()),
        };
        let order = [first, second];
        let games = 1 + usize::try_from(random.below(4)).unwrap_or(0);
        let mut clients = Vec::new();
        for game in 0..games {
            seat(game, hosting, &order, &mut clients, &mut random)?;
        }
        Ok(Self {
            hosting,
            shipped,
            order,
            clients,
            games,
            random,
        })
    }
}

fn clock(random: &mut Random) -> Clock {
    match random.below(8) {
        0 | 1 => Clock::None,
        2 => Clock::Days {
            days: 1 + u32::try_from(random.below(3)).unwrap_or(0),
        },
        n => {
            let initial = [60, 90, 120, 180, 300][usize::try_from(n - 3).unwrap_or(0) % 5];
            Clock::Live {
                initial_s: initial,
                inc_s: u32::try_from(random.below(4)).unwrap_or(0),
            }
        }
    }
}

fn ending(random: &mut Random) -> (Ending, usize) {
    let late = 44 + usize::try_from(random.below(50)).unwrap_or(0);
    match random.below(24) {
        0 => (Ending::NoShow, 0),
        1 => (Ending::Abort, 0),
        2..=6 => (Ending::Resign, late),
        7..=10 => (Ending::ResignOff, late),
        11..=14 => (Ending::Draw, late),
        15..=17 => (Ending::Repeat, late),
        18..=20 => (Ending::Flag, late),
        21 => (Ending::Resign, late),
        _ => (Ending::PlayOut, 160),
    }
}

/// The text that a genesis has for a position.
fn canonical(variant: Variant, start: &str) -> Result<String> {
    let mode = match variant {
        Variant::Standard => CastlingMode::Standard,
        Variant::Chess960 => CastlingMode::Chess960,
    };
    let fen: Fen = start.parse()?;
    let position: Chess = fen
        .into_position(mode)
        .map_err(|error| anyhow!("{start}: {error}"))?;
    Ok(canonical_fen(&position))
}

/// Puts a creator, those who want the seat, and perhaps one who watches at a new game.
fn seat(
    game: usize,
    hosting: Hosting,
    order: &[Keypair; 2],
    clients: &mut Vec<Client>,
    random: &mut Random,
) -> Result<()> {
    let mut homes: Vec<OrderKey> = order.iter().map(Keypair::order).collect();
    homes.dedup();
    if hosting == Hosting::Hosts && random.below(2) == 0 {
        homes.reverse();
    }
    let first = order
        .iter()
        .position(|key| Some(&key.order()) == homes.first());
    let clock = clock(random);
    let (variant, start) = match random.below(3) {
        0 => *random.pick(&STARTS).unwrap_or(&STARTS[0]),
        _ => (Variant::Standard, STANDARD),
    };
    let (ending, plies) = ending(random);
    // Who has no clock to lose by stays away for good.
    let ending = match (ending, clock) {
        (Ending::NoShow | Ending::Flag, Clock::None) => Ending::Resign,
        (ending, _) => ending,
    };
    let takebacks = random.below(2) == 0;
    let options = Options {
        variant,
        start: canonical(variant, start)?,
        moves: Vec::new(),
        clock,
        colour: match random.below(3) {
            0 => Some(Colour::White),
            1 => Some(Colour::Black),
            _ => None,
        },
        seat: None,
        takebacks,
        homes,
        from: None,
    };
    let key = Keypair::from_secret(&random.bytes());
    let [nonce, secret] = [(); 2].map(|()| Nonce(random.bytes()));
    let creator = Player::create(key.clone(), options, nonce, secret)
        .map_err(|refusal| anyhow!("a game that cannot be: {refusal}"))?;
    let genesis = creator.game().genesis().clone();
    let direct = random.below(3) == 0;
    let joiners = 1 + usize::from(random.below(4) == 0) + usize::from(random.below(8) == 0);
    let watchers = usize::from(random.below(6) == 0);
    let roles = std::iter::once(Role::Creator)
        .chain(std::iter::repeat_n(Role::Joiner, joiners))
        .chain(std::iter::repeat_n(Role::Watcher, watchers));
    for role in roles {
        let own = Keypair::from_secret(&random.bytes());
        let (key, player) = match role {
            Role::Creator => (key.clone(), creator.clone()),
            _ => {
                let player = Player::open(own.clone(), genesis.clone(), None);
                (
                    own,
                    player.map_err(|refusal| anyhow!("a game that cannot be: {refusal}"))?,
                )
            }
        };
        let at = clients.len();
        let prefers = match first {
            // Most go to the home; who creates a clocked game has to begin there.
            Some(home)
                if hosting == Hosting::Hosts && (role == Role::Creator || random.below(4) > 0) =>
            {
                home
            }
            _ => usize::try_from(random.below(2)).unwrap_or(0),
        };
        clients.push(Client::new(Casting {
            at,
            name: format!("{role:?} {at} of game {game}"),
            role,
            key,
            player,
            prefers,
            manners: Manners {
                clock,
                ending,
                plies,
                takebacks,
            },
            direct: direct && role != Role::Watcher,
            random: random.fork(),
        }));
    }
    Ok(())
}
