package iommulab.engine.os.iommufd;

import iommulab.engine.os.SoftwareView;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.device.PagingDomains;
import iommulab.engine.os.device.PhysicalDevice;
import iommulab.engine.os.state.Book;
import iommulab.engine.os.state.Cell;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A hardware page table that is filled from an address space. Source: kernel
/// `struct iommufd_hwpt_paging`.
public final class PagingTable extends PageTable {
    private final IoAddressSpace space;
    private final PagingDomains.Wanted wanted;
    private final boolean automatic;
    private final int domain;
    private final Book<Long, Integer> pins;
    private final Cell<Boolean> tracking;

    /// What a caller wants of it.
    ///
    /// @param parent guests' tables will be nested on it
    /// @param dirty it can record writes
    /// @param pasids devices that use it may use PASIDs besides
    public record Flags(boolean parent, boolean dirty, boolean pasids) {
        public static final Flags NONE = new Flags(false, false, false);
    }

    /// Makes it and fills it.
    ///
    /// @throws CallFailed as [IoAddressSpace#add], or what the IOMMU cannot do
    PagingTable(
            IoAddressSpace space,
            PhysicalDevice like,
            Flags flags,
            boolean automatic,
            Optional<FaultQueue> faults)
            throws CallFailed {
        super(space.file(), like, flags.pasids(), faults);
        this.space = space;
        this.automatic = automatic;
        wanted =
                new PagingDomains.Wanted(
                        flags.parent(), flags.dirty(), like.enforcesCoherency(), flags.pasids());
        domain = file().core().paging().createPaging(like.unitNumber(), wanted);
        pins = new Book<>(file().ledger());
        tracking = new Cell<>(file().ledger(), false);
        space.hold(toString(), "filled from it");
        space.add(this);
    }

    public IoAddressSpace space() {
        return space;
    }

    public boolean canBeParent() {
        return wanted.parent() && !automatic;
    }

    public boolean canTrackWrites() {
        return wanted.dirty();
    }

    /// Whether its entries force devices to snoop CPU caches.
    public boolean forcesSnooping() {
        return wanted.snoop();
    }

    /// Whether writes of devices are recorded now.
    public boolean isTracking() {
        return tracking.get();
    }

    /// Records writes from now on, or not any more. Switching it on wipes old marks.
    void track(boolean on) throws CallFailed {
        if (on || tracking.get()) {
            file().core().paging().trackDirty(domain, on);
        }
        tracking.set(on);
    }

    @Override
    public int domain() {
        return domain;
    }

    @Override
    public boolean isNested() {
        return false;
    }

    @Override
    public boolean isAutomatic() {
        return automatic;
    }

    @Override
    public Optional<PagingTable> paging() {
        return Optional.of(this);
    }

    long smallestPage() {
        return unit().smallestPage();
    }

    /// What lies outside the addresses that it translates.
    List<IovaRange> unreachable() {
        var outside = new ArrayList<IovaRange>();
        if (unit().firstIova() != 0) {
            outside.add(new IovaRange(0, unit().firstIova() - 1));
        }
        if (unit().lastIova() != -1) {
            outside.add(new IovaRange(unit().lastIova() + 1, -1));
        }
        return outside;
    }

    @Override
    void requireFits(PhysicalDevice device) throws CallFailed {
        super.requireFits(device);
        if (forcesSnooping() && !device.enforcesCoherency()) {
            throw new CallFailed(
                    "EINVAL",
                    "%s forces snooping, and the IOMMU of %s cannot.".formatted(this, device));
        }
        if (canTrackWrites() && !device.tracksDirty()) {
            throw new CallFailed(
                    "EINVAL",
                    "%s records writes, and those of %s cannot be tracked."
                            .formatted(this, device));
        }
    }

    // ---- entries

    /// Writes the entries of a mapping, whose pages are pinned for it.
    void fill(MappedArea area) throws CallFailed {
        var pages = area.pages();
        pins.set(area.iova(), pages.pin(area.offset(), area.bytes()));
        for (var stretch : pages.stretches(area.offset(), area.bytes())) {
            file().core()
                    .paging()
                    .map(
                            domain,
                            area.iova() + (stretch.offset() - area.offset()),
                            stretch.hpa(),
                            stretch.bytes(),
                            area.permissions());
        }
    }

    void clear(MappedArea area) throws CallFailed {
        var pin = pins.find(area.iova());
        if (pin.isEmpty()) {
            return;
        }
        file().core().paging().unmap(domain, area.iova(), area.bytes());
        area.pages().unpin(pin.get());
        pins.remove(area.iova());
    }

    @Override
    public List<SoftwareView.Fact> facts() {
        return List.of(
                SoftwareView.Fact.of("filled from", space),
                SoftwareView.Fact.of("made", automatic ? "automatically" : "by hand"),
                SoftwareView.Fact.of("can be a parent", canBeParent()),
                SoftwareView.Fact.of("for PASIDs", isForPasids()),
                SoftwareView.Fact.of("forces snooping", forcesSnooping()),
                SoftwareView.Fact.of(
                        "writes",
                        !canTrackWrites()
                                ? "not tracked"
                                : isTracking() ? "recorded" : "can be tracked"));
    }

    @Override
    protected void end() throws CallFailed {
        super.end();
        space.remove(this);
        space.release(toString());
        file().core().paging().destroy(domain);
    }
}
