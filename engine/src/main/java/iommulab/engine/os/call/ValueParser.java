package iommulab.engine.os.call;

import java.util.ArrayList;
import java.util.LinkedHashMap;

/// Reads one [Value] from text.
final class ValueParser {
    private static final int DEEPEST = 16;

    private final String text;
    private int at;
    private int depth;

    ValueParser(String text) {
        this.text = text;
    }

    Value value() {
        var value = one();
        skipSpaces();
        if (at < text.length()) {
            throw refused("the end");
        }
        return value;
    }

    private Value one() {
        if (++depth > DEEPEST) {
            throw refused("lists within lists at most %d deep".formatted(DEEPEST));
        }
        skipSpaces();
        var value = next('[') ? items() : next('{') ? fields() : new Value.Word(word());
        depth--;
        return value;
    }

    private Value items() {
        var items = new ArrayList<Value>();
        if (!next(']')) {
            do {
                items.add(one());
            } while (next(','));
            expect(']');
        }
        return new Value.Items(items);
    }

    private Value fields() {
        var fields = new LinkedHashMap<String, Value>();
        if (!next('}')) {
            do {
                skipSpaces();
                var name = word();
                expect('=');
                if (fields.put(name, one()) != null) {
                    throw refused("'%s' only once".formatted(name));
                }
            } while (next(','));
            expect('}');
        }
        return new Value.Fields(fields);
    }

    private String word() {
        if (at < text.length() && text.charAt(at) == '"') {
            return quoted();
        }
        int start = at;
        while (at < text.length() && isWordPart(text.charAt(at))) {
            at++;
        }
        if (at == start) {
            throw refused("a value");
        }
        return text.substring(start, at);
    }

    private String quoted() {
        var word = new StringBuilder();
        for (at++; at < text.length(); at++) {
            char c = text.charAt(at);
            if (c == '"') {
                at++;
                return word.toString();
            }
            if (c == '\\' && at + 1 < text.length()) {
                c = text.charAt(++at) == 'n' ? '\n' : text.charAt(at);
            }
            word.append(c);
        }
        throw refused("a closing \"");
    }

    private static boolean isWordPart(char c) {
        return !Character.isWhitespace(c) && ",=[]{}()\"\\".indexOf(c) < 0;
    }

    private boolean next(char c) {
        skipSpaces();
        if (at < text.length() && text.charAt(at) == c) {
            at++;
            return true;
        }
        return false;
    }

    private void expect(char c) {
        if (!next(c)) {
            throw refused("'" + c + "'");
        }
    }

    private void skipSpaces() {
        while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
            at++;
        }
    }

    private IllegalArgumentException refused(String expected) {
        var found = at < text.length() ? "'" + text.charAt(at) + "'" : "the end";
        return new IllegalArgumentException(
                "at character %d stands %s, expected %s".formatted(at + 1, found, expected));
    }
}
