package iommulab.app.console;

import iommulab.engine.os.call.Vocabulary;
import iommulab.engine.os.call.Vocabulary.Entry;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/// What `help` answers, made of the vocabularies.
final class ConsoleHelp {
    private static final List<String> GENERAL =
            List.of(
                    "call(argument=value, …)   makes a call, the same that a click makes",
                    "x = call(…)               keeps the answer: $x is its first field, $x.name the"
                            + " field of that name",
                    "!call(…)                  among pasted lines: those behind it run even if it"
                            + " is refused",
                    "?                         explains the last refusal; $ shows what is kept",
                    "help iommufd.             the calls of an object; help iommufd.ioas_map tells"
                            + " one",
                    "Values: 0x1000, 4096, words, buf+0x1000, [fixed, read], {addr=0x1000,"
                            + " npages=1}, \"text with spaces\"",
                    "Tab completes, Up and Down go through what was typed; lines that begin with #"
                            + " are remarks.");

    private ConsoleHelp() {}

    /// @param about a call, the beginning of some, or nothing
    static List<String> about(String about) {
        if (about.isEmpty()) {
            var lines = new ArrayList<>(GENERAL);
            lines.add("Kernel: " + objects(Vocabulary.all()));
            lines.add("Bench: " + objects(Vocabulary.bench()));
            return lines;
        }
        var exact = ConsoleReader.entries(about);
        if (!exact.isEmpty()) {
            return exact.stream().flatMap(entry -> call(entry).stream()).toList();
        }
        var some =
                ConsoleReader.names().stream()
                        .filter(name -> name.contains(about))
                        .flatMap(name -> ConsoleReader.entries(name).stream())
                        .map(ConsoleHelp::line)
                        .toList();
        return some.isEmpty() ? List.of("No call has '%s' in its name.".formatted(about)) : some;
    }

    private static String objects(Vocabulary vocabulary) {
        return vocabulary.entries().keySet().stream()
                .map(name -> name.substring(0, name.indexOf('.') + 1))
                .distinct()
                .collect(Collectors.joining(" "));
    }

    private static String line(Entry entry) {
        return entry.doc().isEmpty() ? entry.form() : entry.form() + "  – " + entry.doc();
    }

    private static List<String> call(Entry entry) {
        var lines = new ArrayList<String>();
        lines.add(entry.form());
        if (!entry.doc().isEmpty()) {
            lines.add("  " + entry.doc());
        }
        for (var parameter : entry.parameters()) {
            lines.add(
                    "  %-14s %s%s%s"
                            .formatted(
                                    parameter.name(),
                                    parameter.expected(),
                                    parameter.optional() ? ", may be left out" : "",
                                    parameter.choices().isEmpty()
                                            ? ""
                                            : ": " + String.join(", ", parameter.choices())));
        }
        lines.add(
                entry.returns().isEmpty()
                        ? "  returns nothing"
                        : "  returns " + String.join(", ", entry.returns()));
        return lines;
    }
}
