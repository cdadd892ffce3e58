package iommulab.app.console;

import iommulab.app.console.CallScan.Argument;
import iommulab.engine.os.call.Value;
import iommulab.engine.os.call.Vocabulary;
import iommulab.engine.session.Call;
import iommulab.engine.session.CommandRefused;
import iommulab.engine.session.CommandText;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Reads lines of the console by the vocabularies of kernel and bench; what is wrong is said with the
/// place in the line.
final class ConsoleReader {
    private static final int NEAR = 4;

    private ConsoleReader() {}

    /// @throws Unreadable if it is none, or a variable is not kept
    static ConsoleLine read(String line, Variables variables) throws Unreadable {
        var text = line.strip();
        if (text.isEmpty() || text.startsWith("#")) {
            return new ConsoleLine.Nothing();
        }
        return switch (text) {
            case "?" -> new ConsoleLine.Why();
            case "$" -> new ConsoleLine.ShowVariables();
            case "help" -> new ConsoleLine.Help("");
            default ->
                    text.startsWith("help ")
                            ? new ConsoleLine.Help(text.substring(5).strip())
                            : run(line, variables);
        };
    }

    private static ConsoleLine run(String line, Variables variables) throws Unreadable {
        var scan = CallScan.of(line);
        if (scan.name().text().isEmpty()) {
            throw new Unreadable(
                    "Expected a call such as iommufd.open(); help lists them.",
                    scan.name().start());
        }
        if (entries(scan.name().text()).isEmpty()) {
            throw new Unreadable(noSuchCall(scan.name().text()), scan.name().start());
        }
        var call = resolved(parsed(line, scan), scan, variables);
        check(call, scan);
        try {
            return new ConsoleLine.Run(
                    CommandText.toCommand(call), scan.variable(), scan.mayFail());
        } catch (CommandRefused refused) {
            throw new Unreadable(refused.reason(), placeOf(refused, scan));
        }
    }

    private static Call parsed(String line, CallScan scan) throws Unreadable {
        int start = scan.name().start();
        try {
            return Call.parse(line.substring(start));
        } catch (CommandRefused refused) {
            throw new Unreadable(refused.reason(), start + refused.place().orElse(0));
        }
    }

    private static int placeOf(CommandRefused refused, CallScan scan) {
        return scan.parts().stream()
                .map(Argument::name)
                .filter(name -> refused.reason().contains("argument '" + name.text() + "'"))
                .findFirst()
                .map(name -> scan.placeOf(name.text()))
                .orElse(scan.name().start());
    }

    private static Call resolved(Call call, CallScan scan, Variables variables) throws Unreadable {
        var resolved = Call.of(call.name());
        for (var argument : call.arguments().entrySet()) {
            var name = argument.getKey();
            resolved =
                    resolved.with(
                            name, variables.resolved(argument.getValue(), scan.placeOf(name)));
        }
        return resolved;
    }

    /// The forms that a call has: the kernel's, the bench's, or both.
    static List<Vocabulary.Entry> entries(String name) {
        return Stream.of(Vocabulary.all(), Vocabulary.bench())
                .map(vocabulary -> vocabulary.find(name))
                .flatMap(Optional::stream)
                .toList();
    }

    private static void check(Call call, CallScan scan) throws Unreadable {
        var vocabulary = CommandText.isOfKernel(call) ? Vocabulary.all() : Vocabulary.bench();
        var entry = vocabulary.find(call.name()).orElseThrow();
        for (var part : scan.parts()) {
            if (entry.parameter(part.name().text()).isEmpty()) {
                throw new Unreadable(
                        "It has no argument '%s'. The call is %s."
                                .formatted(part.name().text(), entry.form()),
                        part.name().start());
            }
        }
        for (var parameter : entry.parameters()) {
            var given = call.arguments().get(parameter.name());
            if (given == null && !parameter.optional()) {
                throw new Unreadable(
                        "Argument '%s' is missing: %s."
                                .formatted(parameter.name(), parameter.expected()),
                        scan.end());
            }
            if (given != null) {
                check(parameter, given, scan.placeOf(parameter.name()));
            }
        }
    }

    private static void check(Vocabulary.Parameter parameter, String given, int place)
            throws Unreadable {
        try {
            boolean nested = given.startsWith("[") || given.startsWith("{");
            if (parameter.takes(nested ? Value.parse(given) : Value.of(given))) {
                return;
            }
        } catch (IllegalArgumentException noValue) {
            throw new Unreadable(
                    "Argument '%s': %s".formatted(parameter.name(), noValue.getMessage()), place);
        }
        throw new Unreadable(
                "Argument '%s' is %s, expected %s."
                        .formatted(parameter.name(), given, parameter.expected()),
                place);
    }

    // ---- near misses

    private static String noSuchCall(String name) {
        var near = near(name);
        return near.isEmpty()
                ? "There is no call '%s'; help lists them.".formatted(name)
                : "There is no call '%s'. Near: %s.".formatted(name, String.join(", ", near));
    }

    /// All names, those of the kernel first.
    static List<String> names() {
        return Stream.of(Vocabulary.all(), Vocabulary.bench())
                .flatMap(vocabulary -> vocabulary.entries().keySet().stream())
                .distinct()
                .toList();
    }

    /// Calls that somebody may have meant: those that have the words, or few other letters.
    private static List<String> near(String typed) {
        var wanted = typed.toLowerCase(Locale.ROOT);
        var near = new ArrayList<String>();
        for (var name : names()) {
            var verb = name.substring(name.indexOf('.') + 1);
            if (name.contains(wanted)
                    || wanted.length() > 2 && verb.startsWith(wanted)
                    || distance(name, wanted) <= 2) {
                near.add(name);
            }
        }
        return near.stream().limit(NEAR).collect(Collectors.toList());
    }

    /// How many letters must be changed, put in or taken out.
    private static int distance(String one, String other) {
        var row = new int[other.length() + 1];
        for (int j = 0; j < row.length; j++) {
            row[j] = j;
        }
        for (int i = 1; i <= one.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j < row.length; j++) {
                int above = row[j];
                int changed = diagonal + (one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(changed, Math.min(above, row[j - 1]) + 1);
                diagonal = above;
            }
        }
        return row[other.length()];
    }
}
