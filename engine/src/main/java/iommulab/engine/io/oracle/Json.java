package iommulab.engine.io.oracle;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;

/// Numbers of recorded answers.
final class Json {
    private Json() {}

    /// A number that the file writes in hex, `0x` before it.
    static long bits(JsonElement element) {
        var text = element.getAsString();
        return Long.parseUnsignedLong(text, 2, text.length(), 16);
    }

    /// See [#bits(JsonElement)].
    static long bits(JsonObject object, String member) {
        return bits(object.get(member));
    }

    /// @throws IllegalArgumentException if there is no such member, as for the others
    private static JsonElement member(JsonObject object, String name) {
        var member = object.get(name);
        if (member == null) {
            throw new IllegalArgumentException("'%s' is missing".formatted(name));
        }
        return member;
    }

    static JsonObject object(JsonObject object, String name) {
        if (member(object, name) instanceof JsonObject inner) {
            return inner;
        }
        throw new IllegalArgumentException("'%s' is not fields by name".formatted(name));
    }

    static JsonArray array(JsonObject object, String name) {
        if (member(object, name) instanceof JsonArray list) {
            return list;
        }
        throw new IllegalArgumentException("'%s' is not a list".formatted(name));
    }

    static String text(JsonObject object, String name) {
        if (member(object, name) instanceof JsonPrimitive text) {
            return text.getAsString();
        }
        throw new IllegalArgumentException("'%s' is not a word or a number".formatted(name));
    }
}
