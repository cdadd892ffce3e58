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
import iommulab.engine.iommu.builder.TableLimits;
import iommulab.engine.iommu.builder.X86Encoder;
import iommulab.engine.iommu.vtd.InvalidationDescriptor;
import iommulab.engine.iommu.vtd.PageSelective;
import iommulab.engine.iommu.vtd.PasidTables;
import iommulab.engine.iommu.vtd.SecondStageEncoder;
import iommulab.engine.iommu.vtd.VtdRegisters;
import iommulab.engine.iommu.vtd.VtdUnit;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.memory.FrameAllocator;
import iommulab.engine.memory.PhysicalMemory;
import iommulab.engine.pci.RequesterId;

import java.util.List;
import java.util.Map;

/// Linux's driver of one VT-d unit in scalable mode: it owns root, context and PASID tables. A device's own
/// requests are those of PASID 0. Source: kernel `drivers/iommu/intel/pasid.c`, `cache.c`.
///
/// Not thread-safe: one engine thread owns it.
public final class ScalableDriver implements IommuDriver {
    private static final EntryEncoder FIRST = new X86Encoder();
    private static final EntryEncoder SECOND = new SecondStageEncoder();
    private static final int SCALABLE_MODE = 1;

    private final VtdUnit unit;
    private final PasidTables tables;
    private final VtdCommands commands;
    private final TagUses uses;
    private final FrameAllocator frames;
    private final ServiceBook services;
    private final DomainWishes wishes;
    private final PasidWords words;

    private ScalableDriver(
            VtdUnit unit,
            PasidTables tables,
            VtdCommands commands,
            TagUses uses,
            FrameAllocator frames,
            ServiceBook services,
            DomainWishes wishes) {
        this.wishes = wishes;
        words = new PasidWords(unit.capabilities(), wishes);
        this.unit = unit;
        this.tables = tables;
        this.commands = commands;
        this.uses = uses;
        this.frames = frames;
        this.services = services;
    }

    /// Brings a unit up: an empty root table, an invalidation queue, everything invalidated, translation
    /// on.
    ///
    /// @throws MappingRefused (ENOMEM) if no frame is left
    public static ScalableDriver start(VtdUnit unit, PhysicalMemory memory, FrameAllocator frames)
            throws MappingRefused {
        var tables = PasidTables.create(memory, frames);
        var rings = VtdCommands.Rings.take(unit, frames, true);
        var commands = new VtdCommands(unit, memory, rings);
        commands.useRootTable(tables.rootTable(), SCALABLE_MODE);
        commands.invalidateContexts(VtdCommands.GLOBAL, 0, 0, 0, true);
        commands.submit(InvalidationDescriptor.pasidGlobal());
        commands.invalidateIotlb(VtdCommands.GLOBAL, 0, 0, 0, false, true);
        commands.setTranslation(true);
        return new ScalableDriver(
                unit,
                tables,
                commands,
                new TagUses(),
                frames,
                new ServiceBook(),
                new DomainWishes(DomainWishes.State.NONE));
    }

    @Override
    public VtdUnit unit() {
        return unit;
    }

    // ---- domains

    @Override
    public void requireTag(int tag) throws MappingRefused {
        VtdDriver.requireTag(unit, tag);
    }

    @Override
    public boolean passesThrough() {
        return unit.capabilities().passThrough();
    }

    /// Second-stage tables can be a parent, first-stage tables cannot; Linux takes what can do more.
    @Override
    public Stage usualStage() {
        return unit.capabilities().secondStage() ? Stage.SECOND : Stage.FIRST;
    }

    @Override
    public TableLimits limits(Stage stage, int levels) throws MappingRefused {
        return stage == Stage.SECOND
                ? VtdDriver.secondStageLimits(unit.capabilities(), levels)
                : VtdDriver.firstStageLimits(unit.capabilities(), levels);
    }

    @Override
    public EntryEncoder encoder(Stage stage) {
        return stage == Stage.FIRST ? FIRST : SECOND;
    }

    // ---- devices

    @Override
    public void attach(RequesterId requester, Attachment to) throws MappingRefused {
        set(requester, TagUses.OWN, to);
    }

    @Override
    public boolean isAttached(RequesterId requester) {
        return tables.isPresent(requester, TagUses.OWN);
    }

    @Override
    public void detach(RequesterId requester) throws MappingRefused {
        clear(requester, TagUses.OWN);
    }

