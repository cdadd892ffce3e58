package iommulab.engine.firmware;

import iommulab.engine.firmware.Iort.Kind;
import iommulab.engine.firmware.Iort.Mapping;
import iommulab.engine.firmware.Iort.Node;

import java.util.ArrayList;
import java.util.List;

/// Reads the bytes of an IORT table.
final class IortReader {
    private static final int NODE_HEADER = 16;
    private static final int MAPPING_BYTES = 20;
    private final TableBytes table;

    IortReader(byte[] raw) {
        table = new TableBytes(raw, "IORT");
    }

    Iort read() {
        var nodes = new ArrayList<Node>();
        int at = table.i32(40);
        if (table.end() > 0 && (at < TableBytes.HEADER_BYTES || at > table.end())) {
            table.problem("states that its nodes start at 0x%x".formatted(at));
            return new Iort(nodes, table.problems());
        }
        while (at < table.end()) {
            int length = table.u16(at + 1);
            if (!table.fits(at, length, NODE_HEADER, table.end())) {
                break;
            }
            nodes.add(new Node(at, kind(at), mappings(at, length)));
            at += length;
        }
        return new Iort(nodes, table.problems());
    }

    private Kind kind(int at) {
        int type = table.u8(at);
        return switch (type) {
            case 0 -> new Kind.ItsGroup();
            case 1 -> new Kind.NamedComponent();
            case 2 -> new Kind.RootComplex(table.i32(at + 28), (table.i32(at + 24) & 1) != 0);
            case 3 -> new Kind.Smmu(table.i64(at + NODE_HEADER));
            case 4 -> new Kind.SmmuV3(table.i64(at + NODE_HEADER));
            case 6 -> new Kind.ReservedMemory();
            default -> new Kind.Unknown(type);
        };
    }

    private List<Mapping> mappings(int at, int length) {
        var mappings = new ArrayList<Mapping>();
        long count = Integer.toUnsignedLong(table.i32(at + 8));
        long first = Integer.toUnsignedLong(table.i32(at + 12));
        if (first + count * MAPPING_BYTES > length) {
            table.problem(
                    "has a node at 0x%x whose %d ID mappings do not fit into it"
                            .formatted(at, count));
            return mappings;
        }
        for (int i = 0; i < count; i++) {
            int from = at + (int) first + i * MAPPING_BYTES;
            mappings.add(
                    new Mapping(
                            table.i32(from),
                            table.i32(from + 4),
                            table.i32(from + 8),
                            table.i32(from + 12),
                            (table.i32(from + 16) & 1) != 0));
        }
        return mappings;
    }
}
