package iommulab.app;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.io.FileRefused;
import iommulab.engine.io.Progress;
import iommulab.engine.io.machine.MachineFile;
import iommulab.engine.io.machine.MachineReader;
import iommulab.engine.io.machine.RecoveryJournal;
import iommulab.engine.session.Command;

import javafx.scene.control.ChoiceBox;
import javafx.scene.input.KeyCode;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;

import javax.imageio.ImageIO;

/// Machines come into the window and go out of it, and nothing is lost on the way.
class FilesTest {
    private static final Path CAPTURE =
            Path.of("../engine/src/test/resources/linux-groups/endpoint-mf-acs-a/sysfs.tar.gz");
    private static final Path SAMPLES = Path.of("../samples");
    private static final Path SUPERPAGES = Path.of("../samples/superpages.iommulab.json");
    private static final Command ONE_REQUEST = new Command.RunTraffic(1);

    @TempDir Path folder;

    private Path file() {
        return folder.resolve("mine.iommulab.json");
    }

    @Test
    void aSampleIsOpenedFromTheMenu() {
        try (var lab = LabFiles.onSample("lab-station", folder)) {
            lab.choose("File", "Samples", "stale-iotlb");
            lab.until("it is open", () -> lab.machine().name().equals("Stale IOTLB"));
            lab.until("it is nobody's", () -> lab.says("#status-file", "unchanged"));
        }
    }

    @Test
    void aFileIsAskedForAndOpened() throws Exception {
        Files.copy(SUPERPAGES, file());
        try (var lab = LabFiles.onSample("first-walk", folder)) {
            lab.answers().willTake(file());
            lab.robot().press(KeyCode.CONTROL, KeyCode.O);
            lab.until("it is open", () -> lab.machine().name().equals("Superpages"));
            lab.until("it is the user's own", () -> lab.says("#status-file", "saved"));
            assertThat(lab.robot().stage().getTitle()).startsWith("mine.iommulab.json");
        }
    }

    @Test
    void whoNamesNoFileKeepsTheMachine() {
        try (var lab = LabFiles.onSample("first-walk", folder)) {
            lab.answers().willCancel();
            lab.choose("File", "Open or import");
            assertThat(lab.answers().asked()).hasSize(1);
            assertThat(lab.machine().name()).isEqualTo("First walk");
            lab.answers().willCancel();
            lab.choose("File", "Save as");
            assertThat(lab.says("#status-file", "unchanged")).isTrue();
        }
    }

    @Test
    void aCaptureIsAskedForImportedAndSavedUnderANewName() throws Exception {
        try (var lab = LabFiles.onSample("first-walk", folder)) {
            lab.answers().willTake(CAPTURE);
            lab.choose("File", "Open or import");
            lab.until("it is there", () -> lab.machine().name().equals("endpoint-mf-acs-a"));
            lab.until("it is nobody's", () -> lab.says("#status-file", "unchanged"));
            lab.answers().willTake(folder.resolve("captured"));
            lab.robot().press(KeyCode.CONTROL, KeyCode.S);
            var saved = folder.resolve("captured.iommulab.json");
            lab.until("it is saved", () -> lab.says("#status-file", "saved"));
            assertThat(lab.answers().asked())
                    .endsWith("Save the machine: endpoint-mf-acs-a.iommulab.json");
            assertThat(MachineFile.read(saved).machine().topology())
                    .isEqualTo(lab.machine().topology());
        }
    }

    @Test
    void saveAsLeavesTheFileBeforeAsItWas() throws Exception {
        Files.copy(SUPERPAGES, file());
        var before = Files.readString(file());
        var other = folder.resolve("other.iommulab.json");
        try (var lab = LabFiles.onFile(file(), folder)) {
            lab.run(ONE_REQUEST).answers().willTake(other);
            lab.robot().press(KeyCode.CONTROL, KeyCode.SHIFT, KeyCode.S);
            lab.until("it is saved", () -> lab.says("#status-file", "saved"));
            assertThat(Files.readString(file())).isEqualTo(before);
            assertThat(MachineFile.read(other).journal()).endsWith(ONE_REQUEST);
            assertThat(lab.robot().stage().getTitle()).startsWith("other.iommulab.json");
        }
    }

