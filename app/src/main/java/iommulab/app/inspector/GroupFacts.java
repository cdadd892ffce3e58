package iommulab.app.inspector;

import iommulab.app.inspector.Section.Deed;
import iommulab.app.inspector.Section.Fact;
import iommulab.app.inspector.Section.Offer;
import iommulab.app.shell.Perspective;
import iommulab.app.shell.Subject;
import iommulab.app.shell.Words;
import iommulab.engine.group.Group;
import iommulab.engine.group.ProofStep;
import iommulab.engine.pci.DeviceNames;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.MachineSnapshot;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.TreeSet;

/// One IOMMU group: its members and how each of them came to it.
final class GroupFacts {
    private GroupFacts() {}

    static Inspected of(MachineSnapshot machine, Group group, DeviceNames names) {
        var sections = new ArrayList<Section>();
        sections.add(
                new Section.Facts(
                        "",
                        "",
                        List.of(
                                Fact.of("Members", MachineFacts.number(group.members().size())),
                                Fact.of("Default", Span.of(group.type().sysfs())),
                                Fact.of("DMA owner", Span.of(owner(machine, group))),
                                new Fact("Kernel said", kernelSaid(machine, group)))));
        sections.add(
                new Section.Lines(
                        "Members",
                        "in order of joining",
                        group.members().stream().map(m -> member(machine, m, names)).toList()));
        for (var member : group.members()) {
            var link = machine.grouping().links().get(member);
            if (link != null && sections.size() < 10) {
                sections.add(
                        new Section.Lines(
                                "How " + member.withoutDomain() + " came here",
                                "",
                                link.steps().stream().map(GroupFacts::step).toList()));
            }
        }
        if (!group.reserved().isEmpty()) {
            sections.add(
                    new Section.Lines(
                            "Reserved regions",
                            "iova",
                            group.reserved().stream()
                                    .map(r ->
                                            List.of(
                                                    Span.mono(
                                                            Words.hex(r.start())
                                                                    + "–"
                                                                    + Words.hex(r.last())),
                                                    Span.muted(r.kind())))
                                    .toList()));
        }
        sections.add(
                new Section.Offers(
                        List.of(
                                new Offer(
                                        "Show in Groups",
                                        new Deed.Open(
                                                new Subject.Group(group.id()), Perspective.GROUPS)),
                                new Offer(
                                        "Show its owner",
                                        new Deed.Open(
                                                new Subject.Group(group.id()),
                                                Perspective.OWNERSHIP))),
                        ""));
        return new Inspected(
                "Group",
                "group " + group.id(),
                false,
                List.of(Span.group(group.id())),
                List.of(Span.muted(finding(group))),
                sections);
    }

    private static String owner(MachineSnapshot machine, Group group) {
        return machine.software().groups().stream()
                .filter(owned -> owned.id() == group.id())
                .findFirst()
                .map(owned ->
                        switch (owned.owner()) {
                            case NOBODY -> "nobody";
                            case KERNEL -> "kernel × " + owned.count();
                            case USER -> owned.user() + " × " + owned.count();
                        })
                .orElse("not known");
    }

    private static String finding(Group group) {
        return group.members().size() == 1
                ? "One function, isolated from every other"
                : "The IOMMU cannot keep these %d functions apart"
                        .formatted(group.members().size());
    }

    private static List<Span> member(
            MachineSnapshot machine, PciAddress address, DeviceNames names) {
        var name =
                machine.topology()
                        .find(address)
                        .map(f -> names.device(f.ids().vendor(), f.ids().device()))
                        .orElse("");
        return List.of(Span.function(address), Span.muted(name));
    }

    private static List<Span> step(ProofStep step) {
        var spans = new ArrayList<Span>();
        spans.add(
                Span.of(
                        step.text(),
                        step.verdict() == ProofStep.Verdict.FAILS
                                ? Span.Look.SAYS_FAULT
                                : Span.Look.PLAIN));
        step.evidence().ifPresent(e -> spans.add(Span.of(e, Span.Look.MONO_MUTED)));
        return spans;
    }

    private static List<Span> kernelSaid(MachineSnapshot machine, Group group) {
        var said =
                new TreeSet<>(
                        group.members().stream()
                                .map(machine.kernelSaid()::get)
                                .filter(Objects::nonNull)
                                .toList());
        if (said.isEmpty()) {
            return List.of(Span.muted("not known"));
        }
        return said.size() == 1
                ? List.of(Span.of("group " + said.first()))
                : List.of(Span.of("groups " + said, Span.Look.SAYS_FAULT));
    }
}
