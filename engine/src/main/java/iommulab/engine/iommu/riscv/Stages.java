package iommulab.engine.iommu.riscv;

import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.cache.PagingStructureCache;
import iommulab.engine.cache.Spaces;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.ReadAhead;
import iommulab.engine.iommu.SecondStage;
import iommulab.engine.iommu.Stage;
import iommulab.engine.iommu.StopCause;
import iommulab.engine.iommu.TableEntry;
import iommulab.engine.iommu.TableWalker;
import iommulab.engine.iommu.WalkObserver;
import iommulab.engine.memory.PhysicalMemory;

import org.jspecify.annotations.Nullable;

/// The page tables of one request: first stage, MSI page table, second stage, one through the other.
///
/// Not thread-safe: one engine thread owns it. Allocates nothing while it translates.
/// Spec: RISC-V IOMMU, "Process to translate an IOVA".
final class Stages {
    private static final int RWX = TableEntry.READ | TableEntry.WRITE | TableEntry.EXECUTE;
    private static final int NARROW_BITS = 32;

    /// Bits of a [TableEntry] that hold the memory type here.
    static final int MEMORY_TYPE_AT = 60;

    static final long MEMORY_TYPE = 3L << MEMORY_TYPE_AT;
    private static final int IMPLICIT = 1;
    private static final int IMPLICIT_WRITE = 2;

    private final PhysicalMemory memory;
    private final RiscvCapabilities capabilities;
    private final MsiTable msiTable;
    private final TableWalker wideFirst;
    private final TableWalker narrowFirst;
    private final SecondStage wideSecond;
    private final SecondStage narrowSecond;
    private WalkObserver observer = WalkObserver.NONE;
    private boolean looking;

    private int control;
    private @Nullable SecondStage second;
    private int firstReads;
    private int firstProbes;
    private long gpa;
    private long iotval2;
    private StopCause cause = StopCause.OTHER;
    private boolean toInterruptFile;
    private int msiReads;

    Stages(PhysicalMemory memory, RiscvCapabilities capabilities) {
        this.memory = memory;
        this.capabilities = capabilities;
        msiTable = new MsiTable(memory, capabilities);
        wideFirst = walker(false);
        narrowFirst = walker(true);
        wideSecond =
                new SecondStage(memory, new PageTableFormat(capabilities, Stage.SECOND, false));
        narrowSecond =
                new SecondStage(memory, new PageTableFormat(capabilities, Stage.SECOND, true));
    }

    private TableWalker walker(boolean narrow) {
        var format = new PageTableFormat(capabilities, Stage.FIRST, narrow);
        return new TableWalker(memory, format, Stage.FIRST);
    }

    void observe(WalkObserver newObserver) {
        observer = newObserver;
        wideFirst.observe(newObserver);
        narrowFirst.observe(newObserver);
        wideSecond.observe(newObserver);
        narrowSecond.observe(newObserver);
    }

    /// Sv32 has one level of tables above the last and is walked without caches for it.
    void useCaches(RiscvCaches caches) {
        wideFirst.useCaches(CacheKind.PAGING_STRUCTURE, caches.pagingInUse());
        wideSecond.useCaches(caches.nested(), caches.nestedPagingInUse());
        narrowSecond.useCaches(caches.nested(), new PagingStructureCache[0]);
    }

    /// Walks from now on only look: accessed and dirty bits stay as they are.
    void onlyLook() {
        looking = true;
    }

    // ---- second stage

    /// Chooses the second stage of a device for what follows, and begins to count anew.
    ///
    /// @param space of the guest as a whole
    void enterSecond(DeviceContext device, int newControl, int space, long origin) {
        control = newControl;
        firstReads = 0;
        firstProbes = 0;
        msiReads = 0;
        iotval2 = 0;
        toInterruptFile = false;
        if (device.secondMode() == DeviceContext.BARE) {
            choose(null);
            return;
        }
        boolean narrow = (control & RiscvRegisters.GXL) != 0;
        int levels = narrow ? 2 : device.secondMode() - 5;
        var stage = narrow ? narrowSecond : wideSecond;
        boolean updates = device.has(DeviceContext.GADE);
        stage.enter(
                DeviceContext.root(device.iohgatp()),
                levels,
                StageArithmetic.guestBits(device, control),
                space,
                regime(updates, (control & RiscvRegisters.BE) != 0, narrow),
                origin);
        stage.hopeForTables(updates ? TableEntry.WRITE : 0);
        choose(stage);
    }

    /// Reads before it writes: a reference that stays costs no barrier.
    private void choose(@Nullable SecondStage stage) {
        if (second != stage) {
            second = stage;
            wideFirst.through(stage);
            narrowFirst.through(stage);
        }
    }

    private long regime(boolean updates, boolean big, boolean narrow) {
        return (updates ? PageTableFormat.UPDATES : 0)
                | (narrow ? PageTableFormat.NARROW : 0)
                | (big ? PageTableFormat.BIG_ENDIAN : 0)
                | (looking ? PageTableFormat.LOOKING : 0);
    }

