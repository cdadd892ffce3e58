package iommulab.app.inspector;

import iommulab.app.inspector.Section.Deed;
import iommulab.app.inspector.Section.Fact;
import iommulab.app.inspector.Section.Offer;
import iommulab.app.shell.Perspective;
import iommulab.app.shell.Subject;
import iommulab.app.shell.Words;
import iommulab.engine.iommu.Access;
import iommulab.engine.pci.DeviceNames;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciFunction;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.DmaEvent;
import iommulab.engine.session.MachineSnapshot.Domain;
import iommulab.engine.session.WalkQuestion;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// One PCI function: who it is, its group and domain, its capabilities, its last DMA.
final class FunctionFacts {
    private static final int FIRST_PAGE = 4096;

    private FunctionFacts() {}

    static Inspected of(MachineSnapshot machine, PciFunction function, DeviceNames names) {
        var sections = new ArrayList<Section>();
        sections.add(new Section.Facts("", "", facts(machine, function, names)));
        sections.addAll(DeviceSideFacts.of(machine, function, likelyAddress(machine, function)));
        sections.add(CapabilityFacts.of(function));
        AcsFacts.above(machine.topology(), function).ifPresent(sections::add);
        lastDma(machine, function.address())
                .ifPresent(event -> sections.add(EventFacts.lastDma(event)));
        sections.add(offers(machine, function));
        return new Inspected(
                function.isVirtualFunction() ? "Virtual function" : "Function",
                function.address().toString(),
                true,
                owner(function),
                List.of(
                        Span.of(names.vendor(function.ids().vendor())),
                        Span.of(names.device(function.ids().vendor(), function.ids().device())),
                        Span.of(numbers(function), Span.Look.MONO_MUTED)),
                sections);
    }

    private static String numbers(PciFunction function) {
        return "%04x:%04x".formatted(function.ids().vendor(), function.ids().device());
    }

    private static List<Span> owner(PciFunction function) {
        return function.driver()
                .map(driver ->
                        driver.equals("vfio-pci")
                                ? Span.of("U user", Span.Look.USER)
                                : Span.of("K kernel", Span.Look.KERNEL))
                .map(List::of)
                .orElse(List.of());
    }

    private static List<Fact> facts(
            MachineSnapshot machine, PciFunction function, DeviceNames names) {
        var address = function.address();
        var facts = new ArrayList<Fact>();
        facts.add(Fact.of("Class", Span.of(names.classOf(function.ids().classCode()))));
        facts.add(new Fact("Group", group(machine, address)));
        facts.add(
                domain(machine, address)
                        .map(d ->
                                Fact.of(
                                        "Domain",
                                        Span.link(d.name(), new Subject.Domain(d.id())),
                                        Span.muted(
                                                "%s, DID 0x%x"
                                                        .formatted(d.type().sysfs(), d.tag()))))
                        .orElse(Fact.of("Domain", Span.muted("none"))));
        facts.add(
                Fact.of(
                        "Driver",
                        function.driver().map(Span::of).orElse(Span.muted("none bound"))));
        facts.add(
                Fact.of(
                        "Requester",
                        Span.mono(address.withoutDomain()),
                        Span.of(
                                "= 0x%04x".formatted(address.requesterId().raw()),
                                Span.Look.MONO_MUTED)));
        machine.units().stream()
                .filter(u -> u.functions().contains(address))
                .findFirst()
                .ifPresentOrElse(
                        u ->
                                facts.add(
                                        Fact.of(
                                                "Unit",
                                                Span.link(u.name(), new Subject.Unit(u.name())),
                                                Span.muted(u.architecture()))),
                        () -> facts.add(Fact.of("Unit", Span.muted("none: not translated"))));
        function.physicalFunction().ifPresent(pf -> facts.add(Fact.of("VF of", Span.function(pf))));
        function.parent().ifPresent(p -> facts.add(Fact.of("Behind", Span.function(p))));
        function.numaNode()
                .ifPresent(node -> facts.add(Fact.of("NUMA node", MachineFacts.number(node))));
        bars(function, facts);
        return facts;
    }

    private static List<Span> group(MachineSnapshot machine, PciAddress address) {
        var group = machine.grouping().groupOf(address);
        if (group.isEmpty()) {
            var why = machine.grouping().ungrouped().getOrDefault(address, "no IOMMU serves it");
            return List.of(Span.muted("none: " + why));
        }
        int others = group.get().members().size() - 1;
        return List.of(
                Span.group(group.get().id()),
                Span.of(others == 0 ? "alone" : "with " + Words.count(others, "other")),
                Span.link("why?", new Subject.Group(group.get().id())));
    }

    private static void bars(PciFunction function, List<Fact> facts) {
        for (var bar : function.resources()) {
            String name;
            if (bar.index() < 6) {
                name = "BAR " + bar.index();
            } else if (bar.index() == 6) {
                name = "ROM";
            } else if (bar.index() < 13) {
                name = "VF BAR " + (bar.index() - 7);
            } else {
                name = "Window " + (bar.index() - 13);
            }
            facts.add(
                    Fact.of(
                            name,
                            Span.hex(bar.start()),
                            Span.of(
                                    Words.bytes(bar.end() - bar.start() + 1)
                                            + (bar.isMemory() ? "" : " I/O"),
                                    Span.Look.MONO_MUTED)));
        }
    }

    static Optional<Domain> domain(MachineSnapshot machine, PciAddress address) {
        return machine.domains().stream().filter(d -> d.attached().contains(address)).findFirst();
    }

    private static Optional<DmaEvent> lastDma(MachineSnapshot machine, PciAddress address) {
        return machine.events().stream().filter(e -> e.device().equals(address)).findFirst();
    }

    /// The address of the last DMA, or of the first mapping.
    private static long likelyAddress(MachineSnapshot machine, PciFunction function) {
        return lastDma(machine, function.address())
                .map(DmaEvent::iova)
                .or(() ->
                        domain(machine, function.address())
                                .flatMap(d -> d.mappings().stream().findFirst())
                                .map(MachineSnapshot.Mapping::iova))
                .orElse((long) FIRST_PAGE);
    }

    private static Section.Offers offers(MachineSnapshot machine, PciFunction function) {
        var offers = new ArrayList<Offer>();
        machine.grouping()
                .groupOf(function.address())
                .ifPresent(g ->
                        offers.add(
                                new Offer(
                                        "Why grouped",
                                        new Deed.Open(
                                                new Subject.Group(g.id()), Perspective.GROUPS))));
        long iova = likelyAddress(machine, function);
        offers.add(
                new Offer(
                        "Walk…",
                        new Deed.Walk(
                                new WalkQuestion(function.address(), iova, 64, Access.READ, true),
                                -1)));
        offers.add(
                new Offer(
                        "Domain…",
                        new Deed.Open(
                                new Subject.Function(function.address()), Perspective.DOMAINS)));
        return new Section.Offers(offers, "");
    }
}
