//! [`crate::Core`] for JavaScript. Outputs are lists whose first element names them; errors carry a `code`.

use js_sys::{Array, Error, Reflect, Uint8Array};
use rookery_ledger::Colour;
use rookery_ledger::id::{GameId, Millis};
use rookery_ledger::record::{Clock, Variant};
use wasm_bindgen::prelude::*;

use crate::core::{Core, NewGame};
use crate::failure::Failure;
use crate::output::{LinkId, Now, Output};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn monotonic() -> f64;
    #[wasm_bindgen(js_namespace = Date, js_name = now)]
    fn wall() -> f64;
}

fn now() -> Now {
    Now {
        mono: monotonic(),
        wall: Millis::new(wall().max(0.0) as u64),
    }
}

/// An error for the page.
pub(crate) fn failure(code: &str, words: &str) -> JsValue {
    let error = Error::new(words);
    // A fresh object takes a property.
    let _ = Reflect::set(&error, &"code".into(), &code.into());
    error.into()
}

impl From<Failure> for JsValue {
    fn from(error: Failure) -> Self {
        failure(error.code(), &error.to_string())
    }
}

fn list(outputs: Vec<Output>) -> Array {
    outputs.into_iter().map(item).collect()
}

fn bytes(bytes: &[u8]) -> JsValue {
    Uint8Array::from(bytes).into()
}

fn index(link: LinkId) -> JsValue {
    match link {
        LinkId::One => 0,
        LinkId::Two => 1,
    }
    .into()
}

fn link(index: u32) -> LinkId {
    if index == 0 { LinkId::One } else { LinkId::Two }
}

fn item(output: Output) -> JsValue {
    match output {
        Output::Send(link, frame) => Array::of3(&"send".into(), &index(link), &bytes(&frame)),
        Output::Store {
            token,
            game,
            notes,
            items,
        } => {
            let items: Array = items.iter().map(|item| bytes(item)).collect();
            let notes = notes.map_or(JsValue::NULL, |notes| bytes(&notes));
            Array::of5(
                &"store".into(),
                &token.unwrap_or(0).into(),
                &game.to_string().into(),
                &notes,
                &items,
            )
        }
        Output::Ready(link) => Array::of2(&"ready".into(), &index(link)),
        Output::Beat {
            link,
            rtt_ms,
            log_busy,
        } => Array::of4(
            &"beat".into(),
            &index(link),
            &(rtt_ms as f64).into(),
            &log_busy.into(),
        ),
        Output::Bye { link, code, words } => {
            Array::of4(&"bye".into(), &index(link), &code.into(), &words.into())
        }
        Output::Changed(game) => Array::of2(&"changed".into(), &game.to_string().into()),
        Output::Unknown(game) => Array::of2(&"unknown".into(), &game.to_string().into()),
        Output::Notice { game, code, words } => Array::of4(
            &"notice".into(),
            &game.to_string().into(),
            &code.into(),
            &words.into(),
        ),
        Output::Said { game, by, text, at } => Array::of5(
            &"said".into(),
            &game.to_string().into(),
            &by.as_str().into(),
            &text.into(),
            &(at.get() as f64).into(),
        ),
        Output::Signal { game, data } => {
            Array::of3(&"signal".into(), &game.to_string().into(), &data.into())
        }
        Output::Direct { game, message } => {
            Array::of3(&"direct".into(), &game.to_string().into(), &bytes(&message))
        }
        Output::CarryOver { from, to } => Array::of3(
            &"carry-over".into(),
            &from.to_string().into(),
            &to.to_string().into(),
        ),
        Output::Seeks => Array::of1(&"seeks".into()),
    }
    .into()
}

fn game(id: &str) -> Result<GameId, Failure> {
    id.parse()
        .map_err(|_| Failure::BadInput("a game is named by 64 lower-case hex digits"))
}

/// The options of a new game, set one by one.
#[wasm_bindgen]
pub struct NewGameOptions(NewGame);

