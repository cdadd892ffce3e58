package iommulab.engine.os.iommufd;

import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.device.DeviceGroup;
import iommulab.engine.os.device.PhysicalDevice;
import iommulab.engine.os.device.UnitTraits;

import java.util.Optional;

/// A hardware page table (HWPT) that devices can be attached to. Source: kernel
/// `struct iommufd_hw_pagetable`.
public abstract class PageTable extends IoObject {
    private final UnitTraits unit;
    private final boolean forPasids;
    private final Optional<FaultQueue> faults;

    /// @param like a device of the IOMMU that it is made for
    /// @param forPasids whether devices that use it may use PASIDs besides
    /// @param faults where page requests of devices that use it go
    @SuppressWarnings("this-escape") // only its name is asked for
    protected PageTable(
            Iommufd file, PhysicalDevice like, boolean forPasids, Optional<FaultQueue> faults) {
        super(file);
        unit = like.unit().orElseThrow();
        this.forPasids = forPasids;
        this.faults = faults;
        faults.ifPresent(queue -> queue.hold(toString(), "page requests"));
    }

    public UnitTraits unit() {
        return unit;
    }

    public boolean isForPasids() {
        return forPasids;
    }

    public Optional<FaultQueue> faults() {
        return faults;
    }

    /// Number of the kernel's domain; 0 if hardware walks nothing.
    public abstract int domain();

    public abstract boolean isNested();

    /// The table whose address space decides which addresses are usable; empty for tables that are none's.
    public abstract Optional<PagingTable> paging();

    /// Whether it was made without being asked for, and goes with its last user.
    public boolean isAutomatic() {
        return false;
    }

    /// @throws CallFailed (EINVAL) the table is none for this device, (ENOENT) something is missing that
    ///     ties the device to it
    void requireFits(PhysicalDevice device) throws CallFailed {
        var other = device.unit();
        if (other.isEmpty() || !other.get().driver().equals(unit.driver())) {
            throw new CallFailed(
                    "EINVAL",
                    "%s is made for the IOMMU of another driver than that of %s."
                            .formatted(this, device));
        }
        if (faults.isPresent() && device.isVirtualFunction() && device.canRequestPages()) {
            throw new CallFailed(
                    "EINVAL",
                    "%s shares its page requests with its physical function: %s cannot have them alone."
                            .formatted(device, this));
        }
    }

    /// A group has left it: page requests that came by way of it are answered for its user.
    final void forgetRequests(DeviceGroup group, int pasid) throws CallFailed {
        if (faults.isPresent()) {
            faults.get().answerFor(group.id(), pasid);
        }
    }

    @Override
    public final String type() {
        return isNested() ? "HWPT_NESTED" : "HWPT_PAGING";
    }

    @Override
    protected void end() throws CallFailed {
        faults.ifPresent(queue -> queue.release(toString()));
    }
}
