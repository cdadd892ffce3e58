package iommulab.app;

import iommulab.engine.cache.CacheSnapshot;
import iommulab.engine.group.DomainType;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.FaultReason;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.Stage;
import iommulab.engine.iommu.StopCause;
import iommulab.engine.iommu.vtd.VtdQueueStructures;
import iommulab.engine.os.SoftwareView;
import iommulab.engine.pci.AddressType;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.RequesterId;
import iommulab.engine.session.CostEvent;
import iommulab.engine.session.JournalView;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.Counters;
import iommulab.engine.session.MachineSnapshot.DmaEvent;
import iommulab.engine.session.MachineSnapshot.DmaOutcome;
import iommulab.engine.session.MachineSnapshot.Domain;
import iommulab.engine.session.MachineSnapshot.Fault;
import iommulab.engine.session.MachineSnapshot.Mapping;
import iommulab.engine.session.MachineSnapshot.Unit;
import iommulab.engine.traffic.Pattern;
import iommulab.engine.traffic.TrafficSource;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// A small machine by hand, for tests of what panels say: a graphics card and a network card below one
/// IOMMU, a sound card behind a bridge that rewrites its requests.
public final class LabMachine {
    public static final PciAddress GPU = PciAddress.parse("03:00.0");
    public static final PciAddress NIC = PciAddress.parse("06:00.0");
    public static final PciAddress BRIDGE = PciAddress.parse("07:00.0");
    public static final PciAddress SOUND = PciAddress.parse("08:01.0");
    public static final long UNMAPPED = 0xffdc_2000L;

    /// The reasons that the fixture's faults name; the texts are the kernel's.
    public enum Reason implements FaultReason {
        PRESENT_CLEAR_IN_CONTEXT(0x2, "Present bit in context entry is clear"),
        WRITE_CLEAR(0x5, "PTE Write access is not set"),
        READ_CLEAR(0x6, "PTE Read access is not set");

        private final int code;
        private final String kernelText;

        Reason(int code, String kernelText) {
            this.code = code;
            this.kernelText = kernelText;
        }

        @Override
        public int code() {
            return code;
        }

        @Override
        public String kernelText() {
            return kernelText;
        }

        @Override
        public Set<StopCause> causes() {
            return Set.of(
                    this == PRESENT_CLEAR_IN_CONTEXT
                            ? StopCause.BLOCKED
                            : StopCause.SECOND_STAGE_RIGHTS);
        }

        @Override
        public String meaning() {
            return "An entry on the way had the right that the request needs not set.";
        }
    }

    private final List<JournalView.Entry> journal = new ArrayList<>();
    private final List<Fault> faults = new ArrayList<>();
    private final List<DmaEvent> events = new ArrayList<>();
    private final List<Mapping> mappings = new ArrayList<>();
    private final List<TrafficSource> sources = new ArrayList<>();
    private final List<CacheSnapshot> caches = new ArrayList<>();
    private Counters counters = Counters.ZERO;
    private boolean running;

    /// The machine with nothing mapped and nothing done.
    public LabMachine() {}

    public LabMachine mapping(long iova, long hpa, long bytes, Permissions permissions) {
        mappings.add(new Mapping(iova, hpa, bytes, permissions, bytes / 4096 + " × 4 KiB"));
        return this;
    }

    public LabMachine did(String title, String call) {
        int number = journal.size() + 1;
        journal.add(new JournalView.Entry(number, title, call, "ok", 100L * number, 0, number));
        return this;
    }

    public LabMachine running() {
        running = true;
        return this;
    }

    public LabMachine served(Counters counters) {
        this.counters = counters;
        return this;
    }

    public LabMachine source(PciAddress device, Pattern pattern, int weight) {
        sources.add(new TrafficSource(sources.size() + 1, device, pattern, weight, 64, 50, 42));
        return this;
    }

    public LabMachine cache(CacheSnapshot cache) {
        caches.add(cache);
        return this;
    }

    public LabMachine fault(
            PciAddress device, RequesterId as, long iova, Access access, Reason reason) {
        long sequence = faults.size() + 1;
        faults.addFirst(
                new Fault(
                        sequence,
                        1000 + sequence,
                        "dmar0",
                        device,
                        as,
                        iova,
                        access,
                        PasidPrefix.NONE,
                        AddressType.UNTRANSLATED,
                        reason,
                        3,
                        true,
                        List.of(
                                "DMAR: DRHD: handling fault status reg 2",
                                ("DMAR: [DMA %s NO_PASID] Request device [%s] fault addr 0x%x"
                                                + " [fault reason 0x%02x] %s")
                                        .formatted(
                                                access == Access.READ ? "Read" : "Write",
                                                as,
                                                iova & ~0xfffL,
                                                reason.code(),
                                                reason.kernelText())),
                        journal.size()));
        return this;
    }

