package iommulab.engine.os.call;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;

import iommulab.engine.ImmutableValue;

import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;

/// All calls that the kernel knows, with their arguments, what they return and what they mean: the one
/// table behind reading, completion, help and checks. Its files are `vocabulary.json` and `bench.json` beside
/// this class.
@ImmutableValue
public final class Vocabulary {
    private static final Vocabulary ALL = ofKernel();
    private static final Vocabulary BENCH = ofBench();

    private final SequencedMap<String, Entry> entries;

    private Vocabulary(SequencedMap<String, Entry> entries) {
        this.entries = Collections.unmodifiableSequencedMap(entries);
    }

    public static Vocabulary all() {
        return ALL;
    }

    /// The calls of the bench itself: what the hand on the machine does, past its kernel. Their file is
    /// `bench.json`.
    public static Vocabulary bench() {
        return BENCH;
    }

    /// One call.
    ///
    /// @param name object and verb, such as `iommufd.ioas_map`
    /// @param doc what it does
    /// @param returns fields that it writes back
    public record Entry(String name, String doc, List<Parameter> parameters, List<String> returns) {
        public Entry {
            parameters = List.copyOf(parameters);
            returns = List.copyOf(returns);
        }

        public Optional<Parameter> parameter(String wanted) {
            return parameters.stream().filter(p -> p.name().equals(wanted)).findFirst();
        }

        /// Whether Linux never got it: what it does shows only on a machine in proposal mode. Its
        /// meaning in the file begins with that word.
        public boolean isProposal() {
            return doc.startsWith("proposal");
        }

        /// `iommufd.ioas_map(iommufd, ioas_id, user_va, length, flags, iova?, process?)`
        public String form() {
            var form = new StringBuilder(name).append('(');
            for (var parameter : parameters) {
                form.append(form.charAt(form.length() - 1) == '(' ? "" : ", ");
                form.append(parameter.name()).append(parameter.optional() ? "?" : "");
            }
            return form.append(')').toString();
        }
    }

    /// One argument of a call.
    ///
    /// @param doc what it means
    /// @param choices words that it knows; empty if any may do
    public record Parameter(
            String name, Type type, boolean optional, String doc, List<String> choices) {
        public Parameter {
            choices = List.copyOf(choices);
        }

        /// Whether a value is of its type.
        public boolean takes(Value value) {
            return switch (type) {
                case NUMBER ->
                        value instanceof Value.Word(var text) && Numbers.read(text).isPresent();
                case ADDRESS, WORD, HANDLE -> value instanceof Value.Word;
                case BOOLEAN ->
                        value instanceof Value.Word(var text)
                                && (text.equals("true") || text.equals("false"));
                case WORDS -> !(value instanceof Value.Fields);
                case FIELDS -> value instanceof Value.Fields;
                case LIST -> value instanceof Value.Items;
            };
        }

        /// What it takes, in words: `number (bytes)`.
        public String expected() {
            return "%s (%s)".formatted(type.name().toLowerCase(Locale.ROOT), doc);
        }
    }

    /// What an argument may be.
    public enum Type {
        /// 64 bits
        NUMBER,
        /// 64 bits, or a place in a named buffer such as `buf+0x1000`
        ADDRESS,
        WORD,
        /// what another call returned
        HANDLE,
        BOOLEAN,
        /// a list of words
        WORDS,
        /// fields by name
        FIELDS,
        /// a list of fields
        LIST
    }

    /// By name, in the order of the file.
    public SequencedMap<String, Entry> entries() {
        return entries;
    }

    public Optional<Entry> find(String action) {
        return Optional.ofNullable(entries.get(action));
    }

