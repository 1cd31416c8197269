//! The state of the one session with a relay: handshake, request numbers, and what each request was for. No I/O.

use std::collections::BTreeMap;

use rookery_ledger::id::{GameId, Hash, Nonce, OrderKey};
use rookery_ledger::record::Hello;
use rookery_ledger::sign::Keypair;
use rookery_ledger::wire::{self, Request, RequestId, Token};

/// What a request asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// The genesis, which creates the game at the relay.
    Genesis(GameId),
    /// A record of one's own, or one that the relay may lack.
    Record(GameId, Hash),
    /// A seat.
    Seat(GameId),
    /// The items of a game.
    Watch(GameId),
    /// A place in the lobby.
    List(GameId),
    /// To pass a message on.
    Say(GameId),
    /// To have what another relay ordered, by its name; the item itself is kept where the game is.
    Feed(GameId, Hash),
    /// The move of a game to this relay.
    Home(GameId),
    /// To end a game that goes on in another one.
    Continued(GameId),
}

/// How far the handshake has come.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Phase {
    Away,
    /// The stream is open; the relay speaks first.
    Greeted {
        from: Vec<u8>,
        to: Vec<u8>,
    },
    /// The hello is on its way.
    Said,
    Ready,
}

/// The session.
#[derive(Debug)]
pub(crate) struct Session {
    phase: Phase,
    order: Option<OrderKey>,
    /// What opens the relay, if it is private.
    token: Option<Token>,
    next: RequestId,
    asked: BTreeMap<RequestId, Asked>,
}

/// Requests without an answer that are remembered; an honest relay answers each long before.
const MAX_ASKED: usize = 10_000;

impl Session {
    pub(crate) const fn new() -> Self {
        Self {
            phase: Phase::Away,
            order: None,
            token: None,
            next: 1,
            asked: BTreeMap::new(),
        }
    }

    /// A stream is open; the peer ids are those of the libp2p connection.
    pub(crate) fn connected(&mut self, from: Vec<u8>, to: Vec<u8>) {
        self.phase = Phase::Greeted { from, to };
        self.asked.clear();
    }

    /// What to give the relay of the next welcome, if it is private.
    pub(crate) fn set_token(&mut self, token: Option<Token>) {
        self.token = token;
    }

    pub(crate) fn disconnected(&mut self) {
        self.phase = Phase::Away;
        self.asked.clear();
    }

    /// The answer to the relay's welcome; none where it may not come now, or no version is shared.
    /// Without a key the session only watches.
    pub(crate) fn welcome(
        &mut self,
        versions: &[u32],
        nonce: Nonce,
        order: OrderKey,
        key: Option<&Keypair>,
    ) -> Option<Request> {
        let Phase::Greeted { from, to } = &self.phase else {
            return None;
        };
        wire::shared_version(versions)?;
        let hello = key.map(|key| {
            let hello = Hello {
                player: key.player(),
                from: from.clone(),
                to: to.clone(),
                nonce,
            };
            key.sign(GameId::NONE, hello)
        });
        self.order = Some(order);
        self.phase = Phase::Said;
        Some(Request::Hello {
            versions: wire::VERSIONS.to_vec(),
            agent: concat!("rookery-peer/", env!("CARGO_PKG_VERSION")).to_owned(),
            hello,
            // A relay that is too old to ask for one could not read the frame.
            token: self
                .token
                .clone()
                .filter(|_| versions.iter().any(|version| *version >= wire::TOKEN_SINCE)),
        })
    }

    /// The relay accepts; false where it may not come now or speaks another version.
    pub(crate) fn ready(&mut self, version: u32) -> bool {
        let fits = self.phase == Phase::Said && wire::VERSIONS.contains(&version);
        if fits {
            self.phase = Phase::Ready;
        }
        fits
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.phase == Phase::Ready
    }

    /// The key with which the relay signs receipts, once it said so.
    pub(crate) const fn order(&self) -> Option<OrderKey> {
        self.order
    }

    /// A number for a new request.
    pub(crate) fn ask(&mut self, asked: Asked) -> RequestId {
        let id = self.next;
        self.next = self.next.wrapping_add(1);
        if self.asked.len() >= MAX_ASKED {
            self.asked.pop_first();
        }
        self.asked.insert(id, asked);
        id
    }

    /// What an answered request was for.
    pub(crate) fn answered(&mut self, id: RequestId) -> Option<Asked> {
        self.asked.remove(&id)
    }

    /// Whether a request for the same is on its way.
    pub(crate) fn is_asking(&self, asked: Asked) -> bool {
        self.asked.values().any(|other| *other == asked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rookery_ledger::sign::Verifier as _;

    #[test]
    fn the_hello_binds_both_ends_and_the_challenge() {
        let key = Keypair::from_secret(&[7; 32]);
        let (nonce, order) = (Nonce([3; 16]), OrderKey([4; 32]));
        let mut session = Session::new();
        assert_eq!(session.welcome(&[1], nonce, order, Some(&key)), None);
        session.connected(vec![1, 2], vec![3]);
        assert_eq!(session.welcome(&[3], nonce, order, Some(&key)), None);
        let Some(Request::Hello {
            hello: Some(hello), ..
        }) = session.welcome(&[2, 1], nonce, order, Some(&key))
        else {
            panic!("no hello");
        };
        assert!(key.player().signed(GameId::NONE, &hello));
        assert_eq!(
            (
                hello.body.from.as_slice(),
                hello.body.to.as_slice(),
                hello.body.nonce
            ),
            (&[1, 2][..], &[3][..], nonce)
        );
        assert!(!session.ready(3));
        assert!(session.ready(1) && session.is_ready());
        assert!(!session.ready(1), "a second one has no place");
    }

    #[test]
    fn a_token_is_given_to_a_relay_that_may_ask_for_it_and_to_no_older_one() {
        let (nonce, order) = (Nonce([3; 16]), OrderKey([4; 32]));
        let token = || Some(Token("word".into()));
        for (versions, given, wanted) in [
            (&[2, 1][..], token(), token()),
            (&[1], token(), None),
            (&[2, 1], None, None),
        ] {
            let mut session = Session::new();
            session.set_token(given);
            session.connected(vec![1], vec![2]);
            let said = session.welcome(versions, nonce, order, None);
            let Some(Request::Hello {
                token, versions, ..
            }) = said
            else {
                panic!("no hello");
            };
            assert_eq!(token, wanted);
            assert_eq!(versions, [2, 1]);
            assert!(session.ready(1));
        }
    }

    #[test]
    fn an_answer_finds_its_request_once_and_none_of_a_connection_before() {
        let mut session = Session::new();
        session.connected(vec![], vec![]);
        let asked = Asked::Watch(GameId([1; 32]));
        let id = session.ask(asked);
        assert!(session.is_asking(asked));
        assert_eq!(session.answered(id), Some(asked));
        assert_eq!(session.answered(id), None);
        let id = session.ask(asked);
        session.connected(vec![], vec![]);
        assert_eq!(session.answered(id), None);
    }
}
