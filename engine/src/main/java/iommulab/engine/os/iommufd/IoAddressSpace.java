package iommulab.engine.os.iommufd;

import iommulab.engine.iommu.Permissions;
import iommulab.engine.os.SoftwareView;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.state.Book;
import iommulab.engine.os.state.Cell;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/// An I/O address space (IOAS): which addresses lead to which memory, for all tables that are filled from
/// it and all drivers that read it by software. Source: kernel `struct iommufd_ioas`,
/// `drivers/iommu/iommufd/io_pagetable.c`.
public final class IoAddressSpace extends IoObject {
    private final Book<Long, MappedArea> areas;
    private final IovaSpace free;
    private final Book<Integer, PagingTable> tables;
    private final Book<Integer, SoftwareAccess> accesses;
    private final Book<Long, Integer> locked;
    private final Cell<Boolean> hugePages;

    IoAddressSpace(Iommufd file) {
        super(file);
        var ledger = file.ledger();
        areas = new Book<>(ledger);
        free = new IovaSpace(ledger, this);
        tables = new Book<>(ledger);
        accesses = new Book<>(ledger);
        locked = new Book<>(ledger);
        hugePages = new Cell<>(ledger, true);
    }

    @Override
    public String type() {
        return "IOAS";
    }

    Collection<MappedArea> areas() {
        return areas.all().values();
    }

    /// Which addresses may be mapped.
    IovaSpace free() {
        return free;
    }

    boolean overlapsMapping(IovaRange range) {
        return firstIn(range).isPresent();
    }

    /// The lowest mapping of which some byte is in a range.
    Optional<MappedArea> firstIn(IovaRange range) {
        for (var area : areas()) {
            if (area.range().overlaps(range)) {
                return Optional.of(area);
            }
        }
        return Optional.empty();
    }

    // ---- alignment

    /// What addresses, lengths and offsets of mappings are multiples of, in bytes.
    long alignment() {
        long alignment = hugePages.get() ? 1 : 4096;
        for (var table : tables.all().values()) {
            alignment = Math.max(alignment, table.smallestPage());
        }
        for (var access : accesses.all().values()) {
            alignment = Math.max(alignment, access.alignment());
        }
        return alignment;
    }

    /// @throws CallFailed (EADDRINUSE) a mapping is not aligned to what is now needed
    private void requireAligned() throws CallFailed {
        long mask = alignment() - 1;
        for (var area : areas()) {
            if (((area.iova() | area.bytes() | area.pageOffset()) & mask) != 0) {
                throw new CallFailed(
                        "EADDRINUSE",
                        "The mapping at %s is not aligned to 0x%x, which %s now needs."
                                .formatted(area.range(), mask + 1, this));
            }
        }
    }

    public boolean hugePages() {
        return hugePages.get();
    }

    /// Whether large pages may be used; without them every page can be cut out by itself.
    ///
    /// @throws CallFailed (EINVAL) tables are filled already, (EADDRINUSE) a mapping is no whole page
    void setHugePages(boolean on) throws CallFailed {
        if (on == hugePages.get()) {
            return;
        }
        if (!on && !tables.isEmpty() && !areas.isEmpty()) {
            throw new CallFailed(
                    "EINVAL",
                    "Tables of %s are filled already; their large pages would stay."
                            .formatted(this));
        }
        hugePages.set(on);
        requireAligned();
    }

    // ---- mapping

    /// Maps memory.
    ///
    /// @param at first iova; empty lets the address space choose
    /// @param offset of the first byte in the memory
    /// @param pageOffset of it in its page
    /// @return first iova
    /// @throws CallFailed (EINVAL, EOVERFLOW, EEXIST, ENOSPC, EPERM) no such place, (EFAULT, ENOMEM) the
    ///     memory cannot be pinned for the tables that there are
    long map(
            Optional<Long> at,
            SharedPages pages,
            long offset,
            long bytes,
            long pageOffset,
            long hint,
            Permissions permissions)
            throws CallFailed {
        long alignment = alignment();
        if (bytes == 0 || (bytes & alignment - 1) != 0) {
            throw new CallFailed(
                    "EINVAL",
                    "0x%x bytes: %s maps multiples of 0x%x.".formatted(bytes, this, alignment));
        }
        long iova;
        if (at.isPresent()) {
            iova = at.get();
            requireFree(iova, bytes, alignment);
        } else {
            iova = free.choose(bytes, hint, alignment);
        }
        if (permissions.write() && !pages.writable()) {
            throw new CallFailed(
                    "EPERM", "The memory was given for reading; a copy cannot make it writable.");
        }
        if ((pageOffset & alignment - 1) != 0) {
            throw new CallFailed(
                    "EINVAL",
                    "The memory begins 0x%x bytes into its page: %s needs multiples of 0x%x."
                            .formatted(pageOffset, this, alignment));
        }
        var area = new MappedArea(iova, bytes, pages, offset, pageOffset, permissions);
        areas.set(iova, area);
        for (var table : tables.all().values()) {
            table.fill(area);
        }
        return iova;
    }

    private void requireFree(long iova, long bytes, long alignment) throws CallFailed {
        if ((iova & alignment - 1) != 0) {
            throw new CallFailed(
                    "EINVAL",
                    "0x%x is no multiple of 0x%x, the alignment of %s."
                            .formatted(iova, alignment, this));
        }
        if (Long.compareUnsigned(iova + bytes - 1, iova) < 0) {
            throw new CallFailed("EOVERFLOW", "0x%x bytes at 0x%x wrap.".formatted(bytes, iova));
        }
        var range = new IovaRange(iova, iova + bytes - 1);
        var reserved = free.reservedIn(range);
        if (reserved.isPresent()) {
            throw new CallFailed(
                    "EINVAL", "%s touches what is reserved: %s.".formatted(range, reserved.get()));
        }
        var mapped = firstIn(range);
        if (mapped.isPresent()) {
            throw new CallFailed(
                    "EEXIST", "%s is mapped already: %s.".formatted(range, mapped.get().range()));
        }
    }

