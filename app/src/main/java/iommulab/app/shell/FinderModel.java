package iommulab.app.shell;

import iommulab.engine.group.Group;
import iommulab.engine.os.SoftwareView;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciFunction;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.Domain;
import iommulab.engine.session.MachineSnapshot.Fault;
import iommulab.engine.session.MachineSnapshot.PasidUse;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/// What the search field finds: objects of the machine and actions of the window, the best first.
/// Pure: same machine, same query, same hits.
record FinderModel(List<Hit> hits) {
    private static final int SHOWN = 40;
    private static final Pattern IOVA = Pattern.compile("(?:iova\\s+)?(?:0x)?([0-9a-f]{3,16})");
    private static final Pattern NUMBERED =
            Pattern.compile("(group|domain|fault)\\s+([0-9a-f]{1,8})h?");

    /// One hit.
    ///
    /// @param kind what sort of thing, in one word
    /// @param title its name
    /// @param detail what tells it from others
    /// @param score the smaller the better
    record Hit(String kind, String title, String detail, Target target, int score) {}

    /// What is done with a hit.
    sealed interface Target {
        record Select(Subject subject, Perspective perspective) implements Target {}

        record Act(WindowAction action) implements Target {}
    }

    FinderModel {
        hits = List.copyOf(hits);
    }

    static FinderModel of(MachineSnapshot machine, List<WindowAction> actions, String typed) {
        var query = typed.strip().toLowerCase(Locale.ROOT);
        var search = new Search(query);
        if (!query.isEmpty()) {
            search.functions(machine);
            search.groups(machine.grouping().groups());
            search.domains(machine.domains());
            search.faults(machine.faults());
            search.units(machine);
            search.software(machine.software());
        }
        search.actions(actions);
        return new FinderModel(
                search.hits.stream()
                        .sorted(Comparator.comparingInt(Hit::score))
                        .limit(SHOWN)
                        .toList());
    }

    /// One search: collects hits. Scores: 0 the thing's own name, 10 its beginning, 20 the beginning of
    /// a word, 30 anywhere; a little more for sorts of things that are asked for less often.
    private static final class Search {
        private static final int NO_MATCH = Integer.MAX_VALUE;

        private final String query;
        private final List<Hit> hits = new ArrayList<>();

        Search(String query) {
            this.query = query;
        }

        void functions(MachineSnapshot machine) {
            Map<PciAddress, Integer> groups = machine.grouping().numbers();
            for (var function : machine.topology().functions()) {
                int score = best(keysOf(function));
                if (score != NO_MATCH) {
                    var group = groups.get(function.address());
                    var detail =
                            "%04x:%04x%s%s"
                                    .formatted(
                                            function.ids().vendor(),
                                            function.ids().device(),
                                            function.driver().map(d -> "  " + d).orElse(""),
                                            group == null ? "" : "  group " + group);
                    add(
                            "function",
                            function.address().toString(),
                            detail,
                            new Subject.Function(function.address()),
                            Perspective.MACHINE,
                            score);
                }
            }
        }

        private static List<String> keysOf(PciFunction function) {
            return List.of(
                    function.address().withoutDomain(),
                    function.address().toString(),
                    "%04x:%04x".formatted(function.ids().vendor(), function.ids().device()),
                    function.driver().orElse(""));
        }

        void groups(List<Group> groups) {
            for (var group : groups) {
                numbered(
                        "group",
                        group.id(),
                        Words.count(group.members().size(), "function")
                                + ", "
                                + group.type().sysfs(),
                        new Subject.Group(group.id()),
                        Perspective.GROUPS);
            }
        }

        void domains(List<Domain> domains) {
            var address = iova();
            for (var domain : domains) {
                numbered(
                        "domain",
                        domain.id(),
                        domain.name(),
                        new Subject.Domain(domain.id()),
                        Perspective.DOMAINS);
                address.ifPresent(iova -> mapping(domain, iova));
                domain.pasids().forEach(use -> pasid(domain, use));
            }
        }

        private void pasid(Domain domain, PasidUse use) {
            int score =
                    best(
                            List.of(
                                    "pasid " + Integer.toHexString(use.pasid()),
                                    "pasid " + Words.hex(use.pasid())));
            if (score != NO_MATCH) {
                add(
                        "PASID",
                        "%s of %s".formatted(Words.hex(use.pasid()), use.function()),
                        domain.name(),
                        new Subject.Pasid(use.function(), use.pasid()),
                        Perspective.PASIDS,
                        score + 2);
            }
        }

