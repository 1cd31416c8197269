//! Which GPU there is.

use wgpu::{Backends, DeviceType, Instance, InstanceDescriptor, Limits, PowerPreference};

use super::error::GpuError;
use super::link::Link;

/// A GPU that was found.
#[derive(Debug)]
pub struct Adapter {
    adapter: wgpu::Adapter,
}

impl Adapter {
    /// The fastest that there is.
    ///
    /// # Errors
    ///
    /// [`GpuError::None`] if there is none.
    pub fn find() -> Result<Adapter, GpuError> {
        let backends = Backends::VULKAN | Backends::METAL;
        if !Instance::enabled_backend_features().intersects(backends) {
            return Err(GpuError::None);
        }
        let instance = Instance::new(InstanceDescriptor {
            backends,
            ..InstanceDescriptor::new_without_display_handle()
        });
        let options = wgpu::RequestAdapterOptions {
            power_preference: PowerPreference::HighPerformance,
            ..Default::default()
        };
        match pollster::block_on(instance.request_adapter(&options)) {
            Ok(adapter) => Ok(Adapter { adapter }),
            Err(_) => Err(GpuError::None),
        }
    }

    /// Whether it is a program that imitates a GPU on the processor, which is of use for tests only.
    #[must_use]
    pub fn is_imitation(&self) -> bool {
        self.adapter.get_info().device_type == DeviceType::Cpu
    }

    /// Its name and driver.
    #[must_use]
    pub fn name(&self) -> String {
        let info = self.adapter.get_info();
        let driver = format!("{} {}", info.driver, info.driver_info);
        let imitation = if self.is_imitation() {
            ", imitated on the CPU"
        } else {
            ""
        };
        let (name, driver) = (info.name, driver.trim());
        format!("GPU {name} ({}, {driver}{imitation})", info.backend)
    }

    /// What it gives at most.
    pub(super) fn limits(&self) -> Limits {
        self.adapter.limits()
    }

    /// Opens it, with all that it gives.
    pub(super) fn open(&self) -> Result<Link, GpuError> {
        Link::open(&self.adapter)
    }
}
