package iommulab.app.console;

import java.util.ArrayList;
import java.util.List;

/// Lines that were typed, to be called back.
final class TypedLines {
    private static final int KEPT = 500;

    private final List<String> lines = new ArrayList<>();
    private int at;
    private String draft = "";

    /// Remembers a line; one that repeats the last is not kept twice.
    void add(String line) {
        if (!line.isBlank() && (lines.isEmpty() || !lines.getLast().equals(line))) {
            lines.add(line);
            if (lines.size() > KEPT) {
                lines.removeFirst();
            }
        }
        at = lines.size();
        draft = "";
    }

    /// The newest line; empty if there is none.
    String last() {
        return lines.isEmpty() ? "" : lines.getLast();
    }

    /// The line before; the oldest stays.
    ///
    /// @param shown what stands in the field now
    String before(String shown) {
        if (at == lines.size()) {
            draft = shown;
        }
        at = Math.max(0, at - 1);
        return lines.isEmpty() ? shown : lines.get(at);
    }

    /// The line after; behind the newest stands what was being typed.
    String after(String shown) {
        if (at >= lines.size()) {
            return shown;
        }
        at++;
        return at == lines.size() ? draft : lines.get(at);
    }
}
