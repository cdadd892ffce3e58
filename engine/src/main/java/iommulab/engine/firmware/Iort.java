package iommulab.engine.firmware;

import java.util.List;
import java.util.Optional;

/// The I/O Remapping Table of an Arm machine: which SMMU each PCI root complex sends its requests
/// through, and under which stream IDs.
/// Spec: Arm DEN0049, "IO Remapping Table".
///
/// @param nodes in the order of the table
/// @param problems what is wrong with the table, one sentence each
public record Iort(List<Node> nodes, List<String> problems) {

    public Iort {
        nodes = List.copyOf(nodes);
        problems = List.copyOf(problems);
    }

    /// Reads a table; see `problems` for damage.
    public static Iort read(byte[] raw) {
        return new IortReader(raw).read();
    }

    /// The SMMU and the stream ID of a requester; empty if its requests go to no SMMU.
    ///
    /// @param segment PCI segment
    /// @param requesterId 16 bits
    public Optional<Stream> streamOf(int segment, int requesterId) {
        for (var node : nodes) {
            if (node.kind() instanceof Kind.RootComplex(int own, _) && own == segment) {
                return through(node, requesterId);
            }
        }
        return Optional.empty();
    }

    private Optional<Stream> through(Node root, int requesterId) {
        for (var mapping : root.mappings()) {
            if (mapping.covers(requesterId)) {
                var next = nodeAt(mapping.outputNode());
                if (next.isPresent() && next.get().isSmmu()) {
                    return Optional.of(new Stream(next.get(), mapping.translate(requesterId)));
                }
            }
        }
        return Optional.empty();
    }

    private Optional<Node> nodeAt(int offset) {
        return nodes.stream().filter(node -> node.offset() == offset).findFirst();
    }

    /// @param smmu the node of the SMMU
    /// @param id stream ID, 32 bits
    public record Stream(Node smmu, int id) {}

    /// @param offset of the node in the table, by which others refer to it
    /// @param kind what it is
    /// @param mappings where its IDs lead
    public record Node(int offset, Kind kind, List<Mapping> mappings) {
        public Node {
            mappings = List.copyOf(mappings);
        }

        boolean isSmmu() {
            return kind instanceof Kind.Smmu || kind instanceof Kind.SmmuV3;
        }
    }

    /// What a node stands for.
    public sealed interface Kind {
        record ItsGroup() implements Kind {}

        record NamedComponent() implements Kind {}

        /// @param segment PCI segment
        /// @param ats whether it supports ATS
        record RootComplex(int segment, boolean ats) implements Kind {}

        /// SMMUv1 or SMMUv2.
        record Smmu(long base) implements Kind {}

        record SmmuV3(long base) implements Kind {}

        /// Memory that must be mapped to itself.
        record ReservedMemory() implements Kind {}

        record Unknown(int type) implements Kind {}
    }

    /// @param first first input ID
    /// @param count number of IDs less one, as the table has it
    /// @param output ID that `first` becomes
    /// @param outputNode offset of the node it leads to
    /// @param single whether only one ID is produced, whatever the input
    public record Mapping(int first, int count, int output, int outputNode, boolean single) {
        boolean covers(int id) {
            return !single && Integer.compareUnsigned(id - first, count) <= 0;
        }

        int translate(int id) {
            return id - first + output;
        }
    }
}
