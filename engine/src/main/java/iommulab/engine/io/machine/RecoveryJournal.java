package iommulab.engine.io.machine;

import com.google.gson.JsonElement;

import iommulab.engine.io.FileRefused;
import iommulab.engine.session.Command;
import iommulab.engine.session.CommandRefused;
import iommulab.engine.session.CommandText;
import iommulab.engine.session.MachineSnapshot.JournalView;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.StringReader;
import java.io.Writer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// What was done since a machine was opened or saved, written down as it happens, so that a crash loses
/// nothing: the machine on the first line, then a call on each line, or `keep n` where all but the first
/// n commands were undone. Lies beside the machine's file and goes when that is saved or closed.
///
/// A write reaches the operating system at once, not the disk: it survives the end of this program, not
/// always that of the power. One thread owns it, and the file is locked as long: a second program that
/// has the same machine open neither reads nor writes it.
public final class RecoveryJournal implements AutoCloseable {
    private static final String ENDING = ".iommulab-recovery";
    private static final String KEEP = "keep ";
    private static final int MOST_LINES = 1_000_000;

    private final Path file;
    private final Writer lines;
    private List<JournalView.Entry> written = List.of();

    private RecoveryJournal(Path file, Writer lines) {
        this.file = file;
        this.lines = lines;
    }

    /// Where the recovery of a machine's file lies.
    public static Path beside(Path machineFile) {
        return machineFile.resolveSibling(machineFile.getFileName() + ENDING);
    }

    /// Whether a program that still runs writes this journal: then nothing has been lost.
    public static boolean isHeld(Path file) throws IOException {
        try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            return !lock(channel);
        }
    }

    private static boolean lock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock() != null;
        } catch (OverlappingFileLockException _) {
            return false;
        }
    }

    /// Starts anew with a machine as it was opened or saved; an older journal of that name is lost.
    ///
    /// @param machine without its commands, which [#keepUpWith] writes
    /// @throws IOException if the file cannot be written, or another program does
    public static RecoveryJournal start(Path file, MachineFile machine) throws IOException {
        var start =
                new MachineFile(
                        machine.machine(),
                        List.of(),
                        OptionalLong.empty(),
                        machine.expects(),
                        machine.view(),
                        machine.unknown());
        var channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        if (!lock(channel)) {
            channel.close();
            throw new IOException(file + " is written by another window of this machine");
        }
        channel.truncate(0);
        var lines = new BufferedWriter(Channels.newWriter(channel, StandardCharsets.UTF_8));
        lines.write(start.toJson() + "\n");
        lines.flush();
        return new RecoveryJournal(file, lines);
    }

    /// Writes what is new since the last time: commands run, commands undone. A run of traffic is written
    /// when it ends.
    public void keepUpWith(JournalView journal) throws IOException {
        var now = journal.entries().subList(0, journal.position());
        if (!now.isEmpty() && now.getLast().stateHash() == 0) {
            now = now.subList(0, now.size() - 1);
        }
        int same = commonStart(written, now);
        if (same < written.size()) {
            lines.write(KEEP + same + "\n");
        }
        for (var entry : now.subList(same, now.size())) {
            lines.write(entry.call() + "\n");
        }
        lines.flush();
        written = List.copyOf(now);
    }

    private static int commonStart(List<JournalView.Entry> one, List<JournalView.Entry> other) {
        int most = Math.min(one.size(), other.size());
        int same = 0;
        while (same < most && one.get(same).equals(other.get(same))) {
            same++;
        }
        return same;
    }

    /// Ends the journal and removes it: the machine was saved, or its user let it go.
    @Override
    public void close() throws IOException {
        lines.close();
        Files.deleteIfExists(file);
    }

    /// The machine with everything that was done to it; empty if there is nothing to recover. A last
    /// line that the crash cut off is left out.
    ///
    /// @throws FileRefused if it is damaged otherwise; the message has the line
    public static Optional<MachineFile> recover(Path file) throws FileRefused {
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try (var reader = Files.newBufferedReader(file)) {
            return Optional.of(recover(reader));
        } catch (IOException unreadable) {
            throw new FileRefused(
                    "file",
                    "it cannot be read (%s)".formatted(unreadable.getMessage()),
                    "Open the machine's own file.",
                    unreadable);
        }
    }

    private static MachineFile recover(BufferedReader reader) throws FileRefused, IOException {
        var whole = wholeLines(reader);
        if (whole.isEmpty()) {
            throw refused(1, "it was cut off");
        }
        JsonElement first = StrictJson.read(new StringReader(whole.getFirst()));
        var start = MachineFile.read(JsonNode.root(first));
        var commands = new ArrayList<Command>();
        for (int i = 1; i < whole.size(); i++) {
            take(whole.get(i), i + 1, commands);
        }
        return new MachineFile(
                start.machine(),
                commands,
                OptionalLong.empty(),
                start.expects(),
                start.view(),
                start.unknown());
    }

    private static void take(String line, int number, List<Command> commands) throws FileRefused {
        if (line.startsWith(KEEP)) {
            int keep = keep(line, number, commands.size());
            commands.subList(keep, commands.size()).clear();
            return;
        }
        try {
            commands.add(CommandText.parse(line));
        } catch (CommandRefused damaged) {
            throw refused(number, damaged.reason());
        }
    }

    private static int keep(String line, int number, int most) throws FileRefused {
        var digits = line.substring(KEEP.length());
        if (!digits.matches("[0-9]{1,9}") || Integer.parseInt(digits) > most) {
            throw refused(number, "'%s', but there are %d commands".formatted(line, most));
        }
        return Integer.parseInt(digits);
    }

    private static FileRefused refused(int number, String rule) {
        return new FileRefused("line " + number, rule, "Open the machine's own file.");
    }

    /* A line counts when its end was written. */
    private static List<String> wholeLines(BufferedReader reader) throws IOException, FileRefused {
        var lines = new ArrayList<String>();
        var line = new StringBuilder();
        for (int c = reader.read(); c >= 0; c = reader.read()) {
            if (c != '\n') {
                line.append((char) c);
            } else {
                lines.add(line.toString());
                line.setLength(0);
            }
            if (lines.size() > MOST_LINES || line.length() > StrictJson.MOST_CHARACTERS) {
                throw refused(lines.size() + 1, "too long for a recovery");
            }
        }
        return lines;
    }
}
