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
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
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
    void aRunThatWasCutOffComesBackAsFarAsItHadBeenWrittenDown() throws Exception {
        var machine = Samples.read("lab-station");
        var running = folder.resolve("running");
        try (var session = Session.open(machine.machine(), machine.journal());
                var journal = RecoveryJournal.start(running, machine)) {
            long before = session.newest().counters().requests();
            session.setRunning(true).join();
            // Written down three times while it goes on, as every second in the window.
            long written = before;
            for (int i = 0; i < 3; i++) {
                written = nextAfter(session, written);
                journal.keepUpWith(session.newest().journal());
                written = session.newest().counters().requests();
            }
            Files.copy(running, journal());
            session.setRunning(false).join();
            long ran = ((Command.RunTraffic) session.saved().join().journal().getLast()).requests();

            var left = RecoveryJournal.recover(journal()).orElseThrow();
            try (var back = Session.open(left.machine(), left.journal())) {
                long brought = back.newest().counters().requests() - before;
                assertThat(left.journal()).endsWith(new Command.RunTraffic(brought));
                assertThat(brought).isPositive().isLessThanOrEqualTo(ran);
                session.submit(new Command.RunTraffic(1)).join();
                back.submit(new Command.RunTraffic(ran + 1 - brought)).join();
                assertThat(back.stateHash().join())
                        .as("the recovered machine, run on to where the other stands")
                        .isEqualTo(session.stateHash().join());
            }
        }
    }

    private static long nextAfter(Session session, long requests) {
        while (session.newest().counters().requests() <= requests) {
            Thread.onSpinWait();
        }
        return session.newest().counters().requests();
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

    @Test
    void aLongRunIsOfferedWithWhatItTakesToBringItBack() throws Exception {
        crash(saved, new Command.RunTraffic(1000));
        var more = offer(saved).recovered();
        var day = new ArrayList<>(more.journal());
        day.set(day.size() - 1, new Command.RunTraffic(3_000_000_000L));
        var offer = RecoveryOffer.of(saved, more.with(day, List.of()), journal(), Instant.EPOCH);
        assertThat(offer.words(ZoneOffset.UTC))
                .contains("Bringing it back runs 3.0 G requests again.");
        assertThat(offer(saved).words(ZoneOffset.UTC)).doesNotContain("again");
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
