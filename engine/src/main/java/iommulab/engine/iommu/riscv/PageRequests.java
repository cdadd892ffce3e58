package iommulab.engine.iommu.riscv;

import iommulab.engine.cache.DeviceEntryCache;
import iommulab.engine.iommu.Iommu;

import org.jspecify.annotations.Nullable;

import java.util.Optional;

/// Takes page requests of devices (PCIe PRI) to the page-request queue, or answers them itself.
/// Spec: RISC-V IOMMU, "Page-Request-Queue (PQ)", "Handling page requests".
public final class PageRequests {
    /*
     *   record  63:40 DID | 34 execute | 33 privileged | 32 PV | 31:12 PID, then the payload
     *   payload 63:12 page address | 11:3 group | 2 last | 1 write | 0 read
     */
    /// Response code: the page is there.
    public static final int SUCCESS = 0;

    /// Response code: the device may not ask.
    public static final int INVALID = 1;

    /// Response code: give up.
    public static final int FAILURE = 15;

    private static final long EXECUTE = 1L << 34;
    private static final int LAST = 1 << 2;
    private static final int ACCESS = 3;
    private static final int PAGE_REQUEST_MESSAGE = 4;

    private final RiscvState unit;
    private final Directories directories;

    PageRequests(RiscvState unit, Directories directories) {
        this.unit = unit;
        this.directories = directories;
    }

    /// What became of a page request.
    ///
    /// @param queued whether it lies in the queue now
    /// @param response code of the message by which the IOMMU answered itself
    /// @param fault why the device may not ask
    public record Outcome(boolean queued, Optional<Integer> response, Optional<RiscvFault> fault) {}

    Outcome request(int requester, int pasid, int access, long payload) {
        var request = new Request(requester, pasid, access, payload);
        if (unit.mode() == RiscvState.OFF) {
            return refuse(request, RiscvFault.ALL_DISALLOWED, null);
        }
        if (unit.levels == 0) {
            return refuse(request, RiscvFault.TYPE_DISALLOWED, null);
        }
        unit.caches().makeRoom();
        long path = directories.device(requester);
        var fault = directories.fault();
        if (path == DeviceEntryCache.MISS && fault != null) {
            return refuse(request, fault, null);
        }
        var device = unit.caches().deviceContext(Path.context(path));
        if (!device.has(DeviceContext.EN_PRI)) {
            return refuse(request, RiscvFault.TYPE_DISALLOWED, device);
        }
        return queue(request, device);
    }

    private record Request(int requester, int pasid, int access, long payload) {
        /// A stop marker (last, but neither read nor write) tells that a process is no longer used; nobody
        /// waits for an answer.
        boolean wantsAnswer() {
            return (payload & LAST) != 0 && (payload & ACCESS) != 0;
        }

        boolean has(int flag) {
            return pasid >= 0 && (access & flag) != 0;
        }

        long who() {
            long process =
                    pasid < 0
                            ? 0
                            : FaultRecord.PV
                                    | (long) pasid << 12
                                    | (has(Iommu.PRIVILEGED) ? FaultRecord.PRIV : 0)
                                    | (has(Iommu.EXECUTE) ? EXECUTE : 0);
            return (long) requester << FaultRecord.DID_AT | process;
        }
    }

    private Outcome queue(Request request, DeviceContext device) {
        var queue = unit.pageRequests();
        boolean stopped = queue.has(RecordQueue.MEMORY_FAULT | RecordQueue.OVERFLOW);
        boolean queued = queue.append(unit.isBigEndian(), request.who(), request.payload());
        boolean stopsNow = queue.has(RecordQueue.MEMORY_FAULT | RecordQueue.OVERFLOW);
        if ((queued || stopsNow && !stopped) && queue.interrupts()) {
            unit.interrupt(Interrupts.PAGE_QUEUE);
        }
        if (queued) {
            return new Outcome(true, Optional.empty(), Optional.empty());
        }
        // A full queue is no reason for the device to give up.
        boolean full = queue.isOn() && !queue.has(RecordQueue.MEMORY_FAULT);
        boolean named = !full || device.has(DeviceContext.PRPR);
        var response = respond(request, full ? SUCCESS : FAILURE, named);
        return new Outcome(false, response, Optional.empty());
    }

    private Outcome refuse(Request request, RiscvFault fault, @Nullable DeviceContext device) {
        boolean silent = fault.qualified() && device != null && device.has(DeviceContext.DTF);
        if (!silent) {
            unit.record(
                    FaultRecord.of(
                            fault,
                            FaultRecord.MESSAGE,
                            request.requester(),
                            request.pasid(),
                            request.has(Iommu.PRIVILEGED),
                            PAGE_REQUEST_MESSAGE,
                            0));
        }
        boolean mayNotAsk = fault == RiscvFault.TYPE_DISALLOWED;
        var response = respond(request, mayNotAsk ? INVALID : FAILURE, !mayNotAsk);
        return new Outcome(false, response, Optional.of(fault));
    }

    /// @param named whether the answer names the process
    private Optional<Integer> respond(Request request, int code, boolean named) {
        if (!request.wantsAnswer()) {
            return Optional.empty();
        }
        int requester = request.requester() & 0xffff;
        long group = request.payload() >>> 3 & 0x1ff;
        unit.ats()
                .send(
                        new AtsMessages.Message(
                                AtsMessages.GROUP_RESPONSE,
                                requester,
                                request.requester() >>> 16,
                                named ? request.pasid() : Iommu.NO_PASID,
                                (long) requester << 48 | (long) code << 44 | group << 32));
        return Optional.of(code);
    }
}
