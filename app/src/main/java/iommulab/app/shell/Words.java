package iommulab.app.shell;

import java.util.Locale;

/// Numbers as the window writes them.
public final class Words {
    private static final char THIN_SPACE = '\u2009';

    private Words() {}

    /// `18 432`, with thin spaces.
    public static String thousands(long number) {
        return String.format(Locale.ROOT, "%,d", number).replace(',', THIN_SPACE);
    }

    /// `812`, `1.2 k`, `1.2 M`: three digits at most.
    public static String amount(double number) {
        if (number < 1_000) {
            return "%.0f".formatted(number);
        }
        if (number < 1_000_000) {
            return "%.1f k".formatted(number / 1_000);
        }
        return number < 1e9 ? "%.1f M".formatted(number / 1e6) : "%.1f G".formatted(number / 1e9);
    }

    /// `1 fault`, `231 faults`
    public static String count(long number, String thing) {
        return thousands(number) + " " + thing + (number == 1 ? "" : "s");
    }

    /// `64 KiB`, `2 MiB`, `1.5 GiB`
    public static String bytes(long bytes) {
        long unit = 1;
        for (var name : new String[] {"B", "KiB", "MiB", "GiB", "TiB"}) {
            if (Long.compareUnsigned(bytes, unit * 1024) < 0 || name.equals("TiB")) {
                return bytes % unit == 0
                        ? "%d %s".formatted(bytes / unit, name)
                        : "%.1f %s".formatted((double) bytes / unit, name);
            }
            unit *= 1024;
        }
        throw new IllegalStateException("no unit for " + bytes);
    }

    /// `0x4f000`, without leading zeros.
    public static String hex(long address) {
        return "0x" + Long.toHexString(address);
    }

    /// `0000 0001 f6e9 0067`: a raw word in groups of four digits.
    public static String word(long raw) {
        return "%04x %04x %04x %04x"
                .formatted(raw >>> 48, raw >>> 32 & 0xffff, raw >>> 16 & 0xffff, raw & 0xffff);
    }

    /// `7c1e·40d2`: enough of a hash to tell two apart by eye.
    public static String hash(long hash) {
        return "%04x·%04x".formatted(hash >>> 48, hash >>> 32 & 0xffff);
    }
}
