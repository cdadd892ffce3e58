package iommulab.engine.iommu.riscv;

import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.CacheSnapshot.Staleness;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.cache.PagingStructureCache;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.Stage;
import iommulab.engine.iommu.TableEntry;
import iommulab.engine.iommu.WalkObserver;
import iommulab.engine.iommu.WalkRecording;
import iommulab.engine.iommu.WalkRecording.TableEntryRead;

import java.util.Optional;

/// Compares cached entries with the tables in memory: an entry that no longer agrees is stale, and some
/// invalidation is missing. Nothing of this happens while a request is translated. Each entry knows for whose
/// request it was made; that request is made again by a twin without caches, which only looks.
final class RiscvCoherence {
    private static final long PPN = (1L << 44) - 1 << 10;

    private final RiscvUnit unit;
    private final RiscvUnit twin;

    RiscvCoherence(RiscvUnit unit) {
        this.unit = unit;
        twin = new RiscvUnit(unit.capabilities(), unit.memory(), CacheShapes.NONE, 0);
        twin.onlyLook();
    }

    private RiscvUnit twin() {
        twin.adoptRegisters(unit.control(), unit.directory());
        return twin;
    }

    // ---- directories

    Optional<Staleness> ofDevice(int line) {
        var devices = unit.caches().devices();
        int device = devices.requesterAt(line);
        var context = unit.caches().deviceContext(Path.context(devices.word(line)));
        var now = twin().lookUpDevice(device);
        if (now.filter(context::equals).isPresent()) {
            return Optional.empty();
        }
        return Optional.of(
                new Staleness(
                        now.map(RiscvCoherence::words).orElse("no valid context"),
                        "IODIR.INVAL_DDT, device 0x%x; then IOTINVAL of what it used"
                                .formatted(device)));
    }

    private static String words(DeviceContext context) {
        return "GSCID %d, first stage at 0x%x, second stage at 0x%x"
                .formatted(
                        context.gscid(),
                        DeviceContext.root(context.fsc()),
                        DeviceContext.root(context.iohgatp()));
    }

    Optional<Staleness> ofProcess(int line) {
        var processes = unit.caches().processes();
        int device = processes.requesterAt(line);
        int process = processes.pasidAt(line);
        var context = unit.caches().processContext(Path.context(processes.word(line)));
        twin().translate(device, process, 0, 0);
        var now = twin.lookUpProcess();
        if (now.filter(context::equals).isPresent()) {
            return Optional.empty();
        }
        return Optional.of(
                new Staleness(
                        now.map(RiscvCoherence::words).orElse("no valid context"),
                        "IODIR.INVAL_PDT, device 0x%x, process %d; then IOTINVAL.VMA"
                                .formatted(device, process)));
    }

    private static String words(ProcessContext context) {
        return "PSCID %d, first stage at 0x%x"
                .formatted(context.pscid(), DeviceContext.root(context.fsc()));
    }

    // ---- pages

    Optional<Staleness> ofTranslation(int line) {
        var iotlb = unit.caches().iotlb();
        long word = iotlb.word(line);
        int space = iotlb.spaceAt(line);
        long iova = lookUp(iotlb.lines().origin(line), iotlb.iovaAt(line));
        boolean sameSpace = isSpaceOf(space);
        long now = twin.lastWord();
        if (sameSpace && agrees(word, now, iova)) {
            return Optional.empty();
        }
        var fault = twin.lastFault();
        String here = fault == null ? pageWords(now, iova) : fault.kernelText();
        return Optional.of(
                new Staleness(
                        sameSpace ? here : "its device has another address space",
                        invalidation(space, iova)));
    }

    /// Lets the twin make the request of then, for an address that the caches have cut.
    ///
    /// @return the address, whole again
    private long lookUp(long origin, long key) {
        int access = Origin.isTranslated(origin) ? Iommu.TRANSLATED : 0;
        int requester = Origin.requester(origin);
        int pasid = Origin.pasid(origin);
        twin().translate(requester, pasid, key, access);
        long iova = Path.whole(twin.found().path(), key);
        if (iova != key) {
            twin.translate(requester, pasid, iova, access);
        }
        return iova;
    }

    private boolean isSpaceOf(int space) {
        long path = twin.found().path();
        if (path == 0) {
            return false;
        }
        int now = Path.space(path);
        return twin.caches().owner(now) == unit.caches().owner(space)
                && twin.caches().pscid(now) == unit.caches().pscid(space);
    }