    /// Takes mappings away that lie wholly in a range. Goes upward and stops at the first that does not:
    /// what is below it is gone then.
    ///
    /// @return bytes that were mapped
    /// @throws CallFailed (ENOENT) nothing there, or a mapping that is only touched; (EBUSY) hardware
    ///     reads a mapping directly
    long unmap(IovaRange range) throws CallFailed {
        long bytes = 0;
        for (var next = firstIn(range); next.isPresent(); next = firstIn(range)) {
            var area = next.get();
            if (!range.contains(area.range())) {
                var failed =
                        new CallFailed(
                                "ENOENT",
                                "%s cuts the mapping %s: mappings go as a whole."
                                        .formatted(range, area.range()));
                throw bytes == 0 ? failed : failed.keepingWork();
            }
            requireUnlocked(area);
            remove(area);
            bytes += area.bytes();
        }
        return bytes;
    }

    private void requireUnlocked(MappedArea area) throws CallFailed {
        if (locked.has(area.iova())) {
            throw new CallFailed(
                    "EBUSY",
                    "Hardware reads the mapping %s directly: a queue lies in it."
                            .formatted(area.range()));
        }
    }

    private void remove(MappedArea area) throws CallFailed {
        for (var access : accesses.all().values()) {
            access.mustLetGo(area.range());
        }
        for (var table : tables.all().values()) {
            table.clear(area);
        }
        areas.remove(area.iova());
    }

    /// Cuts a mapping in two, as the first version of the old interface wants; only where large pages are
    /// off.
    void cut(MappedArea area, long at) throws CallFailed {
        remove(area);
        long first = at - area.iova();
        put(area, area.iova(), first, 0);
        put(area, at, area.bytes() - first, first);
    }

    private void put(MappedArea whole, long iova, long bytes, long skip) throws CallFailed {
        var part =
                new MappedArea(
                        iova,
                        bytes,
                        whole.pages(),
                        whole.offset() + skip,
                        whole.pageOffset() + skip & 4095,
                        whole.permissions());
        areas.set(iova, part);
        for (var table : tables.all().values()) {
            table.fill(part);
        }
    }

    /// The mappings that together cover a range without a hole, in order.
    ///
    /// @throws CallFailed (ENOENT) there is a hole
    List<MappedArea> covering(IovaRange range) throws CallFailed {
        var found = new ArrayList<MappedArea>();
        long next = range.first();
        for (var area : areas()) {
            if (area.range().overlaps(range)) {
                if (Long.compareUnsigned(area.iova(), next) > 0) {
                    break;
                }
                found.add(area);
                if (Long.compareUnsigned(area.last(), range.last()) >= 0) {
                    return found;
                }
                next = area.last() + 1;
            }
        }
        throw new CallFailed("ENOENT", "Not all of %s is mapped.".formatted(range));
    }

    /// Hardware reads a mapping directly from now on.
    void lock(MappedArea area) {
        locked.set(area.iova(), locked.find(area.iova()).orElse(0) + 1);
    }

    void unlock(MappedArea area) {
        int left = locked.find(area.iova()).orElse(0) - 1;
        if (left > 0) {
            locked.set(area.iova(), left);
        } else {
            locked.remove(area.iova());
        }
    }

    /// Whether hardware reads some mapping directly.
    boolean hasLocked() {
        return !locked.isEmpty();
    }

    // ---- who uses it

    /// A table is to be filled from it, now and from now on.
    ///
    /// @throws CallFailed (EADDRINUSE) a mapping that the table cannot have, (EFAULT, ENOMEM) memory that
    ///     cannot be pinned
    void add(PagingTable table) throws CallFailed {
        free.reserve(table.toString(), table.unreachable());
        tables.set(table.id(), table);
        requireAligned();
        for (var area : areas()) {
            table.fill(area);
        }
    }

    void remove(PagingTable table) throws CallFailed {
        for (var area : areas()) {
            table.clear(area);
        }
        tables.remove(table.id());
        free.unreserve(table.toString());
    }

    Collection<PagingTable> tables() {
        return tables.all().values();
    }

    void add(SoftwareAccess access) throws CallFailed {
        accesses.set(access.id(), access);
        requireAligned();
    }

    void remove(SoftwareAccess access) {
        accesses.remove(access.id());
    }

    Collection<SoftwareAccess> accesses() {
        return accesses.all().values();
    }

    @Override
    public List<SoftwareView.Fact> facts() {
        var facts = new ArrayList<SoftwareView.Fact>();
        facts.add(SoftwareView.Fact.hex("alignment", alignment()));
        facts.add(SoftwareView.Fact.of("huge pages", hugePages() ? "on" : "off"));
        facts.add(SoftwareView.Fact.of("usable", free.usable()));
        if (!free.allowed().isEmpty()) {
            facts.add(SoftwareView.Fact.of("allowed", free.allowed()));
        }
        for (var area : areas()) {
            facts.add(
                    SoftwareView.Fact.of(
                            area.range().toString(),
                            "%s, %s".formatted(area.permissions(), area.pages())));
        }
        return facts;
    }

    @Override
    protected void end() throws CallFailed {
        for (var area : new ArrayList<>(areas())) {
            remove(area);
        }
    }
}
