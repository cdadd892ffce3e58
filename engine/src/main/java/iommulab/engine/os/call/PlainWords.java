package iommulab.engine.os.call;

import java.util.regex.Pattern;

/// Which words need no quotes.
final class PlainWords {
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_.:/+$-]+");

    private PlainWords() {}

    static String quoted(String text) {
        return PLAIN.matcher(text).matches()
                ? text
                : '"' + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + '"';
    }
}
