package iommulab.engine.os;

import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.FaultReason;
import iommulab.engine.iommu.FaultRecord;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.PageResponse;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.iommu.Stage;
import iommulab.engine.iommu.TableChange;
import iommulab.engine.iommu.builder.EntryEncoder;
import iommulab.engine.iommu.builder.TableBuilder;
import iommulab.engine.iommu.builder.TableLimits;
import iommulab.engine.iommu.builder.TableStore;
import iommulab.engine.iommu.selftest.SelftestEncoder;
import iommulab.engine.iommu.selftest.SelftestFormat;
import iommulab.engine.iommu.selftest.SelftestRegisters;
import iommulab.engine.iommu.selftest.SelftestUnit;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.memory.FrameAllocator;
import iommulab.engine.memory.PhysicalMemory;
import iommulab.engine.pci.RequesterId;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// The driver of the self-test's IOMMU: device table, PASID tables, fault log; it tells the unit what to
/// forget through a register. Each PASID may use any domain, whatever the device itself uses.
/// Source: kernel `drivers/iommu/iommufd/selftest.c` for what it can do and where it stops.
///
/// Not thread-safe: one engine thread owns it.
public final class SelftestDriver implements IommuDriver {
    /// The addresses of a domain: kernel `MOCK_APERTURE_START`, `MOCK_APERTURE_LAST`.
    public static final AddressRange APERTURE = new AddressRange(0x100_0000L, 0x7fff_ffffL);

    private static final EntryEncoder ENCODER = new SelftestEncoder();
    private static final int ENTRY_BYTES = 32;
    private static final int PASID_POINTER = 24;
    private static final long PASS_THROUGH = 1;
    private static final long TABLES = 2;
    private static final long VALID = 1;
    private static final long MARK_FIRST = 1 << 2;
    private static final long MARK_SECOND = 1 << 3;

    private static final PasidDirectory.Shape PASIDS =
            new PasidDirectory.Shape() {
                @Override
                public int rootBits() {
                    return 13;
                }

                @Override
                public int leafBits() {
                    return 7;
                }

                @Override
                public int entryBytes() {
                    return ENTRY_BYTES;
                }

                @Override
                public long pointer(long table) {
                    return table | VALID;
                }
            };

    private final SelftestUnit unit;
    private final TableStore host;
    private final Remembered tables;
    private final TagUses uses;
    private final DomainWishes wishes;
    private final SelftestCommands commands;
    private final TreeMap<Integer, PasidDirectory> directories = new TreeMap<>();

    private SelftestDriver(SelftestUnit unit, TableStore host, Remembered then) {
        this.unit = unit;
        this.host = host;
        tables = then;
        uses = new TagUses(then.uses());
        wishes = new DomainWishes(then.wishes());
        commands = new SelftestCommands(unit.registers());
        then.directories()
                .forEach((requester, state) -> directories.put(requester, state.resume(PASIDS)));
    }

    /// Brings a unit up: a device table in which every device is blocked, a fault log, translation on.
    ///
    /// @param highestRequester that the device table must reach
    /// @throws MappingRefused (ENOMEM) if no frame is left
    public static SelftestDriver start(SelftestUnit unit, TableStore host, int highestRequester)
            throws MappingRefused {
        int needed = Math.max(1, (highestRequester + 1) * ENTRY_BYTES + 4095 >> 12);
        int frames = Integer.highestOneBit(2 * needed - 1);
        long devices = host.takeCleared(frames, "a device table");
        long log = host.takeCleared(1, "a fault log");
        var registers = unit.registers();
        registers.write64(SelftestRegisters.DEVICE_TABLE, devices | frames - 1);
        registers.write64(SelftestRegisters.LOG, log | VALID);
        registers.write64(
                SelftestRegisters.INVALIDATE,
                SelftestRegisters.command(SelftestRegisters.EVERYTHING, 0, 0, 0));
        registers.write64(SelftestRegisters.CONTROL, 1);
        return new SelftestDriver(
                unit, host, new Remembered(devices, List.of(), DomainWishes.State.NONE, Map.of()));
    }

    @Override
    public SelftestUnit unit() {
        return unit;
    }

    // ---- domains

    @Override
    public void requireTag(int tag) throws MappingRefused {
        if (tag >>> 16 != 0) {
            throw new MappingRefused(
                    "ENOSPC", "The IOMMU has 65536 domain numbers, and all are in use.");
        }
    }

    @Override
    public boolean passesThrough() {
        return true;
    }

