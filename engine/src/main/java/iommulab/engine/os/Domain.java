package iommulab.engine.os;

import iommulab.engine.Fingerprint;
import iommulab.engine.group.DomainType;
import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.PageCounts;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.Stage;
import iommulab.engine.iommu.TableChange;
import iommulab.engine.iommu.builder.DirtyPages;
import iommulab.engine.iommu.builder.LeafForm;
import iommulab.engine.iommu.builder.TableBuilder;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.os.device.GuestEntry;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// One translation as the kernel knows it: a page table with what was mapped into it, identity, or
/// blocked. Belongs to one IOMMU. Source: kernel `struct iommu_domain`.
///
/// Not thread-safe: one engine thread owns it.
public final class Domain {
    private final Identity identity;
    private final @Nullable TableBuilder tables;
    private final @Nullable GuestEntry guest;
    private final TreeMap<Long, Mapping> mappings = new TreeMap<>();
    private final List<AddressRange> unflushed = new ArrayList<>();
    private @Nullable List<Mapping> view;

    /// What never changes of a domain.
    ///
    /// @param id the number that users and commands give it
    /// @param name such as `default of group 3`
    /// @param type what it does
    /// @param byUser whether somebody made it; else it is a group's default domain
    /// @param unit number of its IOMMU
    /// @param tag domain ID in the hardware's entries, 16 bits; 0 for blocked
    /// @param stage of its tables
    /// @param parent domain through which its tables and what they map go; 0 for none
    public record Identity(
            int id,
            String name,
            DomainType type,
            boolean byUser,
            int unit,
            int tag,
            Stage stage,
            int parent) {}

    /// One range as it was mapped.
    ///
    /// @param iova first address the device uses
    /// @param hpa where it leads; a gpa in a domain that has a parent
    /// @param bytes multiple of the smallest page
    /// @param pages which pages hold it
    public record Mapping(
            long iova, long hpa, long bytes, Permissions permissions, PageCounts pages) {
        /// First address behind it.
        long end() {
            return iova + bytes;
        }
    }

    /// @param tables its page table; null for identity with pass-through, and for blocked
    public Domain(Identity identity, @Nullable TableBuilder tables) {
        this(identity, tables, null);
    }

    private Domain(Identity identity, @Nullable TableBuilder tables, @Nullable GuestEntry guest) {
        this.identity = identity;
        this.tables = tables;
        this.guest = guest;
    }

    /// A domain whose first stages a guest keeps itself, one for each PASID of the devices that use it.
    public static Domain ofGuest(Identity identity, GuestEntry entry) {
        return new Domain(identity, null, entry);
    }

    public Identity identity() {
        return identity;
    }

    public int id() {
        return identity.id();
    }

    public Optional<TableBuilder> tables() {
        return Optional.ofNullable(tables);
    }

    /// The guest's entry that decides, if a guest keeps all first stages itself.
    public Optional<GuestEntry> guest() {
        return Optional.ofNullable(guest);
    }

    /// By iova.
    public List<Mapping> mappings() {
        if (view == null) {
            view = List.copyOf(mappings.values());
        }
        return view;
    }

    /// The mapping that holds an address.
    public Optional<Mapping> mappingAt(long iova) {
        return Optional.ofNullable(mappings.floorEntry(iova))
                .map(Map.Entry::getValue)
                .filter(mapping -> iova < mapping.end());
    }

    /// Ranges of iova that were unmapped, and of which the IOMMU was not told.
    public List<AddressRange> unflushed() {
        return List.copyOf(unflushed);
    }

    /// Maps a range; see [TableBuilder#map].
    public TableChange map(long iova, long hpa, long bytes, Permissions permissions)
            throws MappingRefused {
        var builder = requireTables("mapped");
        var change = builder.map(iova, hpa, bytes, permissions);
        mappings.put(
                iova, new Mapping(iova, hpa, bytes, builder.granted(permissions), change.pages()));
        view = null;
        return change;
    }

