package iommulab.engine.iommu.riscv;

import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.DeviceEntryCache;
import iommulab.engine.cache.PasidEntryCache;
import iommulab.engine.cache.SetAssociativeCache;
import iommulab.engine.cache.Spaces;
import iommulab.engine.iommu.WalkObserver;
import iommulab.engine.memory.PhysicalMemory;

import org.jspecify.annotations.Nullable;

/// Gives the contexts of devices and processes: from the caches, else from the directories in memory.
///
/// Not thread-safe: one engine thread owns it.
final class Directories {
    private final RiscvState unit;
    private final DeviceDirectory deviceDirectory;
    private final ProcessDirectory processDirectory;
    private WalkObserver observer = WalkObserver.NONE;
    private @Nullable RiscvFault fault;
    private boolean deviceHit;
    private int reads;

    Directories(RiscvState unit, PhysicalMemory memory) {
        this.unit = unit;
        deviceDirectory = new DeviceDirectory(memory, unit.capabilities());
        processDirectory = new ProcessDirectory(memory, unit.capabilities());
    }

    void observe(WalkObserver newObserver) {
        observer = newObserver;
    }

    /// Finds the context of a device.
    ///
    /// @return its [Path], or [DeviceEntryCache#MISS] with [#fault]
    long device(int requester) {
        fault = null;
        reads = 0;
        deviceHit = false;
        if (isTooWide(requester)) {
            fault = RiscvFault.TYPE_DISALLOWED;
            return DeviceEntryCache.MISS;
        }
        long path = unit.devices.find(requester);
        deviceHit = path != DeviceEntryCache.MISS;
        if (!deviceHit) {
            unit.devices.countMiss(requester);
        }
        tell(CacheKind.DEVICE_ENTRY, unit.devices.lines());
        return deviceHit ? path : readDevice(requester);
    }

    /// Whether the directory in force cannot look a device up.
    boolean isTooWide(int requester) {
        return requester >>> deviceDirectory.deviceIdBits(unit.levels) != 0;
    }

    private long readDevice(int requester) {
        long root = DeviceContext.root(unit.directory() >>> 10);
        fault = deviceDirectory.read(root, unit.levels, requester, unit.control(), observer);
        reads = deviceDirectory.reads();
        if (fault != null) {
            return DeviceEntryCache.MISS;
        }
        long path = path(deviceDirectory.context());
        unit.devices.insert(requester, path, 0);
        return path;
    }

    /// The way of a device's requests that name no process.
    private long path(DeviceContext device) {
        var caches = unit.caches();
        int number = caches.number(device);
        boolean processes = device.has(DeviceContext.PDTV);
        long fsc = processes ? 0 : device.fsc();
        int space = caches.space(owner(device), Stages.inner(fsc, device.pscid(), false));
        long flags = device.has(DeviceContext.DPE) ? Path.DEFAULT_PROCESS : 0;
        return path(device, number, fsc, space) | flags;
    }

    private long path(DeviceContext device, int number, long fsc, int space) {
        int mode = DeviceContext.mode(fsc);
        boolean narrow = device.has(DeviceContext.SXL);
        if (mode != DeviceContext.BARE) {
            return Path.of(number, space, Stages.iovaBits(mode, narrow), !narrow);
        }
        return device.secondMode() == DeviceContext.BARE
                ? Path.of(number, space, Path.KEY_BITS, false) | Path.UNCHANGED
                : Path.of(number, space, StageArithmetic.guestBits(device, unit.control()), false);
    }

    private static int owner(DeviceContext device) {
        return device.secondMode() == DeviceContext.BARE ? RiscvCaches.HOST : device.gscid();
    }

    /// The space of a device's guest as a whole.
    int guestSpace(DeviceContext device) {
        return unit.caches().space(owner(device), Spaces.NONE);
    }

    /// The way of addresses that are guest-physical already.
    long guestPath(DeviceContext device) {
        return path(device, unit.caches().number(device), 0, guestSpace(device));
    }

    /// Finds the context of a process; the second stage of the device is entered already.
    ///
    /// @param judged see [RiscvFault]
    /// @return its [Path], or [PasidEntryCache#MISS] with [#fault]
    long process(int requester, DeviceContext device, int process, Stages stages, long judged) {
        var cache = unit.processes;
        long path = cache.find(requester, process);
        if (path == PasidEntryCache.MISS) {
            cache.countMiss(requester, process);
        }
        tell(CacheKind.PASID_ENTRY, cache.lines());
        if (path != PasidEntryCache.MISS) {
            return path;
        }
        fault = processDirectory.read(device, process, stages.second(), judged, observer);
        reads += processDirectory.reads();
        if (fault != null) {
            if (fault.isGuestPage()) {
                stages.noteDirectoryStopped();
            }
            return PasidEntryCache.MISS;
        }
        var context = processDirectory.context();
        int inner = Stages.inner(context.fsc(), context.pscid(), context.sum());
        int space = unit.caches().space(owner(device), inner);
        int number = unit.caches().number(context);
        long flags = context.allowsSupervisor() ? Path.SUPERVISOR : 0;
        path = path(device, number, context.fsc(), space) | flags;
        cache.insert(requester, process, path, 0);
        return path;
    }

    private void tell(CacheKind kind, SetAssociativeCache lines) {
        if (observer != WalkObserver.NONE && !lines.isOff()) {
            observer.cacheProbed(kind, 0, lines.lastSet(), lines.lastWay());
        }
    }

    DeviceDirectory deviceDirectory() {
        return deviceDirectory;
    }

    /// Why there is no context.
    @Nullable RiscvFault fault() {
        return fault;
    }

    /// Whether a cache gave the device's context.
    boolean hitDevice() {
        return deviceHit;
    }

    /// Memory reads made for the last device and process, those of the second stage not counted.
    int reads() {
        return reads;
    }
}
