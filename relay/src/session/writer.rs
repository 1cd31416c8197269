//! The writing half of a session: frames in order, a heartbeat each second, and the last word.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures::io::WriteHalf;
use futures::{AsyncWrite, AsyncWriteExt as _};
use rookery_ledger::id::{GameId, Millis};
use rookery_ledger::wire::{self, BEAT_MS, Push};
use tokio::time::MissedTickBehavior;

use super::LAST_WORDS;
use crate::limits::ms;
use crate::outbox::queue::Outlet;
use crate::outbox::{Out, Outbox};
use crate::relay::Relay;

/// Heartbeats whose echo is waited for.
const OPEN_BEATS: usize = 16;
/// Frames that wait together are written together up to so many bytes, what the stream takes at once: one packet and one
/// wake at each end instead of one for each.
const TOGETHER: usize = 16 * 1024;

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

/// Frames that go out together.
struct Batch {
    first: Out,
    /// All of them, where there are more than the first.
    whole: Vec<u8>,
    more: u64,
    news: Vec<(GameId, Millis)>,
}

impl Batch {
    /// The frame `first` and those that `next` has ready.
    fn of(first: Out, mut next: impl FnMut() -> Option<Out>) -> Self {
        let news = first.news.into_iter().collect();
        let mut batch = Self {
            first,
            whole: Vec::new(),
            more: 0,
            news,
        };
        while batch.bytes().len() < TOGETHER
            && let Some(out) = next()
        {
            if batch.more == 0 {
                batch.whole.extend_from_slice(&batch.first.bytes);
            }
            batch.whole.extend_from_slice(&out.bytes);
            batch.more += 1;
            batch.news.extend(out.news);
        }
        batch
    }

    fn bytes(&self) -> &[u8] {
        if self.more == 0 {
            &self.first.bytes
        } else {
            &self.whole
        }
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
        let batch = Batch::of(out, || queue.try_next());
        let write = async {
            stream.write_all(batch.bytes()).await?;
            stream.flush().await
        };
        match tokio::time::timeout(patience, write).await {
            Ok(Ok(())) => {
                relay.metrics.frames_out.add(1 + batch.more);
                for (game, at) in batch.news {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn out(len: usize, fill: u8) -> Out {
        Out {
            bytes: vec![fill; len].into(),
            news: None,
        }
    }

    #[test]
    fn what_waits_goes_out_together_in_its_order_and_not_without_bound() {
        let mut waiting = VecDeque::from([out(2, 2), out(TOGETHER, 3), out(1, 4)]);
        let batch = Batch::of(out(1, 1), || waiting.pop_front());
        assert_eq!((batch.more, batch.bytes().len()), (2, 3 + TOGETHER));
        assert_eq!(batch.bytes()[..4], [1, 2, 2, 3]);
        assert_eq!(waiting.len(), 1, "the next write's");
        let alone = Batch::of(out(3, 7), || None);
        assert_eq!((alone.more, alone.bytes()), (0, [7; 3].as_slice()));
    }
}
