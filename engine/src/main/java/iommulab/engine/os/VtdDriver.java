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
import iommulab.engine.iommu.TableShape;
import iommulab.engine.iommu.builder.EntryEncoder;
import iommulab.engine.iommu.builder.TableLimits;
import iommulab.engine.iommu.vtd.ContextAttachment;
import iommulab.engine.iommu.vtd.InvalidationDescriptor;
import iommulab.engine.iommu.vtd.SecondStageEncoder;
import iommulab.engine.iommu.vtd.VtdCapabilities;
import iommulab.engine.iommu.vtd.VtdTables;
import iommulab.engine.iommu.vtd.VtdUnit;
import iommulab.engine.memory.FrameAllocator;
import iommulab.engine.memory.PhysicalMemory;
import iommulab.engine.os.device.PagingDomains.Wanted;
import iommulab.engine.pci.RequesterId;

import java.util.List;
import java.util.Map;

/// Linux's driver of one VT-d unit: it owns root and context tables, and tells the
/// unit what to forget, through the invalidation queue where the unit has one and else through registers.
/// It speaks to the unit by memory and registers alone. Source: kernel `drivers/iommu/intel`.
///
/// Not thread-safe: one engine thread owns it.
public final class VtdDriver implements IommuDriver {
    private static final EntryEncoder ENCODER = new SecondStageEncoder();

    private static final int LEGACY_MODE = 0;

    private final VtdUnit unit;
    private final VtdTables tables;
    private final VtdCommands commands;
    private final ServiceBook services;

    private VtdDriver(VtdUnit unit, VtdTables tables, VtdCommands commands, ServiceBook services) {
        this.unit = unit;
        this.tables = tables;
        this.commands = commands;
        this.services = services;
    }

    /// Brings a unit up: an empty root table, an invalidation queue, everything invalidated, translation
    /// on.
    ///
    /// @throws MappingRefused (ENOMEM) if no frame is left
    public static VtdDriver start(VtdUnit unit, PhysicalMemory memory, FrameAllocator frames)
            throws MappingRefused {
        var tables = VtdTables.create(memory, frames);
        var rings = VtdCommands.Rings.take(unit, frames, false);
        var commands = new VtdCommands(unit, memory, rings);
        commands.useRootTable(tables.rootTable(), LEGACY_MODE);
        commands.invalidateContexts(VtdCommands.GLOBAL, 0, 0, 0, true);
        commands.invalidateIotlb(VtdCommands.GLOBAL, 0, 0, 0, false, true);
        commands.setTranslation(true);
        return new VtdDriver(unit, tables, commands, new ServiceBook());
    }

    @Override
    public VtdUnit unit() {
        return unit;
    }

    /// hpa of the root table.
    public long rootTable() {
        return tables.rootTable();
    }

    @Override
    public void setTranslation(boolean on) {
        commands.setTranslation(on);
    }

    @Override
    public void clearFaults() {
        commands.clearFaults();
    }

    // ---- domain IDs and devices

    @Override
    public void requireTag(int tag) throws MappingRefused {
        requireTag(unit, tag);
    }

    static void requireTag(VtdUnit unit, int tag) throws MappingRefused {
        int supported = 1 << 4 + 2 * (int) (unit.capabilities().cap() & 7);
        if (tag >= Math.min(supported, 1 << 16)) {
            throw new MappingRefused(
                    "ENOSPC",
                    "The IOMMU has %d domain IDs, and all are in use. Delete a domain."
                            .formatted(supported));
        }
    }

    @Override
    public boolean passesThrough() {
        return unit.capabilities().passThrough();
    }

    @Override
    public Stage usualStage() {
        return Stage.SECOND;
    }

    @Override
    public Stage stageOf(Wanted wanted) throws MappingRefused {
        return TableWishes.ofLegacyVtd(this, wanted);
    }

    @Override
    public TableLimits limits(Stage stage, int levels) throws MappingRefused {
        requireSecond(stage);
        return secondStageLimits(unit.capabilities(), levels);
    }

    /// The driver takes four levels where it can, as Linux does for 48 bits of iova.
    static TableLimits secondStageLimits(VtdCapabilities capabilities, int levels)
            throws MappingRefused {
        int usual = capabilities.supportsLevels(4) ? 4 : capabilities.deepestLevels();
        int depth = levels == 0 ? usual : levels;
        if (!capabilities.supportsLevels(depth)) {
            throw new MappingRefused(
                    "EINVAL",
                    "The IOMMU does not walk %d levels. Its deepest tables have %d."
                            .formatted(depth, capabilities.deepestLevels()));
        }
        return SecondStageEncoder.limits(capabilities.cap(), depth, capabilities.hostAddressBits());
    }

