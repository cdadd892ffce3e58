package iommulab.engine.io.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import iommulab.engine.io.FileRefused;
import iommulab.engine.session.Command;
import iommulab.engine.session.CommandText;
import iommulab.engine.session.JournalView;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;

class RecoveryJournalTest {
    private static final Command FIRST = new Command.DeleteDomain(1);
    private static final Command SECOND = new Command.DeleteDomain(2);
    private static final Command THIRD = new Command.RunTraffic(3);

    @TempDir Path folder;

    private final MachineFile machine =
            new MachineFile(
                    AnyMachine.machine(new Random(1)),
                    List.of(),
                    OptionalLong.of(5),
                    List.of(),
                    Map.of("theme", "dark"),
                    UnknownMembers.NONE);

    @Test
    void bringsBackTheMachineAndWhatWasDone() throws Exception {
        start().keepUpWith(journal(2, FIRST, SECOND));
        var recovered = RecoveryJournal.recover(file()).orElseThrow();
        assertThat(recovered.machine()).isEqualTo(machine.machine());
        assertThat(recovered.view()).isEqualTo(machine.view());
        assertThat(recovered.journal()).containsExactly(FIRST, SECOND);
    }

    @Test
    void whatWasUndoneIsNotBroughtBack() throws Exception {
        var recovery = start();
        recovery.keepUpWith(journal(2, FIRST, SECOND));
        recovery.keepUpWith(journal(1, FIRST, SECOND));
        assertThat(recovered()).containsExactly(FIRST);
        recovery.keepUpWith(journal(2, FIRST, THIRD));
        assertThat(recovered()).containsExactly(FIRST, THIRD);
    }

    @Test
    void whatWasUndoneCanBeRedoneUntilSomethingElseIsDone() throws Exception {
        var recovery = start();
        recovery.keepUpWith(journal(3, FIRST, SECOND, THIRD));
        recovery.keepUpWith(journal(1, FIRST, SECOND, THIRD));
        assertThat(whole().undone()).containsExactly(SECOND, THIRD);
        recovery.keepUpWith(journal(2, FIRST, SECOND, THIRD));
        assertThat(whole().journal()).containsExactly(FIRST, SECOND);
        assertThat(whole().undone()).containsExactly(THIRD);
        recovery.keepUpWith(journal(2, FIRST, SECOND));
        assertThat(whole().journal()).containsExactly(FIRST, SECOND);
        assertThat(whole().undone()).isEmpty();
    }

    @Test
    void trafficThatStillRunsIsBroughtBackAsFarAsItHadCome() throws Exception {
        var recovery = start();
        for (int requests : List.of(10, 25, 31)) {
            var run = new Command.RunTraffic(requests);
            recovery.keepUpWith(new JournalView(List.of(entry(1, FIRST, 7), entry(2, run, 0)), 2));
            assertThat(recovered()).containsExactly(FIRST, run);
        }
        var paused = new Command.RunTraffic(40);
        recovery.keepUpWith(journal(3, FIRST, paused, SECOND));
        assertThat(recovered()).containsExactly(FIRST, paused, SECOND);
    }

    @Property(tries = 300)
    void anyWalkThroughAnyJournalIsBroughtBack(@ForAll Random random) throws Exception {
        var path = Files.createTempFile("walk", ".recovery");
        var commands = new ArrayList<Command>();
        int position = 0;
        var recovery = RecoveryJournal.start(path, machine);
        for (int i = 0; i < 40; i++) {
            for (int steps = random.nextInt(4); steps > 0; steps--) {
                if (random.nextBoolean()) {
                    commands.subList(position, commands.size()).clear();
                    position += doneNext(commands, random);
                } else {
                    position = random.nextInt(commands.size() + 1);
                }
            }
            recovery.keepUpWith(journal(position, commands.toArray(Command[]::new)));
            var found = RecoveryJournal.recover(path).orElseThrow();
            assertThat(found.journal()).isEqualTo(commands.subList(0, position));
            assertThat(found.undone()).isEqualTo(commands.subList(position, commands.size()));
        }
        recovery.close();
    }

    /// Does one thing more, or lets the run that came last go on; few things, so that the same ones
    /// follow each other again and again.
    ///
    /// @return how many commands more
    private static int doneNext(List<Command> commands, Random random) {
        if (!commands.isEmpty()
                && commands.getLast() instanceof Command.RunTraffic(long before)
                && random.nextBoolean()) {
            commands.set(commands.size() - 1, new Command.RunTraffic(before + 5));
            return 0;
        }
        commands.add(List.of(FIRST, SECOND, THIRD).get(random.nextInt(3)));
        return 1;
    }

    @Test
    void aLineThatTheCrashCutOffIsLeftOut() throws Exception {
        start().keepUpWith(journal(2, FIRST, SECOND));
        var text = Files.readString(file());
        for (int cut = 1; cut <= CommandText.of(SECOND).length() + 1; cut++) {
            Files.writeString(file(), text.substring(0, text.length() - cut));
            assertThat(recovered()).containsExactly(FIRST);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"at 9", "at -1", "ran 4", "disk.format()", ""})
    void aDamagedLineIsRefusedWithItsNumber(String line) throws Exception {
        start().keepUpWith(journal(1, FIRST));
        Files.writeString(file(), Files.readString(file()) + line + "\n");
        assertThatThrownBy(this::recovered)
                .isInstanceOf(FileRefused.class)
                .hasMessageStartingWith("line 3: ");
    }

    @Test
    void closingLeavesNothingToRecover() throws Exception {
        var recovery = start();
        recovery.keepUpWith(journal(1, FIRST));
        recovery.close();
        assertThat(RecoveryJournal.recover(file())).isEmpty();
    }

    private RecoveryJournal start() throws IOException {
        return RecoveryJournal.start(file(), machine);
    }

    private List<Command> recovered() throws FileRefused {
        return whole().journal();
    }

    private MachineFile whole() throws FileRefused {
        return RecoveryJournal.recover(file()).orElseThrow();
    }

    private Path file() {
        return RecoveryJournal.beside(folder.resolve("m.iommulab.json"));
    }

    private static JournalView journal(int position, Command... commands) {
        var entries = new ArrayList<JournalView.Entry>();
        for (var command : commands) {
            entries.add(entry(entries.size() + 1, command, 7));
        }
        return new JournalView(entries, position);
    }

    private static JournalView.Entry entry(int number, Command command, long hash) {
        return new JournalView.Entry(number, "", CommandText.of(command), "ok", 0, 0, hash);
    }
}
