package iommulab.app.software;

import iommulab.app.shell.Subject;
import iommulab.app.shell.Words;
import iommulab.engine.os.SoftwareView;
import iommulab.engine.os.SoftwareView.Edge;
import iommulab.engine.os.SoftwareView.Node;
import iommulab.engine.os.SoftwareView.Owner;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// What the Software perspective shows, in the words it shows. Pure: same machine and subject, same model.
///
/// @param headline how much there is
/// @param left said of groups that are not drawn, empty if all are
record SoftwareModel(String headline, String left, List<Box> boxes, List<Line> lines) {
    /// Files in the order in which they hold each other; what is not named here stands above them.
    private static final List<String> ORDER =
            List.of(
                    "virtual machine",
                    "KVM's VFIO device",
                    "VFIO device",
                    "VFIO group",
                    "VFIO container",
                    "driver",
                    "fault file",
                    "event file",
                    "SVA bond",
                    "mediated device");

    private static final String PARENTS_GROUP = "group of its parent";

    SoftwareModel {
        boxes = List.copyOf(boxes);
        lines = List.copyOf(lines);
    }

    /// Something in the picture.
    ///
    /// @param key as in [SoftwareView.Node]; `group 3` for a group
    /// @param within the box that it stands in, empty for none
    /// @param title the name, short
    /// @param detail the second line
    /// @param references how many keep it alive; -1 where nobody counts
    /// @param number of the domain that it is for hardware, or of the group; 0 or less for neither
    record Box(
            String key,
            String within,
            Rank rank,
            String title,
            String detail,
            int references,
            int number,
            boolean selected) {}

    /// What keeps something alive.
    ///
    /// @param why in a word or two, with the number of references if it is more than one
    /// @param look how it stands to what is selected
    /// @param implied whether another line says it too: a file that holds an object holds its IOMMUFD. It
    ///     is drawn only with what is selected
    record Line(String from, String to, String why, Look look, boolean implied) {}

    /// How a line stands to what is selected.
    enum Look {
        /// Neither begins nor ends there.
        ASIDE,
        /// Keeps what is selected.
        KEEPS,
        /// Keeps what is selected, so that it cannot be destroyed.
        BLOCKS,
        /// What is selected keeps the other end.
        KEPT
    }

    /// @param blocked whether the kernel would refuse to destroy what is selected
    static SoftwareModel of(SoftwareView software, Subject subject, boolean blocked) {
        var chosen = subject instanceof Subject.Software(var key) ? key : "";
        var boxes = new ArrayList<Box>();
        software.nodes().stream()
                .sorted(Comparator.comparingInt(node -> ORDER.indexOf(node.type())))
                .forEach(node -> boxes.add(box(node, node.key().equals(chosen))));
        var drawn =
                software.groups().stream()
                        .filter(group -> group.owner() == Owner.USER || isUsed(software, group))
                        .toList();
        for (var group : drawn) {
            boxes.add(box(group, subject instanceof Subject.Group(int id) && id == group.id()));
        }
        var lines = new ArrayList<Line>();
        for (var edge : software.edges()) {
            lines.add(
                    new Line(
                            edge.from(),
                            edge.to(),
                            counted(edge),
                            look(edge.from(), edge.to(), chosen, blocked),
                            isImplied(software, edge)));
        }
        drawn.forEach(group -> lines.addAll(owning(software, group, chosen)));
        int others = software.groups().size() - drawn.size();
        return new SoftwareModel(
                headline(software),
                others == 0
                        ? ""
                        : "%s that no user has: see Ownership"
                                .formatted(Words.count(others, "group")),
                boxes,
                lines);
    }

    private static String headline(SoftwareView software) {
        long processes = ofType(software, "process");
        long objects = software.nodes().stream().filter(n -> !n.within().isEmpty()).count();
        long bonds = ofType(software, "SVA bond");
        long made = ofType(software, "mediated device");
        long files = software.nodes().size() - processes - objects - bonds - made;
        return "%s, %s, %s"
                        .formatted(
                                count(processes, "process", "processes"),
                                count(files, "file", "files"),
                                count(objects, "object", "objects"))
                + (bonds == 0 ? "" : ", " + count(bonds, "SVA bond", "SVA bonds"))
                + (made == 0 ? "" : ", " + count(made, "mediated device", "mediated devices"));
    }

    private static long ofType(SoftwareView software, String type) {
        return software.nodes().stream().filter(node -> node.type().equals(type)).count();
    }

    private static String count(long number, String one, String many) {
        return number + " " + (number == 1 ? one : many);
    }

