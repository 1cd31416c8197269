//! The way to an open GPU and back.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use wgpu::{
    Buffer, BufferDescriptor, BufferUsages, CommandEncoder, ComputePass, Device, DeviceDescriptor,
    MapMode, PollError, PollType, Queue, SubmissionIndex,
};

use super::error::GpuError;

/// The longest that a submission may take: with room for programs that imitate a GPU.
const PATIENCE: Duration = Duration::from_secs(300);

/// What went wrong first. wgpu tells it by callbacks, some of them later and on other threads.
#[derive(Clone, Default)]
struct Failure(Arc<Mutex<Option<GpuError>>>);

impl Failure {
    fn note(&self, error: GpuError) {
        let mut first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert(error);
    }

    /// It stays: what failed once is of no use any more.
    fn first(&self) -> Option<GpuError> {
        let first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        first.clone()
    }
}

/// An open GPU.
pub(super) struct Link {
    device: Device,
    queue: Queue,
    failure: Failure,
    /// What it has not done yet, as far as is known.
    waiting: VecDeque<SubmissionIndex>,
}

impl Link {
    pub(super) fn open(adapter: &wgpu::Adapter) -> Result<Link, GpuError> {
        let request = adapter.request_device(&DeviceDescriptor {
            label: Some("rookery-train"),
            required_limits: adapter.limits(),
            ..Default::default()
        });
        let (device, queue) =
            pollster::block_on(request).map_err(|error| GpuError::Closed(error.to_string()))?;
        let failure = Failure::default();
        let heard = failure.clone();
        device.on_uncaptured_error(Arc::new(move |error| heard.note(GpuError::from(error))));
        let heard = failure.clone();
        device.set_device_lost_callback(move |_, message| heard.note(GpuError::Lost(message)));
        Ok(Link {
            device,
            queue,
            failure,
            waiting: VecDeque::new(),
        })
    }

    /// What went wrong, if anything did.
    pub(super) fn check(&self) -> Result<(), GpuError> {
        self.failure.first().map_or(Ok(()), Err)
    }

    pub(super) const fn device(&self) -> &Device {
        &self.device
    }

    /// A buffer of zeros.
    pub(super) fn buffer(&self, label: &str, bytes: u64, usage: BufferUsages) -> Buffer {
        self.device.create_buffer(&BufferDescriptor {
            label: Some(label),
            size: bytes,
            usage,
            mapped_at_creation: false,
        })
    }

    /// Writes the first bytes of a buffer, after all that was submitted.
    pub(super) fn write(&self, buffer: &Buffer, bytes: &[u8]) {
        self.queue.write_buffer(buffer, 0, bytes);
    }

    /// Fills a buffer with zeros.
    pub(super) fn clear(&mut self, buffer: &Buffer) {
        self.encode(|encoder| encoder.clear_buffer(buffer, 0, None));
    }

    /// Submits what `fill` puts into a compute pass.
    pub(super) fn submit(&mut self, fill: impl FnOnce(&mut ComputePass<'_>)) {
        self.encode(|encoder| fill(&mut encoder.begin_compute_pass(&Default::default())));
    }

    fn encode(&mut self, fill: impl FnOnce(&mut CommandEncoder)) {
        let mut encoder = self.device.create_command_encoder(&Default::default());
        fill(&mut encoder);
        self.waiting
            .push_back(self.queue.submit([encoder.finish()]));
    }

    /// Waits until at most so many submissions are not done.
    pub(super) fn wait(&mut self, most: usize) -> Result<(), GpuError> {
        self.check()?;
        while self.waiting.len() > most {
            let submission_index = self.waiting.pop_front();
            let poll = PollType::Wait {
                submission_index,
                timeout: Some(PATIENCE),
            };
            // wgpu 30 panics here, and nowhere else, if the device is lost meanwhile.
            let polled = catch_unwind(AssertUnwindSafe(|| self.device.poll(poll)));
            self.check()?;
            match polled {
                Ok(Ok(_)) => {}
                Ok(Err(PollError::Timeout)) => return Err(GpuError::Silent(PATIENCE.as_secs())),
                Ok(Err(error)) => return Err(GpuError::Lost(error.to_string())),
                Err(_) => return Err(GpuError::Lost("it was being waited for".to_owned())),
            }
        }
        Ok(())
    }

    /// What a buffer has when all is done that was submitted.
    pub(super) fn read(&mut self, buffer: &Buffer) -> Result<Vec<f32>, GpuError> {
        let usage = BufferUsages::COPY_DST | BufferUsages::MAP_READ;
        let copy = self.buffer("copy", buffer.size(), usage);
        self.encode(|encoder| encoder.copy_buffer_to_buffer(buffer, 0, &copy, 0, None));
        let failure = self.failure.clone();
        copy.slice(..).map_async(MapMode::Read, move |mapped| {
            if let Err(error) = mapped {
                failure.note(GpuError::Lost(error.to_string()));
            }
        });
        self.wait(0)?;
        let bytes = copy
            .get_mapped_range(..)
            .map_err(|error| GpuError::Refused(error.to_string()))?;
        let numbers = bytes.as_chunks::<4>().0.iter();
        Ok(numbers.map(|&four| f32::from_le_bytes(four)).collect())
    }
}
