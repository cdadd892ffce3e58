package iommulab.app.topology;

import java.util.Locale;

/// Sizes and addresses as people write them.
final class Bytes {
    private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

    private Bytes() {}

    /// `64 GiB`, `1.5 MiB`
    static String words(long bytes) {
        double value = bytes;
        int unit = 0;
        while (value >= 1024 && unit < UNITS.length - 1) {
            value /= 1024;
            unit++;
        }
        boolean whole = value == Math.rint(value) || value >= 100;
        return String.format(Locale.ROOT, whole ? "%.0f %s" : "%.1f %s", value, UNITS[unit]);
    }

    /// `3870 0000 0000`: hex in groups of four digits, without leading zeros.
    static String address(long address) {
        var hex = Long.toHexString(address);
        var grouped = new StringBuilder();
        for (int i = 0; i < hex.length(); i++) {
            if (i > 0 && (hex.length() - i) % 4 == 0) {
                grouped.append(' ');
            }
            grouped.append(hex.charAt(i));
        }
        return grouped.toString();
    }
}
