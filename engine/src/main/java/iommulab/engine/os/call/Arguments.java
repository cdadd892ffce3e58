package iommulab.engine.os.call;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/// The arguments of one call, each asked for by name and type.
///
/// @param action name of the call
/// @param values by name of the argument
public record Arguments(String action, Map<String, Value> values) {
    public Arguments {
        values = Map.copyOf(values);
    }

    public boolean has(String name) {
        return values.containsKey(name);
    }

    /// @throws BadArgument if it is missing
    public Value value(String name) throws BadArgument {
        var value = values.get(name);
        if (value == null) {
            throw new BadArgument("%s: argument '%s' is missing".formatted(action, name));
        }
        return value;
    }

    /// @throws BadArgument if it is missing or a list
    public String word(String name) throws BadArgument {
        return word(name, value(name));
    }

    private String word(String name, Value value) throws BadArgument {
        if (value instanceof Value.Word(var text)) {
            return text;
        }
        throw wrong(name, value, "a word");
    }

    public Optional<String> optionalWord(String name) throws BadArgument {
        return has(name) ? Optional.of(word(name)) : Optional.empty();
    }

    /// 64 bits: `0x` and hex digits, or decimal.
    public long number(String name) throws BadArgument {
        return number(name, value(name));
    }

    public OptionalLong optionalNumber(String name) throws BadArgument {
        return has(name) ? OptionalLong.of(number(name)) : OptionalLong.empty();
    }

    /// @param otherwise if it is not given
    public long number(String name, long otherwise) throws BadArgument {
        return has(name) ? number(name) : otherwise;
    }

    private long number(String name, Value value) throws BadArgument {
        var text = word(name, value);
        return Numbers.read(text)
                .orElseThrow(() -> wrong(name, value, "a number such as 0x1000 or 4096"));
    }

    public boolean flag(String name, boolean otherwise) throws BadArgument {
        if (!has(name)) {
            return otherwise;
        }
        return switch (word(name)) {
            case "true" -> true;
            case "false" -> false;
            default -> throw wrong(name, value(name), "true or false");
        };
    }

    /// The words of a list such as `[fixed, read]`; none if it is not given. A single word is a list too.
    public List<String> words(String name) throws BadArgument {
        if (!has(name)) {
            return List.of();
        }
        var words = new ArrayList<String>();
        for (var item : items(name)) {
            words.add(word(name, item).toLowerCase(Locale.ROOT));
        }
        return words;
    }

    /// The values of a list; a single value is a list of one.
    public List<Value> items(String name) throws BadArgument {
        return value(name) instanceof Value.Items(var items) ? items : List.of(value(name));
    }

    /// One of the two words of 64 bits in a list such as `[0x1f, 0]`.
    ///
    /// @param place 0 or 1
    public long wordOfPair(String name, int place) throws BadArgument {
        return wordOf(name, place, 2);
    }

    /// One of several words of 64 bits in a list.
    ///
    /// @param place from 0
    /// @param count of words that there have to be
    public long wordOf(String name, int place, int count) throws BadArgument {
        var words = items(name);
        if (words.size() != count) {
            throw wrong(name, value(name), count + " words of 64 bits");
        }
        return number(name, words.get(place));
    }

    /// The fields of `{addr=0x1000, flags=0}` as arguments of their own.
    public Arguments fields(String name) throws BadArgument {
        return fields(name, value(name));
    }

    /// The fields of each item of a list.
    public List<Arguments> everyFields(String name) throws BadArgument {
        var all = new ArrayList<Arguments>();
        for (var item : items(name)) {
            all.add(fields(name, item));
        }
        return all;
    }

    private Arguments fields(String name, Value value) throws BadArgument {
        if (value instanceof Value.Fields(var fields)) {
            return new Arguments(action + " " + name, fields);
        }
        throw wrong(name, value, "fields such as {addr=0x1000}");
    }

    /// An argument that cannot be what it must be.
    public BadArgument wrong(String name, Value value, String expected) {
        return new BadArgument(
                "%s: argument '%s' is %s, expected %s".formatted(action, name, value, expected));
    }
}
