package iommulab.engine.session;

import iommulab.engine.cache.CacheKind;
import iommulab.engine.iommu.Access;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciFunction;

import java.util.Optional;

/// Carries out commands on a machine: finds what they name, refuses what cannot be, and leaves the rest
/// to the part concerned.
final class CommandRunner {
    private static final long DEAREST = 1_000_000;
    private static final long LONGEST_RUN = 100_000_000_000L;

    private CommandRunner() {}

    static Outcome run(Machine machine, Command command) throws CommandRefused {
        return switch (command) {
            case Command.WriteConfig write -> PciCommands.write(machine, write);
            case Command.RemoveFunction(var function) -> PciCommands.remove(machine, function);
            case Command.BindDriver(var function, var driver) ->
                    PciCommands.bind(machine, function, driver);
            case Command.CreateDomain create -> DomainCommands.create(machine, create);
            case Command.CreateFirstStage create ->
                    DomainCommands.createFirstStage(machine, create);
            case Command.AttachPasid attach -> DomainCommands.attachPasid(machine, attach);
            case Command.DetachPasid detach -> DomainCommands.detachPasid(machine, detach);
            case Command.DeleteDomain(int domain) -> DomainCommands.delete(machine, domain);
            case Command.AttachDevice(var function, int domain) ->
                    DomainCommands.attach(machine, function, domain);
            case Command.DetachDevice(var function) -> DomainCommands.detach(machine, function);
            case Command.MapPages map -> DomainCommands.map(machine, map);
            case Command.UnmapPages unmap -> DomainCommands.unmap(machine, unmap);
            case Command.SetTranslation(var unit, boolean on) -> {
                unit(machine, unit).driver().setTranslation(on);
                yield new Outcome.Done();
            }
            case Command.Invalidate invalidate -> Invalidations.send(machine, invalidate);
            case Command.ClearFaults(var unit) -> {
                unit(machine, unit).driver().clearFaults();
                yield new Outcome.Done();
            }
            case Command.SetAts(var function, boolean on) ->
                    DeviceCommands.setAts(machine, function, on);
            case Command.SetPageRequests(var function, boolean on) ->
                    DeviceCommands.setPageRequests(machine, function, on);
            case Command.SetAnswering(var function, boolean answering) ->
                    DeviceCommands.setAnswering(machine, function, answering);
            case Command.RequestPages request -> DeviceCommands.requestPages(machine, request);
            case Command.AnswerPages(var function, int group, var response) ->
                    DeviceCommands.answerPages(machine, function, group, response);
            case Command.SetCacheGeometry geometry -> reshape(machine, geometry);
            case Command.WriteMemory(long hpa, long value) -> writeMemory(machine, hpa, value);
            case Command.SetCost(var event, long cycles) -> price(machine, event, cycles);
            case Command.SetSource(var source) -> {
                machine.traffic.set(source);
                yield new Outcome.Done();
            }
            case Command.RemoveSource(int id) -> {
                machine.traffic.remove(id);
                yield new Outcome.Done();
            }
            case Command.RunTraffic(long requests) -> runTraffic(machine, requests);
            case Command.IssueDma request -> issue(machine, request);
            case Command.KernelCall(var call) -> KernelCalls.run(machine, call);
        };
    }

    /// @throws CommandRefused (ENODEV) if there is no such function
    static PciFunction function(Machine machine, PciAddress address) throws CommandRefused {
        return PciCommands.require(machine.wiring().topology(), address);
    }

    /// @throws CommandRefused (ENODEV) no such unit, (EOPNOTSUPP) one that the engine does not execute
    static Unit unit(Machine machine, String name) throws CommandRefused {
        for (var unit : machine.units) {
            if (unit.name().equals(name)) {
                return requireEmulated(unit);
            }
        }
        throw new CommandRefused(
                "ENODEV",
                "There is no IOMMU %s. This machine has %s."
                        .formatted(name, machine.units.stream().map(Unit::name).toList()));
    }

