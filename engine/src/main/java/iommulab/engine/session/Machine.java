package iommulab.engine.session;

import iommulab.engine.Fingerprint;
import iommulab.engine.firmware.FirmwareTables;
import iommulab.engine.group.Group;
import iommulab.engine.group.IommuUnit;
import iommulab.engine.group.KernelParameters;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.Walk;
import iommulab.engine.memory.FrameAllocator;
import iommulab.engine.memory.PhysicalMemory;
import iommulab.engine.os.IommuDriver;
import iommulab.engine.os.Kernel;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.state.Ledger;
import iommulab.engine.pci.ConfigSpace;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciFunction;
import iommulab.engine.session.MachineSnapshot.Counters;
import iommulab.engine.traffic.TrafficMix;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// A whole machine that runs: functions, memory, IOMMUs, the kernel's domains, devices that do DMA.
/// Deterministic: the same description and the same commands give the same machine, to the bit.
///
/// Not thread-safe: one engine thread owns it. Only the journal changes it.
final class Machine {
    private final MachineDescription description;
    final PhysicalMemory memory;
    final FrameAllocator frames;
    final List<Unit> units;
    final Domains domains;
    final CostTable costs = new CostTable();
    final Tally tally = new Tally();
    final FaultLog faults = new FaultLog();
    final RecentEvents events = new RecentEvents();
    final DeviceTlbs deviceTlbs = new DeviceTlbs();
    private final Map<PciAddress, ConfigSpace> followed = new HashMap<>();
    final DmaPath path;
    final Traffic traffic;
    private final SnapshotMaker snapshots;
    private Wiring wiring;
    private @Nullable Kernel kernel;

    private Machine(MachineDescription description, FirmwareTables firmware) {
        this.description = description;
        var map = TableMemory.reservedIn(description.memory());
        memory = new PhysicalMemory(map);
        frames = new FrameAllocator(TableMemory.in(map));
        wiring = Wiring.of(description, firmware);
        units = makeUnits(description.units(), firmware);
        domains = new Domains(memory, frames, units);
        path = new DmaPath(map, units, costs, tally, faults, deviceTlbs, wiring.fabric());
        traffic = new Traffic(this);
        snapshots = new SnapshotMaker(this);
    }

    private List<Unit> makeUnits(List<IommuUnit> descriptions, FirmwareTables firmware) {
        var made = new ArrayList<Unit>();
        for (var unit : descriptions) {
            int number = made.size();
            made.add(new Unit(number, unit, IommuHardware.of(unit, firmware, memory, number)));
        }
        return List.copyOf(made);
    }

    /// Switches a machine on: IOMMU drivers start, every group gets its default domain.
    ///
    /// @throws CommandRefused if it has not enough memory for that
    static Machine powerOn(MachineDescription description) throws CommandRefused {
        var firmware = FirmwareTables.read(description.firmware());
        var machine = new Machine(description, firmware);
        try {
            var kernel = new KernelParameters(description.commandLine());
            int highest =
                    description.topology().functions().stream()
                            .mapToInt(function -> function.address().requesterId().raw())
                            .max()
                            .orElse(0);
            for (var unit : machine.units) {
                if (unit.isEmulated()) {
                    unit.setDriver(
                            IommuHardware.driver(
                                    unit.hardware(),
                                    kernel,
                                    machine.memory,
                                    machine.frames,
                                    highest));
                }
            }
            for (var group : machine.wiring.grouping().groups()) {
                machine.addGroup(group);
            }
            for (var function : machine.wiring.topology().functions()) {
                DeviceCommands.atPowerOn(machine, function);
            }
        } catch (MappingRefused refused) {
            throw new CommandRefused(
                    refused.errno(), "The machine cannot be switched on: " + refused.reason());
        }
        machine.rewire();
        machine.boot();
        return machine;
    }

    private void boot() throws CommandRefused {
        try {
            kernel =
                    Kernel.boot(
                            MachineIommu.of(this),
                            TableMemory.forProcesses(memory.map()),
                            description.software());
        } catch (CallFailed failed) {
            throw new CommandRefused(
                    failed.errno(), "The machine cannot be switched on: " + failed.rule());
        }
    }

    Kernel kernel() {
        return Objects.requireNonNull(kernel, "a machine that is not switched on");
    }

    // ---- functions and groups

    Wiring wiring() {
        return wiring;
    }