#[wasm_bindgen]
impl NewGameOptions {
    /// An untimed game from `start`, with colours drawn by lot.
    #[wasm_bindgen(constructor)]
    pub fn new(chess960: bool, start: String) -> Self {
        Self(NewGame {
            variant: if chess960 {
                Variant::Chess960
            } else {
                Variant::Standard
            },
            start,
            clock: Clock::None,
            colour: None,
            opponent: None,
            takebacks: false,
            listed: false,
        })
    }

    /// Seconds at the start and for each move.
    pub fn live(&mut self, initial_s: u32, inc_s: u32) {
        self.0.clock = Clock::Live { initial_s, inc_s };
    }

    /// Days for each move.
    pub fn days(&mut self, days: u32) {
        self.0.clock = Clock::Days { days };
    }

    /// Fixes the creator's colour.
    pub fn colour(&mut self, white: bool) {
        self.0.colour = Some(if white { Colour::White } else { Colour::Black });
    }

    /// Keeps the other seat for this key.
    ///
    /// # Errors
    ///
    /// `bad-input` where it is no key.
    pub fn opponent(&mut self, key: &str) -> Result<(), JsValue> {
        let key = key
            .parse()
            .map_err(|_| Failure::BadInput("a player is named by 64 lower-case hex digits"))?;
        self.0.opponent = Some(key);
        Ok(())
    }

    /// Whether moves may be taken back, and whether the open game is in the lobby.
    pub fn flags(&mut self, takebacks: bool, listed: bool) {
        self.0.takebacks = takebacks;
        self.0.listed = listed;
    }
}

/// A player's games, in step with one relay. No method calls back: what is to be done is returned.
#[wasm_bindgen]
pub struct PeerCore(Core);

#[wasm_bindgen]
impl PeerCore {
    /// The player of a secret key of 32 bytes.
    ///
    /// # Errors
    ///
    /// `bad-input` where it has another length.
    #[wasm_bindgen(constructor)]
    pub fn new(secret: &[u8]) -> Result<Self, JsValue> {
        let secret = secret
            .try_into()
            .map_err(|_| Failure::BadInput("a secret key has 32 bytes"))?;
        Ok(Self(Core::new(secret)))
    }

    /// The public key.
    #[wasm_bindgen(getter)]
    pub fn player(&self) -> String {
        self.0.player().to_string()
    }

    /// See [`Core::set_writer`].
    pub fn set_writer(&mut self, writer: bool) -> Array {
        list(self.0.set_writer(writer))
    }

    /// See [`Core::load`].
    ///
    /// # Errors
    ///
    /// Where there is no valid genesis.
    pub fn load(&mut self, items: &[u8], notes: &[u8]) -> Result<Array, JsValue> {
        Ok(list(self.0.load(items, notes, now())?))
    }

    /// See [`Core::connected`].
    pub fn connected(&mut self, at: u32, from: Vec<u8>, to: Vec<u8>) {
        self.0.connected(link(at), from, to);
    }

    /// See [`Core::set_token`].
    pub fn set_token(&mut self, at: u32, token: Option<String>) {
        self.0.set_token(link(at), token);
    }

    /// See [`Core::set_front`].
    pub fn set_front(&mut self, at: u32) -> Array {
        list(self.0.set_front(link(at)))
    }

    /// See [`Core::at`].
    ///
    /// # Errors
    ///
    /// `bad-input`
    pub fn at(&self, id: &str) -> Result<u32, JsValue> {
        Ok(u32::from(self.0.at(game(id)?) == LinkId::Two))
    }

    /// See [`Core::disconnected`].
    pub fn disconnected(&mut self, at: u32) -> Array {
        list(self.0.disconnected(link(at)))
    }

    /// See [`Core::receive`].
    ///
    /// # Errors
    ///
    /// The link is to be closed.
    pub fn receive(&mut self, at: u32, frame: &[u8]) -> Result<Array, JsValue> {
        Ok(list(self.0.receive(link(at), frame, now())?))
    }

    /// See [`Core::tick`].
    pub fn tick(&mut self) -> Array {
        list(self.0.tick(now()))
    }

    /// See [`Core::stored`].
    pub fn stored(&mut self, token: u32) -> Array {
        list(self.0.stored(token, now()))
    }

