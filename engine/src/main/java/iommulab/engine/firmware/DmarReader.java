package iommulab.engine.firmware;

import iommulab.engine.firmware.DeviceScope.Hop;
import iommulab.engine.firmware.Dmar.Structure;

import java.util.ArrayList;
import java.util.List;

/// Reads the bytes of a DMAR table.
final class DmarReader {
    private static final int FIRST_STRUCTURE = 48;
    private static final int DRHD = 0;
    private static final int RMRR = 1;
    private static final int ATSR = 2;
    private static final int RHSA = 3;
    private static final int ANDD = 4;
    private static final int SATC = 5;
    private final TableBytes table;

    DmarReader(byte[] raw) {
        table = new TableBytes(raw, "DMAR");
    }

    Dmar read() {
        var structures = new ArrayList<Structure>();
        int at = FIRST_STRUCTURE;
        while (at < table.end()) {
            int length = table.u16(at + 2);
            if (!table.fits(at, length, Math.max(4, least(table.u16(at))), table.end())) {
                break;
            }
            structures.add(structure(at, length));
            at += length;
        }
        return new Dmar(table.u8(36) + 1, table.u8(37), structures, table.problems());
    }

    private static int least(int type) {
        return switch (type) {
            case DRHD -> 16;
            case RMRR -> 24;
            case ATSR, SATC, ANDD -> 8;
            case RHSA -> 20;
            default -> 4;
        };
    }

    private Structure structure(int at, int length) {
        int end = at + length;
        boolean flag = (table.u8(at + 4) & 1) != 0;
        int segment = table.u16(at + 6);
        int type = table.u16(at);
        return switch (type) {
            case DRHD -> new Dmar.Drhd(flag, segment, table.i64(at + 8), scopes(at + 16, end));
            case RMRR ->
                    new Dmar.Rmrr(
                            segment, table.i64(at + 8), table.i64(at + 16), scopes(at + 24, end));
            case ATSR -> new Dmar.Atsr(flag, segment, scopes(at + 8, end));
            case SATC -> new Dmar.Satc(flag, segment, scopes(at + 8, end));
            case RHSA -> new Dmar.Rhsa(table.i64(at + 8), table.i32(at + 16));
            case ANDD -> new Dmar.Andd(table.u8(at + 7), name(at + 8, end));
            default -> new Dmar.Unknown(type, length);
        };
    }

    private List<DeviceScope> scopes(int from, int end) {
        var scopes = new ArrayList<DeviceScope>();
        int at = from;
        while (at < end) {
            int length = table.u8(at + 1);
            if (!table.fits(at, length, 6, end)) {
                break;
            }
            var path = new ArrayList<Hop>();
            for (int hop = at + 6; hop + 1 < at + length; hop += 2) {
                path.add(new Hop(table.u8(hop), table.u8(hop + 1)));
            }
            scopes.add(
                    new DeviceScope(
                            DeviceScope.Kind.ofCode(table.u8(at)),
                            table.u8(at + 4),
                            table.u8(at + 5),
                            path));
            at += length;
        }
        return scopes;
    }

    private String name(int from, int end) {
        var name = new StringBuilder();
        for (int at = from; at < end && table.u8(at) != 0; at++) {
            name.append((char) table.u8(at));
        }
        return name.toString();
    }
}
