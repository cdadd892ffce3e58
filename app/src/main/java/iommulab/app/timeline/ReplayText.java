package iommulab.app.timeline;

import iommulab.engine.session.Call;
import iommulab.engine.session.CommandRefused;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Lines of the transcript as text for the console, which makes the same calls again on any machine: what
/// one call returned and another one used stands there as a variable.
///
/// Handles are unlike each other everywhere. Numbers of objects are only in their IOMMUFD: they become
/// variables where the call names the IOMMUFD that gave them, or a device file that is bound to it.
final class ReplayText {
    private static final Pattern FIELD = Pattern.compile("(\\w+)=([^ ,\\[\\]{}]+)");
    private static final Pattern WORD = Pattern.compile("\\b[a-z]+[0-9]+\\b");
    private static final Pattern GUEST_TABLE = Pattern.compile("pgtbl=([0-9]+)");
    /* Numbers that count on the whole machine. */
    private static final Set<String> NUMBERS = Set.of("domain", "pt", "pin");
    private static final Pattern HANDLE = Pattern.compile("[a-z]+[0-9]+");

    private final Map<String, String> names = new HashMap<>();
    private final Map<String, String> files = new HashMap<>();
    private int kept;

    private ReplayText() {}

    static String of(List<TranscriptLine> lines) {
        var text = new ReplayText();
        var all = new ArrayList<String>();
        for (var line : lines) {
            all.add(text.line(line));
        }
        return String.join("\n", all);
    }

    private String line(TranscriptLine line) {
        Call call;
        try {
            call = Call.parse(line.call());
        } catch (CommandRefused noCall) {
            throw new IllegalStateException("in the transcript: " + line.call(), noCall);
        }
        var file = file(call);
        var replayed = Call.of(call.name());
        for (var argument : call.arguments().entrySet()) {
            replayed =
                    replayed.with(
                            argument.getKey(), named(argument.getKey(), argument.getValue(), file));
        }
        var text = unquoted(replayed.toString());
        if (line.failed()) {
            return "!" + text;
        }
        var variable = keep(call, line.result(), file);
        return variable.isEmpty() ? text : variable + " = " + text;
    }

    /// The IOMMUFD in which the numbers of a call count.
    private String file(Call call) {
        var direct = call.arguments().get("iommufd");
        if (direct != null) {
            if (call.arguments().containsKey("cdev")) {
                files.put(call.arguments().get("cdev"), direct);
            }
            return direct;
        }
        return files.getOrDefault(call.arguments().getOrDefault("cdev", ""), "");
    }

    private String named(String argument, String value, String file) {
        if (NUMBERS.contains(argument)) {
            return names.getOrDefault(argument + " " + value, value);
        }
        if (value.startsWith("[") || value.startsWith("{")) {
            var handles =
                    WORD.matcher(value)
                            .replaceAll(word ->
                                    Matcher.quoteReplacement(
                                            names.getOrDefault(word.group(), word.group())));
            return GUEST_TABLE
                    .matcher(handles)
                    .replaceAll(table ->
                            Matcher.quoteReplacement(
                                    "pgtbl="
                                            + names.getOrDefault(
                                                    "pt " + table.group(1), table.group(1))));
        }
        return isNumberOfObject(argument)
                ? names.getOrDefault(file + "/" + value, value)
                : names.getOrDefault(value, value);
    }

    private static boolean isNumberOfObject(String argument) {
        return argument.equals("id")
                || argument.equals("devid")
                || argument.endsWith("_id") && !argument.equals("virt_id");
    }

    /// Gives what was returned a name, if another call could use it.
    private String keep(Call call, String result, String file) {
        var fields = fields(result);
        var keys = new LinkedHashMap<String, String>();
        fields.forEach((field, value) -> {
            if (HANDLE.matcher(value).matches()) {
                keys.put(value, field);
            } else if (NUMBERS.contains(field)) {
                keys.put(field + " " + value, field);
            } else if (isNumberOfObject(field) && !file.isEmpty()) {
                keys.put(file + "/" + value, field);
            }
        });
        if (keys.isEmpty() || call.name().startsWith("iommu.")) {
            return "";
        }
        kept++;
        var variable = fields.firstEntry().getKey().replaceAll("_id$", "") + kept;
        keys.forEach((key, field) ->
                names.put(
                        key,
                        field.equals(fields.firstEntry().getKey())
                                ? "$" + variable
                                : "$" + variable + "." + field));
        return variable;
    }

    private static LinkedHashMap<String, String> fields(String result) {
        var fields = new LinkedHashMap<String, String>();
        if (result.startsWith("domain ")) {
            fields.put("domain", result.substring("domain ".length()));
            return fields;
        }
        var field = FIELD.matcher(result.startsWith("ok ") ? result : "");
        while (field.find()) {
            fields.put(field.group(1), field.group(2));
        }
        return fields;
    }

    /// A call puts quotes around a variable, which is no plain word; the console reads it without.
    private static String unquoted(String call) {
        return call.replaceAll("\"(\\$[\\w.]+)\"", "$1");
    }
}
