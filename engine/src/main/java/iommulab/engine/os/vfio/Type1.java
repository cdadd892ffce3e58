package iommulab.engine.os.vfio;

import iommulab.engine.iommu.Permissions;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.device.PagingDomains;
import iommulab.engine.os.device.PhysicalDevice;
import iommulab.engine.os.process.LockedPages;
import iommulab.engine.os.process.Process;
import iommulab.engine.os.state.Book;
import iommulab.engine.os.state.Cell;
import iommulab.engine.os.state.Ledger;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/// The mappings of a container: addresses of devices, memory of processes. Memory is pinned as long as an
/// IOMMU stands behind one of the groups; drivers of mediated devices pin what they touch. Source: kernel
/// `drivers/vfio/vfio_iommu_type1.c`.
public final class Type1 {
    private static final long PAGE = 4096;

    private final boolean second;
    private final int mappingLimit;
    private final LockedPages locked;
    private final Type1Domains domains;
    private final Type1Pins pins;
    private final Book<Long, Type1Mapping> mappings;
    private final Book<Integer, MediatedDevice> mediated;
    private final Cell<Boolean> logging;

    /// @param second whether mappings go only as they came (type1v2)
    Type1(
            Ledger ledger,
            PagingDomains paging,
            LockedPages locked,
            boolean second,
            int mappingLimit) {
        this.second = second;
        this.mappingLimit = mappingLimit;
        this.locked = locked;
        domains = new Type1Domains(ledger, paging);
        pins = new Type1Pins(ledger);
        mappings = new Book<>(ledger);
        mediated = new Book<>(ledger);
        logging = new Cell<>(ledger, false);
    }

    public boolean isSecondVersion() {
        return second;
    }

    Type1Domains domains() {
        return domains;
    }

    /// How many mappings there may still be.
    int mappingsLeft() {
        return mappingLimit - mappings.size();
    }

    /// By iova as an unsigned number.
    Collection<Type1Mapping> mappings() {
        return mappings.all().values();
    }

    /// Keys of a book are in signed order.
    private static long key(long iova) {
        return iova ^ Long.MIN_VALUE;
    }

    private void put(Type1Mapping mapping) {
        mappings.set(key(mapping.iova()), mapping);
    }

    // ---- groups

    /// Lets a group use the mappings.
    ///
    /// @throws CallFailed (EINVAL) a mapping lies where the group cannot have one, (EPERM) its interrupts
    ///     are not isolated, (EFAULT, ENOMEM) memory cannot be pinned for it
    void attach(LentGroup lent) throws CallFailed {
        switch (lent) {
            case MediatedDevice device -> mediated.set(device.groupId(), device);
            case LentGroup.Physical(var group) -> {
                for (var mapping : mappings()) {
                    var why = Type1Domains.whyNot(group, mapping.iova(), mapping.last());
                    if (why.isPresent()) {
                        throw new CallFailed(
                                "EINVAL",
                                "The mapping %s is in the way of %s: %s."
                                        .formatted(mapping.range(), group, why.get()));
                    }
                }
                requireIsolated(group.members());
                var table = domains.attach(group);
                if (table.isPresent()) {
                    for (var mapping : new ArrayList<>(mappings())) {
                        domains.map(table.get(), pinned(mapping));
                    }
                }
            }
        }
    }

    private static void requireIsolated(List<PhysicalDevice> members) throws CallFailed {
        for (var member : members) {
            if (!member.isolatedMsi() && !member.options().unsafeInContainers()) {
                throw new CallFailed(
                        "EPERM",
                        "Interrupts of %s are not isolated: its user could raise anybody's."
                                .formatted(member));
            }
        }
    }

    /// A mapping with its memory pinned, which drivers' pins may have done in part.
    private Type1Mapping pinned(Type1Mapping mapping) throws CallFailed {
        if (mapping.isPinned()) {
            return mapping;
        }
        mapping.bill().uncharge(pins.pagesIn(mapping));
        var pinned =
                mapping.with(
                        PinnedPiece.pin(
                                mapping.bill().process().memory(),
                                mapping.va(),
                                mapping.bytes(),
                                mapping.permissions().write(),
                                mapping.bill()));
        put(pinned);
        return pinned;
    }

