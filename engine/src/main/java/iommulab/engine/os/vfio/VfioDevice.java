package iommulab.engine.os.vfio;

import iommulab.engine.os.device.PhysicalDevice;

/// A device that VFIO lends to users. Source: kernel `struct vfio_device`.
public sealed interface VfioDevice permits VfioDevice.Physical, MediatedDevice {
    String name();

    /// Whether a user has it.
    boolean isOpen();

    void opened();

    void closed();

    /// Whether its DMA can be forced to snoop CPU caches.
    boolean enforcesCoherency();

    /// A function that is bound to a VFIO driver.
    record Physical(PhysicalDevice device) implements VfioDevice {
        @Override
        public String name() {
            return device.name();
        }

        @Override
        public boolean isOpen() {
            return device.isOpen();
        }

        @Override
        public void opened() {
            device.opened();
        }

        @Override
        public void closed() {
            device.closed();
        }

        @Override
        public boolean enforcesCoherency() {
            return device.enforcesCoherency();
        }

        @Override
        public String toString() {
            return name();
        }
    }
}
