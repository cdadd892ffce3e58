package iommulab.engine.iommu;

import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.CacheSnapshot;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/// One IOMMU as the fabric and the machine see it, whatever its architecture: requests in, host addresses
/// or faults out, everything read from tables in memory or from its caches.
///
/// Not thread-safe: one engine thread owns it. [#translate] allocates nothing.
public interface Iommu {
    /// The PASID of a request that has none.
    int NO_PASID = -1;

    /// A request reads.
    int READ = TableEntry.READ;

    /// A request writes.
    int WRITE = TableEntry.WRITE;

    /// What is read will be executed.
    int EXECUTE = TableEntry.EXECUTE;

    /// The device acts for a supervisor.
    int PRIVILEGED = 1 << 5;

    /// The address was translated before, by an answer to [#ASKS] (PCIe address type 10).
    int TRANSLATED = 1 << 6;

    /// The device asks for a translation (PCIe address type 01): the answer is a leaf as in
    /// [TableEntry], 0 if nothing is granted.
    int ASKS = 1 << 7;

    /// Answer to a request for the interrupt window: it is an interrupt, or stopped.
    long INTERRUPT_WINDOW = -0x1000;

    /// Answer if the unit is told to stop all requests.
    long ABORTED = -0x1001;

    /// Answer to an untranslated address at which nothing can be.
    long NOWHERE = -0x1002;

    /// Answer of [#serve] to an access of a shape that the unit does not serve: no fault, the access is
    /// aborted.
    long UNSUPPORTED = -0x1004;

    /// Bit of an answer to [#ASKS]: the device has to send its requests untranslated (PCIe ATS, U bit).
    long UNTRANSLATED_ONLY = 1 << 11;

    /// Translates one request that lies within a 4 KiB page. A fault is recorded as hardware does.
    ///
    /// @param requester as the unit sees it: 16 bits, or the stream or device ID of the architecture
    /// @param pasid 20 bits, or [#NO_PASID]
    /// @param iova first address
    /// @param access [#READ] or [#WRITE] with the other flags of this interface
    /// @return the hpa; or the negative code of a [FaultReason]; or [#INTERRUPT_WINDOW], [#ABORTED],
    ///     [#NOWHERE]
    long translate(int requester, int pasid, long iova, int access);

    /// Translates requests that came at the same time, in their order: the same answers and the same state
    /// afterwards as [#translate] one by one, but their memory accesses may overlap.
    default void translate(RequestBatch batch) {
        for (int first = 0; first < batch.size(); first += ReadAhead.WALKS) {
            int end = Math.min(batch.size(), first + ReadAhead.WALKS);
            for (int i = first; i < end; i++) {
                foresee(batch.requesters[i], batch.pasids[i], batch.iovas[i], batch.ahead);
            }
            batch.ahead.read();
            for (int i = first; i < end; i++) {
                batch.answers[i] =
                        translate(
                                batch.requesters[i],
                                batch.pasids[i],
                                batch.iovas[i],
                                batch.accesses[i]);
            }
        }
    }

    /// Adds the walk that a request will make, if caches tell where its tables are and do not hold its page.
    /// It is only foreseen: nothing is counted, and the request may turn out otherwise. A unit that foresees
    /// nothing takes the requests one by one.
    default void foresee(int requester, int pasid, long iova, ReadAhead walks) {}

    /// Uses the address that the last request was given, where the unit serves the access itself: an
    /// interrupt file in memory. Everywhere else it changes nothing.
    ///
    /// @param answer an hpa, the last answer
    /// @param bytes of the access
    /// @param data of a write of 4 bytes, as a little-endian number
    /// @return where the access ended; the negative code of the fault that stops it; or [#UNSUPPORTED]
    default long serve(long answer, int bytes, int data) {
        return answer;
    }

    /// What became of an access that the unit served itself; empty if it did not serve the last one.
    default String lastServed() {
        return "";
    }

