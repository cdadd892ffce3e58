package iommulab.app;

import iommulab.app.shell.Defects;
import iommulab.app.theme.Icons;
import iommulab.engine.io.FileRefused;
import iommulab.engine.io.machine.MachineFile;
import iommulab.engine.session.CommandRefused;

import javafx.application.Platform;
import javafx.scene.control.Alert;
import javafx.scene.control.ButtonBar.ButtonData;
import javafx.scene.control.ButtonType;
import javafx.scene.control.Label;
import javafx.stage.FileChooser.ExtensionFilter;
import javafx.stage.Stage;

import org.controlsfx.control.Notifications;
import org.kordamp.ikonli.feather.Feather;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneId;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/// What the File menu asks and tells. Answers come on the JavaFX thread; no question stops the window.
final class FileDialogs {
    private static final double TEXT_WIDTH = 440;
    private static final double NOTE_SIGN = 1.8;

    private final Stage stage;
    private final FileQuestion files;

    FileDialogs(Stage stage, FileQuestion files) {
        this.stage = stage;
        this.files = files;
    }

    /// What becomes of changes that are not saved.
    enum Changes {
        SAVE,
        DISCARD,
        KEEP
    }

    CompletableFuture<Changes> unsaved(String name) {
        var save = new ButtonType("Save", ButtonData.YES);
        var discard = new ButtonType("Discard", ButtonData.NO);
        var question =
                alert(
                        "unsaved",
                        Alert.AlertType.CONFIRMATION,
                        "Save the changes to %s?".formatted(name),
                        "They are lost if you do not save them.");
        question.getButtonTypes().setAll(save, discard, ButtonType.CANCEL);
        return ask(question)
                .thenApply(answer ->
                        answer == save
                                ? Changes.SAVE
                                : answer == discard ? Changes.DISCARD : Changes.KEEP);
    }

    /// Whether unsaved work shall be brought back; may be asked from any thread.
    CompletableFuture<Boolean> recover(String name, RecoveryOffer offer) {
        // Neither is a cancelling one: what becomes of the work must be said.
        var recover = new ButtonType("Recover", ButtonData.OK_DONE);
        var discard = new ButtonType("Discard", ButtonData.OTHER);
        return CompletableFuture.supplyAsync(
                        () -> {
                            var question =
                                    alert(
                                            "recovery",
                                            Alert.AlertType.CONFIRMATION,
                                            "Bring back unsaved work on %s?".formatted(name),
                                            offer.words(ZoneId.systemDefault()));
                            question.getButtonTypes().setAll(recover, discard);
                            return ask(question);
                        },
                        Platform::runLater)
                .thenCompose(answer -> answer)
                .thenApply(answer -> answer == recover);
    }

    /// Says why something could not be done.
    void tell(String head, String words) {
        alert("told", Alert.AlertType.WARNING, head, words).show();
    }

    /// Says why a file cannot be opened.
    void refuse(String name, Throwable why) {
        var head = "%s cannot be opened".formatted(name);
        if (why instanceof CommandRefused refused) {
            tell(head, refused.reason());
        } else if (why instanceof FileRefused || why instanceof IOException) {
            tell(head, String.valueOf(why.getMessage()));
        } else {
            Defects.report(why);
        }
    }

    /// Says something that needs no answer.
    void note(String title, String words) {
        var sign = Icons.alone(Feather.INFO, NOTE_SIGN);
        Notifications.create().owner(stage).title(title).text(words).graphic(sign).show();
    }

    private Alert alert(String id, Alert.AlertType type, String head, String words) {
        var alert = new Alert(type);
        alert.initOwner(stage);
        alert.setTitle("IOMMU Lab");
        alert.setHeaderText(head);
        var text = new Label(words);
        text.setId(id + "-words");
        text.setWrapText(true);
        text.setPrefWidth(TEXT_WIDTH);
        alert.getDialogPane().setContent(text);
        alert.getDialogPane().setId(id);
        return alert;
    }

    private static CompletableFuture<ButtonType> ask(Alert question) {
        var answer = new CompletableFuture<ButtonType>();
        question.setOnHidden(_ -> answer.complete(question.getResult()));
        question.show();
        return answer;
    }

    Optional<Path> toOpen() {
        return files.toOpen(
                stage,
                "Open a machine, or import a capture",
                List.of(
                        new ExtensionFilter(
                                "Machines and captures",
                                "*" + MachineFile.ENDING,
                                "*.json",
                                "*.tar",
                                "*.tar.gz",
                                "*.tgz",
                                "*.txt"),
                        new ExtensionFilter("All files", "*")));
    }

    /// @param name proposed, without ending
    Optional<Path> toSave(String title, String name, String ending) {
        return files.toSave(stage, title, name + ending).map(path -> withEnding(path, ending));
    }

    /// A name without the ending gets it, unless that would replace a file that nobody was asked about.
    static Path withEnding(Path path, String ending) {
        var longer = path.resolveSibling(path.getFileName() + ending);
        return path.toString().endsWith(ending) || Files.exists(longer) ? path : longer;
    }
}