    /// Checks a call before anybody carries it out.
    ///
    /// @throws BadArgument no such call, an argument missing, unknown or of the wrong type
    public void check(Arguments call) throws BadArgument {
        var entry =
                find(call.action())
                        .orElseThrow(() ->
                                new BadArgument(
                                        "There is no call '%s'.%s"
                                                .formatted(call.action(), similar(call.action()))));
        for (var parameter : entry.parameters()) {
            if (call.has(parameter.name())) {
                check(call, parameter);
            } else if (!parameter.optional()) {
                throw new BadArgument(
                        "%s: argument '%s' is missing (%s). The call is %s."
                                .formatted(
                                        call.action(),
                                        parameter.name(),
                                        parameter.doc(),
                                        entry.form()));
            }
        }
        var unknown = new HashSet<>(call.values().keySet());
        entry.parameters().forEach(parameter -> unknown.remove(parameter.name()));
        if (!unknown.isEmpty()) {
            throw new BadArgument(
                    "%s: it has no argument '%s'. The call is %s."
                            .formatted(
                                    call.action(),
                                    unknown.stream().sorted().findFirst().get(),
                                    entry.form()));
        }
    }

    private static void check(Arguments call, Parameter parameter) throws BadArgument {
        var value = call.value(parameter.name());
        if (!parameter.takes(value)) {
            throw call.wrong(parameter.name(), value, parameter.expected());
        }
    }

    private String similar(String action) {
        var object = action.substring(0, Math.max(0, action.indexOf('.')));
        var same = entries.keySet().stream().filter(name -> name.startsWith(object + ".")).toList();
        return same.isEmpty() || object.isEmpty()
                ? ""
                : " Those of '%s' are %s.".formatted(object, same);
    }

    // ---- reading the files

    private static JsonObject file(String name) {
        try (var in = Vocabulary.class.getResourceAsStream(name);
                var text =
                        new InputStreamReader(
                                Objects.requireNonNull(in, name + " is missing"),
                                StandardCharsets.UTF_8)) {
            return JsonParser.parseReader(text).getAsJsonObject();
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /// Calls of the kernel: Linux's, and in `bench.json` those that are ours or say more.
    private static Vocabulary ofKernel() {
        var linux = file("vocabulary.json");
        var ours = file("bench.json");
        var docs = linux.getAsJsonObject("arguments").deepCopy();
        ours.getAsJsonObject("kernelArguments").asMap().forEach(docs::add);
        var entries = entries(linux.getAsJsonObject("actions"), docs);
        entries.putAll(entries(ours.getAsJsonObject("kernelCalls"), docs));
        return new Vocabulary(entries);
    }

    private static Vocabulary ofBench() {
        var file = file("bench.json");
        return new Vocabulary(
                entries(file.getAsJsonObject("actions"), file.getAsJsonObject("arguments")));
    }

    private static SequencedMap<String, Entry> entries(JsonObject actions, JsonObject docs) {
        var entries = new LinkedHashMap<String, Entry>();
        actions.asMap()
                .forEach((call, entry) ->
                        entries.put(call, entry(call, entry.getAsJsonObject(), docs)));
        return entries;
    }

    private static Entry entry(String name, JsonObject json, JsonObject docs) {
        var parameters = new ArrayList<Parameter>();
        for (var item : json.getAsJsonArray("arguments")) {
            var parameter = item.getAsJsonObject();
            var argument = parameter.get("name").getAsString();
            parameters.add(
                    new Parameter(
                            argument,
                            Type.valueOf(
                                    parameter.get("type").getAsString().toUpperCase(Locale.ROOT)),
                            parameter.has("optional"),
                            docs.get(argument).getAsString(),
                            choices(parameter)));
        }
        var returns = new ArrayList<String>();
        json.getAsJsonArray("returns").forEach(item -> returns.add(item.getAsString()));
        return new Entry(name, json.get("doc").getAsString(), parameters, returns);
    }

    private static List<String> choices(JsonObject parameter) {
        var choices = new ArrayList<String>();
        if (parameter.has("choices")) {
            parameter.getAsJsonArray("choices").forEach(word -> choices.add(word.getAsString()));
        }
        return choices;
    }
}