    /// Accesses to memory that the unit made to serve the last one itself.
    default int lastServedAccesses() {
        return 0;
    }

    /// Whether an answer is the code of a fault.
    static boolean isFault(long answer) {
        return answer < 0 && answer > INTERRUPT_WINDOW;
    }

    // ---- what the last request found

    /// Why it was stopped, null if no fault stopped it.
    @Nullable FaultReason lastFault();

    /// What stopped it, in the terms of all architectures; empty if nothing did, or only the address itself
    /// (the interrupt window, an address where nothing can be).
    Optional<StopCause> lastCause();

    /// Whether its fault was recorded: neither silenced nor dropped for want of room.
    boolean lastRecorded();

    /// What it wrote to a log in memory of its fault.
    default FaultRecord lastFaultRecord() {
        return FaultRecord.NONE;
    }

    /// Whether a cache gave the device's entry.
    boolean lastDeviceHit();

    /// Whether a cache gave the finished translation.
    boolean lastHit();

    /// Domain (or the architecture's name for it) of the requester, -1 if it was not found.
    int lastDomain();

    /// Entries read from memory.
    int lastReads();

    /// Paging-structure caches asked.
    int lastPagingProbes();

    /// What it cost.
    long lastCycles(WalkCosts costs);

    /// Bytes of the page that served it; 0 if no page did.
    long lastPageBytes();

    /// Whether a cached entry that no longer agrees with memory made its answer differ from the one that
    /// memory gives; to be asked before anything changes.
    boolean lastWasStale();

    // ---- looking into it

    /// Whether requests are translated at all.
    boolean isTranslating();

    /// hpa of the table in which the entries of devices are found.
    long deviceTable();

    /// What it can do, as its register says: CAP (VT-d), capability header (AMD-Vi), IDR0 and IDR1
    /// (SMMUv3), capabilities (RISC-V).
    long capabilityRegister();

    /// The rest of it: ECAP (VT-d), EFR (AMD-Vi), IDR3 and IDR5 (SMMUv3); 0 if there is none.
    long extendedCapabilityRegister();

    /// Widest iova that it translates, in bits.
    int addressBits();

    /// Rings between software and it that are in use, commands first.
    List<QueueState> queues();

    /// Faults that it keeps in registers; none if it writes them to memory.
    List<FaultRegister> faultRegisters();

    /// Whether faults were lost because nobody acknowledged the earlier ones.
    boolean faultsLost();

    /// One register of a recorded fault.
    ///
    /// @param low first 64 bits
    /// @param high next 64 bits
    /// @param filled whether it holds a fault that software has not acknowledged
    /// @param fields what is recorded, bit by bit; none if it is empty
    record FaultRegister(int index, long low, long high, boolean filled, List<Field> fields) {
        public FaultRegister {
            fields = List.copyOf(fields);
        }
    }

    /// All caches, in the order in which a request meets them.
    List<CacheSnapshot> cacheSnapshots();

    /// What the unit would do with a request, without doing it.
    ///
    /// @param name of the unit
    /// @param withCaches whether the caches are as they are now; else empty
    Walk explain(String name, DmaRequest request, WalkCosts costs, boolean withCaches);

    /// Visits every structure in memory to which the unit's registers lead: tables of devices, of PASIDs,
    /// page tables, whether or not translation is on; then queues that are on. In the order in which a
    /// request meets them, each once.
    void forEachTable(Consumer<TableUse> visitor);

    // ---- its state

    /// Gives the caches of a kind another shape; they are empty afterwards.
    void reshape(CacheKind kind, CacheGeometry geometry);

    /// The state of a unit at one instant. Opaque: only a unit of the same kind can restore it.
    interface State {}

    /// Remembers the whole state, memory apart.
    State checkpoint();

    /// Makes the state what it was. The same state can be restored again.
    ///
    /// @param then of this unit, or of another of the same architecture and capabilities
    void restore(State then);

    /// Hash of everything that decides what the unit will answer from now on, memory apart.
    long stateHash();
}
