package iommulab.app.groups;

import java.util.Optional;

/// A what-if as text, for a mail or a ticket.
final class Report {
    private Report() {}

    static String of(String machine, Optional<ProofModel> proof, WhatIfModel whatIf) {
        var text = new StringBuilder();
        text.append("# What if: ")
                .append(whatIf.edited())
                .append(" on ")
                .append(machine)
                .append("\n\n");
        proof.ifPresent(p -> text.append("Now: ").append(p.finding()).append("\n\n"));
        text.append("| port | control now | control then |\n|---|---|---|\n");
        whatIf.ports().stream()
                .filter(port -> !port.before().equals(port.after()))
                .forEach(port ->
                        text.append(
                                "| %s %s | %s | %s |%n"
                                        .formatted(
                                                port.function(),
                                                port.role(),
                                                port.before(),
                                                port.after())));
        text.append('\n').append(whatIf.summary()).append("\n\n");
        whatIf.regrouping()
                .ifPresent(r -> {
                    text.append("| function | group now | group then |\n|---|---|---|\n");
                    r.lines()
                            .forEach(line ->
                                    text.append(
                                            "| %s %s | %d | %d |%n"
                                                    .formatted(
                                                            line.function(),
                                                            line.name(),
                                                            line.before(),
                                                            line.after())));
                });
        if (!whatIf.paths().isEmpty()) {
            text.append("\nGroups change, wires do not:\n");
            whatIf.paths().forEach(p -> text.append("- ").append(p.sentence()).append('\n'));
        }
        if (!whatIf.parameter().isEmpty()) {
            text.append("\nKernel parameter: `").append(whatIf.parameter()).append("`\n");
        }
        return text.toString();
    }
}
