package iommulab.app.topology;

import iommulab.app.shell.FunctionNames;
import iommulab.app.shell.Subject;
import iommulab.engine.pci.Header;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciFunction;
import iommulab.engine.session.MachineSnapshot;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// Says what the boxes of a picture say.
final class Looks {
    private final MachineSnapshot machine;
    private final Map<PciAddress, Integer> groups;
    private final Map<PciAddress, Integer> domains = new HashMap<>();
    private final Optional<PciAddress> selected;
    private final int selectedGroup;
    private final int selectedDomain;

    Looks(MachineSnapshot machine, Subject subject) {
        this.machine = machine;
        this.groups = machine.grouping().numbers();
        for (var domain : machine.domains()) {
            if (domain.byUser()) {
                domain.attached().forEach(function -> domains.put(function, domain.id()));
            }
        }
        this.selected = functionOf(machine, subject);
        this.selectedGroup = subject instanceof Subject.Group(int id) ? id : -1;
        this.selectedDomain = subject instanceof Subject.Domain(int id) ? id : -1;
    }

    Map<PciAddress, Integer> groupNumbers() {
        return groups;
    }

    int selectedGroup() {
        return selectedGroup;
    }

    Optional<PciAddress> selectedFunction() {
        return selected;
    }

    /// The function that a subject is about.
    static Optional<PciAddress> functionOf(MachineSnapshot machine, Subject subject) {
        return switch (subject) {
            case Subject.Function(var address) -> Optional.of(address);
            case Subject.Pasid(var address, _) -> Optional.of(address);
            case Subject.DmaEvent(long tick) ->
                    machine.events().stream()
                            .filter(e -> e.tick() == tick)
                            .findFirst()
                            .map(MachineSnapshot.DmaEvent::device);
            case Subject.Fault(long sequence) ->
                    machine.faults().stream()
                            .filter(f -> f.sequence() == sequence)
                            .findFirst()
                            .map(MachineSnapshot.Fault::device);
            case Subject.Nothing _,
                    Subject.Group _,
                    Subject.Domain _,
                    Subject.Mapping _,
                    Subject.Unit _,
                    Subject.CacheLine _,
                    Subject.WalkStep _,
                    Subject.Memory _,
                    Subject.Software _ ->
                    Optional.empty();
        };
    }

    List<Look> of(Picture picture) {
        return picture.boxes().stream().map(box -> look(box, picture)).toList();
    }

    private Look look(Box box, Picture picture) {
        return switch (box.kind()) {
            case MEMORY, SPAN, UNIT -> Look.NOTHING;
            case COMPLEX -> complex(box, machine);
            case SWITCH -> titled(first(box).map(FunctionNames::name).orElse("switch"), "", "");
            case EMPTY_SLOT -> titled("", "slot empty", "");
            case PORT, BRIDGE -> box.functions().size() == 1 ? single(box, true) : stack(box);
            case ROW -> row(box, picture);
            case DEVICE -> box.functions().size() == 1 ? single(box, false) : several(box);
            case STACK -> stack(box);
        };
    }

    private static Look titled(String title, String name, String second) {
        return new Look(title, name, second, "", -1, -1, Owner.NOBODY, false, List.of());
    }

    private Look complex(Box box, MachineSnapshot machine) {
        return machine.topology().onRootBuses().stream()
                .map(PciFunction::address)
                .map(a -> "%04x:%02x".formatted(a.domain(), a.bus()))
                .distinct()
                .skip(box.index())
                .findFirst()
                .map(bus -> titled("Root complex", "bus " + bus, ""))
                .orElse(Look.NOTHING);
    }

    /// A row tells its group only where the device's functions have different ones.
    private Look row(Box box, Picture picture) {
        var look = single(box, false);
        var device = picture.boxes().get(box.above());
        boolean one =
                device.functions().stream().map(f -> groups.getOrDefault(f, -1)).distinct().count()
                        == 1;
        return one ? look.withoutTab() : look;
    }