    /// Unmaps a range; see [TableBuilder#unmap]. What is left of a mapping stays.
    public TableChange unmap(long iova, long bytes) throws MappingRefused {
        var change = requireTables("unmapped").unmap(iova, bytes);
        long end = iova + bytes;
        var before = mappings.lowerEntry(iova);
        if (before != null && before.getValue().end() > iova) {
            cut(before.getValue(), iova, end);
        }
        for (var inside = mappings.ceilingEntry(iova);
                inside != null && inside.getKey() < end;
                inside = mappings.ceilingEntry(iova)) {
            cut(inside.getValue(), iova, end);
        }
        view = null;
        return change;
    }

    private void cut(Mapping old, long start, long end) throws MappingRefused {
        mappings.remove(old.iova());
        if (old.iova() < start) {
            keep(old, old.iova(), start);
        }
        if (old.end() > end) {
            keep(old, end, old.end());
        }
    }

    private void keep(Mapping old, long from, long to) throws MappingRefused {
        mappings.put(
                from,
                new Mapping(
                        from,
                        old.hpa() + (from - old.iova()),
                        to - from,
                        old.permissions(),
                        requireTables("unmapped").pagesIn(from, to - from)));
    }

    /// Remembers that the IOMMU was not told of an unmapped range.
    public void forgetInvalidation(List<AddressRange> ranges) {
        unflushed.addAll(ranges);
    }

    /// An invalidation of `covered` was executed.
    public void invalidated(AddressRange covered) {
        unflushed.removeIf(
                range -> covered.contains(range.start()) && covered.contains(range.last()));
    }

    // ---- dirty tracking and snooping

    /// Whether hardware marks the pages that are written through it.
    public boolean tracksDirty() {
        return tables != null && tables.leaves().clean();
    }

    /// Switches dirty tracking. Switching it on makes all pages clean, also when it was on already;
    /// switching it off when it is off does nothing.
    /// Source: kernel `iopt_set_dirty_tracking`.
    ///
    /// @param driver of its IOMMU
    /// @throws MappingRefused (EOPNOTSUPP) if the hardware cannot, (EINVAL) if there are no tables, (EIO)
    ///     tables changed by hand
    public void trackDirty(boolean on, IommuDriver driver) throws MappingRefused {
        var builder = requireTables("tracked");
        if (!driver.tracksDirty(identity.stage())) {
            throw new MappingRefused(
                    "EOPNOTSUPP",
                    "The IOMMU of domain %d marks no writes in its %s."
                            .formatted(id(), identity.stage().words()));
        }
        if (!on && !tracksDirty()) {
            return;
        }
        if (on) {
            driver.trackDirty(identity.tag(), identity.stage(), true);
            builder.dirtyPages().clean();
        } else {
            builder.dirtyPages().settle();
            driver.trackDirty(identity.tag(), identity.stage(), false);
        }
        builder.formLeaves(builder.leaves().withClean(on));
        var everything = builder.limits().everything();
        driver.flushUnmapped(
                identity.tag(),
                identity.stage(),
                new TableChange(everything, PageCounts.NONE, List.of(everything), false, 0));
    }

    /// The pages of a range that were written since tracking began or since they were cleaned; see
    /// [DirtyPages#read]. Who cleans has to call [IommuDriver#flushUnmapped] with what comes back.
    ///
    /// @throws MappingRefused (EINVAL) if the domain does not track, or as [DirtyPages#read]
    public TableChange readDirty(long iova, long bytes, boolean clear, DirtyPages.Visitor visitor)
            throws MappingRefused {
        var builder = requireTables("tracked");
        if (!tracksDirty()) {
            throw new MappingRefused(
                    "EINVAL",
                    "Domain %d does not track what is written. Switch tracking on first."
                            .formatted(id()));
        }
        return builder.dirtyPages().read(iova, bytes, clear, visitor);
    }

