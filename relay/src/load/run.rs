//! A run from outside: the relays, the generators, the window of time, the kills, the report.

use std::io::{BufRead as _, BufReader, Write as _};
use std::ops::Range;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use rookery_ledger::record::Clock as Terms;
use rookery_ledger::wire::Token;

use super::figures::Figures;
use super::generator::{Answer, Order, Plan};
use super::line::Clock;
use super::process::{RelayProcess, cpu_of, rss_kb};
use super::random::Random;
use super::report::{self, Measure};
use super::{Args, LoadError, OTHER_FILES, is_loopback};
use crate::limits::Limits;

/// How long a relay may take to give idle connections their memory.
const SETTLE: Duration = Duration::from_secs(2);
/// Handshakes at once in all: fewer than a relay admits together.
const HANDSHAKES: usize = 32;
/// Games that are begun a second before the window.
const SEATED_PER_SECOND: u32 = 100;
/// How long generators may take to connect, and to check what they saw.
const WORK_WITHIN: Duration = Duration::from_secs(1_800);

/// Makes the run, prints what was measured, and says whether nothing was wrong.
///
/// # Errors
///
/// [`LoadError`]
pub fn run(args: &Args) -> Result<bool, LoadError> {
    let think = args.think()?;
    check_files(args)?;
    if let Some(other) = args.relay.iter().find(|address| !is_loopback(address)) {
        return Err(LoadError::NotLoopback(other.clone()));
    }
    let mut measures = machine();
    let mut relays = start_relays(args)?;
    let addresses = if args.relay.is_empty() {
        relays.iter().map(|relay| relay.address.clone()).collect()
    } else {
        args.relay.clone()
    };
    let mut generators = Generators::start(args.processes)?;
    let before = Reading::take(&relays, &generators);
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(failed)?;
    for number in 0..args.processes {
        let part = |whole| part(args, whole, number);
        let plan = Plan {
            seed: args.seed,
            boards: part(args.games),
            idle: part(args.idle),
            watch_each: args.watch_each,
            relays: addresses.clone(),
            handshakes: (HANDSHAKES / args.processes as usize).max(1),
            terms: terms(think),
            token: args.token.clone().map(Token),
            think,
            first_moves_of: args.first_moves.then_some(args.games),
            run: secret,
            joiners: (part(args.joiners), args.joiners),
            watchers: (part(args.watchers), args.watchers),
            hosts: number == 0,
        };
        generators.tell(number as usize, &Order::Connect(plan))?;
    }
    generators.wait_connected()?;
    std::thread::sleep(SETTLE);
    let connected = Reading::take(&relays, &generators);
    let clock = Clock::read();
    let ramp = ramp(args);
    let start = Instant::now() + Duration::from_millis(200);
    let (from, to) = (
        start + ramp,
        start + ramp + Duration::from_secs(args.seconds),
    );
    generators.tell_all(&Order::Play {
        start_ms: clock.ms(start),
        from_ms: clock.ms(from),
        to_ms: clock.ms(to),
    })?;
    sleep_until(from);
    let begun = Reading::take(&relays, &generators);
    let outages = kill_until(args, to, &mut relays, &mut generators)?;
    sleep_until(to);
    let ended = Reading::take(&relays, &generators);
    let figures = generators.wait_done()?;
    measures.extend(figures.measures(args.seconds as f64));
    measures.extend(resources(args, [before, connected, begun, ended]));
    measures.extend(work_of_a_move(args, figures.moves, begun, ended));
    if !outages.is_empty() {
        measures.push(Measure::of_runs("kill to ready again", "ms", outages));
    }
    report::print(&measures);
    for words in &figures.words {
        println!("{words}");
    }
    if let Some(path) = &args.json {
        report::write(path, &measures).map_err(|source| LoadError::Write {
            path: path.clone(),
            source,
        })?;
    }
    Ok(figures.is_clean())
}

/// From the first board's beginning to the window.
fn ramp(args: &Args) -> Duration {
    let begun = Duration::from_secs(1) * args.games / SEATED_PER_SECOND;
    // Who sits and does not move for 30 s has left.
    let most = if args.first_moves {
        Duration::from_secs(20)
    } else {
        Duration::MAX
    };
    Duration::from_secs(2) + begun.min(most)
}

fn sleep_until(moment: Instant) {
    std::thread::sleep(moment.saturating_duration_since(Instant::now()));
}

/// Time enough that no clock runs out: a game that is made up has 55 moves a side.
fn terms(think: Option<Duration>) -> Terms {
    let mean = think.map_or(0, |think| think.as_secs() as u32 + 1);
    Terms::Live {
        initial_s: (60 * mean).max(180),
        inc_s: 2,
    }
}

/// What the machine does besides, so that figures can be judged.
fn machine() -> Vec<Measure> {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let mut measures = vec![Measure::new("cores", "cores", cores as f64)];
    let load = std::fs::read_to_string("/proc/loadavg").ok();
    let load = load.and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok());
    measures.extend(load.map(|load| Measure::new("load before the run", "processes", load)));
    measures
}

