//! A process that behaves as badly as it can towards a relay on this machine: bad records, bad frames, floods and a
//! thousand connections. It prints what each attack got as JSON and ends with 0 if the relay stood its ground.
//!
//! `hostile --relay MULTIADDR --game ID`: the game is one between others, which it also tries to harm.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a tool for tests"
)]

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser as _;
use futures::future::join_all;
use libp2p::Multiaddr;
use libp2p::multiaddr::Protocol;
use rookery_ledger::codec;
use rookery_ledger::id::{GameId, Hash, Height, Millis, Nonce, Signature};
use rookery_ledger::record::{Clock, Hello, Item, Join, Move, Place, Record, Signed, VERSION};
use rookery_ledger::sign::Keypair;
use rookery_ledger::wire::{Push, Request, frame};
use rookery_relay::client::{
    ClientError, Connection, RawStream, Session, Table, new_key, new_nonce, usual_game,
};
use tokio::net::{TcpSocket, TcpStream};

/// How long a relay may take to drop connections that never become any.
const HANDSHAKE: Duration = Duration::from_secs(20);

#[derive(clap::Parser)]
struct Args {
    /// The relay, with /p2p/
    #[arg(long)]
    relay: Multiaddr,
    /// A game between others, live or untimed, with a move made
    #[arg(long)]
    game: GameId,
    /// Connections at once
    #[arg(long, default_value_t = 1_000)]
    connections: usize,
    /// Seconds within which the relay must cut a bad stream off; above its own limits of time
    #[arg(long, default_value_t = 20)]
    patience: u64,
}

