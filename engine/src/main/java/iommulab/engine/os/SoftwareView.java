package iommulab.engine.os;

import iommulab.engine.os.device.DeviceGroup;
import iommulab.engine.os.process.AddressSpace;
import iommulab.engine.pci.PciAddress;

import java.util.List;
import java.util.Optional;

/// What the kernel remembers, at one instant: its objects, what keeps what alive, and who owns the DMA of
/// which group. Deeply immutable.
///
/// @param nodes processes, open files and what they consist of
/// @param edges from what keeps alive to what is kept alive
/// @param groups by number
/// @param proposals whether calls exist that Linux never got
/// @param pasids who may put which PASID on the bus
public record SoftwareView(
        List<Node> nodes,
        List<Edge> edges,
        List<Group> groups,
        boolean proposals,
        SharedPasids pasids) {
    /// Nothing runs.
    public static final SoftwareView NONE =
            new SoftwareView(List.of(), List.of(), List.of(), false);

    public SoftwareView {
        nodes = List.copyOf(nodes);
        edges = List.copyOf(edges);
        groups = List.copyOf(groups);
    }

    /// Nobody has a PASID.
    public SoftwareView(List<Node> nodes, List<Edge> edges, List<Group> groups, boolean proposals) {
        this(nodes, edges, groups, proposals, SharedPasids.NONE);
    }

    public Optional<Node> node(String key) {
        return nodes.stream().filter(node -> node.key().equals(key)).findFirst();
    }

    /// The edges that end at a node: why it cannot go.
    public List<Edge> keeping(String key) {
        return edges.stream().filter(edge -> edge.to().equals(key)).toList();
    }

    /// An object of the kernel.
    ///
    /// @param key names it among all: `p0`, `iommufd1`, `iommufd1/3`
    /// @param within key of the file that it is a part of; empty for processes and files
    /// @param type in the kernel's words, such as `HWPT_PAGING`
    /// @param id its number in the file, 0 if it has none
    /// @param references how many keep it alive
    /// @param domain number of the domain that it is for hardware, 0 if it is none
    /// @param facts what else there is to say, in order
    public record Node(
            String key,
            String within,
            String type,
            int id,
            int references,
            int domain,
            List<Fact> facts) {
        public Node {
            facts = List.copyOf(facts);
        }

        public Optional<String> fact(String name) {
            return facts.stream()
                    .filter(fact -> fact.name().equals(name))
                    .map(Fact::value)
                    .findFirst();
        }
    }

    /// @param name such as `alignment`
    public record Fact(String name, String value) {
        public static Fact of(String name, Object value) {
            return new Fact(name, String.valueOf(value));
        }

        /// Hexadecimal.
        public static Fact hex(String name, long value) {
            return new Fact(name, "0x" + Long.toHexString(value));
        }
    }

    /// One thing keeps another alive.
    ///
    /// @param why in a word or two
    /// @param count how many of the other's references it is
    public record Edge(String from, String to, String why, int count) {
        /// One reference.
        public Edge(String from, String to, String why) {
            this(from, to, why, 1);
        }
    }

    /// A group and the owner of its DMA.
    ///
    /// @param owner who owns it
    /// @param user key of the file that owns it; empty if no user does
    /// @param count claims that the owner has
    /// @param use where its domain pointer leads
    /// @param domain number of the domain that a user put it into, 0 if none
    /// @param viable whether a user could take it, or has it
    public record Group(
            int id,
            Owner owner,
            String user,
            int count,
            DeviceGroup.Use use,
            int domain,
            String defaultType,
            boolean viable,
            List<Member> members) {
        public Group {
            members = List.copyOf(members);
        }
    }

    /// Who owns the DMA of a group.
    public enum Owner {
        NOBODY,
        KERNEL,
        USER
    }

    /// A function of a group.
    ///
    /// @param driver empty if none is bound
    /// @param claims whether its driver needs the default domain: it keeps users out
    /// @param open whether a user has it open
    public record Member(
            PciAddress function, String name, String driver, boolean claims, boolean open) {}

    /// The memory of a process as facts.
    static List<Fact> facts(AddressSpace memory) {
        return memory.areas().stream()
                .map(area ->
                        Fact.of(
                                area.offset() == 0
                                        ? area.buffer()
                                        : "%s+0x%x".formatted(area.buffer(), area.offset()),
                                "0x%x, 0x%x bytes%s at hpa 0x%x"
                                        .formatted(
                                                area.va(),
                                                area.bytes(),
                                                area.writable() ? "" : ", read only",
                                                area.hpa())))
                .toList();
    }
}
