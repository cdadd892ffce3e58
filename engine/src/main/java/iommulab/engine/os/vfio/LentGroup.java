package iommulab.engine.os.vfio;

import iommulab.engine.os.device.DeviceGroup;
import iommulab.engine.os.device.Devices;
import iommulab.engine.os.state.Cell;

import java.util.List;
import java.util.Optional;

/// A group of devices as VFIO lends it out: one of the machine's, or one that exists by software only.
/// Source: kernel `struct vfio_group`.
public sealed interface LentGroup permits LentGroup.Physical, MediatedDevice {
    /// Number of its node.
    int groupId();

    /// How many have its node open: at most one.
    Cell<Integer> openNodes();

    /// How many of its devices are bound through their own nodes: as long as there are any, its own node
    /// stays shut.
    Cell<Integer> boundFiles();

    /// What it has that a VFIO driver has taken.
    List<VfioDevice> devices();

    /// The machine's group; empty if there is none behind it.
    Optional<DeviceGroup> hardware();

    /// A group of the machine.
    record Physical(DeviceGroup group) implements LentGroup {
        @Override
        public int groupId() {
            return group.id();
        }

        @Override
        public Cell<Integer> openNodes() {
            return group.openNodes();
        }

        @Override
        public Cell<Integer> boundFiles() {
            return group.boundFiles();
        }

        @Override
        public List<VfioDevice> devices() {
            return group.members().stream()
                    .filter(member -> Devices.isVfio(member.driver()))
                    .<VfioDevice>map(VfioDevice.Physical::new)
                    .toList();
        }

        @Override
        public Optional<DeviceGroup> hardware() {
            return Optional.of(group);
        }

        @Override
        public String toString() {
            return group.toString();
        }
    }
}
