package iommulab.app.console;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// Where the parts of a call stand in a line, whether the line is finished or still being typed.
///
/// @param mayFail whether `!` stands before it
/// @param variable what its answer is kept as; empty if nowhere
/// @param name of the call, as far as it is typed
/// @param parts arguments; the last one may be unfinished
/// @param open whether the bracket after the name is there
/// @param end where its closing bracket stands, or the end of the line
record CallScan(
        boolean mayFail, String variable, Part name, List<Argument> parts, boolean open, int end) {
    private static final Pattern HEAD =
            Pattern.compile("\\s*(!?)\\s*(?:([A-Za-z_]\\w*)\\s*=\\s*)?([\\w.]*)\\s*");

    CallScan {
        parts = List.copyOf(parts);
    }

    /// A piece of the line.
    ///
    /// @param start index of its first character
    record Part(int start, String text) {
        int end() {
            return start + text.length();
        }
    }

    /// One argument.
    ///
    /// @param value empty as long as no `=` follows the name
    record Argument(Part name, Optional<Part> value) {}

    static CallScan of(String line) {
        var head = HEAD.matcher(line);
        if (!head.lookingAt()) {
            throw new IllegalStateException("a pattern that matches nothing too: " + line);
        }
        var name = new Part(head.start(3), head.group(3));
        int at = head.end();
        boolean open = at < line.length() && line.charAt(at) == '(';
        var parts = new ArrayList<Argument>();
        int end = open ? arguments(line, at + 1, parts) : at;
        var variable = head.group(2);
        return new CallScan(
                !head.group(1).isEmpty(), variable == null ? "" : variable, name, parts, open, end);
    }

    private static int arguments(String line, int from, List<Argument> parts) {
        int at = from;
        while (at < line.length() && line.charAt(at) != ')') {
            at = skipSpaces(line, at);
            int start = at;
            while (at < line.length() && "=,)".indexOf(line.charAt(at)) < 0) {
                at++;
            }
            var name = new Part(start, line.substring(start, at).stripTrailing());
            Optional<Part> value = Optional.empty();
            if (at < line.length() && line.charAt(at) == '=') {
                int first = skipSpaces(line, at + 1);
                at = endOfValue(line, first);
                value = Optional.of(new Part(first, line.substring(first, at)));
            }
            parts.add(new Argument(name, value));
            if (at < line.length() && line.charAt(at) == ',') {
                at++;
                if (at == line.length() || line.substring(at).isBlank()) {
                    parts.add(new Argument(new Part(line.length(), ""), Optional.empty()));
                    return line.length();
                }
            }
        }
        return at;
    }

    private static int skipSpaces(String line, int from) {
        int at = from;
        while (at < line.length() && Character.isWhitespace(line.charAt(at))) {
            at++;
        }
        return at;
    }

    /// The comma or bracket behind a value, quotes and inner brackets counted.
    private static int endOfValue(String line, int from) {
        int depth = 0;
        boolean quoted = false;
        for (int at = from; at < line.length(); at++) {
            char c = line.charAt(at);
            if (c == '\\' && quoted) {
                at++;
            } else if (c == '"') {
                quoted = !quoted;
            } else if (!quoted && (c == '[' || c == '{')) {
                depth++;
            } else if (!quoted && (c == ']' || c == '}')) {
                depth--;
            } else if (!quoted && depth <= 0 && (c == ',' || c == ')')) {
                return at;
            }
        }
        return line.length();
    }

    Optional<Argument> argument(String wanted) {
        return parts.stream().filter(part -> part.name().text().equals(wanted)).findFirst();
    }

    /// What an argument is said to be; empty if it is not given.
    String value(String wanted) {
        return argument(wanted).flatMap(Argument::value).map(Part::text).orElse("");
    }

    /// Where an argument's value stands, else where its name would.
    int placeOf(String wanted) {
        return argument(wanted).flatMap(Argument::value).map(Part::start).orElse(end);
    }
}
