package iommulab.engine.io.machine;

import iommulab.engine.session.Command;
import iommulab.engine.session.CommandRefused;
import iommulab.engine.session.CommandText;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/// What was done to a machine, told line by line as it happened: a call that was run, which forgets what
/// was undone before; `at n`, when commands were undone or redone until n were in force; `ran n`, when
/// the run of traffic that came last had come to n requests.
///
/// Every line is whole in itself: wherever such a text is cut off after a line, it tells a machine that
/// there was.
final class CommandTrail {
    private static final String AT = "at ";
    private static final String RAN = "ran ";
    private static final Pattern COUNT = Pattern.compile("[0-9]{1,18}");

    private final List<Command> commands = new ArrayList<>();
    private int position;

    static String at(int position) {
        return AT + position;
    }

    static String ranOn(long requests) {
        return RAN + requests;
    }

    /// How many requests a run has come to since it was told last; empty if the calls are not such a
    /// pair.
    static OptionalLong longerRun(String before, String now) {
        try {
            return CommandText.parse(before) instanceof Command.RunTraffic(long then)
                            && CommandText.parse(now) instanceof Command.RunTraffic(long requests)
                            && requests > then
                    ? OptionalLong.of(requests)
                    : OptionalLong.empty();
        } catch (CommandRefused unparsable) {
            throw new IllegalStateException("no call: " + before + ", " + now, unparsable);
        }
    }

    /// @throws CommandRefused if it cannot be the next line; trail as before
    void take(String line) throws CommandRefused {
        if (line.startsWith(AT)) {
            position = (int) count(line, AT, commands.size());
        } else if (line.startsWith(RAN)) {
            runOn(count(line, RAN, Long.MAX_VALUE));
        } else {
            var command = CommandText.parse(line);
            commands.subList(position, commands.size()).clear();
            commands.add(command);
            position++;
        }
    }

    private void runOn(long requests) throws CommandRefused {
        if (position == 0
                || position != commands.size()
                || !(commands.getLast() instanceof Command.RunTraffic(long before))
                || requests < before) {
            throw new CommandRefused(
                    "EINVAL", "'%s%d', but no such run came last".formatted(RAN, requests));
        }
        commands.set(position - 1, new Command.RunTraffic(requests));
    }

    private static long count(String line, String word, long most) throws CommandRefused {
        var digits = line.substring(word.length());
        if (!COUNT.matcher(digits).matches() || Long.parseLong(digits) > most) {
            throw new CommandRefused(
                    "EINVAL", "'%s', but there are %d commands".formatted(line, most));
        }
        return Long.parseLong(digits);
    }

    /// The commands in force, oldest first.
    List<Command> inForce() {
        return List.copyOf(commands.subList(0, position));
    }

    /// The commands that can be redone, the next one first.
    List<Command> undone() {
        return List.copyOf(commands.subList(position, commands.size()));
    }
}
