package iommulab.engine.firmware;

import iommulab.engine.firmware.Ivrs.Entry;
import iommulab.engine.firmware.Ivrs.Ivhd;
import iommulab.engine.firmware.Ivrs.Ivmd;

import java.util.ArrayList;
import java.util.List;

/// Reads the bytes of an IVRS table.
final class IvrsReader {
    private static final int FIRST_BLOCK = 48;
    private final TableBytes table;

    IvrsReader(byte[] raw) {
        table = new TableBytes(raw, "IVRS");
    }

    Ivrs read() {
        var units = new ArrayList<Ivhd>();
        var memory = new ArrayList<Ivmd>();
        int at = FIRST_BLOCK;
        while (at < table.end()) {
            int type = table.u8(at);
            int length = table.u16(at + 2);
            if (!table.fits(at, length, least(type), table.end())) {
                break;
            }
            switch (type) {
                case 0x10, 0x11, 0x40 -> units.add(unit(at, length));
                case 0x20, 0x21, 0x22 -> memory.add(memory(at));
                default -> table.problem("has a block of unknown type 0x%02x".formatted(type));
            }
            at += length;
        }
        return new Ivrs(table.i32(36), units, memory, table.problems());
    }

    private static int least(int type) {
        return switch (type) {
            case 0x10 -> 24;
            case 0x11, 0x40 -> 40;
            case 0x20, 0x21, 0x22 -> 32;
            default -> 4;
        };
    }

    private Ivhd unit(int at, int length) {
        int type = table.u8(at);
        return new Ivhd(
                type,
                table.u8(at + 1),
                table.u16(at + 4),
                table.u16(at + 6),
                table.i64(at + 8),
                table.u16(at + 16),
                type == 0x10 ? 0 : table.i64(at + 24),
                entries(at + least(type), at + length));
    }

    private Ivmd memory(int at) {
        int type = table.u8(at);
        int device = table.u16(at + 4);
        return new Ivmd(
                type,
                table.u8(at + 1),
                type == 0x20 ? 0 : device,
                switch (type) {
                    case 0x20 -> 0xffff;
                    case 0x22 -> table.u16(at + 6);
                    default -> device;
                },
                table.u16(at + 8),
                table.i64(at + 16),
                table.i64(at + 24));
    }

    private List<Entry> entries(int from, int end) {
        var entries = new ArrayList<Entry>();
        int at = from;
        while (at < end) {
            int length = entryLength(at);
            if (!table.fits(at, length, 4, end)) {
                break;
            }
            int type = table.u8(at);
            boolean opensRange = type == 3 || type == 0x43 || type == 0x47;
            int close = at + length;
            if (opensRange && (close + 4 > end || table.u8(close) != 4)) {
                table.problem("has a device range at 0x%x without an end".formatted(at));
                break;
            }
            if (type != 0) {
                entries.add(opensRange ? range(at, table.u16(close + 1)) : single(at));
            }
            at = opensRange ? close + 4 : close;
        }
        return entries;
    }

    /// Bits 7:6 of the type give the length, but for a device of the ACPI name space.
    private int entryLength(int at) {
        int type = table.u8(at);
        return type == 0xf0 ? 22 + table.u8(at + 21) : 4 << (type >>> 6);
    }

    private Entry range(int at, int last) {
        int first = table.u16(at + 1);
        int settings = table.u8(at + 3);
        return switch (table.u8(at)) {
            case 3 -> new Entry.Range(first, last, settings);
            case 0x43 -> new Entry.AliasRange(first, last, table.u16(at + 5), settings);
            default -> new Entry.ExtendedRange(first, last, settings, table.i32(at + 4));
        };
    }

    private Entry single(int at) {
        int device = table.u16(at + 1);
        int settings = table.u8(at + 3);
        int type = table.u8(at);
        return switch (type) {
            case 1 -> new Entry.All(settings);
            case 2 -> new Entry.Select(device, settings);
            case 0x42 -> new Entry.AliasSelect(device, table.u16(at + 5), settings);
            case 0x46 -> new Entry.ExtendedSelect(device, settings, table.i32(at + 4));
            case 0x48 ->
                    new Entry.Special(
                            table.u8(at + 4), table.u16(at + 5), table.u8(at + 7), settings);
            case 0xf0 -> new Entry.AcpiDevice(device, text(at + 4, 8), settings);
            default -> new Entry.Unknown(type);
        };
    }

    private String text(int from, int length) {
        var text = new StringBuilder();
        for (int at = from; at < from + length && table.u8(at) != 0; at++) {
            text.append((char) table.u8(at));
        }
        return text.toString();
    }
}
