package iommulab.engine.session;

import iommulab.engine.group.IommuUnit;
import iommulab.engine.iommu.vtd.VtdUnit;
import iommulab.engine.iommu.vtd.VtdView;
import iommulab.engine.os.VtdDriver;

import org.jspecify.annotations.Nullable;

/// One IOMMU on the bench: what it is, the emulated hardware, its driver, and what it has done so far.
/// Units of architectures that the engine does not execute have neither hardware nor driver.
final class Unit {
    private final int number;
    private final IommuUnit description;
    private final @Nullable VtdUnit hardware;
    private final @Nullable VtdView view;
    private @Nullable VtdDriver driver;
    final Tally tally = new Tally();

    Unit(int number, IommuUnit description, @Nullable VtdUnit hardware) {
        this.number = number;
        this.description = description;
        this.hardware = hardware;
        this.view = hardware == null ? null : new VtdView(hardware);
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

    VtdUnit hardware() {
        if (hardware == null) {
            throw new IllegalStateException(name() + " is not emulated");
        }
        return hardware;
    }

    /// The hardware looked at from outside.
    VtdView view() {
        if (view == null) {
            throw new IllegalStateException(name() + " is not emulated");
        }
        return view;
    }

    VtdDriver driver() {
        if (driver == null) {
            throw new IllegalStateException("the driver of " + name() + " is not started");
        }
        return driver;
    }

    void setDriver(VtdDriver driver) {
        this.driver = driver;
    }
}
