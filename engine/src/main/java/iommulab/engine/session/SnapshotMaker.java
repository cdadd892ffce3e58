package iommulab.engine.session;

import iommulab.engine.iommu.AtsIommu;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.QueueState;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.memory.PhysicalMemory;
import iommulab.engine.os.Domain;
import iommulab.engine.os.ScalableDriver;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.MachineSnapshot.FaultRecord;
import iommulab.engine.session.MachineSnapshot.Kernel;
import iommulab.engine.session.MachineSnapshot.Mapping;
import iommulab.engine.session.MachineSnapshot.Queue;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Makes snapshots of a machine. What has not changed since the last one is shared with it.
final class SnapshotMaker {
    private static final int FRAME_BYTES = PhysicalMemory.FRAME_BYTES;

    private final Machine machine;
    private final Map<Integer, Made> mappings = new HashMap<>();
    private @Nullable Placing placing;

    /// Mappings in the words of the snapshot, and what they were made from.
    private record Made(List<Domain.Mapping> from, List<Mapping> to, long bytes) {}

    /// Which functions are in which domain and below which unit, and what that was found from.
    private record Placing(
            Wiring wiring,
            Map<Integer, Integer> domains,
            Map<Integer, List<PciAddress>> attached,
            List<List<PciAddress>> served) {}

    SnapshotMaker(Machine machine) {
        this.machine = machine;
    }

    MachineSnapshot make(boolean running, JournalView journal) {
        var description = machine.description();
        var wiring = machine.wiring();
        return new MachineSnapshot(
                description.name(),
                description.origin(),
                new Kernel(
                        description.kernelRelease(),
                        description.commandLine(),
                        wiring.grouping().ruleSet()),
                wiring.topology(),
                wiring.grouping(),
                description.kernelSaid(),
                machine.units.stream().map(this::unit).toList(),
                machine.domains.all().stream().map(this::domain).toList(),
                machine.memory.map().regions(),
                machine.traffic.sources(),
                running,
                machine.tally.toValue(),
                machine.traffic.served(),
                machine.costs.prices(),
                machine.faults.view(),
                machine.events.view(),
                machine.kernel().view(),
                journal);
    }

    // ---- IOMMUs

    private MachineSnapshot.Unit unit(Unit unit) {
        var functions = functionsOf(unit.number());
        var description = unit.description();
        if (!unit.isEmulated()) {
            return new MachineSnapshot.Unit(
                    unit.name(),
                    architecture(unit),
                    false,
                    description.registerBase().orElse(0),
                    scope(functions),
                    functions,
                    false,
                    0,
                    0,
                    description.cap().orElse(0),
                    description.ecap().orElse(0),
                    List.of(),
                    List.of(),
                    false,
                    Optional.empty(),
                    List.of(),
                    List.of(),
                    unit.tally.toValue());
        }
        var hardware = unit.hardware();
        return new MachineSnapshot.Unit(
                unit.name(),
                architecture(unit),
                true,
                description.registerBase().orElse(0),
                scope(functions),
                functions,
                hardware.isTranslating(),
                hardware.deviceTable(),
                hardware.addressBits(),
                hardware.capabilityRegister(),
                hardware.extendedCapabilityRegister(),
                hardware.cacheSnapshots(),
                faultRecords(hardware),
                hardware.faultsLost(),
                queue(hardware),
                hardware.queues(),
                machine.deviceTlbs.below(unit).stream().map(DeviceSides::of).toList(),
                unit.tally.toValue());
    }

    private List<PciAddress> functionsOf(int unit) {
        return placing().served().get(unit);
    }

    private List<PciAddress> findFunctionsOf(int unit) {
        return machine.wiring().unitOf().entrySet().stream()
                .filter(entry -> entry.getValue() == unit)
                .map(Map.Entry::getKey)
                .sorted(Comparator.naturalOrder())
                .toList();
    }

    private static String scope(List<PciAddress> functions) {
        return functions.size() == 1 ? "1 function" : functions.size() + " functions";
    }

