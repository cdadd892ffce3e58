package iommulab.engine.os.call;

import java.util.regex.Pattern;

/// Which words need no quotes, and how the others get theirs.
public final class PlainWords {
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_.:/+$-]+");

    private PlainWords() {}

    static String quoted(String text) {
        return PLAIN.matcher(text).matches() ? text : inQuotes(text);
    }

    /// As [Scanner#quoted] reads it.
    public static String inQuotes(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + '"';
    }
}
