//! The writing half of a session: frames in order, a heartbeat each second, and the last word.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures::io::WriteHalf;
use futures::{AsyncWrite, AsyncWriteExt as _};
use rookery_ledger::id::Millis;
use rookery_ledger::wire::{self, BEAT_MS, Push};
use tokio::time::MissedTickBehavior;

use super::LAST_WORDS;
use crate::limits::ms;
use crate::outbox::queue::Outlet;
use crate::outbox::{Out, Outbox};
use crate::relay::Relay;

/// Heartbeats whose echo is waited for.
const OPEN_BEATS: usize = 16;

#[derive(Debug, Default)]
struct Beats {
    started: bool,
    sent: VecDeque<(u32, Instant)>,
}

/// Heartbeats that were sent: the writer notes them, the reader takes their echo.
#[derive(Debug, Clone, Default)]
pub(super) struct Pulse(Arc<Mutex<Beats>>);

impl Pulse {
    fn lock(&self) -> MutexGuard<'_, Beats> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The hello is accepted: heartbeats begin.
    pub(super) fn start(&self) {
        self.lock().started = true;
    }

    fn sent(&self, n: u32) {
        let mut beats = self.lock();
        beats.sent.push_back((n, Instant::now()));
        if beats.sent.len() > OPEN_BEATS {
            beats.sent.pop_front();
        }
    }

    /// The round trip in ms of a heartbeat that was sent; each counts once.
    pub(super) fn echo(&self, n: u32) -> Option<u64> {
        let mut beats = self.lock();
        let place = beats.sent.iter().position(|(sent, _)| *sent == n)?;
        let (_, at) = beats.sent.remove(place)?;
        u64::try_from(at.elapsed().as_millis()).ok()
    }
}

/// Writes until the session is cut off or the stream fails.
pub(super) async fn run<S: AsyncWrite + Unpin>(
    relay: Arc<Relay>,
    mut stream: WriteHalf<S>,
    mut queue: Outlet<Out>,
    outbox: Outbox,
    pulse: Pulse,
) {
    let info = outbox.info().clone();
    let patience = ms(relay.limits().slow_reader_ms);
    let mut beat = tokio::time::interval(Duration::from_millis(BEAT_MS));
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut n = 0_u32;
    loop {
        let out = tokio::select! {
            biased;
            out = queue.next(info.end()) => match out {
                Some(out) => out,
                None => break,
            },
            _ = beat.tick() => {
                if !pulse.lock().started {
                    continue;
                }
                // `Ready` may have entered the queue after it was looked at above, and it goes first.
                if let Some(out) = queue.try_next() {
                    beat.reset_immediately();
                    out
                } else {
                    n = n.wrapping_add(1);
                    pulse.sent(n);
                    let beat = Push::Beat {
                        n,
                        now_ms: relay.clock.now(),
                        log_busy: relay.log_busy(),
                        rtt_ms: Millis::new(info.rtt()),
                    };
                    Out { bytes: wire::frame(&beat).into(), news: None }
                }
            }
        };
        let write = async {
            stream.write_all(&out.bytes).await?;
            stream.flush().await
        };
        match tokio::time::timeout(patience, write).await {
            Ok(Ok(())) => {
                relay.metrics.frames_out.up();
                if let Some((game, at)) = out.news {
                    info.delivered(game, relay.clock.now().saturating_sub(at).get());
                }
            }
            Ok(Err(_)) => {
                info.cut("closed", "The stream has ended.");
                break;
            }
            Err(_) => {
                info.cut(
                    "too-slow",
                    "You read more slowly than the games go on; connect again.",
                );
                break;
            }
        }
    }
    let last = async {
        // Refusals that are still in the queue tell more than the last word.
        while let Some(out) = queue.try_next() {
            stream.write_all(&out.bytes).await?;
        }
        if let Some(cut) = info.why_cut().filter(|cut| cut.code != "closed") {
            relay.metrics.cut_off.up();
            let bye = Push::Bye {
                code: cut.code.into(),
                words: cut.words,
            };
            stream.write_all(&wire::frame(&bye)).await?;
        }
        stream.close().await
    };
    let _: Result<std::io::Result<()>, _> = tokio::time::timeout(LAST_WORDS, last).await;
}