/// The share of generator `number` in `whole`, cut so that none is left.
fn part(args: &Args, whole: u32, number: u32) -> Range<u32> {
    let cut = |number: u32| {
        let share = u64::from(whole) * u64::from(number) / u64::from(args.processes);
        // Not more than `whole`.
        share as u32
    };
    cut(number)..cut(number + 1)
}

/// Takes as many files as the system lets this process have, its children too, and says whether they are enough.
fn check_files(args: &Args) -> Result<(), LoadError> {
    let needs = u64::from(args.clients().div_ceil(args.processes)) + OTHER_FILES;
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let mut limit = getrlimit(Resource::Nofile);
        limit.current = limit.maximum;
        // Where that is refused the limit stays, and is judged as it is.
        let _ = setrlimit(Resource::Nofile, limit);
        let has = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        if needs > has {
            return Err(LoadError::TooFewFiles {
                processes: args.processes,
                needs,
                has,
            });
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = needs;
    Ok(())
}

fn start_relays(args: &Args) -> Result<Vec<RelayProcess>, LoadError> {
    if !args.relay.is_empty() {
        return Ok(Vec::new());
    }
    if args.relay_cmd.is_empty() {
        let needs = u64::from(args.clients()) + 64;
        let limits: Vec<String> = (needs > Limits::default().connections)
            .then(|| format!("connections={needs}"))
            .into_iter()
            .collect();
        return Ok(vec![RelayProcess::start_own(
            args.data.as_deref(),
            &limits,
        )?]);
    }
    let words = |command: &String| command.split_whitespace().map(str::to_owned).collect();
    args.relay_cmd
        .iter()
        .map(|command| RelayProcess::start(words(command)))
        .collect()
}

/// Kills the relays by turns until the window ends; gives how long each was away, ms.
fn kill_until(
    args: &Args,
    to: Instant,
    relays: &mut [RelayProcess],
    generators: &mut Generators,
) -> Result<Vec<f64>, LoadError> {
    let mut outages = Vec::new();
    let Some(every) = args.kill_every.map(Duration::from_secs) else {
        return Ok(outages);
    };
    let mut random = Random::new(args.seed, u64::MAX);
    let mut next = Instant::now();
    loop {
        // Not in step with anything.
        next += every.mul_f64(0.8 + 0.4 * random.unit());
        if next >= to || relays.is_empty() {
            return Ok(outages);
        }
        sleep_until(next);
        let victim = outages.len() % relays.len();
        let killed = Instant::now();
        relays[victim].kill_and_restart()?;
        outages.push(killed.elapsed().as_secs_f64() * 1_000.0);
        let addresses = relays.iter().map(|relay| relay.address.clone()).collect();
        generators.tell_all(&Order::Relays(addresses))?;
    }
}

/// Processor time and memory at one moment.
#[derive(Debug, Clone, Copy)]
struct Reading {
    at: Instant,
    relay_cpu: Duration,
    relay_rss_kb: u64,
    generator_cpu: Duration,
    generator_rss_kb: u64,
}

impl Reading {
    fn take(relays: &[RelayProcess], generators: &Generators) -> Self {
        let pids = || generators.all.iter().map(|generator| generator.child.id());
        Self {
            at: Instant::now(),
            relay_cpu: relays.iter().map(RelayProcess::cpu).sum(),
            relay_rss_kb: relays.iter().filter_map(RelayProcess::rss_kb).sum(),
            generator_cpu: pids().filter_map(cpu_of).sum(),
            generator_rss_kb: pids().filter_map(rss_kb).sum(),
        }
    }
}

/// Processor time of the window for each move in it, heartbeats and all else included: what a host pays for a move at this load.
fn work_of_a_move(args: &Args, moves: u64, begun: Reading, ended: Reading) -> Vec<Measure> {
    let of = |name: &str, from: Duration, to: Duration| {
        let micros = to.saturating_sub(from).as_secs_f64() * 1e6;
        Measure::new(name, "us", micros / moves as f64)
    };
    let mut measures = Vec::new();
    if moves > 0 {
        let (from, to) = (begun.generator_cpu, ended.generator_cpu);
        measures.push(of("generator CPU a move", from, to));
        if args.relay.is_empty() {
            measures.push(of("relay CPU a move", begun.relay_cpu, ended.relay_cpu));
        }
    }
    measures
}

/// What the relays and the generators used. Of relays that run already nothing is known.
fn resources(args: &Args, [before, connected, begun, ended]: [Reading; 4]) -> Vec<Measure> {
    let seconds = (ended.at - begun.at).as_secs_f64();
    let cores = |from: Duration, to: Duration| to.saturating_sub(from).as_secs_f64() / seconds;
    let clients = args.clients();
    let mut measures = vec![
        Measure::new(
            "generator CPU",
            "cores",
            cores(begun.generator_cpu, ended.generator_cpu),
        ),
        Measure::new("generator RSS", "kB", ended.generator_rss_kb as f64),
    ];
    if !args.relay.is_empty() {
        return measures;
    }
    let per = |more: u64, less: u64, count: u32| (more as f64 - less as f64) / f64::from(count);
    let handshakes = connected.relay_cpu.saturating_sub(before.relay_cpu);
    measures.extend([
        Measure::new(
            "relay CPU",
            "cores",
            cores(begun.relay_cpu, ended.relay_cpu),
        ),
        Measure::new(
            "relay CPU a handshake",
            "ms",
            handshakes.as_secs_f64() * 1_000.0 / f64::from(clients),
        ),
        Measure::new(
            "relay RSS at 0 connections",
            "kB",
            before.relay_rss_kb as f64,
        ),
        Measure::new(
            format!("relay RSS at {clients} connections"),
            "kB",
            connected.relay_rss_kb as f64,
        ),
        Measure::new(
            "relay RSS a connection",
            "kB",
            per(connected.relay_rss_kb, before.relay_rss_kb, clients),
        ),
        Measure::new(
            "relay RSS a live game",
            "kB",
            per(begun.relay_rss_kb, connected.relay_rss_kb, args.games),
        ),
        Measure::new("relay RSS at the end", "kB", ended.relay_rss_kb as f64),
    ]);
    measures
}

/// The generators' processes. They are killed when this is dropped.
struct Generators {
    all: Vec<Generator>,
    answers: Receiver<Option<Answer>>,
}

struct Generator {
    child: Child,
    orders: ChildStdin,
}

impl Drop for Generator {
    fn drop(&mut self) {
        // It has ended by itself where all went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Generators {
    fn start(count: u32) -> Result<Self, LoadError> {
        let program = std::env::current_exe().map_err(failed)?;
        let (told, answers) = mpsc::channel();
        let start = |program: &Path| {
            let mut child = Command::new(program)
                .arg("load-generator")
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .map_err(failed)?;
            let pipes = child.stdin.take().zip(child.stdout.take());
            let (orders, out) =
                pipes.ok_or_else(|| LoadError::Generator("it has no pipes".into()))?;
            let told = told.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(out).lines() {
                    let answer = line.ok().and_then(|line| serde_json::from_str(&line).ok());
                    if told.send(answer).is_err() {
                        return;
                    }
                }
                // The end of it; nobody listens any more where all are done.
                let _ = told.send(None);
            });
            Ok(Generator { child, orders })
        };
        let all = (0..count)
            .map(|_| start(&program))
            .collect::<Result<_, _>>()?;
        Ok(Self { all, answers })
    }

    fn tell(&mut self, number: usize, order: &Order) -> Result<(), LoadError> {
        let line = serde_json::to_string(order).map_err(failed)?;
        match self.all.get_mut(number) {
            Some(generator) => writeln!(generator.orders, "{line}")
                .and_then(|()| generator.orders.flush())
                .map_err(failed),
            None => Ok(()),
        }
    }

    fn tell_all(&mut self, order: &Order) -> Result<(), LoadError> {
        (0..self.all.len()).try_for_each(|number| self.tell(number, order))
    }

    fn next(&self) -> Result<Answer, LoadError> {
        match self.answers.recv_timeout(WORK_WITHIN) {
            Ok(Some(Answer::Failed(words))) => Err(LoadError::Generator(words)),
            Ok(Some(answer)) => Ok(answer),
            Ok(None) => Err(LoadError::Generator("it ended without an answer".into())),
            Err(_) => Err(LoadError::Generator("it does not answer".into())),
        }
    }

    fn wait_connected(&self) -> Result<(), LoadError> {
        for _ in &self.all {
            if !matches!(self.next()?, Answer::Connected) {
                return Err(LoadError::Generator("it did not connect first".into()));
            }
        }
        Ok(())
    }

    /// The figures of all of them.
    fn wait_done(&self) -> Result<Figures, LoadError> {
        let mut figures = Figures::default();
        let (mut done, mut ended) = (0, 0);
        while done < self.all.len() {
            match self.answers.recv_timeout(WORK_WITHIN) {
                Ok(None) => {
                    ended += 1;
                    if ended > done {
                        return Err(LoadError::Generator("it ended without an answer".into()));
                    }
                }
                Ok(Some(Answer::Done(more))) => {
                    figures.merge(*more);
                    done += 1;
                }
                Ok(Some(Answer::Failed(words))) => return Err(LoadError::Generator(words)),
                Ok(Some(Answer::Connected)) => {}
                Err(_) => return Err(LoadError::Generator("it does not answer".into())),
            }
        }
        Ok(figures)
    }
}

fn failed(error: impl std::fmt::Display) -> LoadError {
    LoadError::Generator(error.to_string())
}