    @Override
    public Stage usualStage() {
        return Stage.SECOND;
    }

    @Override
    public TableLimits limits(Stage stage, int levels) throws MappingRefused {
        if (levels != 0 && levels != SelftestFormat.LEVELS) {
            throw new MappingRefused(
                    "EINVAL",
                    "The IOMMU walks %d levels, not %d.".formatted(SelftestFormat.LEVELS, levels));
        }
        return SelftestEncoder.limits();
    }

    @Override
    public AddressRange aperture(TableLimits limits) {
        return APERTURE;
    }

    @Override
    public EntryEncoder encoder(Stage stage) {
        return ENCODER;
    }

    // ---- devices

    @Override
    public void attach(RequesterId requester, Attachment to) throws MappingRefused {
        requireFree(requester, TagUses.OWN);
        writeDevice(requester, words(to));
        uses.add(requester, TagUses.OWN, to);
    }

    private void requireFree(RequesterId requester, int pasid) throws MappingRefused {
        var use = uses.find(requester, pasid);
        if (use.isPresent()) {
            throw new MappingRefused(
                    "EBUSY",
                    "Requester %s%s is attached to domain %d. Detach it first."
                            .formatted(
                                    requester,
                                    pasid == TagUses.OWN ? "" : ", PASID 0x%x".formatted(pasid),
                                    use.get().tag()));
        }
    }

    @Override
    public boolean isAttached(RequesterId requester) {
        return uses.find(requester, TagUses.OWN).isPresent();
    }

    @Override
    public void detach(RequesterId requester) throws MappingRefused {
        var use = removed(requester, TagUses.OWN);
        writeDevice(requester, new long[3]);
        commands.forget(SelftestRegisters.DOMAIN, use.tag());
    }

    private TagUses.Use removed(RequesterId requester, int pasid) throws MappingRefused {
        return uses.remove(requester, pasid)
                .orElseThrow(() ->
                        new MappingRefused(
                                "ENODEV",
                                "Requester %s is attached to no domain. There is nothing to detach."
                                        .formatted(requester)));
    }

    @Override
    public void attachPasid(RequesterId requester, int pasid, Attachment to) throws MappingRefused {
        requireFree(requester, pasid);
        var directory = directories.get(requester.raw());
        if (directory == null) {
            directory = PasidDirectory.create(host, PASIDS);
            directories.put(requester.raw(), directory);
            host.memory().write64(entryOf(requester) + PASID_POINTER, directory.root() | VALID);
            commands.forget(SelftestRegisters.DEVICE, requester.raw());
        }
        if (pasid == TagUses.OWN || pasid >>> directory.pasidBits() != 0) {
            throw new MappingRefused(
                    "EINVAL",
                    "PASID 0x%x: PASID 0 is that of requests without one, and the directory reaches %d bits."
                            .formatted(pasid, directory.pasidBits()));
        }
        var words = words(to);
        directory.set(host, pasid, new long[] {words[0], words[1], words[2], 0});
        uses.add(requester, pasid, to);
    }

    @Override
    public void detachPasid(RequesterId requester, int pasid) throws MappingRefused {
        var use = removed(requester, pasid);
        var directory = directories.get(requester.raw());
        if (directory != null) {
            directory.clear(host.memory(), pasid);
        }
        commands.forgetPasid(requester.raw(), pasid);
        commands.forget(SelftestRegisters.DOMAIN, use.tag());
    }

    // ---- entries

    private long entryOf(RequesterId requester) {
        return tables.devices() + requester.raw() * (long) ENTRY_BYTES;
    }

    /// The pointer to the directory of PASIDs stays; the first word comes last, so that the entry is valid
    /// when it is complete.
    private void writeDevice(RequesterId requester, long[] words) {
        for (int word = words.length - 1; word >= 0; word--) {
            host.memory().write64(entryOf(requester) + word * 8L, words[word]);
        }
        commands.forget(SelftestRegisters.DEVICE, requester.raw());
    }

    private long[] words(Attachment to) {
        long low = (long) to.tag() << 16 | (to.isPassThrough() ? PASS_THROUGH : TABLES);
        boolean nested = to.first() != null && to.second() != null;
        boolean marksFirst = to.first() != null && wishes.tracks(to.tag());
        boolean marksSecond = to.second() != null && wishes.tracks(to.parentTag());
        return new long[] {
            low
                    | (nested ? (long) to.parentTag() << 32 : 0)
                    | (marksFirst ? MARK_FIRST : 0)
                    | (marksSecond ? MARK_SECOND : 0),
            pointer(to.first()),
            pointer(to.second())
        };
    }

