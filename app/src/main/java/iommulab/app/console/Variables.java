package iommulab.app.console;

import iommulab.engine.os.call.Value;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.stream.Collectors;

/// What answers were kept under names: `$x` is the first field of the answer kept as `x`, `$x.fd` its
/// field `fd`.
final class Variables {
    private final SequencedMap<String, SequencedMap<String, String>> kept = new LinkedHashMap<>();

    /// Keeps the fields of an answer, in their order.
    void keep(String name, SequencedMap<String, String> fields) {
        kept.put(name, Collections.unmodifiableSequencedMap(new LinkedHashMap<>(fields)));
    }

    /// What can be written, with its value.
    SequencedMap<String, String> all() {
        var all = new LinkedHashMap<String, String>();
        kept.forEach((name, fields) -> {
            if (!fields.isEmpty()) {
                all.put("$" + name, fields.firstEntry().getValue());
            }
            if (fields.size() > 1) {
                fields.forEach((field, value) -> all.put("$" + name + "." + field, value));
            }
        });
        return all;
    }

    /// An argument with the values of variables in their place.
    ///
    /// @param place where the argument stands in its line
    String resolved(String argument, int place) throws Unreadable {
        if (argument.startsWith("$")) {
            return value(argument, place);
        }
        if (!argument.contains("$") || !argument.startsWith("[") && !argument.startsWith("{")) {
            return argument;
        }
        try {
            return resolved(Value.parse(argument), place).toString();
        } catch (IllegalArgumentException noValue) {
            throw new Unreadable(String.valueOf(noValue.getMessage()), place);
        }
    }

    private Value resolved(Value value, int place) throws Unreadable {
        return switch (value) {
            case Value.Word(var text) -> text.startsWith("$") ? nested(text, place) : value;
            case Value.Items(var items) -> {
                var values = new ArrayList<Value>();
                for (var item : items) {
                    values.add(resolved(item, place));
                }
                yield Value.of(values);
            }
            case Value.Fields(var fields) -> {
                var values = new LinkedHashMap<String, Value>();
                for (var field : fields.entrySet()) {
                    values.put(field.getKey(), resolved(field.getValue(), place));
                }
                yield Value.of(values);
            }
        };
    }

    private Value nested(String name, int place) throws Unreadable {
        var text = value(name, place);
        return text.startsWith("[") || text.startsWith("{") ? Value.parse(text) : Value.of(text);
    }

    private String value(String written, int place) throws Unreadable {
        int dot = written.indexOf('.');
        var name = dot < 0 ? written.substring(1) : written.substring(1, dot);
        var fields = kept.get(name);
        if (fields == null) {
            throw new Unreadable(
                    "Nothing is kept as '%s'; %s."
                            .formatted(name, known(List.copyOf(kept.keySet()))),
                    place);
        }
        if (fields.isEmpty()) {
            throw new Unreadable("The answer kept as '%s' has no field.".formatted(name), place);
        }
        var value =
                dot < 0 ? fields.firstEntry().getValue() : fields.get(written.substring(dot + 1));
        if (value == null) {
            throw new Unreadable(
                    "'%s' has the fields %s.".formatted(name, String.join(", ", fields.keySet())),
                    place);
        }
        return value;
    }

    private static String known(List<String> names) {
        return names.isEmpty()
                ? "keep an answer first, such as fd = iommufd.open()"
                : names.stream().map(n -> "$" + n).collect(Collectors.joining(", ", "known: ", ""));
    }
}
