package iommulab.app.shell;

import javafx.application.Platform;
import javafx.scene.control.Alert;
import javafx.scene.control.Label;
import javafx.scene.control.TextArea;
import javafx.stage.Window;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.System.Logger.Level;

/// Reports a defect of our own: logged once with its trace, and shown with a code by which the log line
/// can be found. What the user did stays in the journal.
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
        var trace = defect.getStackTrace();
        var place = trace.length == 0 ? "" : trace[0].toString();
        return "%08x".formatted((defect.getClass().getName() + place).hashCode());
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
                                + " report the text below with the saved machine.");
        words.setWrapText(true);
        alert.getDialogPane().setContent(words);
        var trace = new StringWriter();
        defect.printStackTrace(new PrintWriter(trace, true));
        var text = new TextArea(trace.toString());
        text.setEditable(false);
        alert.getDialogPane().setExpandableContent(text);
        return alert;
    }
}