    private static String architecture(Unit unit) {
        var description = unit.description();
        if (description.isVtd()) {
            return unit.isEmulated() && unit.driver() instanceof ScalableDriver
                    ? "VT-d scalable"
                    : "VT-d legacy";
        }
        if (description.isAmdVi()) {
            return "AMD-Vi";
        }
        if (description.isRiscv()) {
            return "RISC-V";
        }
        if (description.isSelftest()) {
            return Architecture.SELFTEST.words();
        }
        return description.isSmmu() ? "SMMUv3" : "virtio-iommu";
    }

    private static List<FaultRecord> faultRecords(Iommu hardware) {
        return hardware.faultRegisters().stream()
                .map(record ->
                        new FaultRecord(
                                record.index(),
                                record.low(),
                                record.high(),
                                record.filled(),
                                record.fields()))
                .toList();
    }

    private static Optional<Queue> queue(Iommu hardware) {
        return hardware.queues().stream()
                .filter(QueueState::toHardware)
                .findFirst()
                .map(queue ->
                        new Queue(
                                queue.base(),
                                queue.bytes(),
                                queue.head(),
                                queue.tail(),
                                queue.recent(),
                                hardware instanceof AtsIommu ats
                                        ? ats.awaitedDevices()
                                        : List.of()));
    }

    // ---- domains

    private MachineSnapshot.Domain domain(Domain domain) {
        var identity = domain.identity();
        var made = made(domain);
        return new MachineSnapshot.Domain(
                identity.id(),
                identity.name(),
                identity.type(),
                identity.byUser(),
                machine.units.get(identity.unit()).name(),
                identity.tag(),
                identity.stage(),
                identity.parent(),
                domain.tables().map(tables -> tables.top()).orElse(0L),
                domain.tables().map(tables -> tables.limits().levels()).orElse(0),
                attached(identity.id()),
                machine.domains.pasids.in(identity.id()),
                made.to(),
                made.bytes(),
                domain.tables().map(tables -> tables.tableFrames()).orElse(0),
                domain.unflushed().stream().map(SnapshotMaker::words).toList());
    }

    private Made made(Domain domain) {
        var from = domain.mappings();
        var made = mappings.get(domain.id());
        if (made == null || made.from() != from) {
            made =
                    new Made(
                            from,
                            from.stream().map(SnapshotMaker::mapping).toList(),
                            from.stream().mapToLong(Domain.Mapping::bytes).sum());
            mappings.put(domain.id(), made);
        }
        return made;
    }

    private static Mapping mapping(Domain.Mapping mapping) {
        return new Mapping(
                mapping.iova(),
                mapping.hpa(),
                mapping.bytes(),
                mapping.permissions(),
                mapping.pages().toString());
    }

    private List<PciAddress> attached(int domain) {
        return placing().attached().getOrDefault(domain, List.of());
    }

    // ---- who is where

    /// Found once for all domains and units, and again only when the tree or a group's domain has changed.
    private Placing placing() {
        var wiring = machine.wiring();
        var domainOfGroup = machine.domains.groups.placing();
        if (placing == null || placing.wiring() != wiring || placing.domains() != domainOfGroup) {
            var attached = new HashMap<Integer, List<PciAddress>>();
            for (var group : wiring.grouping().groups()) {
                var domain = domainOfGroup.get(group.id());
                if (domain != null) {
                    attached.computeIfAbsent(domain, _ -> new ArrayList<>())
                            .addAll(group.members());
                }
            }
            attached.replaceAll((_, members) -> List.copyOf(members));
            var served =
                    machine.units.stream().map(unit -> findFunctionsOf(unit.number())).toList();
            placing = new Placing(wiring, domainOfGroup, attached, served);
        }
        return placing;
    }

    private static String words(AddressRange range) {
        long pages = range.bytes() / FRAME_BYTES;
        return "%d page%s from 0x%x".formatted(pages, pages == 1 ? "" : "s", range.start());
    }
}
