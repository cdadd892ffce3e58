package iommulab.engine.os.call;

import java.util.ArrayList;
import java.util.LinkedHashMap;

/// Reads one [Value] from text.
final class ValueParser {
    private static final int DEEPEST = 16;

    private final Scanner text;
    private int depth;

    ValueParser(String text) {
        this.text = new Scanner(text, ",=[]{}()\"\\");
    }

    Value value() {
        var value = one();
        text.expectEnd();
        return value;
    }

    private Value one() {
        if (++depth > DEEPEST) {
            throw text.unexpected("lists within lists at most %d deep".formatted(DEEPEST));
        }
        var value = text.next('[') ? items() : text.next('{') ? fields() : new Value.Word(word());
        depth--;
        return value;
    }

    private Value items() {
        var items = new ArrayList<Value>();
        if (!text.next(']')) {
            do {
                items.add(one());
            } while (text.next(','));
            text.expect(']');
        }
        return new Value.Items(items);
    }

    private Value fields() {
        var fields = new LinkedHashMap<String, Value>();
        if (!text.next('}')) {
            do {
                text.skipSpaces();
                var name = word();
                text.expect('=');
                if (fields.put(name, one()) != null) {
                    throw text.unexpected("'%s' only once".formatted(name));
                }
            } while (text.next(','));
            text.expect('}');
        }
        return new Value.Fields(fields);
    }

    private String word() {
        return text.peek() == '"' ? text.quoted() : text.word("a value");
    }
}