    private Look single(Box box, boolean port) {
        var function = first(box);
        if (function.isEmpty()) {
            return Look.NOTHING;
        }
        var f = function.get();
        int group = groups.getOrDefault(f.address(), -1);
        var role = FunctionNames.role(f);
        return new Look(
                FunctionNames.address(f.address()),
                port ? "" : FunctionNames.name(f),
                port
                        ? role + busBelow(f)
                        : f.driver().map(d -> d + ", " + role).orElse("no driver, " + role),
                group < 0 ? "" : String.valueOf(group),
                group,
                domainOf(f.address()),
                Owner.of(f.driver()),
                isSelected(f.address()),
                List.of());
    }

    /// A conventional bus is a place of its own: its number stands with its bridge.
    private static String busBelow(PciFunction bridge) {
        return FunctionNames.isPort(bridge) && !FunctionNames.leadsToConventionalBus(bridge)
                ? ""
                : ", bus %02x".formatted(Header.secondaryBus(bridge.config()));
    }

    /// The box around the rows of a device: the rows speak.
    private Look several(Box box) {
        return new Look("", "", "", "", -1, -1, Owner.NOBODY, false, List.of());
    }

    private Look stack(Box box) {
        var function = first(box);
        if (function.isEmpty()) {
            return Look.NOTHING;
        }
        var f = function.get();
        var what =
                f.isVirtualFunction()
                        ? "VF"
                        : Header.isBridge(f.config())
                                ? FunctionNames.role(f).toLowerCase(java.util.Locale.ROOT)
                                : "";
        int count = box.functions().size();
        var numbers =
                box.functions().stream()
                        .map(a -> groups.getOrDefault(a, -1))
                        .filter(g -> g >= 0)
                        .collect(Collectors.toCollection(TreeSet::new));
        return new Look(
                what.isEmpty() ? count + " ×" : count + " × " + what,
                range(box.functions()),
                f.isVirtualFunction()
                        ? "of " + f.physicalFunction().map(FunctionNames::address).orElse("?")
                        : FunctionNames.name(f),
                tab(numbers),
                numbers.size() == 1 ? numbers.first() : -1,
                -1,
                Owner.NOBODY,
                box.functions().stream().anyMatch(this::isSelected),
                box.functions().stream().map(this::cell).toList());
    }

    private Look.Cell cell(PciAddress function) {
        return new Look.Cell(
                groups.getOrDefault(function, -1),
                domainOf(function),
                Owner.of(machine.topology().find(function).flatMap(PciFunction::driver)),
                isSelected(function));
    }

    /// `06:01.0 to .7` on one device, `03:00.0 to 06:00.0` across several.
    private static String range(List<PciAddress> functions) {
        var first = functions.getFirst();
        var last = functions.getLast();
        boolean oneDevice = first.bus() == last.bus() && first.device() == last.device();
        return "%s to %s"
                .formatted(
                        FunctionNames.address(first),
                        oneDevice ? "." + last.function() : last.withoutDomain());
    }

    private static String tab(TreeSet<Integer> groups) {
        if (groups.isEmpty()) {
            return "";
        }
        boolean unbroken = groups.last() - groups.first() + 1 == groups.size();
        return groups.size() == 1
                ? String.valueOf(groups.first())
                : unbroken ? groups.first() + "–" + groups.last() : groups.size() + " groups";
    }

    private int domainOf(PciAddress function) {
        return domains.getOrDefault(function, -1);
    }

    private boolean isSelected(PciAddress function) {
        return selected.map(function::equals).orElse(false)
                || selectedDomain >= 0 && domainOf(function) == selectedDomain;
    }

    private Optional<PciFunction> first(Box box) {
        return box.functions().isEmpty()
                ? Optional.empty()
                : machine.topology().find(box.functions().getFirst());
    }
}
