package iommulab.app.console;

import iommulab.app.console.CallScan.Argument;
import iommulab.app.console.CallScan.Part;
import iommulab.engine.os.call.Vocabulary;
import iommulab.engine.os.call.Vocabulary.Parameter;
import iommulab.engine.os.call.Vocabulary.Type;
import iommulab.engine.session.MachineSnapshot;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// What could stand at the caret of an unfinished line.
///
/// @param from index of the first character that a proposal replaces, up to the caret
/// @param proposals in the order of the vocabulary
record Completion(int from, List<Proposal> proposals) {
    Completion {
        proposals = List.copyOf(proposals);
    }

    /// @param typed the line up to the caret
    static Completion of(String typed, MachineSnapshot machine, Variables variables) {
        var text = typed.stripLeading();
        if (text.startsWith("help ")) {
            int from = typed.length() - text.substring(5).stripLeading().length();
            return new Completion(from, calls(typed.substring(from), ""));
        }
        var scan = CallScan.of(typed);
        return scan.open() ? ofArgument(typed, scan, machine, variables) : ofName(scan);
    }

    /// What the proposals have in common, never shorter than what is typed.
    String common(String typed) {
        var common = proposals.isEmpty() ? "" : proposals.getFirst().text();
        for (var proposal : proposals) {
            int same = 0;
            while (same < Math.min(common.length(), proposal.text().length())
                    && common.charAt(same) == proposal.text().charAt(same)) {
                same++;
            }
            common = common.substring(0, same);
        }
        var already = typed.substring(from);
        return common.startsWith(already) ? common : already;
    }

    // ---- names of calls

    private static Completion ofName(CallScan scan) {
        return new Completion(scan.name().start(), calls(scan.name().text(), "("));
    }

    /// Those that begin so; if there are none, those whose verb does.
    private static List<Proposal> calls(String typed, String behind) {
        var names = ConsoleReader.names();
        var begin = names.stream().filter(name -> name.startsWith(typed)).toList();
        var found =
                begin.isEmpty()
                        ? names.stream().filter(name -> name.contains("." + typed)).toList()
                        : begin;
        return found.stream()
                .map(name -> {
                    var entry = ConsoleReader.entries(name).getFirst();
                    var close = !behind.isEmpty() && entry.parameters().isEmpty() ? ")" : "";
                    return new Proposal(name + behind + close, entry.doc());
                })
                .toList();
    }

    // ---- arguments

    private static Completion ofArgument(
            String typed, CallScan scan, MachineSnapshot machine, Variables variables) {
        var last =
                scan.parts().isEmpty()
                        ? new Argument(new Part(typed.length(), ""), Optional.empty())
                        : scan.parts().getLast();
        boolean closed = scan.end() < typed.length();
        var entries = ConsoleReader.entries(scan.name().text());
        if (closed || entries.isEmpty()) {
            return new Completion(typed.length(), List.of());
        }
        if (last.value().isEmpty()) {
            return ofArgumentName(scan, last.name(), entries);
        }
        var value = last.value().get();
        int inner = Math.max(value.text().lastIndexOf('['), value.text().lastIndexOf(','));
        int from = value.start();
        if (inner >= 0 && value.text().startsWith("[")) {
            from += inner + 1;
            while (from < typed.length() && typed.charAt(from) == ' ') {
                from++;
            }
        }
        var prefix = typed.substring(from);
        var proposals = new ArrayList<Proposal>();
        for (var entry : entries) {
            boolean ofKernel =
                    Vocabulary.all().find(entry.name()).filter(entry::equals).isPresent();
            entry.parameter(last.name().text())
                    .ifPresent(parameter ->
                            proposals.addAll(
                                    values(parameter, ofKernel, scan, machine, variables)));
        }
        if (prefix.startsWith("$")) {
            variables.all().forEach((name, known) -> proposals.add(new Proposal(name, known)));
        }
        return new Completion(
                from,
                proposals.stream().filter(p -> p.text().startsWith(prefix)).distinct().toList());
    }

    private static Completion ofArgumentName(
            CallScan scan, Part name, List<Vocabulary.Entry> entries) {
        var given =
                scan.parts().stream()
                        .filter(part -> part.value().isPresent())
                        .map(part -> part.name().text())
                        .toList();
        var left =
                entries.stream()
                        .flatMap(entry ->
                                Stream.concat(
                                        entry.parameters().stream().filter(p -> !p.optional()),
                                        entry.parameters().stream().filter(Parameter::optional)))
                        .filter(p -> !given.contains(p.name()))
                        .filter(p -> p.name().startsWith(name.text()))
                        .map(p ->
                                new Proposal(
                                        p.name() + "=",
                                        p.optional() ? p.doc() + " (may be left out)" : p.doc()))
                        .distinct()
                        .toList();
        return new Completion(
                name.start(),
                left.isEmpty() && name.text().isEmpty()
                        ? List.of(new Proposal(")", "the end"))
                        : left);
    }

    private static List<Proposal> values(
            Parameter parameter,
            boolean ofKernel,
            CallScan scan,
            MachineSnapshot machine,
            Variables variables) {
        var found = new ArrayList<Proposal>();
        parameter.choices().forEach(word -> found.add(new Proposal(word, parameter.doc())));
        if (parameter.type() == Type.BOOLEAN) {
            found.add(new Proposal("true", parameter.doc()));
            found.add(new Proposal("false", parameter.doc()));
        }
        var iommufd = scan.value("iommufd");
        found.addAll(
                new LiveValues(machine)
                        .of(parameter, ofKernel, variables.all().getOrDefault(iommufd, iommufd)));
        return found;
    }
}