    private static String counted(Edge edge) {
        return edge.count() == 1 ? edge.why() : edge.why() + " × " + edge.count();
    }

    private static boolean isImplied(SoftwareView software, Edge edge) {
        return software.node(edge.to()).filter(n -> n.type().equals("IOMMUFD")).isPresent()
                && software.edges().stream()
                        .anyMatch(other ->
                                other.from().equals(edge.from())
                                        && other.to().startsWith(edge.to() + "/"));
    }

    private static Look look(String from, String to, String chosen, boolean blocked) {
        if (to.equals(chosen)) {
            return blocked ? Look.BLOCKS : Look.KEEPS;
        }
        return from.equals(chosen) ? Look.KEPT : Look.ASIDE;
    }

    private static boolean isUsed(SoftwareView software, SoftwareView.Group group) {
        var id = Integer.toString(group.id());
        return group.members().stream().anyMatch(SoftwareView.Member::open)
                || software.nodes().stream()
                        .anyMatch(n ->
                                n.fact("group")
                                        .or(() -> n.fact(PARENTS_GROUP))
                                        .filter(id::equals)
                                        .isPresent());
    }

    /// From whatever uses a group to the group: its devices in an IOMMUFD or a container own it, bonds put
    /// PASIDs into it, mediated devices do their DMA through their parent's driver.
    private static List<Line> owning(
            SoftwareView software, SoftwareView.Group group, String chosen) {
        var id = Integer.toString(group.id());
        var lines = new ArrayList<Line>();
        var to = groupKey(group.id());
        for (var node : software.nodes()) {
            boolean of = node.fact("group").filter(id::equals).isPresent();
            var why =
                    switch (node.type()) {
                        case "DEVICE" -> of ? "owns" : "";
                        case "VFIO container" -> node.key().equals(group.user()) ? "owns" : "";
                        case "SVA bond" -> of ? "PASID " + node.fact("PASID").orElse("") : "";
                        case "mediated device" ->
                                node.fact(PARENTS_GROUP).filter(id::equals).isPresent()
                                        ? "made by its driver"
                                        : "";
                        default -> "";
                    };
            if (!why.isEmpty()) {
                lines.add(
                        new Line(node.key(), to, why, look(node.key(), to, chosen, false), false));
            }
        }
        return lines;
    }

    static String groupKey(int id) {
        return "group " + id;
    }

    private static Box box(Node node, boolean selected) {
        var rank = Rank.of(node.type(), !node.within().isEmpty());
        return new Box(
                node.key(),
                node.within(),
                rank,
                rank.isInside() ? node.type() + " " + node.id() : node.key(),
                detail(node, rank),
                rank == Rank.PROCESS ? -1 : node.references(),
                node.domain(),
                selected);
    }

    private static String detail(Node node, Rank rank) {
        if (rank == Rank.PROCESS) {
            return node.fact("state")
                    .or(() -> node.fact("PASID").map(pasid -> "PASID " + pasid))
                    .or(() -> node.fact("locked pages").map(pages -> pages + " locked"))
                    .orElse("");
        }
        var function = node.fact("function").map(SoftwareModel::withoutDomain);
        if (rank == Rank.BOND) {
            return "PASID %s, %s".formatted(node.fact("PASID").orElse(""), function.orElse(""));
        }
        if (rank == Rank.MADE) {
            return "of " + node.fact("parent").map(SoftwareModel::withoutDomain).orElse("");
        }
        if (!rank.isInside()) {
            return function.or(() -> node.fact("group").map(group -> "group " + group))
                    .orElseGet(() -> shortened(node.type()));
        }
        return node.domain() != 0 ? "domain " + node.domain() : function.orElse("");
    }

    /// Of a function whose segment is 0, what people write.
    private static String withoutDomain(String function) {
        return function.startsWith("0000:") ? function.substring(5) : function;
    }

    private static String shortened(String type) {
        return switch (type) {
            case "VFIO container" -> "container";
            case "virtual machine" -> "VM";
            case "KVM's VFIO device" -> "VFIO device";
            default -> type;
        };
    }

    private static Box box(SoftwareView.Group group, boolean selected) {
        var names =
                group.members().stream()
                        .map(member -> withoutDomain(member.name()))
                        .reduce((a, b) -> a + " " + b)
                        .orElse("");
        return new Box(
                groupKey(group.id()),
                "",
                Rank.GROUP,
                groupKey(group.id()),
                names,
                group.count(),
                group.id(),
                selected);
    }

    Optional<Box> box(String key) {
        return boxes.stream().filter(box -> box.key().equals(key)).findFirst();
    }
}
