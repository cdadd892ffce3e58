package iommulab.engine.os.iommufd;

import iommulab.engine.os.SoftwareView;
import iommulab.engine.os.call.CallFailed;

import java.util.List;
import java.util.Optional;

/// The number under which the guest of a virtual IOMMU knows a device (VDEVICE): for Arm a stream ID. A
/// device has at most one. Source: kernel `struct iommufd_vdevice`.
public final class VirtualDevice extends IoObject {
    private final VirtualIommu viommu;
    private final BoundDevice device;
    private final long virtualId;

    /// @throws CallFailed (EINVAL) the device is behind another IOMMU, (EEXIST) it has a number already, or
    ///     the number is taken
    VirtualDevice(VirtualIommu viommu, BoundDevice device, long virtualId) throws CallFailed {
        super(viommu.file());
        this.viommu = viommu;
        this.device = device;
        this.virtualId = virtualId;
        if (device.device().unitNumber() != viommu.unitNumber()) {
            throw new CallFailed(
                    "EINVAL",
                    "%s is a slice of %s, and %s is behind another IOMMU."
                            .formatted(viommu, viommu.unit().name(), device.device()));
        }
        if (device.virtual().get().isPresent()) {
            throw new CallFailed(
                    "EEXIST",
                    "%s is %s already; a device has one guest."
                            .formatted(device.device(), device.virtual().get().get()));
        }
        if (viommu.find(virtualId).isPresent()) {
            throw new CallFailed(
                    "EEXIST", "Number 0x%x is taken in %s.".formatted(virtualId, viommu));
        }
        viommu.hold(toString(), "a device of the guest");
        viommu.add(this);
        device.virtual().set(Optional.of(this));
    }

    @Override
    public String type() {
        return "VDEVICE";
    }

    @Override
    public List<SoftwareView.Fact> facts() {
        return List.of(
                SoftwareView.Fact.of("function", device().device()),
                SoftwareView.Fact.hex("number in the guest", virtualId()));
    }

    public VirtualIommu viommu() {
        return viommu;
    }

    public BoundDevice device() {
        return device;
    }

    /// The guest's number, 64 bits.
    public long virtualId() {
        return virtualId;
    }

    /// Its device goes: it does too, but its own number is not given again, since a user may still mean it.
    void endWithDevice() throws CallFailed {
        destroy();
        file().bury(id());
    }

    @Override
    protected void end() {
        device.virtual().set(Optional.empty());
        viommu.remove(this);
        viommu.release(toString());
    }
}
