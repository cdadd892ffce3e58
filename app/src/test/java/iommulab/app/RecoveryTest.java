package iommulab.app;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.Recovery.Left;
import iommulab.engine.io.machine.MachineFile;
import iommulab.engine.io.machine.RecoveryJournal;
import iommulab.engine.session.Command;
import iommulab.engine.session.Session;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.util.Optional;

/// What a window that was not closed has left beside a machine's file.
class RecoveryTest {
    private static final Path SAMPLE = Path.of("..", "samples", "superpages.iommulab.json");

    @TempDir Path folder;
    private Path file;
    private MachineFile saved;

    @BeforeEach
    void takeASample() throws Exception {
        file = Files.copy(SAMPLE, folder.resolve("m.iommulab.json"));
        saved = MachineFile.read(file);
    }

    @Test
    void whatWasDoneSinceTheLastSaveIsFoundAfterACrash() throws Exception {
        crash(saved, new Command.RunTraffic(1000));
        var offer = offer(saved);
        assertThat(offer.recovered().journal())
                .hasSize(saved.journal().size() + 1)
                .endsWith(new Command.RunTraffic(1000));
        assertThat(offer.words(ZoneOffset.UTC)).contains("1 command more than its file has");
    }

    @Test
    void aMachineToWhichNothingWasDoneLeavesNothing() throws Exception {
        crash(saved);
        assertThat(look(saved)).isEqualTo(new Left.Nothing());
        assertThat(journal()).as("a journal that has nothing more").doesNotExist();
    }

    @Test
    void whatAnotherWindowStillWritesIsNotLost() throws Exception {
        try (var session = Session.open(saved.machine(), saved.journal());
                var other = RecoveryJournal.start(journal(), saved)) {
            session.submit(new Command.RunTraffic(1)).join();
            other.keepUpWith(session.newest().journal());
            assertThat(look(saved)).isEqualTo(new Left.Nothing());
            assertThat(journal()).exists();
        }
    }

    @Test
    void aDamagedJournalIsPutAside() throws Exception {
        Files.writeString(journal(), "{\n");
        assertThat(look(saved)).isInstanceOf(Left.Damaged.class);
        assertThat(journal()).doesNotExist();
        assertThat(folder.resolve(journal().getFileName() + "-damaged")).exists();
    }

    @Test
    void aJournalOfAnotherMachineIsOfferedAsSuch() throws Exception {
        crash(Samples.read("first-walk"));
        var offer = offer(saved);
        assertThat(offer.sameMachine()).isFalse();
        assertThat(offer.words(ZoneOffset.UTC)).endsWith("this was First walk.");
    }

    /// Leaves a journal as a program does that ends without closing its window.
    private void crash(MachineFile machine, Command... commands) throws Exception {
        try (var session = Session.open(machine.machine(), machine.journal());
                var journal = RecoveryJournal.start(folder.resolve("running"), machine)) {
            for (var command : commands) {
                session.submit(command).join();
            }
            journal.keepUpWith(session.newest().journal());
            Files.copy(folder.resolve("running"), journal());
        }
    }

    private Left look(MachineFile content) {
        return new Recovery(folder).look(content, Optional.of(file));
    }

    private RecoveryOffer offer(MachineFile content) {
        return ((Left.More) look(content)).offer();
    }

    private Path journal() {
        return RecoveryJournal.beside(file);
    }
}
