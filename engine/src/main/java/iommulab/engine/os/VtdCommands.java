package iommulab.engine.os;

import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.vtd.InvalidationDescriptor;
import iommulab.engine.iommu.vtd.PageSelective;
import iommulab.engine.iommu.vtd.VtdRegisters;
import iommulab.engine.iommu.vtd.VtdUnit;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.memory.FrameAllocator;
import iommulab.engine.memory.PhysicalMemory;
import iommulab.engine.pci.RequesterId;

/// The part of a VT-d driver that commands the unit: through the invalidation queue where there is one,
/// else through registers. Source: kernel `drivers/iommu/intel/dmar.c`.
final class VtdCommands {
    static final int GLOBAL = 1;
    static final int DOMAIN = 2;
    static final int SELECTIVE = 3;

    private static final int QUEUE_BYTES = 4096;
    private static final int WIDE = 1 << 11;
    private static final int DONE = 2;
    /* FSTS.ICE, FSTS.ITE */
    private static final int DEVICE_ERRORS = 3 << 5;

    /* Of whoever sends. */
    final Patience patience = new Patience();
    private final VtdUnit unit;
    private final PhysicalMemory memory;
    private final Rings rings;

    /// Where the queue and the status word of its waits lie.
    ///
    /// @param queue hpa of the ring, 0 if the unit has no queue
    /// @param status hpa of the word
    /// @param wide whether descriptors have 256 bits, as scalable mode wants
    record Rings(long queue, long status, boolean wide) {
        /// @throws MappingRefused (ENOMEM) if no frame is left
        static Rings take(VtdUnit unit, FrameAllocator frames, boolean wide) throws MappingRefused {
            if (!unit.capabilities().queuedInvalidation()) {
                return new Rings(0, 0, wide);
            }
            if (frames.available() < 2) {
                throw new MappingRefused("ENOMEM", "No frame is left for an invalidation queue.");
            }
            return new Rings(frames.take(), frames.take(), wide);
        }
    }

    VtdCommands(VtdUnit unit, PhysicalMemory memory, Rings rings) {
        this.unit = unit;
        this.memory = memory;
        this.rings = rings;
    }

    Rings rings() {
        return rings;
    }

    boolean hasQueue() {
        return rings.queue != 0;
    }

    /// Makes a root table the one in force, and switches the queue on.
    ///
    /// @param mode RTADDR.TTM
    void useRootTable(long rootTable, long mode) {
        unit.registers().write64(VtdRegisters.ROOT_TABLE_ADDRESS, rootTable | mode << 10);
        command(VtdRegisters.ROOT_POINTER);
        if (hasQueue()) {
            switchQueueOn();
        }
    }

    // ---- global commands

    /// Writes GCMD with the bits that are in force and these.
    private void command(int bits) {
        unit.registers().write32(VtdRegisters.GLOBAL_COMMAND, inForce() | bits);
    }

    private void commandWithout(int bits) {
        unit.registers().write32(VtdRegisters.GLOBAL_COMMAND, inForce() & ~bits);
    }

    private int inForce() {
        return unit.registers().read32(VtdRegisters.GLOBAL_STATUS)
                & (VtdRegisters.TRANSLATION | VtdRegisters.QUEUE);
    }

    void setTranslation(boolean on) {
        if (on) {
            command(VtdRegisters.TRANSLATION);
        } else {
            commandWithout(VtdRegisters.TRANSLATION);
        }
    }

    private void switchQueueOn() {
        unit.registers().write64(VtdRegisters.QUEUE_TAIL, 0);
        unit.registers().write64(VtdRegisters.QUEUE_ADDRESS, rings.queue | (rings.wide ? WIDE : 0));
        command(VtdRegisters.QUEUE);
    }

    /// As `dmar_fault` does after printing them.
    void clearFaults() {
        var registers = unit.registers();
        int first = unit.capabilities().faultRecordOffset();
        for (int i = 0; i < unit.capabilities().faultRecords(); i++) {
            registers.write64(first + i * 16 + 8, 1L << 63);
        }
        registers.write32(VtdRegisters.FAULT_STATUS, 1);
    }

    // ---- invalidation

    /// Forgets device entries.
    ///
    /// @param granularity [#GLOBAL], [#DOMAIN] or [#SELECTIVE] for a device
    /// @param functionMask 0 to 3
    /// @param viaQueue by the queue, if the unit has one
    void invalidateContexts(
            int granularity, int tag, int requester, int functionMask, boolean viaQueue) {
        if (viaQueue && hasQueue()) {
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

    /// Forgets translations of the second stage.
    ///
    /// @param granularity [#GLOBAL], [#DOMAIN] or [#SELECTIVE] for pages
    /// @param addressMask 2^n pages
    /// @param leavesOnly whether no entry that points to a table was changed
    /// @param viaQueue by the queue, if the unit has one
    void invalidateIotlb(
            int granularity,
            int tag,
            long iova,
            int addressMask,
            boolean leavesOnly,
            boolean viaQueue) {
        if (viaQueue && hasQueue()) {
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

    /// Forgets the translations of a range, page by page if the unit can.
    void flush(int tag, AddressRange range, boolean leavesOnly) {
        var pages = PageSelective.covering(range);
        if (takesPages(pages)) {
            invalidateIotlb(
                    SELECTIVE, tag, pages.iova(), pages.addressMask(), leavesOnly, hasQueue());
        } else {
            invalidateIotlb(DOMAIN, tag, 0, 0, leavesOnly, hasQueue());
        }
    }

    boolean takesPages(PageSelective pages) {
        return (unit.capabilities().cap() >>> 39 & 1) != 0
                && pages.addressMask() <= unit.capabilities().maxAddressMask();
    }

    /// Lets a device forget what it keeps of a range. Whoever waits for a device waits for all.
    ///
    /// @param pasid 20 bits, or [Iommu#NO_PASID]
    void forgetInDevice(RequesterId requester, int pasid, AddressRange range) {
        int shift = DeviceRange.shift(range);
        long start = DeviceRange.start(range);
        submit(
                pasid < 0
                        ? InvalidationDescriptor.deviceTlb(requester.raw(), start, shift)
                        : InvalidationDescriptor.pasidDeviceTlb(
                                requester.raw(), pasid, start, shift, false));
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
    void submit(InvalidationDescriptor descriptor) {
        int tail = (int) unit.registers().read64(VtdRegisters.QUEUE_TAIL);
        int next = put(descriptor, tail);
        int end = put(InvalidationDescriptor.waitAndWrite(DONE, rings.status), next);
        unit.registers().write64(VtdRegisters.QUEUE_TAIL, end);
        patience.await(unit, this::acknowledge);
        acknowledge();
    }

    /// As `qi_check_fault`: the queue goes on when the error is acknowledged.
    private void acknowledge() {
        int errors = unit.registers().read32(VtdRegisters.FAULT_STATUS) & DEVICE_ERRORS;
        if (errors != 0) {
            unit.registers().write32(VtdRegisters.FAULT_STATUS, errors);
        }
    }

    private int put(InvalidationDescriptor descriptor, int offset) {
        memory.write64(rings.queue + offset, descriptor.low());
        memory.write64(rings.queue + offset + 8, descriptor.high());
        if (rings.wide) {
            memory.write64(rings.queue + offset + 16, 0);
            memory.write64(rings.queue + offset + 24, 0);
        }
        return (offset + (rings.wide ? 32 : 16)) % QUEUE_BYTES;
    }
}