    /// See [`Core::not_stored`].
    pub fn not_stored(&mut self, token: u32) -> Array {
        list(self.0.not_stored(token))
    }

    /// See [`Core::create`]. The game's name is that in the `store` output.
    ///
    /// # Errors
    ///
    /// See there.
    pub fn create(&mut self, options: NewGameOptions, random: &[u8]) -> Result<Array, JsValue> {
        let (_, outputs) = self.0.create(options.0, random)?;
        Ok(list(outputs))
    }

    /// See [`Core::open`].
    ///
    /// # Errors
    ///
    /// `bad-input`
    pub fn open(&mut self, id: &str) -> Result<Array, JsValue> {
        Ok(list(self.0.open(game(id)?)))
    }

    /// See [`Core::close`].
    ///
    /// # Errors
    ///
    /// `bad-input`
    pub fn close(&mut self, id: &str) -> Result<Array, JsValue> {
        Ok(list(self.0.close(game(id)?)))
    }

    /// See [`Core::is_live`].
    ///
    /// # Errors
    ///
    /// `bad-input`
    pub fn is_live(&self, id: &str) -> Result<bool, JsValue> {
        Ok(self.0.is_live(game(id)?))
    }

    /// See [`Core::forget`].
    ///
    /// # Errors
    ///
    /// `bad-input`
    pub fn forget(&mut self, id: &str) -> Result<(), JsValue> {
        self.0.forget(game(id)?);
        Ok(())
    }

    /// See [`Core::withdraw`].
    ///
    /// # Errors
    ///
    /// See there.
    pub fn withdraw(&mut self, id: &str) -> Result<Array, JsValue> {
        Ok(list(self.0.withdraw(game(id)?)?))
    }

    /// See [`Core::join`].
    ///
    /// # Errors
    ///
    /// See there.
    pub fn join(&mut self, id: &str, random: &[u8]) -> Result<Array, JsValue> {
        Ok(list(self.0.join(game(id)?, random, now())?))
    }

    /// See [`Core::play`].
    ///
    /// # Errors
    ///
    /// See there.
    pub fn play(&mut self, id: &str, uci: &str, offer: bool) -> Result<Array, JsValue> {
        Ok(list(self.0.play(game(id)?, uci, offer, now())?))
    }

    /// Does what `wish` names: `draw`, `abort`, `resign`, `offer-draw`, `ask-takeback`, `accept-takeback`, `decline`, `take-up`.
    ///
    /// # Errors
    ///
    /// As the method of [`Core`] of that name; `bad-input` for another word.
    pub fn act(&mut self, id: &str, wish: &str) -> Result<Array, JsValue> {
        let (id, now) = (game(id)?, now());
        Ok(list(match wish {
            "draw" => self.0.draw(id, now),
            "abort" => self.0.abort(id, now),
            "resign" => self.0.resign(id, now),
            "offer-draw" => self.0.offer_draw(id),
            "ask-takeback" => self.0.ask_takeback(id, now),
            "accept-takeback" => self.0.accept_takeback(id, now),
            "decline" => self.0.decline(id, now),
            "take-up" => self.0.take_up(id),
            _ => Err(Failure::BadInput("no such action")),
        }?))
    }

    /// See [`Core::leave_clock`].
    ///
    /// # Errors
    ///
    /// See there.
    pub fn leave_clock(&mut self, id: &str, random: &[u8]) -> Result<Array, JsValue> {
        Ok(list(self.0.leave_clock(game(id)?, random, now())?))
    }

    /// See [`Core::chat`].
    ///
    /// # Errors
    ///
    /// See there.
    pub fn chat(&mut self, id: &str, text: String) -> Result<Array, JsValue> {
        Ok(list(self.0.chat(game(id)?, text, now())?))
    }

    /// See [`Core::signal`].
    ///
    /// # Errors
    ///
    /// See there.
    pub fn signal(&mut self, id: &str, data: String) -> Result<Array, JsValue> {
        Ok(list(self.0.signal(game(id)?, data, now())?))
    }

