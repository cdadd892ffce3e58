package iommulab.engine.io.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import iommulab.engine.io.FileRefused;
import iommulab.engine.session.Command;
import iommulab.engine.session.CommandText;
import iommulab.engine.session.MachineSnapshot.JournalView;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
    void trafficThatStillRunsWaitsForItsEnd() throws Exception {
        var recovery = start();
        var running = entry(2, THIRD, 0);
        recovery.keepUpWith(new JournalView(List.of(entry(1, FIRST, 7), running), 2));
        assertThat(recovered()).containsExactly(FIRST);
        recovery.keepUpWith(journal(2, FIRST, THIRD));
        assertThat(recovered()).containsExactly(FIRST, THIRD);
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

    @Test
    void aDamagedLineIsRefusedWithItsNumber() throws Exception {
        start().keepUpWith(journal(1, FIRST));
        Files.writeString(file(), Files.readString(file()) + "keep 9\n");
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
        return RecoveryJournal.recover(file()).orElseThrow().journal();
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