    @Override
    public void attachPasid(RequesterId requester, int pasid, Attachment to) throws MappingRefused {
        if (!unit.capabilities().pasids()) {
            throw new MappingRefused("EOPNOTSUPP", "The IOMMU takes no PASIDs (ECAP.PASID).");
        }
        if (pasid == TagUses.OWN || pasid >>> PasidTables.PASID_BITS != 0) {
            throw new MappingRefused(
                    "EINVAL",
                    "PASID 0x%x: PASID 0 is that of requests without one, and the directory reaches %d bits."
                            .formatted(pasid, PasidTables.PASID_BITS));
        }
        set(requester, pasid, to);
    }

    @Override
    public void detachPasid(RequesterId requester, int pasid) throws MappingRefused {
        clear(requester, pasid);
    }

    private void set(RequesterId requester, int pasid, Attachment to) throws MappingRefused {
        if (tables.isPresent(requester, pasid)) {
            throw new MappingRefused(
                    "EBUSY",
                    "Requester %s has an entry for PASID 0x%x. Detach it first."
                            .formatted(requester, pasid));
        }
        tables.set(requester, pasid, words.of(to));
        uses.add(requester, pasid, to);
        if (unit.capabilities().cachingMode()) {
            forget(to.tag(), pasid);
        }
    }

    private void clear(RequesterId requester, int pasid) throws MappingRefused {
        var use =
                uses.remove(requester, pasid)
                        .orElseThrow(() ->
                                new MappingRefused(
                                        "ENODEV",
                                        "Requester %s is attached to no domain. There is nothing to detach."
                                                .formatted(requester)));
        tables.clear(requester, pasid);
        forget(use.tag(), pasid);
        forgetInDevice(use, DeviceRange.ALL);
    }

    /// As `intel_pasid_tear_down_entry`.
    private void forget(int tag, int pasid) {
        commands.submit(InvalidationDescriptor.pasidEntry(tag, pasid));
        commands.submit(InvalidationDescriptor.pasidIotlb(tag, pasid));
        commands.invalidateIotlb(VtdCommands.DOMAIN, tag, 0, 0, false, true);
    }

    // ---- services of devices

    /// The page request queue is set up when a device first needs it.
    @Override
    public void serve(RequesterId requester, DeviceServices wanted) throws MappingRefused {
        var capabilities = unit.capabilities();
        ServiceBook.requireSupport(wanted, capabilities.deviceTlb(), capabilities.pageRequests());
        if (wanted.pageRequests() && unit.pageRequests().base() == 0) {
            long queue = frames.take();
            if (queue == FrameAllocator.NONE) {
                throw new MappingRefused("ENOMEM", "No frame is left for a page request queue.");
            }
            unit.registers().write64(VtdRegisters.PAGE_REQUEST_ADDRESS, queue);
        }
        services.set(requester, wanted);
        tables.setServices(requester, wanted.deviceTlb(), wanted.pageRequests());
        commands.invalidateContexts(VtdCommands.GLOBAL, 0, 0, 0, true);
    }

    @Override
    public void respond(RequesterId requester, int pasid, int group, PageResponse response) {
        var registers = unit.registers();
        registers.write64(
                VtdRegisters.PAGE_REQUEST_HEAD, registers.read64(VtdRegisters.PAGE_REQUEST_TAIL));
        registers.write32(VtdRegisters.PAGE_REQUEST_STATUS, -1);
        commands.submit(
                InvalidationDescriptor.pageGroupResponse(requester.raw(), pasid, group, response));
    }

    private void forgetInDevice(TagUses.Use use, AddressRange range) {
        if (services.of(use.requester()).deviceTlb()) {
            int pasid = use.pasid() == TagUses.OWN ? Iommu.NO_PASID : use.pasid();
            commands.forgetInDevice(use.requester(), pasid, range);
        }
    }

    // ---- dirty tracking and snooping

    @Override
    public boolean tracksDirty(Stage stage) {
        return stage == Stage.SECOND
                ? unit.capabilities().secondStageMarks()
                : unit.capabilities().firstStage();
    }

    /// A first stage is always marked. Only walks that snoop can set bits.
    @Override
    public void trackDirty(int tag, Stage stage, boolean on) {
        wishes.track(tag, on);
        for (var use : uses.through(tag)) {
            if (stage == Stage.SECOND) {
                change(use, 0, PasidWords.MARKS_SECOND, words.marksOfSecond(tag));
            }
            rewriteSnooping(use);
        }
    }

    private void change(TagUses.Use use, int word, long mask, long bits) {
        tables.change(use.requester(), use.pasid(), word, mask, bits);
    }

    private void rewriteSnooping(TagUses.Use use) {
        change(use, 1, PasidWords.SNOOPS, words.snoops(use.tag(), use.parentTag()));
        forget(use.tag(), use.pasid());
    }

