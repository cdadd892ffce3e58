package iommulab.app.timeline;

import iommulab.app.shell.Subject;
import iommulab.engine.pci.PciAddress;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// A piece of a call or of its result; it may name a thing of the machine.
///
/// @param leadsTo what a click selects
record CallWord(String text, Optional<Subject> leadsTo) {
    /* A quoted value is taken as a whole, whatever stands in it. */
    private static final Pattern ARGUMENT =
            Pattern.compile("(\\w+)=(\"(?:[^\"\\\\]|\\\\.)*\"|[^,)\"]+)");
    private static final Pattern ADDRESS =
            Pattern.compile("[0-9a-f]{4,8}:[0-9a-f]{2}:[01][0-9a-f]\\.[0-7]");
    private static final Pattern NUMBER = Pattern.compile("[0-9]{1,9}");
    private static final String MADE_DOMAIN = "domain ";

    /// The words of a call; together they are its text.
    static List<CallWord> ofCall(String call) {
        var words = new ArrayList<CallWord>();
        var argument = ARGUMENT.matcher(call);
        int told = 0;
        while (argument.find()) {
            var subject = named(argument.group(1), argument.group(2));
            if (subject.isPresent()) {
                words.add(new CallWord(call.substring(told, argument.start(2)), Optional.empty()));
                words.add(new CallWord(argument.group(2), subject));
                told = argument.end(2);
            }
        }
        words.add(new CallWord(call.substring(told), Optional.empty()));
        return List.copyOf(words);
    }

    /// What it is called where nothing else stands around it.
    String name() {
        return leadsTo.orElse(new Subject.Nothing()) instanceof Subject.Domain(int id)
                ? "domain " + id
                : text;
    }

    private static Optional<Subject> named(String argument, String value) {
        if (ADDRESS.matcher(value).matches()) {
            return Optional.of(new Subject.Function(PciAddress.parse(value)));
        }
        return switch (argument) {
            case "domain" -> domain(value);
            case "unit" -> Optional.of(new Subject.Unit(value));
            default -> Optional.empty();
        };
    }

    private static Optional<Subject> domain(String number) {
        return NUMBER.matcher(number).matches()
                ? Optional.of(new Subject.Domain(Integer.parseInt(number)))
                : Optional.empty();
    }

    /// The words of a result, such as the number of a domain that was made.
    static List<CallWord> ofResult(String result) {
        var number = result.startsWith(MADE_DOMAIN) ? result.substring(MADE_DOMAIN.length()) : "";
        return List.of(new CallWord(result, domain(number)));
    }
}
