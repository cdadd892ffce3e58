package iommulab.engine.os.call;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.stream.Collectors;

/// An argument of a call, or a part of its answer. Written as `0x1000`, `[fixed, read]`,
/// `{addr=0x400000, npages=1}`.
public sealed interface Value {
    /// A word or a number: a number is a word that reads as one.
    record Word(String text) implements Value {
        @Override
        public String toString() {
            return PlainWords.quoted(text);
        }
    }

    record Items(List<Value> items) implements Value {
        public Items {
            items = List.copyOf(items);
        }

        @Override
        public String toString() {
            return items.stream().map(Value::toString).collect(Collectors.joining(", ", "[", "]"));
        }
    }

    /// Values by name, in the order in which they were written.
    record Fields(SequencedMap<String, Value> fields) implements Value {
        public Fields {
            fields = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(fields));
        }

        @Override
        public String toString() {
            return fields.entrySet().stream()
                    .map(entry -> entry.getKey() + "=" + entry.getValue())
                    .collect(Collectors.joining(", ", "{", "}"));
        }
    }

    /// A word without quotes, anything else as it is written.
    default String plainText() {
        return this instanceof Word(var text) ? text : toString();
    }

    static Value of(String word) {
        return new Word(word);
    }

    /// Decimal.
    static Value of(long number) {
        return new Word(Long.toString(number));
    }

    /// Hexadecimal.
    static Value hex(long number) {
        return new Word("0x" + Long.toHexString(number));
    }

    static Value of(boolean flag) {
        return new Word(Boolean.toString(flag));
    }

    static Value of(List<? extends Value> items) {
        return new Items(List.copyOf(items));
    }

    static Value ofNumbers(Iterable<? extends Number> numbers) {
        var items = new ArrayList<Value>();
        numbers.forEach(number -> items.add(of(number.longValue())));
        return new Items(items);
    }

    static Value of(Map<String, Value> fields) {
        return new Fields(new LinkedHashMap<>(fields));
    }

    /// Reads what `toString` writes.
    ///
    /// @throws IllegalArgumentException if it is no value; the message names the place
    static Value parse(String text) {
        return new ValueParser(text).value();
    }
}