    MachineDescription description() {
        return description;
    }

    private void addGroup(Group group) throws MappingRefused {
        var unit = unitOf(group);
        if (unit != null && unit.isEmulated()) {
            domains.addGroup(group, unit.number(), wiring.requesters(group));
        }
    }

    /// The IOMMU of a group; null if none is known.
    @Nullable Unit unitOf(Group group) {
        var number = wiring.unitOf().get(group.members().getFirst());
        return number == null ? null : units.get(number);
    }

    private void rewire() {
        followRegisters();
        path.rewire(wiring.fabric(), emulatedUnitOf());
        traffic.forgetWays();
    }

    /// Functions have a TLB in use while their ATS registers say so.
    private void followRegisters() {
        var functions = wiring.topology().functions();
        for (var function : functions) {
            var address = function.address();
            boolean changed = followed.put(address, function.config()) != function.config();
            if (changed || deviceTlbs.find(address).isPresent()) {
                var unit = wiring.unitOf().get(address);
                deviceTlbs.follow(
                        function,
                        unit == null || !units.get(unit).isEmulated() ? null : units.get(unit),
                        wiring.fabric().requesterId(address).raw());
            }
        }
        if (followed.size() > functions.size()) {
            var known = functions.stream().map(PciFunction::address).collect(Collectors.toSet());
            followed.keySet().retainAll(known);
            deviceTlbs.keepOnly(known);
        }
    }

