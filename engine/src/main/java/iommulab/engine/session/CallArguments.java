package iommulab.engine.session;

import iommulab.engine.pci.PciAddress;

import java.util.HashSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/// The arguments of a [Call], each asked for by name and type. An argument nobody asked for is refused
/// at the end: it is a spelling mistake.
final class CallArguments {
    private final Call call;
    private final Set<String> asked = new HashSet<>();

    CallArguments(Call call) {
        this.call = call;
    }

    Optional<String> optional(String name) {
        asked.add(name);
        return Optional.ofNullable(call.arguments().get(name));
    }

    String word(String name) throws CommandRefused {
        return optional(name).orElseThrow(() -> refused("argument '%s' is missing", name));
    }

    PciAddress function(String name) throws CommandRefused {
        return read(name, "a PCI address such as 0000:03:00.1", PciAddress::parse);
    }

    /// 64 bits: `0x` and up to 16 hex digits, or decimal.
    long number(String name) throws CommandRefused {
        return read(
                name,
                "a 64-bit number such as 0x1000 or 4096",
                text ->
                        text.startsWith("0x")
                                ? Long.parseUnsignedLong(text, 2, text.length(), 16)
                                : Long.parseLong(text));
    }

    /// 32 bits: `0x` and up to 8 hex digits, or decimal.
    int count(String name) throws CommandRefused {
        return read(
                name,
                "a 32-bit number such as 0x1000 or 4096",
                text ->
                        text.startsWith("0x")
                                ? Integer.parseUnsignedInt(text, 2, text.length(), 16)
                                : Integer.parseInt(text));
    }

    double decimal(String name) throws CommandRefused {
        double value = read(name, "a decimal number such as 1.1", Double::parseDouble);
        if (!Double.isFinite(value)) {
            throw refused("argument '%s': not a finite number", name);
        }
        return value;
    }

    boolean flag(String name) throws CommandRefused {
        return switch (word(name)) {
            case "true" -> true;
            case "false" -> false;
            default -> throw refused("argument '%s': take true or false", name);
        };
    }

    /// A constant, by its name in lower case.
    <E extends Enum<E>> E choice(String name, E[] choices) throws CommandRefused {
        var text = word(name);
        for (var choice : choices) {
            if (lowerCase(choice).equals(text)) {
                return choice;
            }
        }
        var names = new StringBuilder();
        for (var choice : choices) {
            names.append(names.isEmpty() ? "" : ", ").append(lowerCase(choice));
        }
        throw refused("argument '%s': take one of ".formatted(name) + names, name);
    }

    static String lowerCase(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    /// @throws CommandRefused if an argument is left that nobody asked for
    void expectNoMore() throws CommandRefused {
        for (var name : call.arguments().keySet()) {
            if (!asked.contains(name)) {
                throw refused("it has no argument '%s'", name);
            }
        }
    }

    CommandRefused refused(String rule, Object... values) {
        return new CommandRefused(
                "EINVAL", "%s: %s".formatted(call.name(), rule.formatted(values)));
    }

    private <T> T read(String name, String expected, Function<String, T> reading)
            throws CommandRefused {
        var text = word(name);
        try {
            return reading.apply(text);
        } catch (IllegalArgumentException notOfThisType) {
            throw refused("argument '%s' is '%s', not %s", name, text, expected);
        }
    }
}
