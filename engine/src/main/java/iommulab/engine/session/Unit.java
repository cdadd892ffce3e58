package iommulab.engine.session;

import iommulab.engine.group.IommuUnit;
import iommulab.engine.iommu.AtsIommu;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.os.IommuDriver;

import org.jspecify.annotations.Nullable;

/// One IOMMU on the bench: what it is, the emulated hardware, its driver, and what it has done so far.
/// Units of architectures that the engine does not execute have neither hardware nor driver.
final class Unit {
    private final int number;
    private final IommuUnit description;
    private final @Nullable Iommu hardware;
    private @Nullable IommuDriver driver;
    final Tally tally = new Tally();

    Unit(int number, IommuUnit description, @Nullable Iommu hardware) {
        this.number = number;
        this.description = description;
        this.hardware = hardware;
    }

    int number() {
        return number;
    }

    IommuUnit description() {
        return description;
    }

    String name() {
        return description.name();
    }

    boolean isEmulated() {
        return hardware != null;
    }

    Iommu hardware() {
        if (hardware == null) {
            throw new IllegalStateException(name() + " is not emulated");
        }
        return hardware;
    }

    /// Whether devices below it can have TLBs of their own.
    boolean takesDeviceTlbs() {
        return hardware instanceof AtsIommu;
    }

    /// The hardware as devices with TLBs of their own see it.
    AtsIommu forDeviceTlbs() {
        if (hardware instanceof AtsIommu ats) {
            return ats;
        }
        throw new IllegalStateException(name() + " knows no device TLBs");
    }

    IommuDriver driver() {
        if (driver == null) {
            throw new IllegalStateException("the driver of " + name() + " is not started");
        }
        return driver;
    }

    void setDriver(IommuDriver driver) {
        this.driver = driver;
    }
}
