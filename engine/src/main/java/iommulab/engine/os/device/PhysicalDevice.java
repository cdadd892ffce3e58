package iommulab.engine.os.device;

import iommulab.engine.os.state.Book;
import iommulab.engine.os.state.Cell;
import iommulab.engine.os.state.Ledger;
import iommulab.engine.pci.PciAddress;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A function as the kernel's drivers deal with it. Source: kernel `struct device`.
public final class PhysicalDevice {
    private final Inventory.Function facts;
    private final @Nullable DeviceGroup group;
    private final @Nullable UnitTraits unit;
    private final Cell<String> driver;
    private final KernelOptions options;
    private final Cell<Integer> users;
    private final Cell<Integer> timesBound;
    private final SelftestHooks hooks;
    private final Book<Integer, Boolean> pagesAsked;

    PhysicalDevice(
            Ledger ledger,
            Inventory.Function facts,
            KernelOptions options,
            @Nullable DeviceGroup group,
            @Nullable UnitTraits unit) {
        this.facts = facts;
        this.options = options;
        this.group = group;
        this.unit = unit;
        driver = new Cell<>(ledger, facts.driver().orElse(""));
        users = new Cell<>(ledger, 0);
        timesBound = new Cell<>(ledger, 0);
        hooks = new SelftestHooks(ledger);
        pagesAsked = new Book<>(ledger);
    }

    public String name() {
        return facts.name();
    }

    public PciAddress address() {
        return facts.address();
    }

    public Optional<DeviceGroup> group() {
        return Optional.ofNullable(group);
    }

    /// Its IOMMU; empty if none translates it.
    public Optional<UnitTraits> unit() {
        return Optional.ofNullable(unit);
    }

    /// Number of its IOMMU.
    public int unitNumber() {
        return facts.unit().orElseThrow();
    }

    /// Name of the driver that it is bound to; empty if none.
    public String driver() {
        return driver.get();
    }

    void setDriver(String name) {
        driver.set(name);
        timesBound.set(timesBound.get() + 1);
    }

    /// How often its driver has changed: what a driver made up goes with it.
    public int timesBound() {
        return timesBound.get();
    }

    /// Whether users have it, or what its driver made up of it, open through VFIO: its driver cannot go
    /// then.
    public boolean isOpen() {
        return users.get() > 0;
    }

    /// A user begins to use it through VFIO.
    public void opened() {
        users.set(users.get() + 1);
    }

    /// The reverse.
    public void closed() {
        users.set(users.get() - 1);
    }

    /// What tests may do to it from behind.
    public SelftestHooks hooks() {
        return hooks;
    }

    /// Page request groups that hardware has brought and that wait for somebody's answer.
    public Book<Integer, Boolean> pagesAsked() {
        return pagesAsked;
    }

    /// Of the kernel that drives it.
    public KernelOptions options() {
        return options;
    }

    // ---- what it can do

    /// Width of the PASIDs that it can use, 0 for none.
    public int pasidBits() {
        return facts.traits().pasidBits().orElse(unit == null ? 0 : unit.pasidBits());
    }

    /// Whether its requests can be forced to snoop.
    public boolean enforcesCoherency() {
        return facts.traits().enforcesCoherency().orElse(unit != null && unit.enforcesCoherency());
    }

    public boolean cacheCoherent() {
        return facts.traits().cacheCoherent().orElse(true);
    }

    public boolean isolatedMsi() {
        return facts.traits().isolatedMsi().orElse(true);
    }

    public boolean tracksDirty() {
        return facts.traits().tracksDirty().orElse(unit != null && unit.tracksDirty());
    }

    public boolean isVirtualFunction() {
        return facts.traits().virtualFunction().orElse(false);
    }

    public boolean canRequestPages() {
        return facts.traits().pageRequests().orElse(false);
    }

    /// Ranges that it makes unusable for mappings of users, by its IOMMU, by firmware and by itself.
    public List<ReservedRange> reserved() {
        var all = new ArrayList<ReservedRange>();
        if (unit != null) {
            all.addAll(unit.reserved());
        }
        if (group != null) {
            for (var range : group.facts().reserved()) {
                // To sysfs both kinds of interrupt windows are "msi": the unit knows better.
                if (all.stream().noneMatch(range::isSameRange)) {
                    all.add(range);
                }
            }
        }
        all.addAll(facts.traits().reserved());
        return all;
    }

    @Override
    public String toString() {
        return name();
    }
}
