package iommulab.engine.session;

import iommulab.engine.os.call.Arguments;
import iommulab.engine.os.call.BadArgument;
import iommulab.engine.os.call.Value;
import iommulab.engine.os.call.Vocabulary;

import java.util.LinkedHashMap;
import java.util.regex.Pattern;

/// Calls of the kernel as commands: all or nothing for kernel, hardware and memory together.
final class KernelCalls {
    private static final Pattern ADDRESS =
            Pattern.compile("[0-9a-fA-F]{1,8}:[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\\.[0-7]");

    private KernelCalls() {}

    /// Whether a call is one of the kernel's vocabulary rather than of the bench's own: those that have
    /// the same name are told apart by their arguments.
    static boolean isKernelCall(Call call) {
        return Vocabulary.all().find(call.name()).isPresent() && !isOfTheBench(call);
    }

    private static boolean isOfTheBench(Call call) {
        return switch (call.name()) {
            case "dma.issue" -> !call.arguments().containsKey("dir");
            case "driver.bind", "driver.unbind" ->
                    ADDRESS.matcher(call.arguments().getOrDefault("device", "")).matches();
            default -> false;
        };
    }

    /// @throws CommandRefused if the kernel answers with an errno and has done nothing; the answer is in
    ///     it
    static Outcome run(Machine machine, Call call) throws CommandRefused {
        var before = machine.checkpoint();
        try {
            var answer = machine.kernel().call(arguments(call));
            if (!answer.succeeded() && !answer.partial()) {
                machine.restore(before);
                throw new CommandRefused(answer);
            }
            return new Outcome.Answered(answer);
        } catch (BadArgument bad) {
            machine.restore(before);
            throw new CommandRefused("EINVAL", bad.reason());
        }
    }

    private static Arguments arguments(Call call) throws CommandRefused {
        var values = new LinkedHashMap<String, Value>();
        for (var argument : call.arguments().entrySet()) {
            values.put(argument.getKey(), value(call, argument.getKey(), argument.getValue()));
        }
        return new Arguments(call.name(), values);
    }

    private static Value value(Call call, String name, String text) throws CommandRefused {
        if (!text.startsWith("[") && !text.startsWith("{")) {
            return Value.of(text);
        }
        try {
            return Value.parse(text);
        } catch (IllegalArgumentException noValue) {
            throw new CommandRefused(
                    "EINVAL",
                    "%s: argument '%s': %s".formatted(call.name(), name, noValue.getMessage()));
        }
    }
}
