package iommulab.engine.io;

import java.util.ArrayList;
import java.util.List;

/// What `/proc/iomem` said: who has which host-physical addresses, nested.
///
/// @param lines as the kernel prints them
public record IomemMap(List<Line> lines) {
    public static final IomemMap UNKNOWN = new IomemMap(List.of());

    public IomemMap {
        lines = List.copyOf(lines);
    }

    /// @param depth nesting, 0 outermost
    /// @param start first hpa
    /// @param last last hpa, inclusive
    /// @param name such as `System RAM`, `PCI Bus 0000:00`, `0000:03:00.0`
    public record Line(int depth, long start, long last, String name) {}

    /// Whether the addresses are true; without root the kernel prints zeros.
    public boolean knowsAddresses() {
        return lines.stream().anyMatch(line -> line.last() != 0);
    }

    /// Reads the file; a line that is not `start-end : name` goes to `remarks`.
    static IomemMap parse(String text, List<String> remarks) {
        var lines = new ArrayList<Line>();
        text.lines()
                .filter(line -> !line.isBlank())
                .forEach(line -> {
                    try {
                        lines.add(parseLine(line));
                    } catch (IllegalArgumentException _) {
                        remarks.add(
                                "ignored in proc/iomem: '%s' is not start-end : name"
                                        .formatted(line.strip()));
                    }
                });
        return new IomemMap(lines);
    }

    private static Line parseLine(String line) {
        String text = line.stripLeading();
        int dash = text.indexOf('-');
        int colon = text.indexOf(" : ");
        if (dash < 0 || colon < dash) {
            throw new IllegalArgumentException(line);
        }
        long start = Long.parseUnsignedLong(text.substring(0, dash), 16);
        long last = Long.parseUnsignedLong(text.substring(dash + 1, colon), 16);
        if (last < start || start < 0) {
            throw new IllegalArgumentException(line);
        }
        int depth = (line.length() - text.length()) / 2;
        return new Line(depth, start, last, text.substring(colon + 3).strip());
    }
}