/// What attacks got: name, what was wanted, what came.
#[derive(Default)]
struct Results(Vec<(&'static str, String, String)>);

impl Results {
    fn note(&mut self, attack: &'static str, wanted: &[&str], got: impl Into<String>) {
        self.0.push((attack, wanted.join("|"), got.into()));
    }

    fn is_held(wanted: &str, got: &str) -> bool {
        wanted.split('|').any(|wanted| wanted == got)
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    let mut results = Results::default();
    records(&args, &mut results).await;
    others_game(&args, &mut results).await;
    frames(&args, &mut results).await;
    hellos(&args, &mut results).await;
    floods(&args, &mut results).await;
    connections(&args, &mut results).await;
    let report: Vec<_> = results
        .0
        .iter()
        .map(|(attack, wanted, got)| {
            let ok = Results::is_held(wanted, got);
            serde_json::json!({ "attack": attack, "wanted": wanted, "got": got, "ok": ok })
        })
        .collect();
    let held = report.iter().all(|attack| attack["ok"] == true);
    println!("{}", serde_json::to_string_pretty(&report).unwrap());
    if held {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// The code of an answer.
fn code(result: Result<(), ClientError>) -> String {
    match result {
        Ok(()) => "done".into(),
        Err(error) => error.code().to_owned(),
    }
}

async fn session(args: &Args, key: &Keypair) -> Session {
    Session::connect(&args.relay, Some(key))
        .await
        .expect("a session")
}

/// A game in which this process has both seats, two moves old: the side to move first.
async fn own_game(args: &Args) -> ([Table; 2], [Keypair; 2]) {
    let keys = [new_key().unwrap(), new_key().unwrap()];
    let creator = session(args, &keys[0]).await;
    let options = usual_game(
        Clock::Live {
            initial_s: 600,
            inc_s: 0,
        },
        vec![creator.welcome().order],
    );
    let options = rookery_ledger::player::Options {
        colour: Some(rookery_ledger::Colour::White),
        ..options
    };
    let mut creator = Table::create(creator, keys[0].clone(), options)
        .await
        .unwrap();
    let mut joiner = Table::watch(session(args, &keys[1]).await, keys[1].clone(), creator.id())
        .await
        .unwrap();
    let seated = creator.until("oneself to sit", |game| {
        game.state().line.players().is_some()
    });
    let (joined, seated) = tokio::join!(joiner.join(), seated);
    joined.unwrap();
    seated.unwrap();
    creator.play("e2e4").await.unwrap();
    joiner
        .until("a move", |game| game.state().line.ply().get() == 1)
        .await
        .unwrap();
    joiner.play("e7e5").await.unwrap();
    for table in [&mut creator, &mut joiner] {
        table
            .until("a move", |game| game.state().line.ply().get() == 2)
            .await
            .unwrap();
    }
    ([creator, joiner], keys)
}

/// Where the next record of a game stands.
fn place(table: &Table) -> Place {
    let state = table.game().state();
    Place {
        prev: state.line.head(),
        height: state.line.height().next(),
        on: state.last_receipt().map(|last| last.hash),
    }
}

fn a_move(key: &Keypair, game: GameId, at: Place, uci: &str) -> Signed<Record> {
    key.sign(
        game,
        Record::Move(Move {
            at,
            uci: uci.into(),
            think_ms: Millis::ZERO,
            offer: false,
        }),
    )
}

/// Records that an author may not send in a game of its own.
async fn records(args: &Args, results: &mut Results) {
    let ([white, black], keys) = own_game(args).await;
    let (id, at) = (white.id(), place(&white));
    let good = a_move(&keys[0], id, at, "g1f3");
    let by = async |table: &Table, record: Signed<Record>| {
        code(
            table
                .session()
                .requests()
                .submit(id, Item::Record(record))
                .await,
        )
    };
    results.note(
        "an illegal move",
        &["illegal-move"],
        by(&white, a_move(&keys[0], id, at, "e1e3")).await,
    );
    results.note(
        "a move in other words",
        &["illegal-move"],
        by(&white, a_move(&keys[0], id, at, "G1F3")).await,
    );
    results.note(
        "a move that is no move",
        &["illegal-move"],
        by(&white, a_move(&keys[0], id, at, "♞")).await,
    );
    results.note(
        "a move out of turn",
        &["not-your-turn"],
        by(&black, a_move(&keys[1], id, at, "g1f3")).await,
    );
    let mut forged = good.clone();
    forged.sig = Signature([7; 64]);
    results.note(
        "a wrong signature",
        &["bad-signature"],
        by(&white, forged).await,
    );
    let elsewhere = a_move(&keys[0], args.game, at, "g1f3");
    results.note(
        "a record signed for another game",
        &["bad-signature"],
        by(&white, elsewhere).await,
    );
    let stale = Place {
        prev: last_but_one(&white),
        height: at.height,
        on: at.on,
    };
    results.note(
        "a stale head",
        &["stale-head"],
        by(&white, a_move(&keys[0], id, stale, "g1f3")).await,
    );
    let nowhere = Place {
        prev: Hash([9; 32]),
        ..at
    };
    results.note(
        "an unknown head",
        &["unknown-prev"],
        by(&white, a_move(&keys[0], id, nowhere, "g1f3")).await,
    );
    let high = Place {
        height: Height::new(40),
        ..at
    };
    results.note(
        "a wrong height",
        &["wrong-height"],
        by(&white, a_move(&keys[0], id, high, "g1f3")).await,
    );
    let untimed = Place { on: None, ..at };
    results.note(
        "no receipt named",
        &["wrong-on"],
        by(&white, a_move(&keys[0], id, untimed, "g1f3")).await,
    );
    let last = white
        .game()
        .record(white.game().state().line.head())
        .unwrap()
        .signed
        .clone();
    results.note("a replayed record", &["done"], by(&white, last).await);
    let other = Item::Genesis(black.game().genesis().clone());
    let wrong = GameId([1; 32]);
    let got = code(white.session().requests().submit(wrong, other).await);
    results.note(
        "a genesis under another name",
        &["wrong-game", "unknown-game"],
        got,
    );
    results.note(
        "the good move after all that",
        &["done"],
        by(&white, good).await,
    );
    results.note(
        "the same again",
        &["done"],
        by(&white, a_move(&keys[0], id, at, "g1f3")).await,
    );
    let late = a_move(&keys[0], id, at, "b1c3");
    results.note(
        "a second move for one place",
        &["stale-head"],
        by(&white, late).await,
    );
}

fn last_but_one(table: &Table) -> Hash {
    let head = table.game().state().line.head();
    table
        .game()
        .record(head)
        .unwrap()
        .signed
        .body
        .place()
        .unwrap()
        .prev
}

/// What a stranger may not do to the game of others.
async fn others_game(args: &Args, results: &mut Results) {
    let key = new_key().unwrap();
    let table = Table::watch(session(args, &key).await, key.clone(), args.game)
        .await
        .unwrap();
    let game = table.game();
    let requests = table.session().requests();
    let is_move = |record: &&Signed<Record>| matches!(record.body, Record::Move(_));
    let mut records = game.records().map(|(_, entry)| &entry.signed);
    let record = records.find(is_move).expect("a move made").clone();
    results.note(
        "another's record, replayed",
        &["done"],
        code(
            requests
                .submit(args.game, Item::Record(record.clone()))
                .await,
        ),
    );
    let own = own_game(args).await.0[0].id();
    let got = code(requests.submit(own, Item::Record(record)).await);
    results.note("another game's record", &["unknown-prev", "wrong-on"], got);
    // The two at the board go on meanwhile, so the head may be stale by the time this arrives.
    let uci = a_legal_move(game);
    let mine = a_move(&key, args.game, place(&table), &uci);
    let got = code(requests.submit(args.game, Item::Record(mine)).await);
    results.note(
        "a stranger's move",
        &[
            "bad-signature",
            "stale-head",
            "illegal-move",
            "not-your-turn",
        ],
        got,
    );
    let resign = key.sign(
        args.game,
        Record::ResignAt {
            at: game.state().line.head(),
        },
    );
    let got = code(requests.submit(args.game, Item::Record(resign)).await);
    results.note("a stranger's resignation", &["bad-signature"], got);
    results.note(
        "listing another's game",
        &["not-a-player"],
        code(requests.list(args.game, true).await),
    );
    let wish = key.sign(
        args.game,
        Join {
            player: key.player(),
            nonce: new_nonce().unwrap(),
        },
    );
    results.note(
        "a taken seat",
        &["seat-taken"],
        code(requests.join(args.game, wish).await),
    );
    results.note(
        "an unknown game",
        &["unknown-game"],
        code(requests.watch(GameId([3; 32]), None).await),
    );
    let chat = rookery_ledger::record::Said {
        player: key.player(),
        at_ms: Millis::ZERO,
        message: rookery_ledger::record::Message::Chat {
            text: "hello".into(),
        },
    };
    results.note(
        "a stranger's chat",
        &["not-a-player"],
        code(requests.say(args.game, key.sign(args.game, chat)).await),
    );
    let receipt = game.items().into_iter().find_map(|item| match item {
        Item::Receipt { by, mut receipt } => {
            receipt.body.at_ms = receipt.body.at_ms.next();
            Some(Item::Receipt { by, receipt })
        }
        _ => None,
    });
    let got = code(requests.submit(args.game, receipt.unwrap()).await);
    results.note("a forged receipt", &["bad-signature"], got);
}

/// Any of a few first moves; that it is someone else's to make is the point.
fn a_legal_move(game: &rookery_ledger::Game) -> String {
    use shakmaty::Position as _;
    let line = &game.state().line;
    let legal = line.position().legal_moves();
    legal.first().map_or_else(
        || "e2e4".into(),
        |first| first.to_uci(line.castling_mode()).to_string(),
    )
}

/// A stream after a good hello without a player.
async fn raw(args: &Args) -> (Connection, RawStream) {
    let connection = Connection::dial(&args.relay).await.unwrap();
    let mut raw = connection.open().await.unwrap();
    raw.welcome().await.unwrap();
    raw.hello(None).await.unwrap();
    (connection, raw)
}

/// How the relay ended the stream.
async fn goodbye(args: &Args, mut raw: RawStream) -> String {
    match raw.until_closed(Duration::from_secs(args.patience)).await {
        Ok(frames) => frames
            .iter()
            .find_map(|push| match push {
                Push::Bye { code, .. } => Some(code.clone()),
                _ => None,
            })
            .unwrap_or_else(|| "cut-off".into()),
        Err(ClientError::Timeout { .. }) => "still-open".into(),
        Err(error) => error.code().to_owned(),
    }
}

/// Bytes behind their length.
fn framed(body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = body.len();
    while rest >= 0x80 {
        bytes.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
    bytes.extend_from_slice(body);
    bytes
}

/// Bytes that are no frame of the protocol.
async fn frames(args: &Args, results: &mut Results) {
    let canonical = codec::encode(&Request::Echo { n: 1 });
    // The 1 in two bytes instead of one.
    let mut long_one = canonical[..canonical.len() - 1].to_vec();
    long_one.extend([0x18, 0x01]);
    // A field that the protocol does not have: {"echo": {"m": 1, "n": 1}}.
    let unknown_field = [b"\xa1\x64echo\xa2\x61m\x01\x61n\x01".to_vec()].concat();
    let mut million = vec![0x7a, 0x00, 0x0f, 0x42, 0x40];
    million.extend(std::iter::repeat_n(b'a', 1_000_000));
    let mut claims_more = b"\xa1\x64echo\xa1\x61n\x7a\x00\x0f\x42\x40".to_vec();
    claims_more.extend([b'a'; 16]);
    let deep = vec![0x81; 60_000];
    let attacks: [(&'static str, &[&str], Vec<u8>); 10] = [
        ("an oversized frame", &["too-large"], vec![0x81, 0x80, 0x04]),
        ("a length without end", &["too-large"], vec![0xff; 16]),
        (
            "a padded length",
            &["not-canonical"],
            vec![0x81, 0x00, 0x00],
        ),
        ("broken CBOR", &["malformed"], framed(b"\xa1\x64ec")),
        ("an empty frame", &["malformed"], framed(&[])),
        ("non-canonical CBOR", &["not-canonical"], framed(&long_one)),
        (
            "an unknown field",
            &["not-canonical"],
            framed(&unknown_field),
        ),
        ("a million-byte string", &["too-large"], framed(&million)),
        (
            "a string that claims a million bytes",
            &["malformed"],
            framed(&claims_more),
        ),
        ("lists in lists in lists", &["malformed"], framed(&deep)),
    ];
    for (attack, wanted, bytes) in attacks {
        let (_connection, mut stream) = raw(args).await;
        // The relay may have hung up before all of it is written.
        let _ = stream.send_bytes(&bytes).await;
        results.note(attack, wanted, goodbye(args, stream).await);
    }
    let (_connection, mut stream) = raw(args).await;
    let half = frame(&Request::Watch {
        id: 1,
        game: args.game,
        after: None,
    });
    stream.send_bytes(&half[..half.len() / 2]).await.unwrap();
    results.note(
        "half a frame and silence",
        &["timeout"],
        goodbye(args, stream).await,
    );
    let (_connection, mut stream) = raw(args).await;
    stream
        .send(&Request::Hello {
            versions: vec![VERSION],
            agent: String::new(),
            hello: None,
            token: None,
        })
        .await
        .unwrap();
    results.note(
        "a second hello",
        &["malformed"],
        goodbye(args, stream).await,
    );
}

/// A stream after the relay's welcome.
async fn welcomed(args: &Args) -> (Connection, RawStream, Nonce) {
    let connection = Connection::dial(&args.relay).await.unwrap();
    let mut raw = connection.open().await.unwrap();
    let nonce = raw.welcome().await.unwrap().nonce;
    (connection, raw, nonce)
}

/// Hellos that prove nothing.
async fn hellos(args: &Args, results: &mut Results) {
    let key = new_key().unwrap();
    let sign = |connection: &Connection, nonce| {
        let hello = Hello {
            player: key.player(),
            from: connection.local().to_bytes(),
            to: connection.remote().to_bytes(),
            nonce,
        };
        key.sign(GameId::NONE, hello)
    };
    let (connection, stream, nonce) = welcomed(args).await;
    let mut forged = sign(&connection, nonce);
    forged.sig.0[0] ^= 1;
    results.note(
        "a hello with a wrong signature",
        &["bad-signature"],
        say(stream, Some(forged)).await,
    );

    let (connection, stream, nonce) = welcomed(args).await;
    let mut other = sign(&connection, nonce);
    other.body.player = new_key().unwrap().player();
    results.note(
        "a hello in another's name",
        &["bad-signature"],
        say(stream, Some(other)).await,
    );

    // What was signed for the first stream is sent on a second one of the same connection.
    let (connection, _first, nonce) = welcomed(args).await;
    let old = sign(&connection, nonce);
    let mut second = connection.open().await.unwrap();
    second.welcome().await.unwrap();
    results.note(
        "a hello from another stream",
        &["bad-signature"],
        say(second, Some(old)).await,
    );

    let (connection, _stream, nonce) = welcomed(args).await;
    let stolen = sign(&connection, nonce);
    let (_connection, stream, _) = welcomed(args).await;
    results.note(
        "a hello from another connection",
        &["bad-signature"],
        say(stream, Some(stolen)).await,
    );

    let (_connection, mut stream, _) = welcomed(args).await;
    let hello = Request::Hello {
        versions: vec![99],
        agent: String::new(),
        hello: None,
        token: None,
    };
    stream.send(&hello).await.unwrap();
    results.note(
        "a version that is not spoken",
        &["no-version"],
        goodbye(args, stream).await,
    );

    let (_connection, mut stream, _) = welcomed(args).await;
    let hello = Request::Hello {
        versions: vec![VERSION],
        agent: "a".repeat(60_000),
        hello: None,
        token: None,
    };
    stream.send(&hello).await.unwrap();
    results.note(
        "a program with an endless name",
        &["too-large"],
        goodbye(args, stream).await,
    );

    let (_connection, mut stream, _) = welcomed(args).await;
    stream.send(&Request::Lobby { on: true }).await.unwrap();
    results.note(
        "no hello but a request",
        &["malformed"],
        goodbye(args, stream).await,
    );

    let (_connection, stream, _) = welcomed(args).await;
    results.note("no hello at all", &["timeout"], goodbye(args, stream).await);
}

async fn say(mut stream: RawStream, hello: Option<Signed<Hello>>) -> String {
    match stream.hello(hello).await {
        Ok(()) => "ready".into(),
        Err(error) => error.code().to_owned(),
    }
}

/// Sends a request many times without waiting and counts the answers by code.
async fn flood(
    args: &Args,
    key: &Keypair,
    times: usize,
    request: impl Fn(u32) -> Request,
) -> BTreeMap<String, usize> {
    let session = session(args, key).await;
    let requests = session.requests();
    let asks = (0..times).map(|_| requests.ask(&request));
    let mut codes = BTreeMap::new();
    for result in join_all(asks).await {
        *codes.entry(code(result)).or_insert(0) += 1;
    }
    codes
}

/// More of the good than anyone needs.
async fn floods(args: &Args, results: &mut Results) {
    let ([table, _], [key, _]) = own_game(args).await;
    let id = table.id();
    let last = table
        .game()
        .record(table.game().state().line.head())
        .unwrap()
        .signed
        .clone();
    let stranger = new_key().unwrap();
    // At most so many get through, and the others hear why, or are cut off.
    let limited = |codes: &BTreeMap<String, usize>, most: usize| {
        let through = ["done", "unknown-game", "creator-away"];
        let count: usize = through.iter().filter_map(|code| codes.get(*code)).sum();
        let stopped = ["rate-limited", "too-many-refusals"];
        let told = stopped.iter().any(|code| codes.contains_key(*code));
        let only_known = codes
            .keys()
            .all(|code| through.contains(&code.as_str()) || stopped.contains(&code.as_str()));
        if count <= most && told && only_known {
            "limited".to_owned()
        } else {
            format!("{codes:?}")
        }
    };
    let record = Item::Record(last);
    let submits = flood(args, &key, 1_500, |id_| Request::Submit {
        id: id_,
        game: id,
        item: record.clone(),
    })
    .await;
    results.note("a flood of records", &["limited"], limited(&submits, 300));
    let watches = flood(args, &stranger, 1_500, |id_| Request::Watch {
        id: id_,
        game: id,
        after: None,
    })
    .await;
    results.note("scraping games", &["limited"], limited(&watches, 150));
    let unknown = flood(args, &stranger, 1_500, |id_| Request::Watch {
        id: id_,
        game: GameId([(id_ & 0xff) as u8; 32]),
        after: None,
    });
    results.note("guessing games", &["limited"], limited(&unknown.await, 150));
    let session = session(args, &key).await;
    let options = usual_game(Clock::None, vec![session.welcome().order]);
    let open = Table::create(session, key.clone(), options).await.unwrap();
    let game = open.id();
    let wish = stranger.sign(
        game,
        Join {
            player: stranger.player(),
            nonce: Nonce([1; 16]),
        },
    );
    let joins = flood(args, &stranger, 1_500, |id| Request::Join {
        id,
        game,
        join: wish.clone(),
    })
    .await;
    results.note("a flood of joins", &["limited"], limited(&joins, 50));
    let seeks = flood(args, &key, 1_500, |id| Request::List {
        id,
        game,
        listed: id % 2 == 0,
    })
    .await;
    results.note("a flood of seeks", &["limited"], limited(&seeks, 30));
}

/// Where a multiaddr's TCP part leads.
fn socket_of(address: &Multiaddr) -> SocketAddr {
    let ip = address.iter().find_map(|part| match part {
        Protocol::Ip4(ip) => Some(IpAddr::V4(ip)),
        Protocol::Ip6(ip) => Some(IpAddr::V6(ip)),
        _ => None,
    });
    let port = address.iter().find_map(|part| match part {
        Protocol::Tcp(port) => Some(port),
        _ => None,
    });
    SocketAddr::new(ip.unwrap(), port.expect("an address over TCP"))
}

/// From another loopback address where there is one, so that the limit of one address is not everybody's.
async fn connect(to: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from(([127, 0, 0, 2], 0)))?;
    socket.connect(to).await
}

/// A thousand connections that say nothing, and what is left of them; then whether one may still come.
async fn connections(args: &Args, results: &mut Results) {
    let to = socket_of(&args.relay);
    let mut open: Vec<TcpStream> = Vec::new();
    for batch in (0..args.connections).collect::<Vec<_>>().chunks(100) {
        let all = join_all(batch.iter().map(|_| connect(to))).await;
        open.extend(all.into_iter().filter_map(Result::ok));
    }
    let connected = open.len();
    let newcomer = code(Session::connect(&args.relay, None).await.map(drop));
    results.note("somebody else meanwhile", &["done"], newcomer);
    let cut = join_all(
        open.iter_mut()
            .map(|stream| tokio::time::timeout(HANDSHAKE, until_cut(stream))),
    )
    .await;
    let cut = cut
        .into_iter()
        .filter(|cut| matches!(cut, Ok(true)))
        .count();
    let got = if cut == connected && connected > 0 {
        "cut-off".into()
    } else {
        format!("{cut} of {connected} cut off")
    };
    results.note("a thousand connections", &["cut-off"], got);
}

async fn until_cut(stream: &mut TcpStream) -> bool {
    use tokio::io::AsyncReadExt as _;
    let mut chunk = [0; 256];
    loop {
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return true,
            Ok(_) => {}
        }
    }
}
