package iommulab.app.shell;

import javafx.application.Platform;
import javafx.scene.control.Alert;
import javafx.scene.control.Label;
import javafx.scene.control.TextArea;
import javafx.scene.layout.VBox;
import javafx.stage.Window;

import java.lang.System.Logger.Level;

/// Reports a defect of our own: logged once with its trace, and shown in words with a code by which the
/// log line can be found. What the user did stays in the journal.
public final class Defects {
    private static final System.Logger LOG = System.getLogger("iommulab");

    private Defects() {}

    /// Every exception that nobody catches becomes a report.
    public static void watch() {
        Thread.setDefaultUncaughtExceptionHandler((_, failure) -> report(failure));
    }

    /// Logs a defect and shows it. May be called from any thread.
    public static void report(Throwable defect) {
        var code = code(defect);
        LOG.log(Level.ERROR, "defect " + code, defect);
        Platform.runLater(() -> dialog(code, defect).show());
    }

    /// The same defect has the same code: it is made from where it happened, not when.
    static String code(Throwable defect) {
        return "%08x".formatted((defect.getClass().getName() + place(defect)).hashCode());
    }

    private static String place(Throwable defect) {
        var trace = defect.getStackTrace();
        return trace.length == 0 ? "" : trace[0].toString();
    }

    private static Alert dialog(String code, Throwable defect) {
        var alert = new Alert(Alert.AlertType.ERROR);
        Window.getWindows().stream()
                .filter(Window::isFocused)
                .findFirst()
                .ifPresent(alert::initOwner);
        alert.setTitle("IOMMU Lab");
        alert.setHeaderText("This is our mistake, not yours (defect %s)".formatted(code));
        var words =
                new Label(
                        "The machine is as it was after the last command in the Transcript. Please"
                                + " report the text below with the saved machine and what the log"
                                + " has under this code.");
        words.setWrapText(true);
        var text = new TextArea("defect %s%n%s%n%s".formatted(code, defect, place(defect)));
        text.setEditable(false);
        text.setWrapText(true);
        text.setPrefRowCount(4);
        text.setAccessibleText("What to report");
        alert.getDialogPane().setContent(new VBox(10, words, text));
        return alert;
    }
}