    private static boolean agrees(long word, long now, long iova) {
        return now > 0
                && Iotlb.hpa(now, iova) == Iotlb.hpa(word, iova)
                && agrees(word, now)
                && Iotlb.pageShift(now) >= Iotlb.pageShift(word);
    }

    /// A page cached before it was written may have been written since; but one cached as written whose dirty
    /// bit software has cleared would be written unseen.
    private static boolean agrees(long word, long now) {
        long writes = TableEntry.ANY_WRITE;
        boolean writable = (word & (writes | TableEntry.CLEAN)) != 0;
        boolean written = (word & writes) != 0 && (word & TableEntry.CLEAN) == 0;
        boolean unseen = written && (now & TableEntry.CLEAN) != 0;
        return ((word ^ now) & TableEntry.RIGHTS & ~writes) == 0
                && writable == ((now & writes) != 0)
                && !unseen
                && ((word ^ now) & Stages.MEMORY_TYPE) == 0;
    }

    private static String pageWords(long now, long iova) {
        return "0x%x, %s, pages of %d KiB%s"
                .formatted(
                        Iotlb.hpa(now, iova),
                        RiscvRungs.permissions(now),
                        1L << Iotlb.pageShift(now) - 10,
                        (now & TableEntry.CLEAN) != 0 ? ", dirty bit clear" : "");
    }

    private String invalidation(int space, long iova) {
        int owner = unit.caches().owner(space);
        int pscid = unit.caches().pscid(space);
        if (pscid < 0) {
            return "IOTINVAL.GVMA, GSCID %d, 0x%x".formatted(owner, iova);
        }
        return owner == RiscvCaches.HOST
                ? "IOTINVAL.VMA, PSCID %d, 0x%x".formatted(pscid, iova)
                : "IOTINVAL.VMA, GSCID %d, PSCID %d, 0x%x".formatted(owner, pscid, iova);
    }

    Optional<Staleness> ofNested(int line) {
        var nested = unit.caches().nested();
        long word = nested.word(line);
        long gpa = nested.iovaAt(line);
        int owner = unit.caches().owner(nested.spaceAt(line));
        long now = twin().lookUpGuest(Origin.requester(nested.lines().origin(line)), owner, gpa);
        if (agrees(word, now, gpa)) {
            return Optional.empty();
        }
        return Optional.of(
                new Staleness(
                        now < 0 ? "not mapped" : pageWords(now, gpa),
                        "IOTINVAL.GVMA, GSCID %d, 0x%x".formatted(owner, gpa)));
    }

    // ---- paging structures

    /// @param kind of the first stage, or of the second
    Optional<Staleness> ofTable(CacheKind kind, PagingStructureCache cache, int line) {
        boolean second = kind == CacheKind.NESTED_PAGING;
        int space = cache.spaceAt(line);
        long origin = cache.lines().origin(line);
        var recording = new WalkRecording();
        twin().observe(recording);
        if (second) {
            int owner = unit.caches().owner(space);
            twin.lookUpGuest(Origin.requester(origin), owner, cache.iovaAt(line));
        } else {
            lookUp(origin, cache.iovaAt(line));
        }
        twin.observe(WalkObserver.NONE);
        boolean same = second || isSpaceOf(space);
        var entry = same ? last(recording, cache.level(), second) : Optional.<Long>empty();
        long table = PagingStructureCache.table(cache.word(line));
        if (entry.filter(raw -> isTable(raw) && (raw & PPN) << 2 == table).isPresent()) {
            return Optional.empty();
        }
        return Optional.of(
                new Staleness(
                        entry.map(RiscvCoherence::tableWords).orElse("no such table"),
                        invalidation(space, cache.iovaAt(line)) + ", with tables (AV = 0 or NL)"));
    }

    private static Optional<Long> last(WalkRecording recording, int level, boolean second) {
        var stage = second ? Stage.SECOND : Stage.FIRST;
        return recording.events().reversed().stream()
                .filter(event ->
                        event instanceof TableEntryRead read
                                && read.level() == level
                                && read.stage() == stage)
                .map(event -> ((TableEntryRead) event).raw())
                .findFirst();
    }

    private static boolean isTable(long raw) {
        int kind = PageTableFormat.READ | PageTableFormat.EXECUTE | PageTableFormat.VALID;
        return (raw & kind) == PageTableFormat.VALID;
    }

    private static String tableWords(long raw) {
        if ((raw & PageTableFormat.VALID) == 0) {
            return "not valid";
        }
        return isTable(raw) ? "table at 0x%x".formatted((raw & PPN) << 2) : "a page";
    }
}
