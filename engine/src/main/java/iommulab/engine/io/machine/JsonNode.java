package iommulab.engine.io.machine;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;

import iommulab.engine.io.FileRefused;
import iommulab.engine.pci.PciAddress;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;

/// A value in a JSON file and the way to it. Everything is asked for by name and type; what is of another
/// type, missing or out of range is refused with the path and the rule, such as
/// `machine.functions[3].config: 4097 bytes, at most 4096`. Members nobody asked for are remembered.
final class JsonNode {
    private static final int LONGEST_TEXT = 1 << 20;
    private static final Pattern HEX = Pattern.compile("0x[0-9a-fA-F]{1,16}");
    private static final Pattern WHOLE = Pattern.compile("-?[0-9]{1,18}");

    /* There is one for every value of a large file: the path is put together when somebody asks. */
    private final @Nullable JsonNode parent;
    private final String step;
    private final JsonElement element;
    private Map<String, JsonNode> asked = Map.of();
    private List<JsonNode> items = List.of();

    private JsonNode(@Nullable JsonNode parent, String step, JsonElement element) {
        this.parent = parent;
        this.step = step;
        this.element = element;
    }

    static JsonNode root(JsonElement element) {
        return new JsonNode(null, "", element);
    }

    private String path() {
        if (parent == null) {
            return "";
        }
        var above = parent.path();
        return parent.element.isJsonArray()
                ? "%s[%s]".formatted(above, step)
                : above.isEmpty() ? step : above + "." + step;
    }

    JsonNode member(String name) throws FileRefused {
        return optional(name).orElseThrow(() -> refused("'" + name + "' is missing"));
    }

    Optional<JsonNode> optional(String name) throws FileRefused {
        var known = asked.get(name);
        if (known != null) {
            return Optional.of(known);
        }
        var found = object().get(name);
        if (found == null) {
            return Optional.empty();
        }
        var node = new JsonNode(this, name, found);
        if (asked.isEmpty()) {
            asked = new HashMap<>();
        }
        asked.put(name, node);
        return Optional.of(node);
    }

    /// All members, in the order of the file.
    Map<String, JsonNode> members(int atMost) throws FileRefused {
        expectAtMost(object().size(), atMost, "members");
        var all = new LinkedHashMap<String, JsonNode>();
        for (var name : object().keySet()) {
            all.put(name, member(name));
        }
        return all;
    }

    List<JsonNode> items(int atMost) throws FileRefused {
        if (!element.isJsonArray()) {
            throw refused(kind() + ", not a list");
        }
        var array = element.getAsJsonArray();
        expectAtMost(array.size(), atMost, "entries");
        if (items.isEmpty() && !array.isEmpty()) {
            items = new ArrayList<>(array.size());
            for (int i = 0; i < array.size(); i++) {
                items.add(new JsonNode(this, Integer.toString(i), array.get(i)));
            }
        }
        return Collections.unmodifiableList(items);
    }

    String text(int longest) throws FileRefused {
        if (!(element instanceof JsonPrimitive primitive) || !primitive.isString()) {
            throw refused(kind() + ", not a text");
        }
        var text = primitive.getAsString();
        expectAtMost(text.length(), longest, "characters");
        return text;
    }

    boolean flag() throws FileRefused {
        if (!(element instanceof JsonPrimitive primitive) || !primitive.isBoolean()) {
            throw refused(kind() + ", not true or false");
        }
        return primitive.getAsBoolean();
    }

    int number(int least, int most) throws FileRefused {
        return (int) number((long) least, most);
    }

    long number(long least, long most) throws FileRefused {
        if (!(element instanceof JsonPrimitive primitive) || !primitive.isNumber()) {
            throw refused(kind() + ", not a number");
        }
        var digits = primitive.getAsString();
        if (WHOLE.matcher(digits).matches()) {
            long value = Long.parseLong(digits);
            if (value >= least && value <= most) {
                return value;
            }
        }
        throw refused("%s, not a whole number from %d to %d".formatted(digits, least, most));
    }

    /// 64 bits, written as text `0x` and up to 16 hex digits.
    long bits64() throws FileRefused {
        var text = text(18);
        if (!HEX.matcher(text).matches()) {
            throw refused("'%s', not 0x and up to 16 hex digits".formatted(text));
        }
        return Long.parseUnsignedLong(text, 2, text.length(), 16);
    }

    /// At most 31 bits, written as text `0x` and hex digits.
    int bits(int width) throws FileRefused {
        long value = bits64();
        if (value >>> width != 0) {
            throw refused("0x%x, more than %d bits".formatted(value, width));
        }
        return (int) value;
    }

    /// Bytes written as pairs of hex digits.
    byte[] bytes(int atMost) throws FileRefused {
        var text = text(LONGEST_TEXT);
        if (text.length() / 2 > atMost) {
            throw refused("%d bytes, at most %d".formatted(text.length() / 2, atMost));
        }
        return read("pairs of hex digits", _ -> HexFormat.of().parseHex(text));
    }

    PciAddress address() throws FileRefused {
        return read("a PCI address such as 0000:03:00.1", PciAddress::parse);
    }

    /// Reads a text by a parser that throws [IllegalArgumentException].
    <T> T read(String expected, Function<String, T> parser) throws FileRefused {
        var text = text(LONGEST_TEXT);
        try {
            return parser.apply(text);
        } catch (IllegalArgumentException notOfThisForm) {
            throw refused("'%s', not %s".formatted(abbreviated(text), expected));
        }
    }

    FileRefused refused(String rule) {
        var path = path();
        return new FileRefused(path.isEmpty() ? "file" : path, rule, StrictJson.REMEDY);
    }

    JsonElement element() {
        return element;
    }

    /// Members that nobody asked for, by the steps that lead to them: names and list positions.
    ///
    /// @param steps that lead here; the same when this returns
    void collectUnasked(ArrayList<String> steps, Map<List<String>, JsonElement> into) {
        if (element instanceof JsonObject object) {
            for (var member : object.entrySet()) {
                steps.add(member.getKey());
                var node = asked.get(member.getKey());
                if (node == null) {
                    into.put(List.copyOf(steps), member.getValue());
                } else {
                    node.collectUnasked(steps, into);
                }
                steps.removeLast();
            }
        }
        for (var item : items) {
            steps.add(item.step);
            item.collectUnasked(steps, into);
            steps.removeLast();
        }
    }

    private JsonObject object() throws FileRefused {
        if (element instanceof JsonObject object) {
            return object;
        }
        throw refused(kind() + ", not an object");
    }

    private void expectAtMost(int count, int most, String what) throws FileRefused {
        if (count > most) {
            throw refused("%d %s, at most %d".formatted(count, what, most));
        }
    }

    private String kind() {
        return switch (element) {
            case JsonObject _ -> "an object";
            case JsonPrimitive primitive when primitive.isString() -> "a text";
            case JsonPrimitive primitive when primitive.isBoolean() -> "true or false";
            case JsonPrimitive _ -> "a number";
            case JsonElement other -> other.isJsonArray() ? "a list" : "null";
        };
    }

    private static String abbreviated(String text) {
        return text.length() <= 40 ? text : text.substring(0, 40) + "…";
    }
}
