//! The engine as WebAssembly: a UCI session that its host feeds with lines and with time.
//!
//! A worker cannot read its messages while it is inside WebAssembly, and shared memory would need special headers. So
//! the host calls [`Uci::step`] for a few milliseconds at a time and looks at its messages in between. The search goes
//! on exactly where it was: a stop is followed within a slice, and slicing changes neither the tree nor its node count.

use std::sync::Arc;
use std::time::Duration;

use rookery_engine::Clock;
use rookery_engine::uci::{Activity, Flow, Session};
use wasm_bindgen::prelude::wasm_bindgen;

/// The host's clock, in milliseconds with a fraction.
mod host {
    use wasm_bindgen::prelude::wasm_bindgen;

    #[wasm_bindgen]
    extern "C" {
        #[wasm_bindgen(js_namespace = performance)]
        pub(crate) fn now() -> f64;
    }
}

fn milliseconds(ms: f64) -> Duration {
    Duration::try_from_secs_f64(ms / 1000.0).unwrap_or(Duration::ZERO)
}

/// A UCI session. Lines go in through `line`, time through `step`; both give back the lines that came out.
#[wasm_bindgen]
pub struct Uci {
    session: Session,
    ended: bool,
}

#[wasm_bindgen]
impl Uci {
    /// A session with the default options. `seed` makes the weaker levels vary.
    ///
    /// # Errors
    ///
    /// A sentence if there is no memory.
    #[wasm_bindgen(constructor)]
    pub fn new(seed: u32) -> Result<Uci, String> {
        let clock: Arc<dyn Clock> = Arc::new(|| milliseconds(host::now()));
        let session = Session::new(clock, u64::from(seed)).map_err(|error| error.to_string())?;
        Ok(Uci {
            session,
            ended: false,
        })
    }

    /// Follows one line of UCI and returns what was answered, a line each.
    pub fn line(&mut self, line: &str) -> Vec<String> {
        let mut said = Vec::new();
        let flow = self
            .session
            .line(line, &mut |line| said.push(line.to_owned()));
        self.ended |= flow == Flow::Quit;
        said
    }

    /// Thinks for about `ms` milliseconds and returns what was said meanwhile.
    pub fn step(&mut self, ms: f64) -> Vec<String> {
        let mut said = Vec::new();
        self.session
            .step(milliseconds(ms), &mut |line| said.push(line.to_owned()));
        said
    }

    /// Whether there is something to think about: `step` should be called.
    #[wasm_bindgen(getter)]
    pub fn busy(&self) -> bool {
        self.session.activity() == Activity::Busy
    }

    /// Whether `quit` was read.
    #[wasm_bindgen(getter)]
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// There will be no more lines: ends a search that only a line could end. Returns what was said.
    #[wasm_bindgen(js_name = inputEnded)]
    pub fn input_ended(&mut self) -> Vec<String> {
        let mut said = Vec::new();
        self.session
            .input_ended(&mut |line| said.push(line.to_owned()));
        said
    }
}