    static TableLimits firstStageLimits(VtdCapabilities capabilities, int levels)
            throws MappingRefused {
        if (!capabilities.firstStage()) {
            throw new MappingRefused("EOPNOTSUPP", "The IOMMU has no first stage (ECAP.FSTS).");
        }
        int depth = levels == 0 ? 4 : levels;
        if (depth != 4 && !(depth == 5 && capabilities.firstStageFiveLevels())) {
            throw new MappingRefused(
                    "EINVAL",
                    "The first stage does not walk %d levels. Take 4%s."
                            .formatted(depth, capabilities.firstStageFiveLevels() ? " or 5" : ""));
        }
        // The upper half of the canonical addresses is left to the processor's own tables.
        return new TableLimits(
                TableShape.FOUR_KIB,
                depth,
                11 + 9 * depth,
                capabilities.hostAddressBits(),
                capabilities.firstStageGigapages() ? 3 : 2);
    }

    private static void requireSecond(Stage stage) throws MappingRefused {
        if (stage != Stage.SECOND) {
            throw new MappingRefused(
                    "EOPNOTSUPP",
                    "In legacy mode VT-d has no first stage. Start the kernel with"
                            + " intel_iommu=sm_on on a unit that has scalable mode.");
        }
    }

    @Override
    public EntryEncoder encoder(Stage stage) {
        return ENCODER;
    }

    @Override
    public void attach(RequesterId requester, Attachment to) throws MappingRefused {
        var second = to.second();
        tables.attach(
                requester,
                second == null
                        ? ContextAttachment.passThrough(
                                to.tag(), unit.capabilities().deepestLevels())
                        : ContextAttachment.to(to.tag(), second));
        tables.setDeviceTlb(requester, services.of(requester).deviceTlb());
        if (unit.capabilities().cachingMode()) {
            commands.invalidateContexts(VtdCommands.SELECTIVE, 0, requester.raw(), 0, true);
            commands.invalidateIotlb(VtdCommands.DOMAIN, to.tag(), 0, 0, false, true);
        }
    }

    @Override
    public void attachPasid(RequesterId requester, int pasid, Attachment to) throws MappingRefused {
        requireSecond(Stage.FIRST);
    }

    @Override
    public void detachPasid(RequesterId requester, int pasid) throws MappingRefused {
        requireSecond(Stage.FIRST);
    }

    @Override
    public boolean isAttached(RequesterId requester) {
        return tables.isAttached(requester);
    }

    @Override
    public void detach(RequesterId requester) throws MappingRefused {
        int tag = tables.detach(requester);
        commands.invalidateContexts(VtdCommands.SELECTIVE, tag, requester.raw(), 0, true);
        commands.invalidateIotlb(VtdCommands.DOMAIN, tag, 0, 0, false, true);
        if (services.of(requester).deviceTlb()) {
            commands.forgetInDevice(requester, Iommu.NO_PASID, DeviceRange.ALL);
        }
    }

    // ---- services of devices

    @Override
    public void serve(RequesterId requester, DeviceServices wanted) throws MappingRefused {
        boolean possible = unit.capabilities().deviceTlb() && commands.hasQueue();
        ServiceBook.requireSupport(wanted, possible, false);
        services.set(requester, wanted);
        if (tables.isAttached(requester)) {
            tables.setDeviceTlb(requester, wanted.deviceTlb());
            int tag = tables.tagOf(requester);
            commands.invalidateContexts(VtdCommands.SELECTIVE, tag, requester.raw(), 0, true);
        }
    }

    @Override
    public void respond(RequesterId requester, int pasid, int group, PageResponse response) {
        commands.submit(
                InvalidationDescriptor.pageGroupResponse(requester.raw(), pasid, group, response));
    }

    // ---- dirty tracking and snooping

    /// Legacy mode has no dirty bits.
    @Override
    public boolean tracksDirty(Stage stage) {
        return false;
    }

    @Override
    public void trackDirty(int tag, Stage stage, boolean on) throws MappingRefused {
        throw new MappingRefused("EOPNOTSUPP", "In legacy mode VT-d marks no writes.");
    }

    /// By the SNP bit of leaves alone.
    @Override
    public boolean enforcesSnooping(Stage stage) {
        return stage == Stage.SECOND && unit.capabilities().snoopControl();
    }

    @Override
    public void forgetDomain(int tag) {}

    // ---- invalidation

