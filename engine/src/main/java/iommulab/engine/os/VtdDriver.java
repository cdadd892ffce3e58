package iommulab.engine.os;

import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.FaultReason;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.iommu.Stage;
import iommulab.engine.iommu.TableChange;
import iommulab.engine.iommu.builder.EntryEncoder;
import iommulab.engine.iommu.builder.TableLimits;
import iommulab.engine.iommu.vtd.ContextAttachment;
import iommulab.engine.iommu.vtd.InvalidationDescriptor;
import iommulab.engine.iommu.vtd.PageSelective;
import iommulab.engine.iommu.vtd.SecondStageEncoder;
import iommulab.engine.iommu.vtd.VtdRegisters;
import iommulab.engine.iommu.vtd.VtdTables;
import iommulab.engine.iommu.vtd.VtdUnit;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.memory.FrameAllocator;
import iommulab.engine.memory.PhysicalMemory;
import iommulab.engine.pci.RequesterId;

import java.util.List;

/// Linux's driver of one VT-d unit: it owns root and context tables, and tells the
/// unit what to forget, through the invalidation queue where the unit has one and else through registers.
/// It speaks to the unit by memory and registers alone. Source: kernel `drivers/iommu/intel`.
///
/// Not thread-safe: one engine thread owns it.
public final class VtdDriver implements IommuDriver {
    private static final int QUEUE_BYTES = 4096;
    private static final int DESCRIPTOR_BYTES = 16;
    private static final int DONE = 2;

    private static final int GLOBAL = 1;
    private static final int DOMAIN = 2;
    private static final int SELECTIVE = 3;

    private static final EntryEncoder ENCODER = new SecondStageEncoder();

    private final VtdUnit unit;
    private final PhysicalMemory memory;
    private final VtdTables tables;
    private final long queue;
    private final long status;

    private VtdDriver(VtdUnit unit, PhysicalMemory memory, VtdTables tables, Rings rings) {
        this.unit = unit;
        this.memory = memory;
        this.tables = tables;
        this.queue = rings.queue();
        this.status = rings.status();
    }

    /// Where the queue and the status word of its waits lie.
    ///
    /// @param queue hpa of the ring, 0 if the unit has no queue
    /// @param status hpa of the word
    private record Rings(long queue, long status) {
        static final Rings NONE = new Rings(0, 0);

        static Rings take(FrameAllocator frames) throws MappingRefused {
            if (frames.available() < 2) {
                throw new MappingRefused("ENOMEM", "No frame is left for an invalidation queue.");
            }
            return new Rings(frames.take(), frames.take());
        }
    }

    /// Brings a unit up: an empty root table, an invalidation queue, everything invalidated, translation
    /// on.
    ///
    /// @throws MappingRefused (ENOMEM) if no frame is left
    public static VtdDriver start(VtdUnit unit, PhysicalMemory memory, FrameAllocator frames)
            throws MappingRefused {
        var tables = VtdTables.create(memory, frames);
        var rings = unit.capabilities().queuedInvalidation() ? Rings.take(frames) : Rings.NONE;
        long queue = rings.queue();
        var driver = new VtdDriver(unit, memory, tables, rings);
        unit.registers().write64(VtdRegisters.ROOT_TABLE_ADDRESS, tables.rootTable());
        driver.command(VtdRegisters.ROOT_POINTER);
        if (queue != 0) {
            driver.switchQueueOn();
        }
        driver.invalidateContexts(GLOBAL, 0, 0, 0, queue != 0);
        driver.invalidateIotlb(GLOBAL, 0, 0, 0, false, queue != 0);
        driver.setTranslation(true);
        return driver;
    }

    @Override
    public VtdUnit unit() {
        return unit;
    }

    /// hpa of the root table.
    public long rootTable() {
        return tables.rootTable();
    }

    // ---- global commands

    /// Writes GCMD with the bits that are in force and these.
    private void command(int bits) {
        var registers = unit.registers();
        int inForce =
                registers.read32(VtdRegisters.GLOBAL_STATUS)
                        & (VtdRegisters.TRANSLATION | VtdRegisters.QUEUE);
        registers.write32(VtdRegisters.GLOBAL_COMMAND, inForce | bits);
    }