    /// See [`Core::direct_role`].
    ///
    /// # Errors
    ///
    /// `bad-input`
    pub fn direct_role(&self, id: &str) -> Result<Option<bool>, JsValue> {
        Ok(self.0.direct_role(game(id)?))
    }

    /// See [`Core::can_signal`].
    ///
    /// # Errors
    ///
    /// `bad-input`
    pub fn can_signal(&self, id: &str) -> Result<bool, JsValue> {
        Ok(self.0.can_signal(game(id)?))
    }

    /// See [`Core::allow_direct`].
    ///
    /// # Errors
    ///
    /// See there.
    pub fn allow_direct(&mut self, id: &str, allowed: bool) -> Result<Array, JsValue> {
        Ok(list(self.0.allow_direct(game(id)?, allowed)?))
    }

    /// See [`Core::direct_opened`].
    ///
    /// # Errors
    ///
    /// `bad-input`
    pub fn direct_opened(&mut self, id: &str) -> Result<Array, JsValue> {
        Ok(list(self.0.direct_opened(game(id)?)))
    }

    /// See [`Core::direct_closed`].
    ///
    /// # Errors
    ///
    /// `bad-input`
    pub fn direct_closed(&mut self, id: &str) -> Result<Array, JsValue> {
        Ok(list(self.0.direct_closed(game(id)?)))
    }

    /// See [`Core::direct_received`].
    ///
    /// # Errors
    ///
    /// The channel is to be closed.
    pub fn direct_received(&mut self, id: &str, message: &[u8]) -> Result<Array, JsValue> {
        Ok(list(self.0.direct_received(game(id)?, message, now())?))
    }

    /// See [`Core::by_hand`].
    ///
    /// # Errors
    ///
    /// `bad-input`
    pub fn by_hand(&self, id: &str) -> Result<Option<Vec<u8>>, JsValue> {
        Ok(self.0.by_hand(game(id)?))
    }

    /// See [`Core::take_by_hand`].
    ///
    /// # Errors
    ///
    /// See there.
    pub fn take_by_hand(&mut self, id: &str, bytes: &[u8]) -> Result<Array, JsValue> {
        Ok(list(self.0.take_by_hand(game(id)?, bytes, now())?))
    }

    /// See [`Core::set_lobby`].
    pub fn set_lobby(&mut self, on: bool) -> Array {
        list(self.0.set_lobby(on))
    }

    /// See [`Core::state`].
    ///
    /// # Errors
    ///
    /// `bad-input`
    pub fn state(&self, id: &str) -> Result<Option<String>, JsValue> {
        Ok(self.0.state(game(id)?))
    }

    /// White's ms, Black's ms, who runs (0 White, 1 Black), ms of the free first move; NaN for none.
    ///
    /// # Errors
    ///
    /// `bad-input`
    pub fn clocks(&self, id: &str) -> Result<Vec<f64>, JsValue> {
        let reading = self.0.clocks(game(id)?, now()).unwrap_or_default();
        let running = reading.running.map(|colour| match colour {
            Colour::White => 0.0,
            Colour::Black => 1.0,
        });
        Ok([
            reading.white_ms,
            reading.black_ms,
            running,
            reading.first_move_ms,
        ]
        .map(|ms| ms.unwrap_or(f64::NAN))
        .to_vec())
    }

    /// See [`Core::pgn`].
    ///
    /// # Errors
    ///
    /// `bad-input`
    pub fn pgn(&self, id: &str) -> Result<Option<String>, JsValue> {
        Ok(self.0.pgn(game(id)?))
    }

    /// See [`Core::export`].
    ///
    /// # Errors
    ///
    /// `bad-input`
    pub fn export(&self, id: &str) -> Result<Option<Vec<u8>>, JsValue> {
        Ok(self.0.export(game(id)?))
    }

    /// See [`Core::evidence`].
    ///
    /// # Errors
    ///
    /// `bad-input`
    pub fn evidence(&self, id: &str) -> Result<Option<Vec<u8>>, JsValue> {
        Ok(self.0.evidence(game(id)?))
    }

    /// See [`Core::seeks`].
    pub fn seeks(&self) -> String {
        self.0.seeks()
    }
}