    /// Only an IOMMU in caching mode may hold anything of what was not present.
    @Override
    public void flushMapped(int tag, Stage stage, TableChange change) {
        if (unit.capabilities().cachingMode()) {
            commands.flush(tag, change.range(), false);
        }
    }

    @Override
    public void flushUnmapped(int tag, Stage stage, TableChange change) {
        for (var range : change.stale()) {
            commands.flush(tag, range, !change.tablesChanged());
            for (var requester : services.withDeviceTlb()) {
                if (tables.isAttached(requester) && tables.tagOf(requester) == tag) {
                    commands.forgetInDevice(requester, Iommu.NO_PASID, range);
                }
            }
        }
    }

    @Override
    public Patience patience() {
        return commands.patience;
    }

    @Override
    public void invalidate(Invalidation what, boolean viaQueue) throws MappingRefused {
        send(unit, commands, what, viaQueue);
    }

    static void send(VtdUnit unit, VtdCommands commands, Invalidation what, boolean viaQueue)
            throws MappingRefused {
        if (viaQueue && !unit.queue().isEnabled()) {
            throw new MappingRefused(
                    "EOPNOTSUPP", "No invalidation queue is in use. Send it by register.");
        }
        switch (what) {
            case Invalidation.ContextGlobal() ->
                    commands.invalidateContexts(VtdCommands.GLOBAL, 0, 0, 0, viaQueue);
            case Invalidation.ContextDomain(int tag) ->
                    commands.invalidateContexts(
                            VtdCommands.DOMAIN, checkedTag(tag), 0, 0, viaQueue);
            case Invalidation.ContextDevice(int tag, int requester, int mask) -> {
                require(requester >>> 16 == 0, "source ID 0x%x has more than 16 bits", requester);
                require(mask >= 0 && mask <= 3, "function mask %d: take 0 to 3", mask);
                commands.invalidateContexts(
                        VtdCommands.SELECTIVE, checkedTag(tag), requester, mask, viaQueue);
            }
            case Invalidation.IotlbGlobal() ->
                    commands.invalidateIotlb(VtdCommands.GLOBAL, 0, 0, 0, false, viaQueue);
            case Invalidation.IotlbDomain(int tag) ->
                    commands.invalidateIotlb(
                            VtdCommands.DOMAIN, checkedTag(tag), 0, 0, false, viaQueue);
            case Invalidation.IotlbPage(int tag, long iova, int mask) -> {
                int most = unit.capabilities().maxAddressMask();
                require(mask >= 0 && mask <= most, "address mask %d: take 0 to " + most, mask);
                require((iova & 4095) == 0, "0x%x is no page: take a multiple of 0x1000", iova);
                commands.invalidateIotlb(
                        VtdCommands.SELECTIVE, checkedTag(tag), iova, mask, false, viaQueue);
            }
            case Invalidation.PasidEntries _, Invalidation.PasidTranslations _ ->
                    requireSecond(Stage.FIRST);
            case Invalidation.DeviceTlb device -> {
                if (!viaQueue || !unit.capabilities().deviceTlb()) {
                    throw new MappingRefused(
                            "EOPNOTSUPP",
                            "Devices are told to forget by the invalidation queue only, of a unit"
                                    + " with device TLBs (ECAP.DT).");
                }
                commands.forgetInDevice(
                        new RequesterId(checkedTag(device.requester())),
                        device.pasid(),
                        DeviceRange.of(device));
            }
        }
    }

    static int checkedTag(int tag) throws MappingRefused {
        require(tag >>> 16 == 0, "domain ID 0x%x has more than 16 bits", tag);
        return tag;
    }

    private static void require(boolean holds, String rule, Object value) throws MappingRefused {
        if (!holds) {
            throw new MappingRefused("EINVAL", rule.formatted(value) + ".");
        }
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

    static VtdUnit vtd(Iommu unit) {
        if (unit instanceof VtdUnit hardware) {
            return hardware;
        }
        throw new IllegalStateException("not a VT-d unit: " + unit);
    }

    private record Remembered(
            long rootTable, VtdCommands.Rings rings, Map<Integer, DeviceServices> services)
            implements State {
        @Override
        public IommuDriver resume(Iommu unit, PhysicalMemory memory, FrameAllocator frames) {
            var hardware = vtd(unit);
            return new VtdDriver(
                    hardware,
                    VtdTables.resume(memory, frames, rootTable),
                    new VtdCommands(hardware, memory, rings),
                    new ServiceBook(services));
        }
    }

    @Override
    public State checkpoint() {
        return new Remembered(tables.rootTable(), commands.rings(), services.all());
    }
}
