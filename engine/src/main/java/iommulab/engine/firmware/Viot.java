package iommulab.engine.firmware;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The Virtual I/O Translation table: which functions a virtio-iommu serves.
/// Spec: ACPI, "Virtual I/O Translation Table (VIOT)".
///
/// @param nodes in the order of the table
/// @param problems what is wrong with the table, one sentence each
public record Viot(List<Node> nodes, List<String> problems) {

    public Viot {
        nodes = List.copyOf(nodes);
        problems = List.copyOf(problems);
    }

    /// Reads a table; see `problems` for damage.
    public static Viot read(byte[] raw) {
        var table = new TableBytes(raw, "VIOT");
        var nodes = new ArrayList<Node>();
        int at = table.u16(38);
        if (table.end() > 0 && at < TableBytes.HEADER_BYTES) {
            table.problem("states that its nodes start at 0x%x".formatted(at));
            at = table.end();
        }
        while (at < table.end()) {
            int length = table.u16(at + 2);
            if (!table.fits(at, length, least(table.u8(at)), table.end())) {
                break;
            }
            nodes.add(new Node(at, kind(table, at)));
            at += length;
        }
        return new Viot(nodes, table.problems());
    }

    private static int least(int type) {
        return switch (type) {
            case 1, 2 -> 24;
            case 3, 4 -> 16;
            default -> 4;
        };
    }

    private static Kind kind(TableBytes table, int at) {
        int type = table.u8(at);
        return switch (type) {
            case 1 ->
                    new Kind.PciRange(
                            table.i32(at + 4),
                            table.u16(at + 8),
                            table.u16(at + 10),
                            table.u16(at + 12),
                            table.u16(at + 14),
                            table.u16(at + 16));
            case 2 ->
                    new Kind.MmioEndpoint(table.i32(at + 4), table.i64(at + 8), table.u16(at + 16));
            case 3 -> new Kind.VirtioPci(table.u16(at + 4), table.u16(at + 6));
            case 4 -> new Kind.VirtioMmio(table.i64(at + 8));
            default -> new Kind.Unknown(type);
        };
    }

    /// The node of the IOMMU that serves a requester, if one does.
    ///
    /// @param segment PCI segment
    /// @param requesterId 16 bits
    public Optional<Node> iommuOf(int segment, int requesterId) {
        for (var node : nodes) {
            if (node.kind() instanceof Kind.PciRange range && range.covers(segment, requesterId)) {
                return nodes.stream().filter(n -> n.offset() == range.outputNode()).findFirst();
            }
        }
        return Optional.empty();
    }

    /// @param offset of the node in the table, by which others refer to it
    public record Node(int offset, Kind kind) {}

    /// What a node stands for.
    public sealed interface Kind {
        /// Functions and the IOMMU they are behind; all ends are inclusive.
        ///
        /// @param endpoint endpoint ID of the first function
        /// @param outputNode offset of the IOMMU's node
        record PciRange(
                int endpoint,
                int firstSegment,
                int lastSegment,
                int firstId,
                int lastId,
                int outputNode)
                implements Kind {
            boolean covers(int segment, int requesterId) {
                return segment >= firstSegment
                        && segment <= lastSegment
                        && requesterId >= firstId
                        && requesterId <= lastId;
            }
        }

        record MmioEndpoint(int endpoint, long base, int outputNode) implements Kind {}

        /// @param requesterId bus, device and function of the virtio-iommu
        record VirtioPci(int segment, int requesterId) implements Kind {}

        record VirtioMmio(long base) implements Kind {}

        record Unknown(int type) implements Kind {}
    }
}