    public LabMachine dma(PciAddress device, long iova, DmaOutcome outcome, long target) {
        events.addFirst(
                new DmaEvent(
                        events.size() + 1,
                        device,
                        device.requesterId(),
                        iova,
                        64,
                        Access.READ,
                        PasidPrefix.NONE,
                        AddressType.UNTRANSLATED,
                        outcome,
                        target,
                        Optional.empty(),
                        "dmar0",
                        3,
                        outcome == DmaOutcome.WALK ? 4 : 0,
                        outcome == DmaOutcome.WALK ? 450 : 14,
                        Optional.empty(),
                        ""));
        return this;
    }

    public MachineSnapshot snapshot() {
        var costs = new EnumMap<CostEvent, Long>(CostEvent.class);
        for (var event : CostEvent.values()) {
            costs.put(event, event.defaultCycles());
        }
        return new MachineSnapshot(
                "lab-station",
                "by hand",
                new MachineSnapshot.Kernel("6.12.0", "intel_iommu=on", "Linux 6.1 to 7.2"),
                LabFunctions.topology(),
                LabFunctions.grouping(),
                Map.of(),
                List.of(unit()),
                domains(),
                List.of(),
                sources,
                running,
                counters,
                Map.of(1, counters.requests()),
                costs,
                faults,
                events,
                SoftwareView.NONE,
                new JournalView(journal, journal.size()));
    }

    private Unit unit() {
        return new Unit(
                "dmar0",
                "VT-d legacy",
                true,
                0xd97f_c000L,
                "include all",
                List.of(GPU, NIC, BRIDGE, SOUND),
                true,
                0x1009_2000L,
                48,
                0xd2008c40660462L,
                0xf050da,
                caches,
                List.of(
                        recorded(0x8000_0005_0000_0800L),
                        new MachineSnapshot.FaultRecord(1, 0, 0, false, List.of())),
                false,
                Optional.of(
                        new MachineSnapshot.Queue(
                                0x1700_0000L,
                                4096,
                                0x2c0,
                                0x2c0,
                                List.of("wait, status written"),
                                List.of())),
                List.of(),
                List.of(),
                counters);
    }

    private List<Domain> domains() {
        long mapped = mappings.stream().mapToLong(Mapping::bytes).sum();
        return List.of(
                new Domain(
                        3,
                        "GPU lab",
                        DomainType.UNMANAGED,
                        true,
                        "dmar0",
                        3,
                        Stage.SECOND,
                        0,
                        0x243d_7000L,
                        4,
                        List.of(GPU),
                        List.of(),
                        mappings,
                        mapped,
                        5,
                        List.of()),
                new Domain(
                        4,
                        "default of group 9",
                        DomainType.DMA_FQ,
                        false,
                        "dmar0",
                        4,
                        Stage.SECOND,
                        0,
                        0x243e_0000L,
                        4,
                        List.of(NIC),
                        List.of(),
                        List.of(
                                new Mapping(
                                        0xfff0_0000L,
                                        0x1_2340_0000L,
                                        0x20_0000,
                                        Permissions.READ_WRITE,
                                        "1 × 2 MiB")),
                        0x20_0000,
                        4,
                        List.of()),
                new Domain(
                        5,
                        "default of group 10",
                        DomainType.DMA_FQ,
                        false,
                        "dmar0",
                        5,
                        Stage.SECOND,
                        0,
                        0x243f_0000L,
                        4,
                        List.of(BRIDGE, SOUND),
                        List.of(),
                        List.of(),
                        0,
                        1,
                        List.of()),
                new Domain(
                        6,
                        "spare",
                        DomainType.BLOCKED,
                        true,
                        "dmar0",
                        6,
                        Stage.SECOND,
                        0,
                        0,
                        0,
                        List.of(),
                        List.of(),
                        List.of(),
                        0,
                        0,
                        List.of()));
    }

    /// A register that holds a fault at [#UNMAPPED].
    private MachineSnapshot.FaultRecord recorded(long high) {
        return new MachineSnapshot.FaultRecord(
                0,
                UNMAPPED,
                high,
                !faults.isEmpty(),
                VtdQueueStructures.FAULT_RECORD.decode(new long[] {UNMAPPED, high}, new long[2]));
    }
}
