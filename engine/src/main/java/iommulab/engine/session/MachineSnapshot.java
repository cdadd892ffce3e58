package iommulab.engine.session;

import iommulab.engine.cache.CacheSnapshot;
import iommulab.engine.group.DomainType;
import iommulab.engine.group.Grouping;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.FaultReason;
import iommulab.engine.iommu.Field;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.QueueState;
import iommulab.engine.iommu.Stage;
import iommulab.engine.memory.Region;
import iommulab.engine.os.SoftwareView;
import iommulab.engine.pci.AddressType;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciTopology;
import iommulab.engine.pci.RequesterId;
import iommulab.engine.traffic.TrafficSource;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// The whole machine at one instant, as the screen may see it. Deeply immutable.
///
/// Frames skip snapshots. Therefore counters only rise, and events carry a sequence number and live in
/// bounded lists; nothing is "since the last frame".
///
/// @param name of the machine
/// @param origin where it came from: a sample, a capture with its kernel, drawn by hand
/// @param kernel the operating system's facts
/// @param topology PCI functions
/// @param grouping groups as computed
/// @param kernelSaid group number of each function as an imported capture listed it; shown beside
///     ours, never used
/// @param units IOMMUs
/// @param domains by number
/// @param memory what answers at which address
/// @param sources traffic sources, by id
/// @param running whether traffic is being run
/// @param counters of the whole machine
/// @param served requests that each traffic source has made since it was added, by source id; they
///     only rise
/// @param costs the cost table, a price for every event
/// @param faults newest first, at most [#FAULTS_KEPT]
/// @param events newest first, at most [#EVENTS_KEPT]; while traffic runs only the last of a batch
/// @param software what the kernel's parts that share out IOMMUs remember
/// @param journal commands, position, what undo and redo would do
public record MachineSnapshot(
        String name,
        String origin,
        Kernel kernel,
        PciTopology topology,
        Grouping grouping,
        Map<PciAddress, Integer> kernelSaid,
        List<Unit> units,
        List<Domain> domains,
        List<Region> memory,
        List<TrafficSource> sources,
        boolean running,
        Counters counters,
        Map<Integer, Long> served,
        Map<CostEvent, Long> costs,
        List<Fault> faults,
        List<DmaEvent> events,
        SoftwareView software,
        JournalView journal) {

    public static final int FAULTS_KEPT = 256;
    public static final int EVENTS_KEPT = 256;

    /// A machine that does not exist yet: nothing in it.
    public static final MachineSnapshot POWER_OFF =
            new MachineSnapshot(
                    "no machine",
                    "",
                    new Kernel("", "", ""),
                    PciTopology.EMPTY,
                    Grouping.NONE,
                    Map.of(),
                    List.of(),
                    List.of(),
                    List.of(),
                    List.of(),
                    false,
                    Counters.ZERO,
                    Map.of(),
                    Map.of(),
                    List.of(),
                    List.of(),
                    SoftwareView.NONE,
                    JournalView.EMPTY);

    /// @param release such as `6.12.0`; empty if unknown
    /// @param commandLine as `/proc/cmdline` has it
    /// @param ruleSet name of the grouping rules in force
    public record Kernel(String release, String commandLine, String ruleSet) {}

    /// One IOMMU.
    ///
    /// @param name such as `dmar0`
    /// @param architecture in words, such as `VT-d legacy`, `AMD-Vi`
    /// @param emulated whether the engine executes its translation; if not, DMA below it is refused
    /// @param registerBase hpa of its registers
    /// @param scope which functions it serves, in words
    /// @param functions which functions it serves
    /// @param translating whether translation is enabled
    /// @param rootTable hpa of the root table
    /// @param addressBits widest iova it translates
    /// @param cap capability register, 64 bits
    /// @param ecap extended capability register, 64 bits
    /// @param caches context cache, IOTLB, then paging-structure caches from the top level down
    /// @param faultRecords the fault recording registers, whether filled or not
    /// @param faultOverflow FSTS.PFO
    /// @param queue the invalidation queue, if enabled
    /// @param queues all rings between software and hardware that are in use, commands first
    /// @param devices functions below it that have a TLB of their own in use, by address
    /// @param counters of this unit
    public record Unit(
            String name,
            String architecture,
            boolean emulated,
            long registerBase,
            String scope,
            List<PciAddress> functions,
            boolean translating,
            long rootTable,
            int addressBits,
            long cap,
            long ecap,
            List<CacheSnapshot> caches,
            List<FaultRecord> faultRecords,
            boolean faultOverflow,
            Optional<Queue> queue,
            List<QueueState> queues,
            List<DeviceSide> devices,
            Counters counters) {
        /// Its own caches, then the TLBs of devices below it.
        public List<CacheSnapshot> cachesAndDeviceTlbs() {
            return Stream.concat(caches.stream(), devices.stream().map(DeviceSide::tlb)).toList();
        }

        /// The device's side of a function, if it has one in use.
        public Optional<DeviceSide> deviceSide(PciAddress function) {
            return devices.stream()
                    .filter(device -> device.function().equals(function))
                    .findFirst();
        }
    }

    /// One fault recording register.
    ///
    /// @param fields what is recorded, bit by bit; none if it is empty
    public record FaultRecord(int index, long low, long high, boolean filled, List<Field> fields) {
        public FaultRecord {
            fields = List.copyOf(fields);
        }
    }

    /// The invalidation queue as it lies in memory.
    ///
    /// @param base hpa of the ring
    /// @param bytes its size
    /// @param head byte offset of the next descriptor that hardware reads
    /// @param tail byte offset behind the last that software wrote
    /// @param recent the last descriptors executed, newest first, in words
    /// @param awaited requester IDs of devices that have not said yet that they have forgotten
    public record Queue(
            long base, int bytes, int head, int tail, List<String> recent, List<Integer> awaited) {
        public Queue {
            recent = List.copyOf(recent);
            awaited = List.copyOf(awaited);
        }

        /// Whether hardware has not read all that was written: it waits for devices, or has stopped.
        public boolean isBusy() {
            return head != tail;
        }
    }

    /// One translation: a page table, identity, or blocked.
    ///
    /// @param id the number that users and commands give it
    /// @param name such as `default of group 3`
    /// @param byUser whether somebody made it (kernel default domains are drawn without fill)
    /// @param unit IOMMU whose tables hold it
    /// @param tag domain ID in the hardware's entries
    /// @param stage of its tables
    /// @param parent domain through which its tables and what they map go (nested), 0 for none
    /// @param table address of the top table (gpa if it has a parent, else hpa), 0 for identity and blocked
    /// @param levels of the page table, 0 for identity and blocked
    /// @param attached functions that it translates
    /// @param pasids PASIDs of functions that it translates
    /// @param mappings by iova
    /// @param mappedBytes sum over the mappings
    /// @param tableFrames 4 KiB frames that its tables take
    /// @param unflushed invalidations that its last changes need and nobody sent
    public record Domain(
            int id,
            String name,
            DomainType type,
            boolean byUser,
            String unit,
            int tag,
            Stage stage,
            int parent,
            long table,
            int levels,
            List<PciAddress> attached,
            List<PasidUse> pasids,
            List<Mapping> mappings,
            long mappedBytes,
            int tableFrames,
            List<String> unflushed) {}

    /// One PASID of a function that uses a domain.
    public record PasidUse(PciAddress function, int pasid) {
        /// By function, then PASID.
        public static final Comparator<PasidUse> ORDER =
                Comparator.comparing(PasidUse::function).thenComparingInt(PasidUse::pasid);
    }

    /// One range of a domain as it was mapped.
    ///
    /// @param iova first address the device uses
    /// @param hpa where it leads
    /// @param bytes length, a multiple of the smallest page
    /// @param pages in words, such as `2 × 2 MiB, 16 × 4 KiB`
    public record Mapping(long iova, long hpa, long bytes, Permissions permissions, String pages) {}

    /// Counters; each only rises.
    ///
    /// @param requests DMA requests finished, whatever their outcome; the machine's tick
    /// @param bytes moved
    /// @param hits translated by the IOTLB alone
    /// @param walks translated by reading tables
    /// @param reads memory reads made for translation
    /// @param faults requests stopped
    /// @param stale requests that used a stale entry
    /// @param peer requests that reached a peer without the IOMMU
    /// @param blocked requests stopped by the fabric
    /// @param bypassed requests that no IOMMU translated
    /// @param interrupts message-signalled interrupts
    /// @param cycles cost by the cost table
    public record Counters(
            long requests,
            long bytes,
            long hits,
            long walks,
            long reads,
            long faults,
            long stale,
            long peer,
            long blocked,
            long bypassed,
            long interrupts,
            long cycles) {
        public static final Counters ZERO = new Counters(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    }

    /// One DMA on its way, and how it ended.
    ///
    /// @param tick number of the request
    /// @param device the function that asked
    /// @param requester the name under which the IOMMU saw it
    /// @param prefix its PASID prefix, if it had one
    /// @param type what the request said of its address; of a device with a TLB the one that ended it
    /// @param target hpa reached, 0 if none
    /// @param peer the function whose BAR was reached, if any
    /// @param unit the IOMMU that translated it; empty if none did
    /// @param fault the reason, if it was a fault
    /// @param note one sentence, empty if there is nothing to add
    public record DmaEvent(
            long tick,
            PciAddress device,
            RequesterId requester,
            long iova,
            int bytes,
            Access access,
            PasidPrefix prefix,
            AddressType type,
            DmaOutcome outcome,
            long target,
            Optional<PciAddress> peer,
            String unit,
            int domain,
            int reads,
            long cycles,
            Optional<FaultReason> fault,
            String note) {}

    /// How a DMA ended; each has a shape, a word and a colour.
    public enum DmaOutcome {
        HIT("hit"),
        WALK("walk"),
        STALE("stale"),
        FAULT("fault"),
        PEER("peer-to-peer"),
        BLOCKED("blocked"),
        BYPASS("not translated"),
        INTERRUPT("interrupt");

        private final String word;

        DmaOutcome(String word) {
            this.word = word;
        }

        public String word() {
            return word;
        }
    }

    /// A request that the IOMMU stopped.
    ///
    /// @param sequence number of the fault since power-on, from 1
    /// @param device the function that asked
    /// @param requester the name under which the IOMMU saw it
    /// @param prefix its PASID prefix, if it had one
    /// @param type what the request said of its address
    /// @param domain domain of the device at that time, -1 if none
    /// @param recorded whether a fault record was written (overflow and merging drop it)
    /// @param kernelLines as dmesg prints it
    /// @param journal position at which it happened
    public record Fault(
            long sequence,
            long tick,
            String unit,
            PciAddress device,
            RequesterId requester,
            long iova,
            Access access,
            PasidPrefix prefix,
            AddressType type,
            FaultReason reason,
            int domain,
            boolean recorded,
            List<String> kernelLines,
            int journal) {}
}
