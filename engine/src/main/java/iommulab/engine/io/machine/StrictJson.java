package iommulab.engine.io.machine;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.MalformedJsonException;

import iommulab.engine.io.FileRefused;

import java.io.EOFException;
import java.io.IOException;
import java.io.Reader;
import java.math.BigDecimal;
import java.nio.charset.CharacterCodingException;

/// Reads JSON as RFC 8259 has it and nothing else, within limits that no file can talk it out of: nesting,
/// number of values, length of the whole. A name that occurs twice in an object is refused.
final class StrictJson {
    static final int DEEPEST = 32;
    static final int MOST_VALUES = 600_000;
    static final long MOST_CHARACTERS = 32L << 20;
    private static final int LONGEST_NUMBER = 40;
    static final String REMEDY = "Correct the file, or take an earlier copy.";

    private final JsonReader reader;
    private int values;

    private StrictJson(Reader text) {
        reader = new JsonReader(new LimitedReader(text, MOST_CHARACTERS));
        reader.setStrictness(Strictness.STRICT);
        reader.setNestingLimit(DEEPEST);
    }

    /// @param text the whole file
    /// @throws FileRefused if it is no JSON or exceeds a limit; the message has line, column and path
    static JsonElement read(Reader text) throws FileRefused, IOException {
        var json = new StrictJson(text);
        try {
            var root = json.value();
            if (json.reader.peek() != JsonToken.END_DOCUMENT) {
                throw json.refused("something follows after the end");
            }
            return root;
        } catch (CharacterCodingException badBytes) {
            throw new FileRefused(
                    json.place(), "bytes that are no UTF-8", "Save the file as UTF-8.", badBytes);
        } catch (LimitedReader.TooLong tooLong) {
            throw json.refused("longer than %d MiB".formatted(MOST_CHARACTERS >> 20));
        } catch (MalformedJsonException | EOFException malformed) {
            throw new FileRefused(
                    json.place(),
                    "no JSON: " + firstLine(malformed),
                    "The file is damaged or was cut off; take an earlier copy.",
                    malformed);
        }
    }

    private JsonElement value() throws IOException, FileRefused {
        if (++values > MOST_VALUES) {
            throw refused("more than %d values".formatted(MOST_VALUES));
        }
        return switch (reader.peek()) {
            case BEGIN_OBJECT -> object();
            case BEGIN_ARRAY -> array();
            case STRING -> new JsonPrimitive(reader.nextString());
            case NUMBER -> number();
            case BOOLEAN -> new JsonPrimitive(reader.nextBoolean());
            case NULL -> {
                reader.nextNull();
                yield JsonNull.INSTANCE;
            }
            case END_ARRAY, END_OBJECT, END_DOCUMENT, NAME -> throw refused("no value");
        };
    }

    private JsonObject object() throws IOException, FileRefused {
        var object = new JsonObject();
        reader.beginObject();
        while (reader.hasNext()) {
            var name = reader.nextName();
            if (object.has(name)) {
                throw refused("this name occurs twice in its object");
            }
            object.add(name, value());
        }
        reader.endObject();
        return object;
    }

    private JsonArray array() throws IOException, FileRefused {
        var array = new JsonArray();
        reader.beginArray();
        while (reader.hasNext()) {
            array.add(value());
        }
        reader.endArray();
        return array;
    }

    private JsonPrimitive number() throws IOException, FileRefused {
        var digits = reader.nextString();
        if (digits.length() > LONGEST_NUMBER) {
            throw refusedNumber("a number of %d characters".formatted(digits.length()));
        }
        try {
            return new JsonPrimitive(new BigDecimal(digits));
        } catch (NumberFormatException tooWide) {
            throw refusedNumber(digits + ", a number out of all range");
        }
    }

    private FileRefused refused(String rule) {
        return new FileRefused(place(), rule, REMEDY);
    }

    private FileRefused refusedNumber(String rule) {
        return new FileRefused(place(reader.getPreviousPath()), rule, REMEDY);
    }

    /// `machine.functions[3].config`; the whole file is `file`.
    private String place() {
        return place(reader.getPath());
    }

    private static String place(String path) {
        return path.length() < 3 ? "file" : path.substring(path.startsWith("$.") ? 2 : 1);
    }

    /* Gson appends a link to its own troubleshooting page, which is for programmers. */
    private static String firstLine(Exception malformed) {
        var message = String.valueOf(malformed.getMessage());
        return message.lines().findFirst().orElse("").replaceFirst(" path \\$.*", "");
    }
}