    static Unit requireEmulated(Unit unit) throws CommandRefused {
        if (!unit.isEmulated()) {
            throw new CommandRefused(
                    "EOPNOTSUPP",
                    "%s is no IOMMU that the engine executes. Its groups are right all the same."
                            .formatted(unit.name()));
        }
        return unit;
    }

    private static Outcome reshape(Machine machine, Command.SetCacheGeometry command)
            throws CommandRefused {
        var unit = unit(machine, command.unit());
        if (command.cache() == CacheKind.PAGING_STRUCTURE && command.geometry().sets() > 4096) {
            throw new CommandRefused(
                    "EINVAL",
                    "%d sets of paging-structure cache: take up to 4096."
                            .formatted(command.geometry().sets()));
        }
        if (command.cache() == CacheKind.DEVICE_TLB) {
            machine.deviceTlbs.reshape(unit, command.geometry());
        } else {
            unit.hardware().reshape(command.cache(), command.geometry());
        }
        return new Outcome.Done();
    }

    private static Outcome writeMemory(Machine machine, long hpa, long value)
            throws CommandRefused {
        if ((hpa & 7) != 0) {
            throw new CommandRefused(
                    "EINVAL",
                    "0x%x is not the address of a 64-bit word. Take a multiple of 8."
                            .formatted(hpa));
        }
        if (!machine.memory.write64(hpa, value)) {
            throw new CommandRefused(
                    "EFAULT",
                    "There is no memory at 0x%x. RAM is %s."
                            .formatted(hpa, MemoryWords.ram(machine.memory.map())));
        }
        return new Outcome.Done();
    }

    private static Outcome price(Machine machine, CostEvent event, long cycles)
            throws CommandRefused {
        if (cycles < 0 || cycles > DEAREST) {
            throw new CommandRefused(
                    "EINVAL", "%d cycles: take 0 to %d.".formatted(cycles, DEAREST));
        }
        machine.costs.set(event, cycles);
        return new Outcome.Done();
    }

    private static Outcome runTraffic(Machine machine, long requests) throws CommandRefused {
        if (requests < 1 || requests > LONGEST_RUN) {
            throw new CommandRefused(
                    "EINVAL", "%d requests: take 1 to %d.".formatted(requests, LONGEST_RUN));
        }
        machine.traffic.run(requests);
        return new Outcome.TrafficRun(requests);
    }

    private static Outcome issue(Machine machine, Command.IssueDma request) throws CommandRefused {
        var function = function(machine, request.function());
        requireTranslatable(machine, request.function());
        requireWithinPage(request.iova(), request.bytes());
        requireData(request);
        DomainCommands.requirePrefix(function, request.prefix());
        DeviceCommands.requireSendable(machine, request);
        return new Outcome.DmaFinished(machine.traffic.issueOne(request));
    }

    private static void requireData(Command.IssueDma request) throws CommandRefused {
        boolean carries = request.access() == Access.WRITE && request.bytes() == 4;
        if (request.data().isPresent() && !carries) {
            throw new CommandRefused(
                    "EINVAL",
                    "A %s of %d bytes carries no data of 32 bits: make it a write of 4 bytes."
                            .formatted(request.access().word(), request.bytes()));
        }
    }

    /// @throws CommandRefused (EINVAL) if a request has no byte, or more than one page
    static void requireWithinPage(long iova, int bytes) throws CommandRefused {
        if (bytes < 1 || !DmaPath.isWithinPage(iova, bytes)) {
            throw new CommandRefused(
                    "EINVAL",
                    "%d bytes from 0x%x on: a request must have at least one byte and stay within one page of 4 KiB."
                            .formatted(bytes, iova));
        }
    }

    /// @throws CommandRefused (EOPNOTSUPP) if the function is below an IOMMU that is not executed
    static void requireTranslatable(Machine machine, PciAddress address) throws CommandRefused {
        var unit = Optional.ofNullable(machine.wiring().unitOf().get(address));
        if (unit.isPresent()) {
            requireEmulated(machine.units.get(unit.get()));
        }
    }
}
