package iommulab.engine.session;

import iommulab.engine.os.call.PlainWords;
import iommulab.engine.os.call.Value;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import java.util.regex.Pattern;

/// A command in the lab's call vocabulary, such as `domain.map(domain=3, iova=0x1000)`: the form in which
/// files, the transcript and the console speak. Not yet checked against the commands that exist.
///
/// Values are text; a list or fields, such as `[{addr=0x1000}]`, is a value too. Any other value that is
/// no plain word stands in double quotes, with `\"`, `\\` and `\n` inside; a call is one line.
///
/// @param name object and verb, such as `domain.map`
/// @param arguments by name, in the order written
public record Call(String name, SequencedMap<String, String> arguments) {
    /* A variable of a scenario, such as `$fd`, is plain in a value but not in a saved call. */
    private static final Pattern PLAIN_WORD = Pattern.compile("[A-Za-z0-9_.:/+-]+");

    public Call {
        arguments = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(arguments));
    }

    /// A call without arguments.
    public static Call of(String name) {
        return new Call(name, new LinkedHashMap<>());
    }

    /// The same call with one more argument, after the others.
    public Call with(String argument, String value) {
        var more = new LinkedHashMap<>(arguments);
        more.put(argument, value);
        return new Call(name, more);
    }

    /// The same call with one more argument, in decimal.
    Call with(String argument, long value) {
        return with(argument, Long.toString(value));
    }

    /// The same call with one more argument, in hex.
    Call withHex(String argument, long value) {
        return with(argument, "0x" + Long.toHexString(value));
    }

    /// Reads what [#toString] writes; spaces between the parts are free.
    ///
    /// @throws CommandRefused if the text is no call; the message tells the position
    public static Call parse(String text) throws CommandRefused {
        return new CallParser(text).call();
    }

    /// `domain.map(domain=3, iova=0x1000)`
    @Override
    public String toString() {
        var text = new StringBuilder(name).append('(');
        arguments.forEach((argument, value) -> {
            text.append(text.charAt(text.length() - 1) == '(' ? "" : ", ");
            text.append(argument).append('=').append(quoted(value));
        });
        return text.append(')').toString();
    }

    private static boolean isNested(String value) {
        if (!value.startsWith("[") && !value.startsWith("{")) {
            return false;
        }
        try {
            Value.parse(value);
            return true;
        } catch (IllegalArgumentException noValue) {
            return false;
        }
    }

    private static String quoted(String value) {
        return PLAIN_WORD.matcher(value).matches() || isNested(value)
                ? value
                : PlainWords.inQuotes(value);
    }
}
