package iommulab.app.inspector;

import iommulab.app.inspector.Section.Fact;
import iommulab.app.shell.Subject;
import iommulab.app.shell.Words;
import iommulab.engine.session.MachineSnapshot;

import java.util.ArrayList;
import java.util.List;

/// The machine as a whole, shown while nothing is selected.
final class MachineFacts {
    private MachineFacts() {}

    static Inspected of(MachineSnapshot machine) {
        var sections = new ArrayList<Section>();
        sections.add(
                new Section.Facts(
                        "",
                        "",
                        List.of(
                                Fact.of("Origin", Span.of(orDash(machine.origin()))),
                                Fact.of("Kernel", Span.of(orDash(machine.kernel().release()))),
                                Fact.of("Rules", Span.of(machine.grouping().ruleSet())),
                                Fact.of("Functions", number(machine.topology().size())),
                                Fact.of("Groups", number(machine.grouping().groups().size())),
                                Fact.of("Domains", number(machine.domains().size())))));
        if (!machine.kernel().commandLine().isEmpty()) {
            sections.add(
                    new Section.Note(
                            "Kernel command line",
                            List.of(
                                    Span.of(
                                            machine.kernel().commandLine(),
                                            Span.Look.MONO_MUTED))));
        }
        sections.add(
                new Section.Lines(
                        "IOMMUs",
                        "",
                        machine.units().stream()
                                .map(unit ->
                                        List.of(
                                                Span.link(
                                                        unit.name(), new Subject.Unit(unit.name())),
                                                Span.muted(
                                                        unit.architecture() + ", " + unit.scope())))
                                .toList()));
        sections.add(counters(machine.counters()));
        return new Inspected("Machine", machine.name(), false, List.of(), List.of(), sections);
    }

    /// What has been counted, as facts.
    static Section.Facts counters(MachineSnapshot.Counters c) {
        return new Section.Facts(
                "Since power-on",
                "",
                List.of(
                        Fact.of("Requests", number(c.requests())),
                        Fact.of("Moved", Span.of(Words.bytes(c.bytes()))),
                        Fact.of("IOTLB hits", number(c.hits())),
                        Fact.of("Walks", number(c.walks())),
                        Fact.of("Table reads", number(c.reads())),
                        Fact.of("Faults", number(c.faults())),
                        Fact.of("Stale used", number(c.stale())),
                        Fact.of("Peer-to-peer", number(c.peer())),
                        Fact.of("Cycles", number(c.cycles()))));
    }

    static Span number(long number) {
        return Span.mono(Words.thousands(number));
    }

    private static String orDash(String text) {
        return text.isEmpty() ? "not known" : text;
    }
}