    private void commandWithout(int bits) {
        var registers = unit.registers();
        int inForce =
                registers.read32(VtdRegisters.GLOBAL_STATUS)
                        & (VtdRegisters.TRANSLATION | VtdRegisters.QUEUE);
        registers.write32(VtdRegisters.GLOBAL_COMMAND, inForce & ~bits);
    }

    @Override
    public void setTranslation(boolean on) {
        if (on) {
            command(VtdRegisters.TRANSLATION);
        } else {
            commandWithout(VtdRegisters.TRANSLATION);
        }
    }

    private void switchQueueOn() {
        unit.registers().write64(VtdRegisters.QUEUE_TAIL, 0);
        unit.registers().write64(VtdRegisters.QUEUE_ADDRESS, queue);
        command(VtdRegisters.QUEUE);
    }

    /// As `dmar_fault` does after printing them.
    @Override
    public void clearFaults() {
        var registers = unit.registers();
        int first = unit.capabilities().faultRecordOffset();
        for (int i = 0; i < unit.capabilities().faultRecords(); i++) {
            registers.write64(first + i * 16 + 8, 1L << 63);
        }
        registers.write32(VtdRegisters.FAULT_STATUS, 1);
    }

    // ---- domain IDs and devices

    @Override
    public void requireTag(int tag) throws MappingRefused {
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

    /// The driver takes four levels where it can, as Linux does for 48 bits of iova.
    @Override
    public TableLimits limits(Stage stage, int levels) throws MappingRefused {
        requireSecond(stage);
        var capabilities = unit.capabilities();
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
        if (unit.capabilities().cachingMode()) {
            invalidateContexts(SELECTIVE, 0, requester.raw(), 0, queue != 0);
            invalidateIotlb(DOMAIN, to.tag(), 0, 0, false, queue != 0);
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
        invalidateContexts(SELECTIVE, tag, requester.raw(), 0, queue != 0);
        invalidateIotlb(DOMAIN, tag, 0, 0, false, queue != 0);
    }

    // ---- invalidation

    /// Only an IOMMU in caching mode may hold anything of what was not present.
    @Override
    public void flushMapped(int tag, Stage stage, TableChange change) {
        if (unit.capabilities().cachingMode()) {
            flush(tag, change.range(), false);
        }
    }

    @Override
    public void flushUnmapped(int tag, Stage stage, TableChange change) {
        for (var range : change.stale()) {
            flush(tag, range, !change.tablesChanged());
        }
    }

    private void flush(int tag, AddressRange range, boolean leavesOnly) {
        var pages = PageSelective.covering(range);
        boolean perPage =
                (unit.capabilities().cap() >>> 39 & 1) != 0
                        && pages.addressMask() <= unit.capabilities().maxAddressMask();
        if (perPage) {
            invalidateIotlb(
                    SELECTIVE, tag, pages.iova(), pages.addressMask(), leavesOnly, queue != 0);
        } else {
            invalidateIotlb(DOMAIN, tag, 0, 0, leavesOnly, queue != 0);
        }
    }

    @Override
    public void invalidate(Invalidation what, boolean viaQueue) throws MappingRefused {
        if (viaQueue && !unit.queue().isEnabled()) {
            throw new MappingRefused(
                    "EOPNOTSUPP", "No invalidation queue is in use. Send it by register.");
        }
        switch (what) {
            case Invalidation.ContextGlobal() -> invalidateContexts(GLOBAL, 0, 0, 0, viaQueue);
            case Invalidation.ContextDomain(int tag) ->
                    invalidateContexts(DOMAIN, checkedTag(tag), 0, 0, viaQueue);
            case Invalidation.ContextDevice(int tag, int requester, int mask) -> {
                require(requester >>> 16 == 0, "source ID 0x%x has more than 16 bits", requester);
                require(mask >= 0 && mask <= 3, "function mask %d: take 0 to 3", mask);
                invalidateContexts(SELECTIVE, checkedTag(tag), requester, mask, viaQueue);
            }
            case Invalidation.IotlbGlobal() -> invalidateIotlb(GLOBAL, 0, 0, 0, false, viaQueue);
            case Invalidation.IotlbDomain(int tag) ->
                    invalidateIotlb(DOMAIN, checkedTag(tag), 0, 0, false, viaQueue);
            case Invalidation.IotlbPage(int tag, long iova, int mask) -> {
                int most = unit.capabilities().maxAddressMask();
                require(mask >= 0 && mask <= most, "address mask %d: take 0 to " + most, mask);
                require((iova & 4095) == 0, "0x%x is no page: take a multiple of 0x1000", iova);
                invalidateIotlb(SELECTIVE, checkedTag(tag), iova, mask, false, viaQueue);
            }
            case Invalidation.PasidEntries _, Invalidation.PasidTranslations _ ->
                    requireSecond(Stage.FIRST);
        }
    }

    private static int checkedTag(int tag) throws MappingRefused {
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
            FaultReason reason) {
        return KernelLog.dmarFault(requester, prefix, iova, access, reason);
    }

    /// Forgets device entries.
    ///
    /// @param granularity 1 all, 2 of a domain, 3 of a device
    /// @param functionMask 0 to 3
    /// @param viaQueue by the queue, if the unit has one
    private void invalidateContexts(
            int granularity, int tag, int requester, int functionMask, boolean viaQueue) {
        if (viaQueue && queue != 0) {
            submit(
                    switch (granularity) {
                        case GLOBAL -> InvalidationDescriptor.contextGlobal();
                        case DOMAIN -> InvalidationDescriptor.contextDomain(tag);
                        default ->
                                InvalidationDescriptor.contextDevice(tag, requester, functionMask);
                    });
        } else {
            byRegister(() ->
                    unit.registers()
                            .write64(
                                    VtdRegisters.CONTEXT_COMMAND,
                                    1L << 63
                                            | (long) granularity << 61
                                            | (long) functionMask << 32
                                            | (long) requester << 16
                                            | tag));
        }
    }

    /// Forgets translations.
    ///
    /// @param granularity 1 all, 2 of a domain, 3 of pages
    /// @param addressMask 2^n pages
    /// @param leavesOnly whether no entry that points to a table was changed
    /// @param viaQueue by the queue, if the unit has one
    private void invalidateIotlb(
            int granularity,
            int tag,
            long iova,
            int addressMask,
            boolean leavesOnly,
            boolean viaQueue) {
        if (viaQueue && queue != 0) {
            submit(
                    switch (granularity) {
                        case GLOBAL -> InvalidationDescriptor.iotlbGlobal();
                        case DOMAIN -> InvalidationDescriptor.iotlbDomain(tag);
                        default ->
                                InvalidationDescriptor.iotlbPage(
                                        tag, iova, addressMask, leavesOnly);
                    });
        } else {
            int at = unit.capabilities().iotlbRegisterOffset();
            byRegister(() -> {
                unit.registers()
                        .write64(at, iova & -4096L | (leavesOnly ? 1 << 6 : 0) | addressMask);
                unit.registers()
                        .write64(at + 8, 1L << 63 | (long) granularity << 60 | (long) tag << 32);
            });
        }
    }

    /// Hardware refuses commands by register while the queue is enabled: the driver switches it off
    /// meanwhile, as `dmar_disable_qi` does.
    private void byRegister(Runnable command) {
        boolean queued = unit.queue().isEnabled();
        if (queued) {
            commandWithout(VtdRegisters.QUEUE);
        }
        command.run();
        if (queued) {
            switchQueueOn();
        }
    }

    /// Writes a descriptor and a wait behind it, and rings the bell; both are done when it returns.
    private void submit(InvalidationDescriptor descriptor) {
        int tail = (int) unit.registers().read64(VtdRegisters.QUEUE_TAIL);
        int next = put(descriptor, tail);
        int end = put(InvalidationDescriptor.waitAndWrite(DONE, status), next);
        unit.registers().write64(VtdRegisters.QUEUE_TAIL, end);
    }

    private int put(InvalidationDescriptor descriptor, int offset) {
        memory.write64(queue + offset, descriptor.low());
        memory.write64(queue + offset + 8, descriptor.high());
        return (offset + DESCRIPTOR_BYTES) % QUEUE_BYTES;
    }

    // ---- going back

    private record Remembered(long rootTable, long queue, long status) implements State {
        @Override
        public IommuDriver resume(Iommu unit, PhysicalMemory memory, FrameAllocator frames) {
            if (!(unit instanceof VtdUnit hardware)) {
                throw new IllegalStateException("not a VT-d unit: " + unit);
            }
            return new VtdDriver(
                    hardware,
                    memory,
                    VtdTables.resume(memory, frames, rootTable),
                    new Rings(queue, status));
        }
    }

    @Override
    public State checkpoint() {
        return new Remembered(tables.rootTable(), queue, status);
    }
}
