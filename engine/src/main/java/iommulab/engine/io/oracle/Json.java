package iommulab.engine.io.oracle;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;

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
}