    /// The second stage in force, entered; null if it is Bare.
    @Nullable SecondStage second() {
        return second;
    }

    // ---- one request

    /// Bits of an iova that a first stage translates, sign-extended unless it is Sv32.
    static int iovaBits(int mode, boolean narrow) {
        return narrow ? NARROW_BITS : 12 + 9 * (mode - 5);
    }

    /// Translates one address through both stages; [#enterSecond] came before.
    ///
    /// @param fsc first stage: mode and root
    /// @param access as in [Iommu#translate]
    /// @param judged what the cause of a fault is chosen by, see [RiscvFault]
    /// @param sum SUM of the process context
    /// @param space of the first stage
    /// @return the leaf; or the negative code of a [RiscvFault]
    long translate(
            DeviceContext device,
            long fsc,
            int access,
            long judged,
            boolean sum,
            int space,
            long iova,
            long origin) {
        long firstLeaf;
        if (DeviceContext.mode(fsc) == DeviceContext.BARE) {
            gpa = iova;
            // The same for all processes.
            firstLeaf =
                    TableEntry.leaf(0, capabilities.bareFirstShift(), TableEntry.RIGHTS)
                            | TableEntry.GLOBAL;
        } else {
            firstLeaf = walkFirst(device, fsc, access, judged, sum, space, iova, origin);
            if (firstLeaf < 0) {
                return firstLeaf;
            }
            gpa = Iotlb.hpa(firstLeaf, iova);
            if (second == null && Iotlb.pageShift(firstLeaf) <= capabilities.bareSecondShift()) {
                return StageArithmetic.settled(firstLeaf);
            }
        }
        return translateGuest(device, firstLeaf, access, judged);
    }

    private long walkFirst(
            DeviceContext device,
            long fsc,
            int access,
            long judged,
            boolean sum,
            int space,
            long iova,
            long origin) {
        boolean narrow = device.has(DeviceContext.SXL);
        int mode = DeviceContext.mode(fsc);
        int bits = iovaBits(mode, narrow);
        if (!StageArithmetic.isCanonical(iova, bits, narrow)) {
            cause = StopCause.FIRST_STAGE_UNMAPPED;
            return -RiscvFault.page(judged).code();
        }
        var walker = narrow ? narrowFirst : wideFirst;
        long regime =
                regime(device.has(DeviceContext.SADE), device.has(DeviceContext.SBE), narrow)
                        | (sum ? PageTableFormat.SUM : 0)
                        | StageArithmetic.asking(access);
        walker.enter(DeviceContext.root(fsc), narrow ? 2 : mode - 5, space, regime);
        long wanted = Intent.rights(access);
        boolean asks = (access & Iommu.ASKS) != 0;
        long leaf =
                walker.walk(
                        iova & (1L << bits) - 1,
                        asks ? 0 : wanted,
                        asks ? wanted & TableEntry.ANY_WRITE : 0,
                        origin);
        firstReads = walker.reads();
        firstProbes = walker.probes();
        return leaf < 0 ? ofFirst(leaf, walker, judged) : leaf;
    }

    private long ofFirst(long answer, TableWalker walker, long judged) {
        if (answer == TableWalker.BELOW && second != null) {
            int how = IMPLICIT | (second.wasWrite() ? IMPLICIT_WRITE : 0);
            return ofSecond(second, how, judged);
        }
        if (isMemory(answer)) {
            long entry = walker.lastEntry();
            return ofMemory(second == null ? entry : Iotlb.hpa(second.answer(), entry), judged);
        }
        cause = StopCause.ofWalk(Stage.FIRST, answer);
        return -RiscvFault.page(judged).code();
    }

    private static boolean isMemory(long answer) {
        return answer == TableWalker.NO_FIRST_TABLE
                || answer == TableWalker.NO_TABLE
                || answer == TableWalker.NO_UPDATE;
    }

    private long ofMemory(long entryHpa, long judged) {
        var fault =
                memory.failureAt(entryHpa) == PhysicalMemory.Failure.POISON
                        ? RiscvFault.TABLE_CORRUPTED
                        : RiscvFault.access(judged);
        return -fault.code();
    }

    /// @param how bits 1:0 of `iotval2`
    private long ofSecond(SecondStage stage, int how, long judged) {
        if (isMemory(stage.answer())) {
            return ofMemory(stage.lastEntry(), judged);
        }
        iotval2 = stage.gpa() & -4L | how;
        cause = StopCause.ofWalk(Stage.SECOND, stage.answer());
        return -RiscvFault.guestPage(judged).code();
    }

    /// What the device or process directory's read found: its `iotval2`.
    void noteDirectoryStopped() {
        if (second != null) {
            ofSecond(second, IMPLICIT, 0);
        }
    }

