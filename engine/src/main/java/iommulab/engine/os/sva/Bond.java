package iommulab.engine.os.sva;

import iommulab.engine.os.device.DeviceGroup;
import iommulab.engine.os.device.PhysicalDevice;
import iommulab.engine.os.process.Process;
import iommulab.engine.os.state.Cell;
import iommulab.engine.os.state.Ledger;

/// A device that uses the addresses of a process, under the process's PASID. Who binds the same two again
/// has the same bond once more. Source: kernel `struct iommu_sva`.
public final class Bond {
    private final String handle;
    private final PhysicalDevice device;
    private final DeviceGroup group;
    private final Process process;
    private final int pasid;
    private final int unit;
    private final Cell<Integer> references;

    /// @param unit number of the IOMMU whose table of the process it uses
    Bond(
            Ledger ledger,
            String handle,
            PhysicalDevice device,
            DeviceGroup group,
            Process process,
            int pasid,
            int unit) {
        this.handle = handle;
        this.device = device;
        this.group = group;
        this.process = process;
        this.pasid = pasid;
        this.unit = unit;
        references = new Cell<>(ledger, 1);
    }

    public String handle() {
        return handle;
    }

    /// The device that was bound first; all of its group can use the PASID.
    public PhysicalDevice device() {
        return device;
    }

    public DeviceGroup group() {
        return group;
    }

    public Process process() {
        return process;
    }

    public int pasid() {
        return pasid;
    }

    int unit() {
        return unit;
    }

    /// How often it was bound.
    public int references() {
        return references.get();
    }

    void hold() {
        references.set(references() + 1);
    }

    /// @return whether it was the last reference
    boolean drop() {
        references.set(references() - 1);
        return references() == 0;
    }

    @Override
    public String toString() {
        return "%s (%s, %s, PASID %d)".formatted(handle, device, process, pasid);
    }
}