    void detach(LentGroup lent) throws CallFailed {
        switch (lent) {
            case MediatedDevice device -> {
                pins.dropAll(device, this);
                mediated.remove(device.groupId());
            }
            case LentGroup.Physical(var group) -> domains.detach(group);
        }
        if (domains.isEmpty()) {
            for (var mapping : new ArrayList<>(mappings())) {
                unpin(mapping);
                if (mediated.isEmpty()) {
                    mappings.remove(key(mapping.iova()));
                }
            }
        }
    }

    /// No IOMMU needs the memory any more; what drivers have pinned stays on the bill.
    private void unpin(Type1Mapping mapping) throws CallFailed {
        if (mapping.isPinned()) {
            mapping.bill().uncharge(mapping.bytes() / PAGE);
            mapping.bill().charge(pins.pagesIn(mapping));
            put(mapping.with(List.of()));
        }
    }

    // ---- map

    /// Maps memory of a process.
    ///
    /// @throws CallFailed (EINVAL, EOVERFLOW, EEXIST, ENOSPC) no such mapping can be, (EFAULT, ENOMEM) the
    ///     memory cannot be pinned
    void map(Process process, long iova, long va, long bytes, Permissions permissions)
            throws CallFailed {
        if (permissions == Permissions.NONE) {
            throw new CallFailed("EINVAL", "A mapping is for reading, writing or both.");
        }
        requirePages(iova, bytes, va);
        requireNoWrap(iova, bytes);
        requireNoWrap(va, bytes);
        long last = iova + bytes - 1;
        var there = firstIn(iova, last);
        if (there.isPresent()) {
            throw new CallFailed(
                    "EEXIST",
                    "0x%x-0x%x overlaps the mapping %s."
                            .formatted(iova, last, there.get().range()));
        }
        if (mappingsLeft() == 0) {
            throw new CallFailed(
                    "ENOSPC",
                    "The container may have %d mappings (dma_entry_limit), and has them."
                            .formatted(mappingLimit));
        }
        var why = domains.whyNot(iova, last);
        if (why.isPresent()) {
            throw new CallFailed(
                    "EINVAL", "0x%x-0x%x cannot be mapped: %s.".formatted(iova, last, why.get()));
        }
        var bill = locked.bill(process, LockedPages.Payer.PROCESS);
        var mapping = new Type1Mapping(iova, bytes, va, permissions, bill, List.of());
        put(mapping);
        if (!domains.isEmpty()) {
            domains.map(pinned(mapping));
        }
    }

    private static void requirePages(long iova, long bytes, long va) throws CallFailed {
        if (bytes == 0 || ((iova | va | bytes) & PAGE - 1) != 0) {
            throw new CallFailed(
                    "EINVAL",
                    "Mappings are whole pages of 4 KiB: 0x%x bytes of 0x%x at 0x%x are not."
                            .formatted(bytes, va, iova));
        }
    }

    private static void requireNoWrap(long first, long bytes) throws CallFailed {
        if (Long.compareUnsigned(first + bytes - 1, first) < 0) {
            throw new CallFailed(
                    "EOVERFLOW",
                    "0x%x bytes at 0x%x reach past the last address.".formatted(bytes, first));
        }
    }

    /// The lowest mapping that a range touches.
    Optional<Type1Mapping> firstIn(long first, long last) {
        return mappings().stream().filter(mapping -> mapping.overlaps(first, last)).findFirst();
    }

    Optional<Type1Mapping> at(long iova) {
        return firstIn(iova, iova);
    }

    // ---- unmap

    /// Takes mappings away: only whole ones in the second version; in the first, each that begins in the
    /// range, but none if the range begins inside one.
    ///
    /// @return bytes that were mapped
    /// @throws CallFailed (EINVAL) no whole pages, or in the second version an end that cuts a mapping;
    ///     (EOVERFLOW) the range wraps
    long unmap(long iova, long bytes) throws CallFailed {
        requirePages(iova, bytes, 0);
        requireNoWrap(iova, bytes);
        long last = iova + bytes - 1;
        if (second) {
            requireUncut(iova, last);
        }
        long removed = 0;
        for (var mapping : new ArrayList<>(mappings())) {
            if (mapping.overlaps(iova, last)) {
                if (Long.compareUnsigned(mapping.iova(), iova) < 0) {
                    break;
                }
                removed += mapping.bytes();
                remove(mapping);
            }
        }
        return removed;
    }

    long unmapAll() throws CallFailed {
        long removed = 0;
        for (var mapping : new ArrayList<>(mappings())) {
            removed += mapping.bytes();
            remove(mapping);
        }
        return removed;
    }