    /// From the guest-physical address that the first stage gave.
    private long translateGuest(DeviceContext device, long firstLeaf, int access, long judged) {
        if (second == null) {
            return ofBareSecond(firstLeaf);
        }
        if (device.isMsi(gpa)) {
            return translateMsi(device, firstLeaf, access, judged);
        }
        boolean asks = (access & Iommu.ASKS) != 0;
        long wanted = access & RWX;
        long secondLeaf =
                second.place(gpa, asks ? 0 : wanted, asks ? wanted & TableEntry.WRITE : 0);
        if (secondLeaf < 0) {
            return ofSecond(second, 0, judged);
        }
        return combine(device, firstLeaf, secondLeaf, Iotlb.hpa(secondLeaf, gpa));
    }

    /// The guest-physical address is the host's; the range is no larger than a Bare stage answers for.
    private long ofBareSecond(long firstLeaf) {
        int shift = Math.min(Iotlb.pageShift(firstLeaf), capabilities.bareSecondShift());
        long flags = firstLeaf & (TableEntry.CLEAN | TableEntry.GLOBAL | MEMORY_TYPE);
        long page = gpa & Iotlb.ADDRESS & -1L << shift;
        return StageArithmetic.settled(
                TableEntry.leaf(page, shift, TableEntry.rights(firstLeaf)) | flags);
    }

    private long combine(DeviceContext device, long firstLeaf, long secondLeaf, long hpa) {
        long both = TableEntry.combine(firstLeaf, secondLeaf, hpa);
        long type = (firstLeaf & MEMORY_TYPE) != 0 ? firstLeaf : secondLeaf;
        int shift = Iotlb.pageShift(both);
        while (shift > 12 && device.overlapsMsi(gpa, shift)) {
            shift = 12 + 9 * ((shift - 13) / 9);
        }
        if (shift != Iotlb.pageShift(both)) {
            both = StageArithmetic.piece(both, hpa, shift);
        }
        return StageArithmetic.settled(both | type & MEMORY_TYPE);
    }

    private long translateMsi(DeviceContext device, long firstLeaf, int access, long judged) {
        boolean big = (control & RiscvRegisters.BE) != 0;
        var fault = msiTable.read(device, gpa, big, observer);
        msiReads++;
        if (fault != null) {
            return -fault.code();
        }
        if ((access & Iommu.ASKS) == 0 && (access & TableEntry.EXECUTE) != 0) {
            return -RiscvFault.access(judged).code();
        }
        toInterruptFile = true;
        long rights = TableEntry.READ | TableEntry.WRITE;
        long leaf = TableEntry.leaf(msiTable.page(), 12, rights);
        return TableEntry.combine(firstLeaf, leaf, msiTable.page());
    }

    /// Adds the walk of one stage alone.
    ///
    /// @param newControl the `fctl` register
    /// @param fsc first stage: mode and root
    /// @param iova within what the stage translates
    void foresee(DeviceContext device, int newControl, long fsc, long iova, ReadAhead ahead) {
        int first = DeviceContext.mode(fsc);
        int mode = device.secondMode();
        if (first != DeviceContext.BARE && mode == DeviceContext.BARE) {
            boolean narrow = device.has(DeviceContext.SXL);
            long regime = regime(false, device.has(DeviceContext.SBE), narrow);
            long address = iova & (1L << iovaBits(first, narrow)) - 1;
            int levels = narrow ? 2 : first - 5;
            ahead.add(
                    narrow ? narrowFirst : wideFirst,
                    DeviceContext.root(fsc),
                    levels,
                    address,
                    regime);
        } else if (first == DeviceContext.BARE && mode != DeviceContext.BARE) {
            boolean narrow = (newControl & RiscvRegisters.GXL) != 0;
            long regime = regime(false, (newControl & RiscvRegisters.BE) != 0, narrow);
            var stage = narrow ? narrowSecond : wideSecond;
            int levels = narrow ? 2 : mode - 5;
            if (iova >>> StageArithmetic.guestBits(device, newControl) == 0) {
                stage.foresee(DeviceContext.root(device.iohgatp()), levels, iova, regime, ahead);
            }
        }
    }

    // ---- what the last request found

    /// Guest-physical address that the first stage gave.
    long gpa() {
        return gpa;
    }

    /// What its page fault comes to, if it was one.
    StopCause cause() {
        return cause;
    }

    /// `iotval2` of its fault.
    long iotval2() {
        return iotval2;
    }

    /// Whether it went through an entry of an MSI page table: see [#msiTable].
    boolean reachedInterruptFile() {
        return toInterruptFile;
    }

    MsiTable msiTable() {
        return msiTable;
    }

    /// Memory reads since [#enterSecond].
    int reads() {
        return firstReads + (second == null ? 0 : second.reads()) + msiReads;
    }

    /// Paging-structure caches asked since [#enterSecond].
    int probes() {
        return firstProbes + (second == null ? 0 : second.probes());
    }

    /// The address space of a first stage, as [RiscvCaches] numbers them.
    static int inner(long fsc, int pscid, boolean sum) {
        return DeviceContext.mode(fsc) == DeviceContext.BARE
                ? Spaces.NONE
                : pscid | (sum ? RiscvCaches.SUM : 0);
    }
}
