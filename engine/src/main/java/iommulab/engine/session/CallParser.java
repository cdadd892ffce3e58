package iommulab.engine.session;

import iommulab.engine.os.call.Scanner;

import java.util.LinkedHashMap;

/// Reads one [Call] from text.
final class CallParser {
    private static final int LONGEST = 10_000;

    private final int length;
    private final Scanner text;

    CallParser(String text) {
        length = text.length();
        this.text = new Scanner(text, ",()=\"\\");
    }

    Call call() throws CommandRefused {
        if (length > LONGEST) {
            throw new CommandRefused(
                    "EINVAL", "A call of %d characters: at most %d".formatted(length, LONGEST));
        }
        try {
            return read();
        } catch (Scanner.Unexpected unexpected) {
            throw new CommandRefused("No call: " + unexpected.getMessage(), unexpected.place());
        }
    }

    private Call read() throws CommandRefused {
        var name = text.word("a call such as domain.map(domain=3, …)");
        text.expect('(');
        var arguments = new LinkedHashMap<String, String>();
        if (!text.next(')')) {
            do {
                readArgument(arguments);
            } while (text.next(','));
            text.expect(')');
        }
        text.expectEnd();
        return new Call(name, arguments);
    }

    private void readArgument(LinkedHashMap<String, String> arguments) throws CommandRefused {
        text.skipSpaces();
        int start = text.at();
        var name = text.word("the name of an argument");
        text.expect('=');
        text.skipSpaces();
        var value = value();
        if (arguments.put(name, value) != null) {
            throw new CommandRefused("Argument '%s' is given twice".formatted(name), start);
        }
    }

    private String value() {
        return switch (text.peek()) {
            case '"' -> text.quoted();
            case '[', '{' -> text.nested();
            default -> text.word("a value");
        };
    }
}
