package iommulab.engine.io.machine;

import com.google.gson.FormattingStyle;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonWriter;

import iommulab.engine.io.FileRefused;
import iommulab.engine.session.Command;
import iommulab.engine.session.MachineDescription;
import iommulab.engine.session.Session;

import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/// A saved machine, `*.iommulab.json`: what it is at power-on, the commands that brought it where it is,
/// and how the window showed it.
///
/// @param machine at power-on
/// @param journal commands in force, oldest first
/// @param undone commands that were taken back and can be redone, the next one first
/// @param stateHash hash of the machine after those in force, so that a reader can tell that it came to the same;
///     empty if not known
/// @param expects what the machine promises to do, in the order in which it is checked
/// @param view what the window remembers, by name
/// @param unknown what a newer version of the program wrote, kept
public record MachineFile(
        MachineDescription machine,
        List<Command> journal,
        List<Command> undone,
        OptionalLong stateHash,
        List<Expectation> expects,
        Map<String, String> view,
        UnknownMembers unknown) {
    /// How the name of such a file ends.
    public static final String ENDING = ".iommulab.json";

    private static final String FORMAT = "iommulab";
    private static final String VERSION = "1.0";
    private static final int MOST_COMMANDS = 200_000;
    private static final int MOST_EXPECTATIONS = 10_000;
    private static final int MOST_VIEW_MEMBERS = 1_000;

    public MachineFile {
        journal = List.copyOf(journal);
        undone = List.copyOf(undone);
        expects = List.copyOf(expects);
        view = Collections.unmodifiableMap(new LinkedHashMap<>(view));
    }

    /// A machine of which nothing was taken back.
    public MachineFile(
            MachineDescription machine,
            List<Command> journal,
            OptionalLong stateHash,
            List<Expectation> expects,
            Map<String, String> view,
            UnknownMembers unknown) {
        this(machine, journal, List.of(), stateHash, expects, view, unknown);
    }

    /// A machine that was never in a file.
    public static MachineFile of(Session.Saved saved) {
        return new MachineFile(
                saved.description(),
                saved.journal(),
                saved.undone(),
                OptionalLong.of(saved.stateHash()),
                List.of(),
                Map.of(),
                UnknownMembers.NONE);
    }

    /// The same file with other commands, whose state nobody has seen yet.
    public MachineFile with(List<Command> inForce, List<Command> takenBack) {
        return new MachineFile(
                machine, inForce, takenBack, OptionalLong.empty(), expects, view, unknown);
    }

    /// @throws FileRefused if it cannot be read or is no such file; the message has path and rule
    public static MachineFile read(Path file) throws FileRefused {
        try (var in = Files.newInputStream(file)) {
            return read(new InputStreamReader(in, StandardCharsets.UTF_8.newDecoder()));
        } catch (NoSuchFileException missing) {
            throw new FileRefused("file", "it does not exist", "Look for its name.", missing);
        } catch (AccessDeniedException denied) {
            throw new FileRefused("file", "it may not be read", "Change its permissions.", denied);
        } catch (IOException unreadable) {
            throw new FileRefused(
                    "file",
                    "it cannot be read (%s)".formatted(unreadable.getMessage()),
                    "Look whether it is a file.",
                    unreadable);
        }
    }

    /// @param text the whole file
    /// @throws FileRefused if it is no such file; the message has path and rule
    public static MachineFile read(Reader text) throws FileRefused, IOException {
        return read(JsonNode.root(StrictJson.read(text)));
    }

    static MachineFile read(JsonNode root) throws FileRefused {
        if (!root.member("format").text(100).equals(FORMAT)) {
            throw root.member("format").refused("not '%s'".formatted(FORMAT));
        }
        var version = root.member("version").text(20);
        if (!version.startsWith("1.")) {
            throw new FileRefused(
                    "version",
                    "'%s'; this program reads 1.x".formatted(version),
                    "Open it with the version of the program that wrote it.");
        }
        var undone = root.optional("undone");
        var view = new LinkedHashMap<String, String>();
        for (var member : root.member("view").members(MOST_VIEW_MEMBERS).entrySet()) {
            view.put(member.getKey(), member.getValue().text(10_000));
        }
        var expects = new ArrayList<Expectation>();
        var expected = root.optional("expects");
        if (expected.isPresent()) {
            for (var item : expected.get().items(MOST_EXPECTATIONS)) {
                expects.add(ExpectationJson.read(item));
            }
        }
        var hash = root.optional("stateHash");
        return new MachineFile(
                DescriptionJson.read(root.member("machine")),
                commands(root.member("journal")),
                undone.isEmpty() ? List.of() : commands(undone.get()),
                hash.isEmpty() ? OptionalLong.empty() : OptionalLong.of(hash.get().bits64()),
                expects,
                view,
                UnknownMembers.of(root));
    }

    private static List<Command> commands(JsonNode list) throws FileRefused {
        var commands = new ArrayList<Command>();
        for (var item : list.items(MOST_COMMANDS)) {
            commands.add(CallJson.read(item));
        }
        return commands;
    }

    /// Replaces a file as a whole.
    ///
    /// @throws IOException if it cannot be written; the file is then as before
    public void write(Path file) throws IOException {
        AtomicFile.replace(file, toText().getBytes(StandardCharsets.UTF_8));
    }

    /// The file's text, a command or a function on a line.
    public String toText() {
        return laidOut(toJson());
    }

    JsonObject toJson() {
        var json = new JsonObject();
        json.addProperty("format", FORMAT);
        json.addProperty("version", VERSION);
        json.add("machine", DescriptionJson.write(machine));
        json.add("journal", toJson(journal));
        if (!undone.isEmpty()) {
            json.add("undone", toJson(undone));
        }
        stateHash.ifPresent(hash -> json.addProperty("stateHash", Hex.text(hash)));
        if (!expects.isEmpty()) {
            var expected = new JsonArray();
            expects.forEach(expectation -> expected.add(ExpectationJson.write(expectation)));
            json.add("expects", expected);
        }
        var shown = new JsonObject();
        view.forEach(shown::addProperty);
        json.add("view", shown);
        unknown.putInto(json);
        return json;
    }

    private static JsonArray toJson(List<Command> commands) {
        var calls = new JsonArray();
        commands.forEach(command -> calls.add(CallJson.write(command)));
        return calls;
    }

    private static String laidOut(JsonObject json) {
        var text = new StringWriter();
        try (var writer = new JsonWriter(text)) {
            writer.setStrictness(Strictness.STRICT);
            writer.setFormattingStyle(FormattingStyle.PRETTY.withIndent(" "));
            write(json, writer, 0);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return text.append('\n').toString();
    }

    /* Objects are opened down to the machine's members, lists to their items; below that, one line. */
    private static void write(JsonElement element, JsonWriter writer, int depth)
            throws IOException {
        switch (element) {
            case JsonObject object when depth < 2 -> {
                writer.beginObject();
                for (var member : object.entrySet()) {
                    writer.name(member.getKey());
                    write(member.getValue(), writer, depth + 1);
                }
                writer.endObject();
            }
            case JsonArray array when depth < 3 -> {
                writer.beginArray();
                for (var item : array) {
                    write(item, writer, 3);
                }
                writer.endArray();
            }
            default -> writer.jsonValue(element.toString());
        }
    }
}