    private Map<PciAddress, Integer> emulatedUnitOf() {
        return wiring.unitOf().entrySet().stream()
                .filter(entry -> units.get(entry.getValue()).isEmulated())
                .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    /// Other functions, or other configuration bytes: regroups at once. Groups that are the same keep
    /// their domains; a group that is new stays in the domain that all its members were in before, if
    /// that was one that a user made.
    void change(Wiring next) throws MappingRefused {
        var before = wiring;
        var formed = new HashSet<>(next.grouping().groups());
        var stays = new HashSet<Integer>();
        for (var old : before.grouping().groups()) {
            boolean same =
                    formed.contains(old)
                            && next.requesters(old).equals(domains.requestersOf(old.id()));
            if (same) {
                stays.add(old.id());
            }
        }
        var userDomains = userDomainsByFunction();
        for (var old : before.grouping().groups()) {
            if (!stays.contains(old.id()) && !domains.requestersOf(old.id()).isEmpty()) {
                domains.removeGroup(old.id());
            }
        }
        wiring = next;
        for (var group : next.grouping().groups()) {
            if (!stays.contains(group.id())) {
                addGroup(group);
                var shared = new TreeSet<Integer>();
                group.members().forEach(m -> shared.add(userDomains.getOrDefault(m, -1)));
                if (shared.size() == 1 && shared.first() >= 0) {
                    domains.move(group.id(), domains.require(shared.first()));
                }
            }
        }
        rewire();
        tellKernel();
    }

    private void tellKernel() throws MappingRefused {
        try {
            kernel().devices().discoverAgain();
        } catch (CallFailed failed) {
            throw new MappingRefused(failed.errno(), failed.rule());
        }
    }

    private Map<PciAddress, Integer> userDomainsByFunction() {
        var found = new HashMap<PciAddress, Integer>();
        for (var group : wiring.grouping().groups()) {
            domains.ofGroup(group.id())
                    .filter(domain -> domain.identity().byUser())
                    .ifPresent(domain -> group.members().forEach(m -> found.put(m, domain.id())));
        }
        return found;
    }

    /// Other facts about a function that change no group, such as its driver.
    void replaceFunction(PciFunction function) {
        wiring =
                new Wiring(
                        wiring.facts().with(wiring.topology().with(function)),
                        wiring.grouping(),
                        wiring.fabric(),
                        wiring.unitOf());
        rewire();
    }

    // ---- commands

    /// Changes the machine.
    ///
    /// @throws CommandRefused if it cannot accept the command; it is then unchanged
    Outcome apply(Command command) throws CommandRefused {
        int unanswered = deviceTlbs.unanswered();
        var outcome = CommandRunner.run(this, command);
        int timedOut = deviceTlbs.unanswered() - unanswered;
        return timedOut > 0 && outcome instanceof Outcome.Done
                ? new Outcome.TimedOut(timedOut)
                : outcome;
    }

    /// The machine unchanged unless all of `change` succeeds.
    void atomically(Change change) throws CommandRefused {
        var before = checkpoint();
        try {
            change.make();
        } catch (MappingRefused refused) {
            restore(before);
            throw new CommandRefused(refused.errno(), refused.reason());
        } catch (CommandRefused refused) {
            restore(before);
            throw refused;
        }
    }

    /// Something that may be refused half-way.
    interface Change {
        void make() throws MappingRefused, CommandRefused;
    }

    Walk explain(WalkQuestion question) throws CommandRefused {
        return Explanation.of(this, question);
    }

    /// What each command would come to if it were run now; the machine is as before.
    List<Trial> tried(List<Command> commands) {
        return commands.stream().map(this::tried).toList();
    }

    private Trial tried(Command command) {
        var before = checkpoint();
        try {
            return Trial.of(apply(command));
        } catch (CommandRefused refused) {
            return new Trial(refused.errno(), refused.reason());
        } finally {
            restore(before);
        }
    }

    Preview preview(List<Command> commands) throws CommandRefused {
        return WhatIf.of(this, commands);
    }

    /// @throws CommandRefused if no device would send anything
    void requireSources() throws CommandRefused {
        traffic.requireSources();
    }

    Counters counters() {
        return tally.toValue();
    }

    MachineSnapshot snapshot(boolean running, JournalView journal) {
        return snapshots.make(running, journal);
    }

    // ---- going back

    /// All that commands can change, at one instant.
    record Checkpoint(
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
            DeviceTlbs.Checkpoint deviceTlbs) {}

    /// One IOMMU at one instant; without hardware and driver if it is not emulated.
    record UnitCheckpoint(
            Iommu.@Nullable State hardware, IommuDriver.@Nullable State driver, Counters tally) {}

    Checkpoint checkpoint() {
        return new Checkpoint(
                wiring,
                memory.checkpoint(),
                frames.checkpoint(),
                units.stream().map(Machine::checkpoint).toList(),
                domains.checkpoint(),
                costs.prices(),
                tally.toValue(),
                faults.checkpoint(),
                traffic.checkpoint(),
                kernel().version(),
                deviceTlbs.checkpoint());
    }

    private static UnitCheckpoint checkpoint(Unit unit) {
        return unit.isEmulated()
                ? new UnitCheckpoint(
                        unit.hardware().checkpoint(),
                        unit.driver().checkpoint(),
                        unit.tally.toValue())
                : new UnitCheckpoint(null, null, unit.tally.toValue());
    }

    void restore(Checkpoint then) {
        wiring = then.wiring();
        memory.restore(then.memory());
        frames.restore(then.frames());
        for (var unit : units) {
            restore(unit, then.units().get(unit.number()));
        }
        domains.restore(then.domains());
        costs.set(then.costs());
        tally.set(then.tally());
        faults.restore(then.faults());
        events.forgetAfter(then.tally().requests());
        traffic.restore(then.traffic());
        kernel().goTo(then.kernel());
        deviceTlbs.restore(then.deviceTlbs());
        rewire();
    }

    private void restore(Unit unit, UnitCheckpoint then) {
        unit.tally.set(then.tally());
        if (unit.isEmulated()) {
            unit.hardware().restore(Objects.requireNonNull(then.hardware()));
            unit.setDriver(
                    Objects.requireNonNull(then.driver()).resume(unit.hardware(), memory, frames));
        }
    }

    /// Hash of all that commands can change; the same in every run.
    long stateHash() {
        var hash = new Fingerprint();
        hash.add(memory.contentHash()).add(frames.stateHash());
        for (var function : wiring.topology().functions()) {
            hash.add(function.address().toString()).add(function.config().hashCode());
            hash.add(function.driver().orElse(""));
        }
        for (var group : wiring.grouping().groups()) {
            hash.add(group.id()).add(group.members().toString()).add(group.type().ordinal());
        }
        for (var unit : units) {
            if (unit.isEmulated()) {
                hash.add(unit.hardware().stateHash());
            }
        }
        deviceTlbs.addTo(hash);
        domains.addTo(hash);
        costs.addTo(hash);
        traffic.addTo(hash);
        var counters = tally.toValue();
        hash.add(counters.requests()).add(counters.hits()).add(counters.walks());
        hash.add(counters.reads()).add(counters.faults()).add(counters.cycles());
        if (kernel().hasActed()) {
            hash.add(kernel().hash());
        }
        return hash.value();
    }
}
