package iommulab.app.shell;

import java.util.OptionalLong;

/// Addresses and lengths as people write them. Needs no toolkit, so that models can read what fields hold.
public final class HexText {
    private HexText() {}

    /// Reads `0x1000`, `1000` (hex too), `0x4000_0000`, `4K`, `2M`, `1G`.
    public static OptionalLong parse(String text) {
        var digits = text.strip().toLowerCase().replace("_", "").replace(" ", "");
        try {
            int unit = digits.isEmpty() ? -1 : "kmgt".indexOf(digits.charAt(digits.length() - 1));
            if (unit >= 0 && !digits.startsWith("0x")) {
                long count = Long.parseLong(digits.substring(0, digits.length() - 1));
                long bytes = Math.multiplyExact(count, 1L << 10 * (unit + 1));
                return bytes < 0 ? OptionalLong.empty() : OptionalLong.of(bytes);
            }
            var hex = digits.startsWith("0x") ? digits.substring(2) : digits;
            return hex.startsWith("-") || hex.startsWith("+")
                    ? OptionalLong.empty()
                    : OptionalLong.of(Long.parseUnsignedLong(hex, 16));
        } catch (NumberFormatException | ArithmeticException e) {
            return OptionalLong.empty();
        }
    }
}
