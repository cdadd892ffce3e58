package iommulab.app;

import iommulab.app.shell.Words;
import iommulab.engine.io.machine.MachineFile;
import iommulab.engine.session.Command;

import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.format.FormatStyle;
import java.util.Locale;

/// Work on a machine that was not saved, and how it differs from the machine's file.
///
/// @param recovered the machine with that work
/// @param journal the recovery journal
/// @param written when it was written last
/// @param more commands in it that the file has not
/// @param undone commands of the file that were taken back
/// @param sameMachine whether both begin with the same machine
record RecoveryOffer(
        MachineFile recovered,
        Path journal,
        Instant written,
        int more,
        int undone,
        boolean sameMachine) {
    /// Some ten seconds' worth of requests.
    private static final long LONG = 100_000_000;

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofLocalizedDateTime(FormatStyle.MEDIUM).withLocale(Locale.UK);

    static RecoveryOffer of(
            MachineFile content, MachineFile recovered, Path journal, Instant written) {
        boolean same = content.machine().equals(recovered.machine());
        int common = same ? common(content, recovered) : 0;
        return new RecoveryOffer(
                recovered,
                journal,
                written,
                recovered.journal().size() - common,
                same ? content.journal().size() - common : 0,
                same);
    }

    private static int common(MachineFile one, MachineFile other) {
        int most = Math.min(one.journal().size(), other.journal().size());
        int common = 0;
        while (common < most && one.journal().get(common).equals(other.journal().get(common))) {
            common++;
        }
        return common;
    }

    /// What there is to gain, in words.
    String words(ZoneId zone) {
        return "It was left unsaved on %s, with %s more than its file has%s.%s%s"
                .formatted(
                        TIME.format(written.atZone(zone)),
                        commands(more),
                        undone == 0 ? "" : " and %s of the file undone".formatted(commands(undone)),
                        sameMachine
                                ? ""
                                : " The file holds another machine now; this was %s."
                                        .formatted(recovered.machine().name()),
                        requests() < LONG
                                ? ""
                                : " Bringing it back runs %s requests again."
                                        .formatted(Words.amount(requests())));
    }

    private long requests() {
        return recovered.journal().stream()
                .mapToLong(command -> command instanceof Command.RunTraffic(long run) ? run : 0)
                .sum();
    }

    private static String commands(int number) {
        return number == 1 ? "1 command" : number + " commands";
    }
}
