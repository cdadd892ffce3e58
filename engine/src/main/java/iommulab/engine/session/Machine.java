package iommulab.engine.session;

import iommulab.engine.firmware.FirmwareTables;
import iommulab.engine.group.Group;
import iommulab.engine.group.IommuUnit;
import iommulab.engine.group.KernelParameters;
import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.Walk;
import iommulab.engine.memory.FrameAllocator;
import iommulab.engine.memory.PhysicalMemory;
import iommulab.engine.os.Kernel;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.pci.PciFunction;
import iommulab.engine.session.MachineSnapshot.Counters;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

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
    final Regrouping wires;
    final DmaPath path;
    final Traffic traffic;
    private final SnapshotMaker snapshots;
    private @Nullable Kernel kernel;

    private Machine(MachineDescription description, FirmwareTables firmware) {
        this.description = description;
        var map = TableMemory.reservedIn(description.memory());
        memory = new PhysicalMemory(map);
        frames = new FrameAllocator(TableMemory.in(map));
        units = makeUnits(description.units(), firmware);
        domains = new Domains(memory, frames, units);
        wires = new Regrouping(this, Wiring.of(description, firmware));
        path =
                new DmaPath(
                        map,
                        units,
                        costs,
                        tally,
                        faults,
                        deviceTlbs,
                        (function, event) -> kernel().stopped(function, event),
                        wires.wiring().fabric());
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
            for (var group : machine.wiring().grouping().groups()) {
                machine.wires.addGroup(group);
            }
            for (var function : machine.wiring().topology().functions()) {
                DeviceCommands.atPowerOn(machine, function);
            }
        } catch (MappingRefused refused) {
            throw new CommandRefused(
                    refused.errno(), "The machine cannot be switched on: " + refused.reason());
        }
        machine.wires.follow();
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
        return wires.wiring();
    }

    MachineDescription description() {
        return description;
    }

    /// Other functions, or other configuration bytes.
    void change(Wiring next) throws MappingRefused {
        wires.change(next);
    }

    /// Other facts about a function that change no group, such as its driver.
    void replaceFunction(PciFunction function) {
        wires.replaceFunction(function);
    }

    /// The IOMMU of a group; null if none is known.
    @Nullable Unit unitOf(Group group) {
        var number = wiring().unitOf().get(group.members().getFirst());
        return number == null ? null : units.get(number);
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

    MachineCheckpoint checkpoint() {
        return MachineCheckpoint.of(this);
    }

    void restore(MachineCheckpoint then) {
        then.restore(this);
    }

    /// Hash of all that commands can change; the same in every run.
    long stateHash() {
        return MachineCheckpoint.hash(this);
    }
}