    @Override
    public boolean enforcesSnooping(Stage stage) {
        return unit.capabilities().snoopControl();
    }

    /// PGSNP for a first stage; the leaves of a second have SNP.
    @Override
    public void enforceSnooping(int tag, Stage stage) {
        if (stage == Stage.FIRST) {
            wishes.snoop(tag);
            uses.through(tag).forEach(this::rewriteSnooping);
        }
    }

    @Override
    public void forgetDomain(int tag) {
        wishes.forget(tag);
    }

    // ---- invalidation

    @Override
    public void flushMapped(int tag, Stage stage, TableChange change) {
        if (unit.capabilities().cachingMode()) {
            flush(tag, stage, change.range(), false);
        }
    }

    @Override
    public void flushUnmapped(int tag, Stage stage, TableChange change) {
        for (var range : change.stale()) {
            flush(tag, stage, range, !change.tablesChanged());
        }
    }

    private void flush(int tag, Stage stage, AddressRange range, boolean leavesOnly) {
        if (stage == Stage.FIRST) {
            for (var use : uses.of(tag)) {
                flushPasid(tag, use.pasid(), range, leavesOnly);
                forgetInDevice(use, range);
            }
            return;
        }
        commands.flush(tag, range, leavesOnly);
        for (int nested : uses.nestedIn(tag)) {
            // Which addresses of the first stage lead there nobody knows: all of them go.
            commands.invalidateIotlb(VtdCommands.DOMAIN, nested, 0, 0, false, true);
            uses.of(nested).forEach(use -> forgetInDevice(use, DeviceRange.ALL));
        }
        uses.of(tag).forEach(use -> forgetInDevice(use, range));
    }

    private void flushPasid(int tag, int pasid, AddressRange range, boolean leavesOnly) {
        var pages = PageSelective.covering(range);
        commands.submit(
                commands.takesPages(pages)
                        ? InvalidationDescriptor.pasidPage(
                                tag, pasid, pages.iova(), pages.addressMask(), leavesOnly)
                        : InvalidationDescriptor.pasidIotlb(tag, pasid));
    }

    @Override
    public Patience patience() {
        return commands.patience;
    }

    @Override
    public void invalidate(Invalidation what, boolean viaQueue) throws MappingRefused {
        switch (what) {
            case Invalidation.PasidEntries(int tag, int pasid) ->
                    commands.submit(
                            pasid < 0
                                    ? InvalidationDescriptor.pasidDomain(VtdDriver.checkedTag(tag))
                                    : InvalidationDescriptor.pasidEntry(
                                            VtdDriver.checkedTag(tag), pasid));
            case Invalidation.PasidTranslations(int tag, int pasid) ->
                    commands.submit(
                            InvalidationDescriptor.pasidIotlb(VtdDriver.checkedTag(tag), pasid));
            case Invalidation.ContextGlobal _,
                    Invalidation.ContextDomain _,
                    Invalidation.ContextDevice _,
                    Invalidation.IotlbGlobal _,
                    Invalidation.IotlbDomain _,
                    Invalidation.IotlbPage _,
                    Invalidation.DeviceTlb _ ->
                    VtdDriver.send(unit, commands, what, viaQueue);
        }
    }

    // ---- the unit as a whole

    @Override
    public void setTranslation(boolean on) {
        commands.setTranslation(on);
    }

    @Override
    public void clearFaults() {
        commands.clearFaults();
    }

    @Override
    public List<String> kernelLines(
            RequesterId requester,
            PasidPrefix prefix,
            long iova,
            Access access,
            FaultReason reason,
            FaultRecord record) {
        return KernelLog.dmarFault(requester, prefix, iova, access, reason);
    }

    // ---- going back

    private record Remembered(
            long rootTable,
            VtdCommands.Rings rings,
            List<TagUses.Use> uses,
            Map<Integer, DeviceServices> services,
            DomainWishes.State wishes)
            implements State {
        @Override
        public IommuDriver resume(Iommu unit, PhysicalMemory memory, FrameAllocator frames) {
            var hardware = VtdDriver.vtd(unit);
            return new ScalableDriver(
                    hardware,
                    PasidTables.resume(memory, frames, rootTable),
                    new VtdCommands(hardware, memory, rings),
                    new TagUses(uses),
                    frames,
                    new ServiceBook(services),
                    new DomainWishes(wishes));
        }
    }

    @Override
    public State checkpoint() {
        return new Remembered(
                tables.rootTable(), commands.rings(), uses.all(), services.all(), wishes.state());
    }
}
