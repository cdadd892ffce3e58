package iommulab.engine.pci;

import org.jspecify.annotations.Nullable;

import java.util.regex.Pattern;

/// Fills a field's value into the text that says what it means.
final class ValueText {
    private static final Pattern PLACE =
            Pattern.compile("\\{(?:(\\d+)<<n|n([+*]\\d+)?|x(?:<<(\\d+))?)}");

    private ValueText() {}

    /// @param text with `{n}`, `{n+1}`, `{n*10}`, `{128<<n}`, `{x}` or `{x<<3}` in it
    static String fill(String text, long value) {
        return PLACE.matcher(text)
                .replaceAll(place -> {
                    if (place.group(1) != null) {
                        return Long.toString(Long.parseLong(place.group(1)) << value);
                    }
                    if (place.group().startsWith("{n")) {
                        return Long.toString(decimal(place.group(2), value));
                    }
                    int shift = place.group(3) == null ? 0 : Integer.parseInt(place.group(3));
                    return "0x" + Long.toHexString(value << shift);
                });
    }

    private static long decimal(@Nullable String change, long value) {
        if (change == null) {
            return value;
        }
        long by = Long.parseLong(change.substring(1));
        return change.charAt(0) == '+' ? value + by : value * by;
    }
}
