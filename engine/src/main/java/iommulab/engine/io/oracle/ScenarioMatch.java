package iommulab.engine.io.oracle;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;

import iommulab.engine.os.call.Numbers;
import iommulab.engine.os.call.Value;

import java.util.Map;
import java.util.Optional;

/// Whether a returned value is what a scenario expects: numbers by value, lists of the same length, fields
/// where they are listed, comparators such as `{"ge": 1}`.
final class ScenarioMatch {
    private ScenarioMatch() {}

    /// @param expected with variables replaced
    static boolean matches(JsonElement expected, Value found) {
        return switch (expected) {
            case JsonArray items ->
                    found instanceof Value.Items(var values)
                            && items.size() == values.size()
                            && everyItem(items, values);
            case JsonObject fields when isComparator(fields) -> compares(fields, found);
            case JsonObject fields ->
                    found instanceof Value.Fields(var values)
                            && fields.asMap().entrySet().stream()
                                    .allMatch(field -> matches(field, values));
            default -> found instanceof Value.Word(var word) && same(expected.getAsString(), word);
        };
    }

    private static boolean everyItem(JsonArray items, java.util.List<Value> values) {
        for (int i = 0; i < items.size(); i++) {
            if (!matches(items.get(i), values.get(i))) {
                return false;
            }
        }
        return true;
    }

    private static boolean matches(
            Map.Entry<String, JsonElement> field, Map<String, Value> values) {
        var value = values.get(field.getKey());
        return value != null && matches(field.getValue(), value);
    }

    private static boolean same(String expected, String found) {
        var number = Numbers.read(expected);
        return number.isPresent() ? number.equals(Numbers.read(found)) : expected.equals(found);
    }

    private static boolean isComparator(JsonObject fields) {
        return fields.has("ge")
                || fields.has("le")
                || fields.has("ne")
                || fields.has("aligned")
                || fields.has("outside");
    }

    private static boolean compares(JsonObject rule, Value found) {
        if (!(found instanceof Value.Word(var word))) {
            return false;
        }
        if (rule.has("ne") && same(rule.get("ne").getAsString(), word)) {
            return false;
        }
        var number = Numbers.read(word);
        return number.isPresent() && compares(rule, number.get());
    }

    private static boolean compares(JsonObject rule, long found) {
        return bound(rule.get("ge")).stream().allMatch(low -> Long.compareUnsigned(found, low) >= 0)
                && bound(rule.get("le")).stream()
                        .allMatch(high -> Long.compareUnsigned(found, high) <= 0)
                && bound(rule.get("aligned")).stream()
                        .allMatch(size -> Long.remainderUnsigned(found, size) == 0)
                && (!rule.has("outside") || isOutside(rule.getAsJsonArray("outside"), found));
    }

    private static boolean isOutside(JsonArray range, long found) {
        return Long.compareUnsigned(found, number(range.get(0))) < 0
                || Long.compareUnsigned(found, number(range.get(1))) > 0;
    }

    private static Optional<Long> bound(@org.jspecify.annotations.Nullable JsonElement element) {
        return element == null ? Optional.empty() : Optional.of(number(element));
    }

    private static long number(JsonElement element) {
        return Numbers.read(element.getAsString())
                .orElseThrow(() -> new IllegalArgumentException(element + " is no number"));
    }
}
