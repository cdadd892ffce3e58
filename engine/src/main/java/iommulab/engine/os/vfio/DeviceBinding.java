package iommulab.engine.os.vfio;

import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.iommufd.BoundDevice;
import iommulab.engine.os.iommufd.IoAddressSpace;
import iommulab.engine.os.iommufd.Iommufd;
import iommulab.engine.os.iommufd.SoftwareAccess;

import java.util.Optional;

/// What a device is in an IOMMUFD: hardware that is attached to tables, or a driver that reads and writes
/// an address space by software. Source: kernel `drivers/vfio/iommufd.c`.
public sealed interface DeviceBinding {
    /// Number of the object.
    int id();

    /// Name of the object among all of the kernel.
    String key();

    /// The IOMMUFD that it is an object of.
    Iommufd file();

    /// Attaches, or replaces what was attached.
    ///
    /// @param target number of an address space or a table
    /// @param pasid 0 for requests without PASID
    /// @return number of what is used
    int attach(long target, int pasid) throws CallFailed;

    /// Lets go; nothing happens if it is not attached.
    void detach(int pasid) throws CallFailed;

    /// @throws CallFailed (EOPNOTSUPP) it has no PASIDs to attach
    void requirePasids() throws CallFailed;

    void unbind() throws CallFailed;

    /// @throws CallFailed as [BoundDevice#bind]
    static DeviceBinding of(VfioDevice device, Iommufd to) throws CallFailed {
        return switch (device) {
            case VfioDevice.Physical(var function) -> new Hardware(BoundDevice.bind(to, function));
            case MediatedDevice mediated -> Software.bind(mediated, to);
        };
    }

    /// A physical device.
    record Hardware(BoundDevice device) implements DeviceBinding {
        @Override
        public int id() {
            return device.id();
        }

        @Override
        public String key() {
            return device.key();
        }

        @Override
        public Iommufd file() {
            return device.file();
        }

        @Override
        public int attach(long target, int pasid) throws CallFailed {
            var table =
                    device.attached(pasid).isPresent()
                            ? device.replace(target, pasid)
                            : device.attach(target, pasid);
            return table.id();
        }

        @Override
        public void detach(int pasid) throws CallFailed {
            device.detach(pasid);
        }

        @Override
        public void requirePasids() {}

        @Override
        public void unbind() throws CallFailed {
            device.unbind();
        }
    }

    /// A mediated device.
    record Software(MediatedDevice device, SoftwareAccess access) implements DeviceBinding {
        private static Software bind(MediatedDevice device, Iommufd to) {
            var made = new Software(device, new SoftwareAccess(to, true));
            device.access().set(Optional.of(made.access()));
            return made;
        }

        @Override
        public int id() {
            return access.id();
        }

        @Override
        public String key() {
            return access.key();
        }

        @Override
        public Iommufd file() {
            return access.file();
        }

        @Override
        public int attach(long target, int pasid) throws CallFailed {
            var space = access.file().require(target, IoAddressSpace.class);
            if (access.space().isPresent()) {
                access.replace(space);
            } else {
                access.attach(space);
            }
            return space.id();
        }

        @Override
        public void detach(int pasid) {
            access.detach();
        }

        @Override
        public void requirePasids() throws CallFailed {
            throw new CallFailed(
                    "EOPNOTSUPP",
                    "%s makes no requests of its own: its driver does, and has no PASID to attach."
                            .formatted(device));
        }

        @Override
        public void unbind() throws CallFailed {
            device.access().set(Optional.empty());
            access.close();
        }
    }
}
