package iommulab.engine.io.machine;

import com.google.gson.JsonElement;

import iommulab.engine.io.FileRefused;
import iommulab.engine.session.CommandRefused;
import iommulab.engine.session.JournalView;

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
/// nothing: the machine on the first line, then a line for each step of [CommandTrail]. Lies beside the machine's file and goes when that is saved or closed.
///
/// A write reaches the operating system at once, not the disk: it survives the end of this program, not
/// always that of the power. One thread owns it, and the file is locked as long: a second program that
/// has the same machine open neither reads nor writes it.
public final class RecoveryJournal implements AutoCloseable {
    private static final String ENDING = ".iommulab-recovery";
    private static final int MOST_LINES = 1_000_000;

    private final Path file;
    private final Writer lines;
    private List<String> written = List.of();
    private int position;

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
        var channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        if (!lock(channel)) {
            channel.close();
            throw new IOException(file + " is written by another window of this machine");
        }
        channel.truncate(0);
        var lines = new BufferedWriter(Channels.newWriter(channel, StandardCharsets.UTF_8));
        lines.write(machine.with(List.of(), List.of()).toJson() + "\n");
        lines.flush();
        return new RecoveryJournal(file, lines);
    }

    /// Writes what is new since the last time: commands run, undone and redone, and how far a run of
    /// traffic has come that still goes on.
    public void keepUpWith(JournalView journal) throws IOException {
        var calls = journal.entries().stream().map(JournalView.Entry::call).toList();
        int same = commonStart(written, calls);
        var longer = same == calls.size() - 1 ? longerRun(calls, same) : OptionalLong.empty();
        if (longer.isPresent()) {
            lines.write(CommandTrail.ranOn(longer.getAsLong()) + "\n");
        } else {
            // Writing a command forgets what stands behind it; where nothing new does, the last is
            // written again.
            int from = calls.size() < written.size() ? Math.min(same, calls.size() - 1) : same;
            writeFrom(from, calls);
        }
        if (position != journal.position()) {
            lines.write(CommandTrail.at(journal.position()) + "\n");
        }
        lines.flush();
        written = calls;
        position = journal.position();
    }

    private void writeFrom(int from, List<String> calls) throws IOException {
        if (from == calls.size()) {
            return;
        }
        if (from != position) {
            lines.write(CommandTrail.at(from) + "\n");
        }
        for (var call : calls.subList(from, calls.size())) {
            lines.write(call + "\n");
        }
        position = calls.size();
    }

    /// How many requests the last run has come to, if nothing else has changed.
    private OptionalLong longerRun(List<String> calls, int last) {
        boolean inPlace = written.size() == calls.size() && position == calls.size();
        return inPlace
                ? CommandTrail.longerRun(written.get(last), calls.get(last))
                : OptionalLong.empty();
    }

    private static int commonStart(List<String> one, List<String> other) {
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
        var trail = new CommandTrail();
        for (int i = 1; i < whole.size(); i++) {
            try {
                trail.take(whole.get(i));
            } catch (CommandRefused damaged) {
                throw refused(i + 1, damaged.reason());
            }
        }
        return start.with(trail.inForce(), trail.undone());
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
