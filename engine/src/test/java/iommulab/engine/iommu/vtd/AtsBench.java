package iommulab.engine.iommu.vtd;

import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.PageResponse;

/// A VT-d unit in scalable mode as the driver of one device with translation services sees it.
public final class AtsBench {
    public static final int DEVICE = ScalableBench.DEVICE;
    public static final int PASID = 5;

    private static final long REQUESTS = 0x0e00_0000;
    private static final long STATUS = 0x0d00_0000;

    private final ScalableBench bench = new ScalableBench(CacheShapes.USUAL);
    private final long tree = bench.table();
    private int waits;

    public AtsBench() {
        bench.attach(DEVICE, ScalableBench.DTE | ScalableBench.PASIDE | ScalableBench.PRE);
        bench.firstStage(DEVICE, PASID, 7, tree, PasidEntry.SRE);
        unit().registers().write64(VtdRegisters.PAGE_REQUEST_ADDRESS, REQUESTS);
    }

    public VtdUnit unit() {
        return bench.unit;
    }

    /// @return hpa of the leaf
    public long map(long iova, long hpa) {
        return bench.mapFirst(tree, iova, hpa, ScalableBench.PAGE);
    }

    public void mapWithoutPasid(long iova, long hpa) {
        bench.firstStage(DEVICE, ScalableBench.RID_PASID, 7, tree, 0);
        map(iova, hpa);
    }

    public boolean isDirty(long leaf) {
        return (bench.memory.read64(leaf) & ScalableBench.D) != 0;
    }

    public void forgetInIommu() {
        bench.invalidate(InvalidationDescriptor.iotlbGlobal());
    }

    public void forgetInDevice(long iova, int rangeShift) {
        forgetInDevice(PASID, iova, rangeShift);
    }

    /// Followed by a wait descriptor.
    public void forgetInDevice(int pasid, long iova, int rangeShift) {
        bench.invalidate(
                InvalidationDescriptor.pasidDeviceTlb(DEVICE, pasid, iova, rangeShift, false));
        bench.invalidate(InvalidationDescriptor.waitAndWrite(++waits, STATUS));
    }

    /// Whether the last wait descriptor has not written its status word.
    public boolean waits() {
        return (int) bench.memory.read64(STATUS) != waits;
    }

    public boolean hasTimeOut() {
        return bench.unit.faults().hasTimeOut();
    }

    public boolean hasCompletionError() {
        return (bench.unit.faults().status() & 1 << 5) != 0;
    }

    public void acknowledgeTimeOut() {
        bench.unit.registers().write32(VtdRegisters.FAULT_STATUS, 1 << 6);
    }

    public boolean isQueueEmpty() {
        return bench.unit.queue().head() == bench.unit.queue().tail();
    }

    // ---- page requests

    public int requests() {
        var queue = bench.unit.pageRequests();
        return (queue.tail() - queue.head()) / queue.entryBytes();
    }

    /// The page of the oldest request; software has then read it.
    public long requestedPage() {
        var queue = bench.unit.pageRequests();
        long page = bench.memory.read64(queue.base() + queue.head() + 8) & -4096L;
        bench.unit
                .registers()
                .write64(VtdRegisters.PAGE_REQUEST_HEAD, queue.head() + queue.entryBytes());
        return page;
    }

    public void respond(int group, PageResponse response) {
        bench.invalidate(InvalidationDescriptor.pageGroupResponse(DEVICE, PASID, group, response));
    }

    /// Software is so far behind that only so many requests fit.
    public void leaveRoomFor(int count) {
        bench.unit.registers().write64(VtdRegisters.PAGE_REQUEST_HEAD, (count + 1) * 32L);
    }

    public boolean hasOverflowed() {
        return (bench.unit.registers().read32(VtdRegisters.PAGE_REQUEST_STATUS)
                        & PageRequestQueue.OVERFLOW)
                != 0;
    }

    public void refusePageRequests() {
        bench.attachFlags(DEVICE, ScalableBench.DTE | ScalableBench.PASIDE);
    }

    public long recordedReason() {
        return bench.unit.faults().high(0) >>> 32 & 0xff;
    }
}