    private void requireUncut(long first, long last) throws CallFailed {
        requireEdge(first, last, at(first).filter(mapping -> mapping.iova() != first));
        requireEdge(first, last, at(last).filter(mapping -> mapping.last() != last));
    }

    private static void requireEdge(long first, long last, Optional<Type1Mapping> cut)
            throws CallFailed {
        if (cut.isPresent()) {
            throw new CallFailed(
                    "EINVAL",
                    "0x%x-0x%x cuts the mapping %s: mappings go as they came."
                            .formatted(first, last, cut.get().range()));
        }
    }

    /// Drivers let go of what they have pinned of it first.
    private void remove(Type1Mapping mapping) throws CallFailed {
        pins.dropIn(mapping, this);
        if (mapping.isPinned()) {
            domains.unmap(mapping);
            mapping.bill().uncharge(mapping.bytes() / PAGE);
        }
        mappings.remove(key(mapping.iova()));
    }

    // ---- drivers that pin

    /// Pages that drivers of mediated devices hold.
    Type1Pins pins() {
        return pins;
    }

    /// A driver copies bytes of the mappings.
    ///
    /// @return hpa of the first one
    /// @throws CallFailed (EINVAL) not all is mapped, (EPERM) no right, (EFAULT) no memory behind it
    long copy(long iova, long bytes, boolean write) throws CallFailed {
        if (bytes <= 0) {
            throw new CallFailed("EINVAL", "Nothing to copy: %d bytes.".formatted(bytes));
        }
        long first = 0;
        for (long done = 0; done < bytes; ) {
            long at = iova + done;
            var mapping =
                    at(at).orElseThrow(() ->
                            new CallFailed("EINVAL", "0x%x is not mapped.".formatted(at)));
            var rights = mapping.permissions();
            if (write ? !rights.write() : !rights.read()) {
                throw new CallFailed(
                        "EPERM",
                        "The mapping %s is %s.".formatted(mapping.range(), mapping.permissions()));
            }
            long hpa = hpa(mapping, at);
            first = done == 0 ? hpa : first;
            if (write) {
                pins.wrote(at);
            }
            done += PAGE - (at & PAGE - 1);
        }
        return first;
    }

    private static long hpa(Type1Mapping mapping, long iova) throws CallFailed {
        var memory = mapping.bill().process().memory();
        return memory.hpa(mapping.va() + (iova - mapping.iova()))
                .orElseThrow(() ->
                        new CallFailed(
                                "EFAULT",
                                "There is no memory behind 0x%x any more.".formatted(iova)));
    }

    // ---- which pages were written

    /// @throws CallFailed (EACCES) the first version has no log
    void requireLog() throws CallFailed {
        if (!second) {
            throw new CallFailed("EACCES", "Only type1v2 keeps a log of what is written.");
        }
    }

    void log(boolean on) {
        if (on != logging.get()) {
            logging.set(on);
            pins.log(on, this);
        }
    }

    boolean isLogging() {
        return logging.get();
    }

    /// How many pages of a range may have been written. What an IOMMU can write to unseen counts each time;
    /// what only drivers touch counts if they pinned or wrote it.
    ///
    /// @throws CallFailed (EINVAL) not switched on, no whole pages, or an end that cuts a mapping
    long dirtyPages(long iova, long bytes, long pageBytes) throws CallFailed {
        if (Long.compareUnsigned(iova + bytes, iova) < 0) {
            throw new CallFailed("EINVAL", "0x%x bytes at 0x%x wrap.".formatted(bytes, iova));
        }
        if (pageBytes != PAGE) {
            throw new CallFailed(
                    "EINVAL", "The log has pages of 0x1000, not of 0x%x.".formatted(pageBytes));
        }
        requirePages(iova, bytes, 0);
        if (!logging.get()) {
            throw new CallFailed("EINVAL", "The log is not switched on.");
        }
        long last = iova + bytes - 1;
        requireUncut(iova, last);
        long dirty = 0;
        for (var mapping : mappings()) {
            if (mapping.isWithin(iova, last)) {
                dirty += domains.isEmpty() ? pins.takeDirty(mapping) : mapping.bytes() / PAGE;
            }
        }
        return dirty;
    }

    /// `type1v2`
    @Override
    public String toString() {
        return second ? "type1v2" : "type1";
    }
}
