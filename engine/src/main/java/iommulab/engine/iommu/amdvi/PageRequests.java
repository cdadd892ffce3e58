package iommulab.engine.iommu.amdvi;

import iommulab.engine.iommu.DeviceMessages;
import iommulab.engine.iommu.PageRequest;
import iommulab.engine.iommu.PageResponse;
import iommulab.engine.memory.PhysicalMemory;

/// The page request log: what devices ask for, as it lies in memory. A device whose entry does not allow
/// page requests is refused; when the log is full, the unit answers itself.
/// Spec: AMD IOMMU, "Peripheral Page Request (PPR) Logging", "PPR Auto Response".
public final class PageRequests {
    private static final long PAGE_SERVICE = 1L << 60;
    private static final long GUEST = 1L << 56;
    private static final long USER = 1L << 54;
    private static final long WRITE = 1L << 53;
    private static final long READ = 1L << 50;
    private static final long EXECUTE = 1L << 49;
    private static final long LAST = 1L << 41;

    private final PhysicalMemory memory;
    private final DeviceMessages messages;
    private final LogRing log = new LogRing();

    PageRequests(PhysicalMemory memory, DeviceMessages messages) {
        this.memory = memory;
        this.messages = messages;
    }

    public LogRing log() {
        return log;
    }

    /// Writes a request down. Without room for it the device is told that all went well: it tries again,
    /// does not find the page, and asks again. If the log is off it is told to stop asking.
    void take(PageRequest request) {
        boolean running = log.isRunning() || log.hasOverflowed();
        if (!log.write(memory, low(request), request.iova())) {
            answer(request, running ? PageResponse.SUCCESS : PageResponse.FAILURE);
        }
    }

    /// The device may not ask.
    void refuse(PageRequest request) {
        answer(request, PageResponse.INVALID_REQUEST);
    }

    /// A group gets its answer when it is complete.
    private void answer(PageRequest request, PageResponse response) {
        if (request.last()) {
            messages.respond(
                    request.requester(), request.prefix().pasid(), request.group(), response);
        }
    }

    /// First word of a request in the log.
    static long low(PageRequest request) {
        var prefix = request.prefix();
        long low =
                PAGE_SERVICE
                        | (request.write() ? WRITE : 0)
                        | (request.read() ? READ : 0)
                        | (prefix.execute() ? EXECUTE : 0)
                        | (prefix.privileged() ? 0 : USER)
                        | (request.last() ? LAST : 0)
                        | (long) request.group() << 32
                        | request.requester();
        int pasid = prefix.pasid();
        return prefix.isPresent()
                ? low | GUEST | (pasid & 0xffffL) << 16 | (pasid >>> 16 & 0xfL) << 42
                : low;
    }

    /// An entry of the log in words.
    static String words(long low, long high) {
        return "device 0x%04x%s, page 0x%x, group %d%s"
                .formatted(
                        low & 0xffff,
                        (low & GUEST) != 0
                                ? " PASID %d"
                                        .formatted(low >>> 16 & 0xffff | (low >>> 42 & 0xf) << 16)
                                : "",
                        high & -4096L,
                        low >>> 32 & 0x1ff,
                        (low & LAST) != 0 ? ", last" : "");
    }
}
