package iommulab.app.ownership;

import iommulab.app.shell.Subject;
import iommulab.app.shell.Words;
import iommulab.engine.os.SoftwareView;
import iommulab.engine.os.SoftwareView.Group;
import iommulab.engine.os.SoftwareView.Member;
import iommulab.engine.os.SoftwareView.Owner;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// What the Ownership perspective shows, in the words it shows. Pure: same machine and subject, same model.
///
/// @param headline how many groups have which owner
/// @param finding about the chosen group, one sentence
record OwnershipModel(String headline, String finding, List<Row> rows) {
    OwnershipModel {
        rows = List.copyOf(rows);
    }

    /// One group.
    ///
    /// @param owner who owns its DMA
    /// @param who the owner in words, with its count
    /// @param pointer where its domain pointer leads
    /// @param to the place in words
    /// @param spoiled who keeps users out; empty if nobody does
    record Row(
            int id,
            Owner owner,
            String who,
            Pointer pointer,
            String to,
            int domain,
            List<Line> members,
            String spoiled,
            boolean selected) {
        Row {
            members = List.copyOf(members);
        }
    }

    /// One function of a group.
    ///
    /// @param driver what has it, in words
    /// @param spoils whether its driver keeps users out
    record Line(String name, String driver, boolean spoils) {}

    /// The stations that a group's domain pointer can stand at, from left to right.
    enum Pointer {
        DEFAULT("Default", "the kernel's own"),
        BLOCKING("Blocking", "all DMA faults"),
        TABLE("Table", "of the owner");

        private final String title;
        private final String about;

        Pointer(String title, String about) {
            this.title = title;
            this.about = about;
        }

        String title() {
            return title;
        }

        String about() {
            return about;
        }
    }

    static OwnershipModel of(SoftwareView software, Subject subject) {
        var rows = new ArrayList<Row>();
        var groups = software.groups().stream().sorted(Comparator.comparingInt(Group::id)).toList();
        for (var group : groups) {
            rows.add(row(group, isChosen(group, subject)));
        }
        return new OwnershipModel(
                headline(groups), groups.isEmpty() ? "" : finding(groups, subject), rows);
    }

    static boolean isChosen(Group group, Subject subject) {
        return switch (subject) {
            case Subject.Group(int id) -> id == group.id();
            case Subject.Function(var address) ->
                    group.members().stream().anyMatch(m -> m.function().equals(address));
            case Subject.Software(var key) -> key.equals(group.user());
            case Subject.Domain(int id) -> id == group.domain();
            case Subject.Pasid(var address, _) ->
                    group.members().stream().anyMatch(m -> m.function().equals(address));
            case Subject.Nothing _,
                    Subject.Mapping _,
                    Subject.Unit _,
                    Subject.CacheLine _,
                    Subject.Fault _,
                    Subject.DmaEvent _,
                    Subject.WalkStep _,
                    Subject.Memory _ ->
                    false;
        };
    }

    private static String headline(List<Group> groups) {
        long users = count(groups, Owner.USER);
        long kernel = count(groups, Owner.KERNEL);
        return "%s: kernel %d, users %d, nobody %d"
                .formatted(
                        Words.count(groups.size(), "group"),
                        kernel,
                        users,
                        groups.size() - users - kernel);
    }

    private static long count(List<Group> groups, Owner owner) {
        return groups.stream().filter(g -> g.owner() == owner).count();
    }

    private static String finding(List<Group> groups, Subject subject) {
        return groups.stream()
                .filter(g -> isChosen(g, subject))
                .findFirst()
                .map(OwnershipModel::finding)
                .orElse("Choose a group to see who may have its DMA.");
    }

    static String finding(Group group) {
        return switch (group.owner()) {
            case NOBODY ->
                    "Nobody owns the DMA of group %d: a kernel driver or a user may claim it."
                            .formatted(group.id());
            case KERNEL ->
                    "The kernel owns the DMA of group %d: %s. Users get EPERM."
                            .formatted(group.id(), spoiled(group).orElse("it is in use"));
            case USER ->
                    "%s owns the DMA of group %d: a kernel driver that needs the default domain gets EBUSY."
                            .formatted(group.user(), group.id());
        };
    }

    private static Row row(Group group, boolean selected) {
        var pointer =
                switch (group.use()) {
                    case DEFAULT -> Pointer.DEFAULT;
                    case BLOCKING -> Pointer.BLOCKING;
                    case PAGING, NESTED -> Pointer.TABLE;
                };
        var to =
                switch (group.use()) {
                    case DEFAULT -> group.defaultType();
                    case BLOCKING -> "blocked";
                    case PAGING -> "domain " + group.domain();
                    case NESTED -> "domain %d, nested".formatted(group.domain());
                };
        return new Row(
                group.id(),
                group.owner(),
                who(group),
                pointer,
                to,
                group.domain(),
                group.members().stream().map(OwnershipModel::line).toList(),
                group.viable() ? "" : spoiled(group).orElse("in use by the kernel"),
                selected);
    }

    private static String who(Group group) {
        return switch (group.owner()) {
            case NOBODY -> "nobody";
            case KERNEL -> "kernel × " + group.count();
            case USER -> "%s × %d".formatted(group.user(), group.count());
        };
    }

    /// Who keeps users out.
    static Optional<String> spoiled(Group group) {
        return group.members().stream()
                .filter(Member::claims)
                .map(member -> "%s has %s".formatted(member.driver(), member.name()))
                .reduce((a, b) -> a + ", " + b);
    }

    private static Line line(Member member) {
        return new Line(
                member.name(),
                (member.driver().isEmpty() ? "no driver" : member.driver())
                        + (member.open() ? ", open" : ""),
                member.claims());
    }
}