        private void mapping(Domain domain, long iova) {
            for (var mapping : domain.mappings()) {
                if (Long.compareUnsigned(iova - mapping.iova(), mapping.bytes()) < 0) {
                    long hpa = mapping.hpa() + (iova - mapping.iova());
                    add(
                            "iova",
                            Words.hex(iova) + " in domain " + domain.id(),
                            "→ %s%s, %s"
                                    .formatted(
                                            domain.parent() == 0 ? "" : "gpa ",
                                            Words.hex(hpa),
                                            mapping.permissions()),
                            new Subject.Mapping(domain.id(), mapping.iova()),
                            Perspective.DOMAINS,
                            query.startsWith("iova") ? 0 : 12);
                }
            }
        }

        private OptionalLong iova() {
            var match = IOVA.matcher(query);
            return match.matches()
                    ? OptionalLong.of(Long.parseUnsignedLong(match.group(1), 16))
                    : OptionalLong.empty();
        }

        void faults(List<Fault> faults) {
            var match = NUMBERED.matcher(query);
            boolean coded = match.matches() && match.group(1).equals("fault");
            for (var fault : faults) {
                var code = "%02x".formatted(fault.reason().code());
                int score =
                        coded
                                ? code.equals("%2s".formatted(match.group(2)).replace(' ', '0'))
                                        ? 0
                                        : NO_MATCH
                                : best(List.of("fault " + code, fault.reason().kernelText()));
                if (score != NO_MATCH) {
                    add(
                            "fault",
                            "%sh %s".formatted(code, fault.device()),
                            "%s, %s"
                                    .formatted(
                                            fault.reason().kernelText(), Words.hex(fault.iova())),
                            new Subject.Fault(fault.sequence()),
                            Perspective.FAULTS,
                            score + 3);
                }
            }
        }

        void units(MachineSnapshot machine) {
            for (var unit : machine.units()) {
                int score = best(List.of(unit.name(), unit.architecture()));
                if (score != NO_MATCH) {
                    add(
                            "IOMMU",
                            unit.name(),
                            unit.architecture() + ", " + unit.scope(),
                            new Subject.Unit(unit.name()),
                            Perspective.MACHINE,
                            score + 1);
                }
            }
        }

        void software(SoftwareView software) {
            for (var node : software.nodes()) {
                int score = best(List.of(node.key(), node.type() + " " + node.key()));
                if (score != NO_MATCH) {
                    add(
                            "kernel",
                            node.key(),
                            node.type(),
                            new Subject.Software(node.key()),
                            Perspective.SOFTWARE,
                            score + 2);
                }
            }
        }

        void actions(List<WindowAction> actions) {
            for (var action : actions) {
                var title = action.title().get();
                var about = action.about().get();
                int score = query.isEmpty() ? 50 : best(List.of(title, about));
                if (!title.isEmpty() && score != NO_MATCH && action.possible().getAsBoolean()) {
                    var key = action.key().map(k -> k.getDisplayText()).orElse("");
                    var menu = action.menu().substring(action.menu().indexOf('/') + 1);
                    hits.add(
                            new Hit(
                                    menu,
                                    title,
                                    about.isEmpty() ? key : about,
                                    new Target.Act(action),
                                    score + 5));
                }
            }
        }

        private void numbered(
                String kind, int number, String detail, Subject subject, Perspective perspective) {
            int score = best(List.of(kind + " " + number, detail));
            if (score != NO_MATCH) {
                add(kind, kind + " " + number, detail, subject, perspective, score + 2);
            }
        }

        private void add(
                String kind,
                String title,
                String detail,
                Subject subject,
                Perspective perspective,
                int score) {
            hits.add(new Hit(kind, title, detail, new Target.Select(subject, perspective), score));
        }

        private int best(List<String> keys) {
            int best = NO_MATCH;
            for (var key : keys) {
                best = Math.min(best, score(key.toLowerCase(Locale.ROOT)));
            }
            return best;
        }

        private int score(String key) {
            int at = key.indexOf(query);
            if (at < 0 || query.isEmpty()) {
                return NO_MATCH;
            }
            if (at == 0) {
                return key.length() == query.length() ? 0 : 10;
            }
            return key.contains(" " + query) ? 20 : 30;
        }
    }
}