    @Test
    void theMachineIsConvertedToAnotherArchitectureAndKeepsItsDomains() throws Exception {
        try (var lab = LabFiles.onSample("first-walk", folder)) {
            long mapped = lab.machine().domains().getLast().mappedBytes();
            lab.choose("Machine", "Convert to", "SMMUv3");
            lab.until(
                    "the other is open",
                    () -> lab.machine().units().getFirst().architecture().equals("SMMUv3"));
            assertThat(lab.machine().domains().getLast().mappedBytes()).isEqualTo(mapped);
        }
    }

    @Test
    void changesAreSavedOnTheWayToAnotherMachine() throws Exception {
        try (var lab = LabFiles.onSample("first-walk", folder)) {
            lab.run(ONE_REQUEST).choose("File", "Samples", "superpages");
            lab.until("it asks", () -> lab.robot().sees("#unsaved-words"));
            lab.answers().willTake(file());
            lab.press("Save");
            lab.until("the other is open", () -> lab.machine().name().equals("Superpages"));
            assertThat(MachineFile.read(file()).journal()).endsWith(ONE_REQUEST);
        }
    }

    @Test
    void aPictureOfTheWindowIsSaved() throws Exception {
        var picture = folder.resolve("shot.png");
        try (var lab = LabFiles.onSample("first-walk", folder)) {
            lab.answers().willTake(folder.resolve("shot"));
            lab.choose("File", "Save picture of the window");
            lab.until("it is said", () -> lab.reads("shot.png"));
            var scene = lab.robot().stage().getScene();
            var read = ImageIO.read(picture.toFile());
            assertThat(read.getWidth()).isEqualTo((int) scene.getWidth());
            assertThat(read.getHeight()).isEqualTo((int) scene.getHeight());
            assertThat(coloursOf(read)).as("different colours in the picture").isGreaterThan(20);
        }
    }

    @Test
    void aPictureThatCannotBeWrittenIsToldSo() {
        try (var lab = LabFiles.onSample("first-walk", folder)) {
            lab.answers().willTake(folder.resolve("nowhere").resolve("shot.png"));
            lab.choose("File", "Save picture of the window");
            lab.until("it is told", () -> lab.reads("shot.png was not saved"));
        }
    }

    private static long coloursOf(BufferedImage picture) {
        return Arrays.stream(
                        picture.getRGB(
                                0,
                                0,
                                picture.getWidth(),
                                picture.getHeight(),
                                null,
                                0,
                                picture.getWidth()))
                .distinct()
                .count();
    }

    @Test
    void aSampleIsFoundByItsName() {
        try (var lab = LabFiles.onSample("lab-station", folder)) {
            lab.robot().press(KeyCode.CONTROL, KeyCode.K).type("superp");
            lab.robot().press(KeyCode.ENTER);
            lab.until("it is open", () -> lab.machine().name().equals("Superpages"));
            assertThat(lab.says("#status-file", "unchanged")).isTrue();
        }
    }

    @Test
    void anImportIsCancelledAndTheMachineBeforeStays() {
        var gate = new CountDownLatch(1);
        try (var lab = LabFiles.onSample("first-walk", folder)) {
            lab.importSlowly(CAPTURE, gate);
            lab.until("progress is shown", () -> lab.robot().sees("#running-tasks"));
            lab.press("Opening slow…").until("the task is shown", () -> lab.reads("Cancel"));
            lab.press("Cancel");
            lab.until("nothing runs", () -> !lab.robot().sees("#running-tasks"));
            assertThat(lab.machine().name()).isEqualTo("First walk");
            lab.open(CAPTURE);
            lab.until("it is there", () -> lab.machine().name().equals("endpoint-mf-acs-a"));
        }
    }

