package iommulab.engine.session;

import iommulab.engine.Fingerprint;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.memory.FrameAllocator;
import iommulab.engine.memory.PhysicalMemory;
import iommulab.engine.os.IommuDriver;
import iommulab.engine.os.state.Ledger;
import iommulab.engine.session.MachineSnapshot.Counters;
import iommulab.engine.traffic.TrafficMix;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Map;
import java.util.Objects;

/// All that commands can change in a machine, at one instant: kept, brought back, hashed. A new part of a
/// machine that commands change has its place in each of the three.
record MachineCheckpoint(
        Wiring wiring,
        PhysicalMemory.Checkpoint memory,
        FrameAllocator.Checkpoint frames,
        List<UnitCheckpoint> units,
        Domains.Checkpoint domains,
        Map<CostEvent, Long> costs,
        Counters tally,
        FaultLog.Checkpoint faults,
        TrafficMix.Checkpoint traffic,
        Ledger.Version kernel,
        DeviceTlbs.Checkpoint deviceTlbs) {
    /// One IOMMU at one instant; without hardware and driver if it is not emulated.
    record UnitCheckpoint(
            Iommu.@Nullable State hardware, IommuDriver.@Nullable State driver, Counters tally) {}

    static MachineCheckpoint of(Machine machine) {
        return new MachineCheckpoint(
                machine.wiring(),
                machine.memory.checkpoint(),
                machine.frames.checkpoint(),
                machine.units.stream().map(MachineCheckpoint::checkpoint).toList(),
                machine.domains.checkpoint(),
                machine.costs.prices(),
                machine.tally.toValue(),
                machine.faults.checkpoint(),
                machine.traffic.checkpoint(),
                machine.kernel().version(),
                machine.deviceTlbs.checkpoint());
    }

    private static UnitCheckpoint checkpoint(Unit unit) {
        return unit.isEmulated()
                ? new UnitCheckpoint(
                        unit.hardware().checkpoint(),
                        unit.driver().checkpoint(),
                        unit.tally.toValue())
                : new UnitCheckpoint(null, null, unit.tally.toValue());
    }

    void restore(Machine machine) {
        machine.wires.restore(wiring);
        machine.memory.restore(memory);
        machine.frames.restore(frames);
        for (var unit : machine.units) {
            restore(machine, unit, units.get(unit.number()));
        }
        machine.domains.restore(domains);
        machine.costs.set(costs);
        machine.tally.set(tally);
        machine.faults.restore(faults);
        machine.events.forgetAfter(tally.requests());
        machine.traffic.restore(traffic);
        machine.kernel().goTo(kernel);
        machine.deviceTlbs.restore(deviceTlbs);
        machine.wires.follow();
    }

    private static void restore(Machine machine, Unit unit, UnitCheckpoint then) {
        unit.tally.set(then.tally());
        if (unit.isEmulated()) {
            unit.hardware().restore(Objects.requireNonNull(then.hardware()));
            unit.setDriver(
                    Objects.requireNonNull(then.driver())
                            .resume(unit.hardware(), machine.memory, machine.frames));
        }
    }

    /// Hash of all that commands can change; the same in every run.
    static long hash(Machine machine) {
        var hash = new Fingerprint();
        hash.add(machine.memory.contentHash()).add(machine.frames.stateHash());
        for (var function : machine.wiring().topology().functions()) {
            hash.add(function.address().toString()).add(function.config().hashCode());
            hash.add(function.driver().orElse(""));
        }
        for (var group : machine.wiring().grouping().groups()) {
            hash.add(group.id()).add(group.members().toString()).add(group.type().ordinal());
        }
        for (var unit : machine.units) {
            if (unit.isEmulated()) {
                hash.add(unit.hardware().stateHash());
            }
        }
        machine.deviceTlbs.addTo(hash);
        machine.domains.addTo(hash);
        machine.costs.addTo(hash);
        machine.traffic.addTo(hash);
        var counters = machine.tally.toValue();
        hash.add(counters.requests()).add(counters.hits()).add(counters.walks());
        hash.add(counters.reads()).add(counters.faults()).add(counters.cycles());
        if (machine.kernel().hasActed()) {
            hash.add(machine.kernel().hash());
        }
        return hash.value();
    }
}