    /// Whether all its requests look into the processors' caches.
    public boolean enforcesSnooping() {
        return tables != null && tables.leaves().snooping();
    }

    /// Makes all its requests look into the processors' caches, for good, if it can be done: where leaves
    /// decide it, only before anything is mapped.
    /// Source: kernel `intel_iommu_enforce_cache_coherency`.
    ///
    /// @param driver of its IOMMU
    /// @return whether they do now
    public boolean enforceSnooping(IommuDriver driver) throws MappingRefused {
        if (tables == null || enforcesSnooping()) {
            return enforcesSnooping();
        }
        boolean inLeaves = identity.stage() == Stage.SECOND;
        if (!driver.enforcesSnooping(identity.stage()) || inLeaves && !mappings.isEmpty()) {
            return false;
        }
        driver.enforceSnooping(identity.tag(), identity.stage());
        tables.formLeaves(tables.leaves().withSnooping(true));
        return true;
    }

    private TableBuilder requireTables(String done) throws MappingRefused {
        if (guest != null) {
            throw new MappingRefused(
                    "EINVAL",
                    "Domain %d has the tables of its guest: nothing can be %s in it. The guest does that itself."
                            .formatted(id(), done));
        }
        if (tables == null) {
            throw new MappingRefused(
                    "EINVAL",
                    "Domain %d is %s: nothing can be %s in it. Create an unmanaged domain."
                            .formatted(id(), identity.type().sysfs(), done));
        }
        return tables;
    }

    /// A domain at one instant.
    ///
    /// @param top hpa of the top table, 0 without tables
    /// @param levels of its tables, 0 without tables
    /// @param tableFrames frames that its tables take
    /// @param leaves what its leaves are like
    /// @param guest entry of a guest that keeps the first stages itself
    public record Checkpoint(
            Identity identity,
            long top,
            int levels,
            int tableFrames,
            LeafForm leaves,
            List<Mapping> mappings,
            List<AddressRange> unflushed,
            Optional<GuestEntry> guest) {}

    public Checkpoint checkpoint() {
        return new Checkpoint(
                identity,
                tables == null ? 0 : tables.top(),
                tables == null ? 0 : tables.limits().levels(),
                tables == null ? 0 : tables.tableFrames(),
                tables == null ? LeafForm.PLAIN : tables.leaves(),
                mappings(),
                unflushed(),
                guest());
    }

    /// The domain as it was.
    ///
    /// @param tables resumed on memory as it was then; null if it had none
    public static Domain restore(Checkpoint then, @Nullable TableBuilder tables) {
        var domain = new Domain(then.identity(), tables, then.guest().orElse(null));
        if (tables != null) {
            tables.formLeaves(then.leaves());
        }
        then.mappings().forEach(mapping -> domain.mappings.put(mapping.iova(), mapping));
        domain.unflushed.addAll(then.unflushed());
        return domain;
    }

    /// Adds what the kernel remembers of it; the tables themselves are memory.
    public void addTo(Fingerprint hash) {
        hash.add(identity.id())
                .add(identity.name())
                .add(identity.type().ordinal())
                .add(identity.unit())
                .add(identity.tag())
                .add(identity.stage().ordinal())
                .add(identity.parent());
        for (var mapping : mappings()) {
            hash.add(mapping.iova())
                    .add(mapping.hpa())
                    .add(mapping.bytes())
                    .add(mapping.permissions().ordinal());
        }
        if (tracksDirty() || enforcesSnooping()) {
            hash.add(tracksDirty() ? 1 : 0).add(enforcesSnooping() ? 1 : 0);
        }
        for (var range : unflushed) {
            hash.add(range.start()).add(range.last());
        }
        if (guest != null) {
            hash.add(guest.low()).add(guest.high());
            if (guest.third() != 0) {
                hash.add(guest.third());
            }
        }
    }
}
