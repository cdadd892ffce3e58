package iommulab.engine.io.machine;

import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;

import iommulab.engine.io.FileRefused;
import iommulab.engine.session.Call;
import iommulab.engine.session.Command;
import iommulab.engine.session.CommandRefused;
import iommulab.engine.session.CommandText;

import java.util.LinkedHashMap;

/// Commands in JSON: `{"do": "domain.map", "domain": 3, "iova": "0x1000", …}`.
final class CallJson {
    private static final String NAME = "do";
    private static final int MOST_ARGUMENTS = 32;
    private static final int LONGEST_VALUE = 4096;

    private CallJson() {}

    static JsonObject write(Command command) {
        var call = CommandText.toCall(command);
        var json = new JsonObject();
        json.addProperty(NAME, call.name());
        call.arguments().forEach((name, value) -> json.add(name, value(value)));
        return json;
    }

    /* Numbers up to 15 digits are exact in every JSON reader; longer ones stay text. */
    private static JsonPrimitive value(String text) {
        if (text.matches("0|-?[1-9][0-9]{0,14}")) {
            return new JsonPrimitive(Long.parseLong(text));
        }
        return switch (text) {
            case "true" -> new JsonPrimitive(true);
            case "false" -> new JsonPrimitive(false);
            default -> new JsonPrimitive(text);
        };
    }

    static Command read(JsonNode node) throws FileRefused {
        var name = node.member(NAME).text(100);
        var arguments = new LinkedHashMap<String, String>();
        for (var member : node.members(MOST_ARGUMENTS).entrySet()) {
            if (!member.getKey().equals(NAME)) {
                arguments.put(member.getKey(), text(member.getValue()));
            }
        }
        try {
            return CommandText.toCommand(new Call(name, arguments));
        } catch (CommandRefused refused) {
            throw node.refused(refused.reason());
        }
    }

    private static String text(JsonNode node) throws FileRefused {
        if (node.element() instanceof JsonPrimitive primitive) {
            var text = primitive.getAsString();
            if (text.length() <= LONGEST_VALUE) {
                return text;
            }
            throw node.refused("%d characters, at most %d".formatted(text.length(), LONGEST_VALUE));
        }
        throw node.refused("not a number, a text, true or false");
    }
}