    @Test
    void whatIsSavedIsTheSameMachineWhenItIsOpenedAgain() throws Exception {
        try (var lab = LabFiles.onSample("first-walk", folder)) {
            lab.run(ONE_REQUEST);
            lab.until("it is changed", () -> lab.says("#status-file", "changed"));
            lab.save(file());
            var before = lab.machine().journal().undoable().orElseThrow().stateHash();
            lab.run(ONE_REQUEST).save(file()).open(file());
            lab.until("it is open", () -> lab.says("#status-file", "saved"));
            var after = lab.machine().journal().undoable().orElseThrow().stateHash();
            assertThat(after).as("state after one request more").isNotEqualTo(before);
            assertThat(MachineReader.read(file(), Progress.NONE).stateHash()).hasValue(after);
        }
    }

    @Test
    void whatWasUndoneIsRedoneAfterSavingAndAfterOpening() throws Exception {
        try (var lab = LabFiles.onSample("first-walk", folder)) {
            int sample = lab.machine().journal().position();
            lab.run(ONE_REQUEST);
            var done = lab.machine().journal().undoable().orElseThrow().stateHash();
            lab.run(ONE_REQUEST);
            lab.robot().press(KeyCode.CONTROL, KeyCode.Z);
            lab.until("one is undone", () -> lab.isAt(sample + 1));
            lab.save(file()).redo();
            lab.until("it is redone after saving", () -> lab.isAt(sample + 2));
            lab.robot().press(KeyCode.CONTROL, KeyCode.Z).press(KeyCode.CONTROL, KeyCode.Z);
            lab.until("two are undone", () -> lab.isAt(sample));
            lab.save(file()).open(file());
            lab.until("it is open", () -> lab.isAt(sample) && lab.says("#status-file", "saved"));
            assertThat(lab.machine().journal().entries()).hasSize(sample + 2);
            lab.redo().until("one is redone", () -> lab.isAt(sample + 1));
            assertThat(lab.machine().journal().undoable().orElseThrow().stateHash())
                    .as("state after the command that was done again")
                    .isEqualTo(done);
        }
    }

    @Test
    void aRefusedFileSaysWhyAndTheMachineStays() throws IOException {
        var broken = Files.writeString(folder.resolve("broken.iommulab.json"), "{\"format\": 3}");
        try (var lab = LabFiles.onSample("first-walk", folder)) {
            lab.open(broken);
            lab.until("it is told", () -> lab.reads("broken.iommulab.json cannot be opened"));
            assertThat(lab.says("#told-words", "format")).isTrue();
            assertThat(lab.machine().name()).isEqualTo("First walk");
        }
    }

    @Test
    void closingWithChangesAsksAndCancelKeepsTheWindow() {
        try (var lab = LabFiles.onSample("first-walk", folder)) {
            lab.run(ONE_REQUEST).askToClose();
            lab.until("it asks", () -> lab.robot().sees("#unsaved-words"));
            lab.press("Cancel");
            assertThat(lab.robot().stage().isShowing()).isTrue();
            lab.askToClose().press("Discard");
            lab.until("it is closed", () -> !lab.robot().stage().isShowing());
        }
    }

    @Test
    void workThatWasNotSavedIsOfferedWhenTheFileIsOpenedAgain() throws Exception {
        var crashed =
                Files.createDirectory(folder.resolve("crashed")).resolve("mine.iommulab.json");
        try (var lab = LabFiles.onSample("first-walk", folder)) {
            lab.save(file()).run(ONE_REQUEST).run(ONE_REQUEST);
            lab.until(
                    "both are written down",
                    () -> commandsIn(RecoveryJournal.beside(file())) == sampleCommands() + 2);
            // What a crash leaves: the two files as they are now.
            Files.copy(file(), crashed);
            Files.copy(RecoveryJournal.beside(file()), RecoveryJournal.beside(crashed));
        }
        assertThat(RecoveryJournal.beside(file()))
                .as("the recovery of a closed window")
                .doesNotExist();
        try (var lab = LabFiles.onFile(crashed, folder)) {
            lab.until("it is offered", () -> lab.says("#recovery-words", "with 2 commands more"));
            int saved = lab.machine().journal().position();
            lab.press("Recover");
            lab.until("it is back", () -> lab.machine().journal().position() == saved + 2);
            assertThat(lab.says("#status-file", "changed")).isTrue();
            lab.save(crashed);
            lab.until(
                    "nothing is left to recover",
                    () -> !Files.exists(RecoveryJournal.beside(crashed)));
        }
    }

