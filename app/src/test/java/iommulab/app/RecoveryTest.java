package iommulab.app;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.FileActions.OpenMachine;
import iommulab.engine.io.machine.MachineFile;
import iommulab.engine.io.machine.RecoveryJournal;
import iommulab.engine.session.Command;
import iommulab.engine.session.Session;

import javafx.scene.Group;
import javafx.scene.Scene;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

class RecoveryTest {
    private static final Path SAMPLE = Path.of("..", "samples", "superpages.iommulab.json");

    @TempDir Path folder;
    private Path file;
    private MachineFile saved;
    private Session session;
    private Robot robot;

    @BeforeEach
    void openASample() throws Exception {
        file = Files.copy(SAMPLE, folder.resolve("m.iommulab.json"));
        saved = MachineFile.read(file);
        session = Session.open(saved.machine(), saved.journal());
        robot = Robot.at(() -> new Scene(new Group(), 100, 100));
    }

    @AfterEach
    void close() {
        robot.close();
        session.close();
    }

    @Test
    void whatWasDoneSinceTheLastSaveIsFoundAfterACrash() throws Exception {
        var recovery = follow();
        session.submit(new Command.RunTraffic(1000)).join();
        robot.until("the journal is written", this::isSomethingLeft);
        var found = Recovery.find(file, saved).orElseThrow();
        assertThat(found.journal())
                .hasSize(saved.journal().size() + 1)
                .endsWith(new Command.RunTraffic(1000));
        Robot.onScreen(recovery::end);
        assertThat(Recovery.find(file, saved)).isEmpty();
    }

    @Test
    void aMachineToWhichNothingWasDoneLeavesNothing() throws Exception {
        var recovery = follow();
        assertThat(RecoveryJournal.beside(file)).exists();
        assertThat(Recovery.find(file, saved)).isEmpty();
        Robot.onScreen(recovery::end);
        assertThat(RecoveryJournal.beside(file)).doesNotExist();
    }

    private Recovery follow() {
        return Robot.onScreen(() -> {
            var recovery =
                    new Recovery(why -> {
                        throw new AssertionError(why);
                    });
            recovery.follow(new OpenMachine(session, saved, Optional.of(file)));
            return recovery;
        });
    }

    private boolean isSomethingLeft() {
        try {
            return Recovery.find(file, saved).isPresent();
        } catch (Exception damaged) {
            throw new AssertionError(damaged);
        }
    }
}
