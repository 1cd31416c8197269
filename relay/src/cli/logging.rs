//! Logs on standard error, as text or as a line of JSON for each event.

use std::fmt::{Debug, Display};
use std::io::Write;

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{Config, LogFormat};

/// Logs from here on what `config` asks for.
pub(super) fn init(config: &Config) {
    let targets: Targets = config.log.parse().unwrap_or_default();
    let layer = match config.log_format {
        LogFormat::Text => fmt::layer()
            .with_writer(std::io::stderr)
            .with_ansi(false)
            .boxed(),
        LogFormat::Json => {
            // A panic is an event like others, so that whoever reads the lines reads this one too.
            std::panic::set_hook(Box::new(|panic| fatal(LogFormat::Json, panic)));
            Json.boxed()
        }
    };
    tracing_subscriber::registry()
        .with(layer.with_filter(targets))
        .init();
}

/// Says why the relay ends, whatever is logged.
pub(super) fn fatal(format: LogFormat, error: &dyn Display) {
    match format {
        LogFormat::Text => eprintln!("rookery-relay: {error}"),
        LogFormat::Json => {
            let mut members = Members::default();
            members.put("message", error.to_string().into());
            members.print(Level::ERROR, "rookery_relay");
        }
    }
}

/// Events as lines of JSON: `timestamp`, `level`, `target`, `message` and whatever else the event has. The relay has no
/// spans, and those of its libraries are left out.
struct Json;

impl<S: Subscriber> Layer<S> for Json {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut members = Members::default();
        event.record(&mut members);
        members.print(*event.metadata().level(), event.metadata().target());
    }
}

#[derive(Default)]
struct Members(Map<String, Value>);

impl Members {
    fn put(&mut self, name: &str, value: Value) {
        // What an event calls by a name that each line has does not hide that.
        let name = match name {
            "timestamp" | "level" | "target" => format!("field.{name}"),
            name => name.to_owned(),
        };
        self.0.insert(name, value);
    }

    fn print(mut self, level: Level, target: &str) {
        let mut timestamp = String::new();
        let mut writer = fmt::format::Writer::new(&mut timestamp);
        let _ = fmt::time::FormatTime::format_time(&fmt::time::SystemTime, &mut writer);
        self.0.insert("timestamp".into(), timestamp.into());
        self.0.insert("level".into(), level.as_str().into());
        self.0.insert("target".into(), target.into());
        // One write, so that lines of several threads do not mix. Where nobody reads them they are lost.
        let line = format!("{}\n", Value::Object(self.0));
        let _ = std::io::stderr().lock().write_all(line.as_bytes());
    }
}

impl Visit for Members {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.put(field.name(), format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field.name(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field.name(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field.name(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field.name(), value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field.name(), value.into());
    }
}