    @Test
    void aMachineWithoutAFileIsOfferedByItsName() throws Exception {
        var left = folder.resolve("left");
        try (var lab = LabFiles.onSample("first-walk", folder)) {
            var file = new Recovery(folder).place(Samples.read("first-walk"), Optional.empty());
            lab.run(ONE_REQUEST).until("it is written down", () -> Files.exists(file));
            lab.until("with its command", () -> commandsIn(file) == sampleCommands() + 1);
            Files.createDirectory(left);
            Files.copy(file, left.resolve(file.getFileName()));
        }
        try (var lab = LabFiles.onSample("first-walk", left)) {
            lab.until("it is offered", () -> lab.says("#recovery-words", "with 1 command more"));
            lab.press("Discard");
            lab.until("it is thrown away", () -> left.toFile().list().length == 0);
            assertThat(lab.says("#status-file", "unchanged")).isTrue();
        }
    }

    @Test
    void oneMappingOpensWithItsWalksInAllFormats() {
        try (var lab = LabFiles.onSample("first-walk", folder)) {
            lab.choose("File", "Architectures", "One mapping");
            lab.until("the comparison is there", () -> lab.robot().sees("#walk-formats"));
            lab.until(
                    "all have answered",
                    () -> lab.describes("#walk-formats", "All 5 reach 25ffe40"));
        }
    }

    @Test
    void aWalkIsComparedWithOneInAnotherFile() {
        try (var lab = LabFiles.onSample("first-walk-vtd", folder)) {
            lab.robot().press(KeyCode.CONTROL, KeyCode.DIGIT4).click("#walk-as-pair");
            lab.answers().willCancel();
            compareWithAFile(lab);
            assertThat(lab.says("#walk-right-title", "cold")).as("still the one before").isTrue();
            lab.answers().willTake(SAMPLES.resolve("first-walk-smmu.iommulab.json"));
            compareWithAFile(lab);
            lab.until(
                    "the other machine's walk",
                    () -> lab.says("#walk-right-title", "first-walk-smmu.iommulab.json"));
            assertThat(lab.says("#walk-right-title", "smmu3")).as("its IOMMU").isTrue();
            lab.answers().willTake(SAMPLES.resolve("README.txt"));
            compareWithAFile(lab);
            lab.until("it is refused", () -> lab.reads("README.txt cannot be opened"));
            lab.press("OK");
            assertThat(lab.says("#walk-right-title", "first-walk-smmu")).as("kept").isTrue();
        }
    }

    private static void compareWithAFile(LabFiles lab) {
        Robot.onScreen(() -> {
            var choice = (ChoiceBox<?>) lab.robot().find("#beside-choice");
            choice.getSelectionModel().selectLast();
        });
        lab.robot().settle();
    }

    @Test
    void whoWantsNothingToMoveIsRememberedInTheFile() throws Exception {
        try (var lab = LabFiles.onSample("first-walk", folder)) {
            lab.choose("View", "Reduce motion").save(file());
            assertThat(MachineFile.read(file()).view())
                    .containsEntry("motion", "reduced")
                    .containsEntry("perspective", "MACHINE");
        }
    }

    @Test
    void thereIsALineForEverySample() throws Exception {
        var files = SamplesTest.samples().stream().map(f -> f.getFileName().toString());
        assertThat(files.map(f -> f.replace(MachineFile.ENDING, "")))
                .containsExactlyInAnyOrderElementsOf(Samples.NAMES);
        assertThat(Samples.line("stale-iotlb").join())
                .isEqualTo(
                        new Samples.Line(
                                "Stale IOTLB", "A page was unmapped and nobody told the IOMMU"));
    }

    private static int sampleCommands() {
        try {
            return Samples.read("first-walk").journal().size();
        } catch (FileRefused e) {
            throw new AssertionError(e);
        }
    }

    /// @return -1 while there is no whole journal
    private static int commandsIn(Path journal) {
        try {
            return RecoveryJournal.recover(journal).map(m -> m.journal().size()).orElse(-1);
        } catch (FileRefused notYetWhole) {
            return -1;
        }
    }
}