    private static long pointer(@Nullable TableBuilder tables) {
        return tables == null ? 0 : tables.top() | VALID;
    }

    // ---- dirty tracking

    @Override
    public boolean tracksDirty(Stage stage) {
        return true;
    }

    @Override
    public void trackDirty(int tag, Stage stage, boolean on) {
        wishes.track(tag, on);
        long bit = stage == Stage.FIRST ? MARK_FIRST : MARK_SECOND;
        for (var use : uses.through(tag)) {
            long entry = entryOf(use);
            long low = host.memory().read64(entry);
            host.memory().write64(entry, on ? low | bit : low & ~bit);
            commands.forget(SelftestRegisters.DEVICE, use.requester().raw());
            commands.forget(SelftestRegisters.DOMAIN, use.tag());
        }
        commands.forget(SelftestRegisters.DOMAIN, tag);
    }

    private long entryOf(TagUses.Use use) {
        var directory = directories.get(use.requester().raw());
        return use.pasid() == TagUses.OWN || directory == null
                ? entryOf(use.requester())
                : directory.entryOf(host.memory(), use.pasid());
    }

    @Override
    public void forgetDomain(int tag) {
        wishes.forget(tag);
    }

    // ---- invalidation

    /// Nothing is cached of what is not present.
    @Override
    public void flushMapped(int tag, Stage stage, TableChange change) {}

    @Override
    public void flushUnmapped(int tag, Stage stage, TableChange change) {
        for (var range : change.stale()) {
            commands.forgetPages(tag, range);
        }
        if (stage == Stage.SECOND && !change.stale().isEmpty()) {
            // Which addresses of the first stage lead there nobody knows: all of them go.
            uses.nestedIn(tag).forEach(nested -> commands.forget(SelftestRegisters.DOMAIN, nested));
        }
    }

    @Override
    public void serve(RequesterId requester, DeviceServices wanted) throws MappingRefused {
        ServiceBook.requireSupport(wanted, false, false);
    }

    @Override
    public void respond(RequesterId requester, int pasid, int group, PageResponse response) {
        throw new IllegalStateException("no device asks this IOMMU for a page");
    }

    /// Nobody waits: commands by register are done at once.
    @Override
    public Patience patience() {
        return new Patience();
    }

    @Override
    public void invalidate(Invalidation what, boolean viaQueue) throws MappingRefused {
        if (viaQueue) {
            throw new MappingRefused(
                    "EOPNOTSUPP", "The self-test's IOMMU takes invalidations by register only.");
        }
        commands.invalidate(what);
    }

    // ---- the unit as a whole

    @Override
    public void setTranslation(boolean on) {
        unit.registers().write64(SelftestRegisters.CONTROL, on ? 1 : 0);
    }

    @Override
    public void clearFaults() {
        var registers = unit.registers();
        registers.write64(SelftestRegisters.LOG_HEAD, registers.read64(SelftestRegisters.LOG_TAIL));
    }

    @Override
    public List<String> kernelLines(
            RequesterId requester,
            PasidPrefix prefix,
            long iova,
            Access access,
            FaultReason reason,
            FaultRecord record) {
        return List.of(
                "iommufd-selftest: %s%s: %s 0x%x: %s"
                        .formatted(
                                requester,
                                prefix.isPresent() ? ", PASID 0x%x".formatted(prefix.pasid()) : "",
                                access.word(),
                                iova,
                                reason.kernelText()));
    }

    // ---- going back

    /// @param devices hpa of the device table
    private record Remembered(
            long devices,
            List<TagUses.Use> uses,
            DomainWishes.State wishes,
            Map<Integer, PasidDirectory.State> directories)
            implements State {
        @Override
        public IommuDriver resume(Iommu unit, PhysicalMemory memory, FrameAllocator frames) {
            if (!(unit instanceof SelftestUnit hardware)) {
                throw new IllegalStateException("not the self-test's IOMMU: " + unit);
            }
            return new SelftestDriver(hardware, TableStore.ofHost(memory, frames), this);
        }
    }

    @Override
    public State checkpoint() {
        var states = new TreeMap<Integer, PasidDirectory.State>();
        directories.forEach(
                (requester, directory) -> states.put(requester, directory.checkpoint()));
        return new Remembered(tables.devices(), uses.all(), wishes.state(), states);
    }
}
