package iommulab.engine.session;

import java.util.LinkedHashMap;

/// Reads one [Call] from text.
final class CallParser {
    private static final int LONGEST = 10_000;

    private final String text;
    private int at;

    CallParser(String text) {
        this.text = text;
    }

    Call call() throws CommandRefused {
        if (text.length() > LONGEST) {
            throw new CommandRefused(
                    "EINVAL",
                    "A call of %d characters: at most %d".formatted(text.length(), LONGEST));
        }
        var name = word("a call such as domain.map(domain=3, …)");
        expect('(');
        var arguments = new LinkedHashMap<String, String>();
        if (!next(')')) {
            do {
                readArgument(arguments);
            } while (next(','));
            expect(')');
        }
        skipSpaces();
        if (at < text.length()) {
            throw refused("the end");
        }
        return new Call(name, arguments);
    }

    private void readArgument(LinkedHashMap<String, String> arguments) throws CommandRefused {
        skipSpaces();
        int start = at;
        var name = word("the name of an argument");
        expect('=');
        skipSpaces();
        var value = value();
        if (arguments.put(name, value) != null) {
            throw new CommandRefused("Argument '%s' is given twice".formatted(name), start);
        }
    }

    private String value() throws CommandRefused {
        char first = at < text.length() ? text.charAt(at) : ')';
        return switch (first) {
            case '"' -> quoted();
            case '[', '{' -> nested();
            default -> word("a value");
        };
    }

    /// A list or fields, as text up to the bracket that closes it.
    private String nested() throws CommandRefused {
        int start = at;
        int depth = 0;
        do {
            if (at == text.length()) {
                throw refused("a closing bracket");
            }
            switch (text.charAt(at)) {
                case '"' -> {
                    quoted();
                    at--;
                }
                case '[', '{' -> depth++;
                case ']', '}' -> depth--;
                default -> {}
            }
            at++;
        } while (depth > 0);
        return text.substring(start, at);
    }

    private String quoted() throws CommandRefused {
        var value = new StringBuilder();
        for (at++; at < text.length(); at++) {
            char c = text.charAt(at);
            if (c == '"') {
                at++;
                return value.toString();
            }
            if (c == '\\' && at + 1 < text.length()) {
                c = text.charAt(++at) == 'n' ? '\n' : text.charAt(at);
            }
            value.append(c);
        }
        throw refused("a closing \"");
    }

    private String word(String expected) throws CommandRefused {
        skipSpaces();
        int start = at;
        while (at < text.length() && isWordPart(text.charAt(at))) {
            at++;
        }
        if (at == start) {
            throw refused(expected);
        }
        return text.substring(start, at);
    }

    private static boolean isWordPart(char c) {
        return !Character.isWhitespace(c) && ",()=\"\\".indexOf(c) < 0;
    }

    private boolean next(char c) {
        skipSpaces();
        if (at < text.length() && text.charAt(at) == c) {
            at++;
            return true;
        }
        return false;
    }

    private void expect(char c) throws CommandRefused {
        if (!next(c)) {
            throw refused("'" + c + "'");
        }
    }

    private void skipSpaces() {
        while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
            at++;
        }
    }

    private CommandRefused refused(String expected) {
        var found = at < text.length() ? "'" + text.charAt(at) + "'" : "the end";
        return new CommandRefused(
                "No call: at character %d stands %s, expected %s"
                        .formatted(at + 1, found, expected),
                at);
    }
}
